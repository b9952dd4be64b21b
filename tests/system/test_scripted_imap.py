"""Intake and outbox against servers that fail in every way, while people move, answer and delete mail.

Nothing present at the end is unrecorded, nothing is decided or sent twice, whatever went wrong in between.
"""

import shutil
import tempfile
from collections import Counter
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from mailbot.config.load import load
from mailbot.store import schema
from mailbot.wiring import daemon_installation
from mailbot.work.outbox import GIVE_UP_AFTER, LEAST_ATTEMPTS
from mailbot.work.passes import PassReport, one_pass
from tests.platforms.smtp_world import ScriptedSmtp
from tests.servers.living import Fault, LivingFolder, LivingImap
from tests.support.town import at

AUTHORITY, REGISTRAR, SERVICE = "kommunen@by.example", "eva@by.example", "mailbot@by.example"
TEXTS = {
    "question": "Hej!\n\nVilka tider har simhallen öppet under sommaren? Tacksam för svar.\n\nMvh Bo\n",
    "appeal": "Hej!\n\nJag håller inte med om beslutet om mitt bygglov och vill att ni ändrar det.\n\nBo Berg\n",
    "thanks": "Tack för hjälpen!\n\nMvh Bo\n",
}
#: what the submission server answers during one pass; a silent end of DATA leaves the outcome unclear
SMTP_FAULTS: tuple[dict[str, str | None], ...] = (
    {"MAIL": "451 4.3.0 later"},
    {"MAIL": None},
    {"RCPT": "450 4.2.1 later"},
    {"DATA": None},
    {".": "451 4.3.0 later"},
    {".": None},
    {"greeting": "421 4.3.2 closing"},
)
RECEIVED = ("INBOX", "Junk", "Arkiv")
CONFIG = """
mode = "enforce"
start_from = "2026-05-01"
operator = "eva@by.example"
[organisation]
name = "Byns kommun"
profile = "bjurholm"
domains = ["by.example"]
postal_address = "Storgatan 1, 900 00 Byn"
[paths]
database = "sqlite:///{root}/mailbot.db"
people = "people.toml"
secrets = "{root}/secrets"
[roles]
head_of_administration = ["eva"]
administrators = ["eva"]
switchboard = "vaxel@by.example"
[[units]]
id = "ks"
name = "Kommunstyrelsen"
registrars = ["eva"]
mail_officers = ["eva"]
[servers.post]
kind = "imap"
host = "127.0.0.1"
port = {imap}
tls = "none"
secret = "post"
smtp = {{ host = "127.0.0.1", port = {smtp}, tls = "none" }}
[[mailboxes]]
address = "kommunen@by.example"
server = "post"
role = "authority"
[[mailboxes]]
address = "eva@by.example"
server = "post"
role = "personal"
[[mailboxes]]
address = "mailbot@by.example"
server = "post"
role = "service"
"""
PEOPLE = '[[people]]\nid = "eva"\nname = "Eva Holm"\nemail = "eva@by.example"\ntitle = "Registrator"\nlogin = "eva"\n'


class ScriptedDays(RuleBasedStateMachine):
    """One authority mailbox; what it holds lives in the server, what was made of it in the database."""

    @initialize()
    def begin(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="mbs"))
        self.imap = LivingImap().__enter__()
        self.smtp = ScriptedSmtp()
        self.now = at("2026-05-11T08:00")
        self.number = 0
        #: ends of DATA that were never answered
        self.unclear = 0
        (self.root / "secrets").mkdir(mode=0o700)
        for name, value in (("reference-key", "ab" * 32), ("post", "x")):
            path = self.root / "secrets" / name
            path.write_text(value)
            path.chmod(0o600)
        (self.root / "people.toml").write_text(PEOPLE)
        (self.root / "config.toml").write_text(
            CONFIG.format(root=self.root, imap=self.imap.port, smtp=self.smtp.port), encoding="utf-8"
        )
        schema.upgrade(f"sqlite:///{self.root}/mailbot.db")
        for user in (AUTHORITY, REGISTRAR, SERVICE):
            for name in ("Sent", "Junk", "Trash", "Arkiv"):
                self.imap.mailbox(user)[name] = LivingFolder()
        self.passes(1)

    # --- people ---

    @rule(kind=st.sampled_from(sorted(TEXTS)), folder=st.sampled_from(["INBOX", "INBOX", "Junk"]))
    def somebody_writes(self, kind: str, folder: str) -> None:
        self.number += 1
        sender = f"bo{self.number}@privat.example"
        self.put(folder, self.letter(sender, AUTHORITY, f"{kind} {self.number}", TEXTS[kind]))

    @rule(data=st.data(), to=st.sampled_from(["Arkiv", "Junk", "Trash", "INBOX"]), keep=st.booleans())
    def somebody_moves_or_copies(self, data: st.DataObject, to: str, keep: bool) -> None:
        with self.imap.lock:
            folder, uid = self.some_message(data)
            if folder is not None:
                self.folder(to).add(*folder.messages[uid])
                if not keep:
                    del folder.messages[uid]

    @rule(data=st.data())
    def somebody_deletes(self, data: st.DataObject) -> None:
        with self.imap.lock:
            folder, uid = self.some_message(data)
            if folder is not None:
                del folder.messages[uid]

    @rule(data=st.data())
    def somebody_answers(self, data: st.DataObject) -> None:
        folder, uid = self.some_message(data)
        if folder is None:
            return
        question = message_from_bytes(folder.messages[uid][0])
        self.number += 1
        answer = self.letter(AUTHORITY, question["From"], f"Sv: {question['Subject']}", "Hej! 8-20 alla dagar.\n")
        answer["In-Reply-To"] = answer["References"] = question["Message-ID"]
        self.put("Sent", answer)

    # --- servers ---

    @rule(folder=st.sampled_from([*RECEIVED, "Sent"]))
    def a_folder_is_renumbered(self, folder: str) -> None:
        with self.imap.lock:
            self.folder(folder).renumber()

    @rule(faults=st.lists(st.sampled_from(get_args(Fault)), min_size=1, max_size=25))
    def the_server_will_fail(self, faults: list[Fault]) -> None:
        self.imap.faults.extend(faults)

    @rule(faults=st.lists(st.sampled_from(["lost", "torn", "NO", "hangs up"]), min_size=1, max_size=3))
    def copies_for_sent_will_fail(self, faults: list[Fault]) -> None:
        self.imap.append_faults.extend(faults)

    @rule()
    def a_pass_is_made(self) -> None:
        self.passes(1)

    @rule(fault=st.sampled_from(SMTP_FAULTS))
    def a_pass_is_made_while_submission_fails(self, fault: dict[str, str | None]) -> None:
        usual = {key: self.smtp.answers[key] for key in fault}
        self.smtp.answers.update(fault)
        before, taken = self.ends_of_data(), len(self.smtp.taken)
        self.passes(1)
        if "." in fault:  # what the server keeps of those it has refused
            del self.smtp.taken[taken:]
        if fault == {".": None}:
            self.unclear += self.ends_of_data() - before
        self.smtp.answers.update(usual)

    @precondition(lambda self: self.now < at("2026-06-01T00:00"))
    @rule()
    def a_day_goes_by(self) -> None:
        self.now += timedelta(days=1)

    # --- what must hold ---

    def teardown(self) -> None:
        if not hasattr(self, "root"):
            return
        try:
            self.imap.faults.clear()
            self.imap.append_faults.clear()
            for _ in range(4):  # what waits for a further attempt gets it, within the working day and after
                self.now += timedelta(hours=4)
                assert self.passes(1).unread == ()
            self.nothing_is_lost()
            self.nothing_is_made_twice()
            before = len(self.smtp.taken)
            report = self.passes(1)
            assert (report.new_messages, report.sent, len(self.smtp.taken)) == (0, 0, before)
        finally:
            self.smtp.close()
            self.imap.__exit__(None, None, None)
            shutil.rmtree(self.root)

    def nothing_is_lost(self) -> None:
        with daemon_installation(load(self.root / "config.toml")) as context:
            intake = context.store.intake
            for name in RECEIVED:
                folder = self.folder(name)
                present = {f"{folder.uidvalidity}.{uid}" for uid in folder.messages}
                unknown = present - set(intake.known_deliveries(AUTHORITY, name, present))
                assert not unknown, (name, unknown)
            items = Counter((item.message_ref, item.unit) for item in context.store.diary.list())
            titles = {item.title for item in context.store.diary.list()}
            waiting = {one.message_id for one in context.store.obligations.list(states=("open",))}
        answers = [message_from_bytes(raw) for raw, _ in self.folder("Sent").messages.values()]
        assert not waiting & {answer["In-Reply-To"] for answer in answers}
        subjects = {message_from_bytes(raw)["Subject"] for raw, _ in self.folder("INBOX").messages.values()}
        assert {each for each in subjects if each.startswith("appeal")} <= titles
        assert all(count == 1 for count in items.values())

    def nothing_is_made_twice(self) -> None:
        sent = Counter(message_from_bytes(raw)["Message-ID"] for raw in self.smtp.taken)
        assert sum(sent.values()) - len(sent) <= self.unclear
        filed = Counter(
            message_from_bytes(raw)["Message-ID"] for raw, _ in self.imap.mailbox(SERVICE)["Sent"].messages.values()
        )
        assert all(count == 1 for count in filed.values())
        with daemon_installation(load(self.root / "config.toml")) as context:
            obligations = context.store.obligations.list(states=("open", "answered", "dismissed"))
            mails = context.store.outbox.list()
        assert max(Counter(each.message_ref for each in obligations).values(), default=1) == 1
        assert len({mail.dedup_key for mail in mails}) == len(mails)
        given_up = [mail for mail in mails if mail.state == "failed"]
        assert all(self.now - mail.created_at > GIVE_UP_AFTER for mail in given_up)
        assert all(mail.attempts >= LEAST_ATTEMPTS for mail in given_up)
        assert {mail.state for mail in mails} <= {"sent", "held", "cancelled", "unknown", "failed"}

    # --- helpers ---

    def passes(self, count: int) -> PassReport:
        for _ in range(count):
            self.now += timedelta(minutes=20)
            with daemon_installation(load(self.root / "config.toml")) as context:
                report = one_pass(context, self.now)
        return report

    def ends_of_data(self) -> int:
        return sum(line.upper() == "DATA" for line in self.smtp.lines)

    def folder(self, name: str) -> LivingFolder:
        return self.imap.mailbox(AUTHORITY)[name]

    def put(self, folder: str, message: EmailMessage) -> None:
        with self.imap.lock:
            raw = message.as_bytes().replace(b"\n", b"\r\n")
            self.folder(folder).add(raw, self.now)

    def some_message(self, data: st.DataObject) -> tuple[LivingFolder | None, int]:
        places = [(name, uid) for name in RECEIVED for uid in self.folder(name).messages]
        if not places:
            return None, 0
        name, uid = data.draw(st.sampled_from(places))
        return self.folder(name), uid

    def letter(self, from_: str, to: str, subject: str, text: str) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = from_, to, subject
        message["Date"] = format_datetime(self.now)
        message["Message-ID"] = f"<{self.number}@privat.example>"
        message.set_content(text, cte="base64")
        return message


_SETTINGS = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)


def test_some_days_on_broken_servers() -> None:
    run_state_machine_as_test(
        ScriptedDays, settings=settings(_SETTINGS, max_examples=8, stateful_step_count=20, derandomize=True)
    )


@pytest.mark.soak
def test_many_days_on_broken_servers() -> None:
    run_state_machine_as_test(ScriptedDays, settings=settings(_SETTINGS, max_examples=150, stateful_step_count=60))


@pytest.mark.parametrize("fault", ["lost", "torn", "NO", "hangs up"])
def test_a_copy_in_sent_whose_answer_never_came_is_made_once(fault: Fault) -> None:
    days = ScriptedDays()
    days.begin()
    days.copies_for_sent_will_fail([fault])
    days.somebody_writes(folder="INBOX", kind="appeal")
    days.passes(2)
    days.teardown()
