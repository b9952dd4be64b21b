"""The lost week on a real mail server, with the commands that an administrator gives."""

from pathlib import Path

import pytest

from mailbot import wiring
from mailbot.work.passes import one_pass
from tests.restore.stands import assert_same, lose, stands
from tests.servers.dovecot import Dovecot
from tests.servers.postfix import Postfix
from tests.support.command import mailbot
from tests.support.imap_town import ImapTown
from tests.support.town import at
from tests.work.test_working_day import APPEAL, QUESTION

LARS = "person:lars"


class Week:
    def __init__(self, town: ImapTown) -> None:
        self.town = town
        self.url = town.config.paths.database

    def write(self, when: str, subject: str, text: str = QUESTION, *, by: str = "bo") -> None:
        letter = self.town.letter(text, subject=subject, from_=f"{by} <{by}@medborgare.example>")
        del letter["Date"]
        letter["Date"] = at(when)
        self.town.dovecot.append(self.town.accounts["kommunen"], letter.as_bytes(), received_at=at(when))

    def answer(self, when: str, subject: str) -> None:
        with self.town.open() as context:
            one = next(one for one in context.store.obligations.list() if one.subject == subject)
        reply = self.town.letter("Varje dag.\n", from_=self.town.address("lars"), to=one.asker,
                                 in_reply_to=str(one.message_id), subject=f"SV: {subject}")  # fmt: skip
        del reply["Date"]
        reply["Date"] = at(when)
        self.town.dovecot.append(self.town.accounts["lars"], reply.as_bytes(), received_at=at(when), folder="Sent")

    def run(self, when: str) -> object:
        with self.town.open() as context:
            report = one_pass(context, at(when))
        self.town.wait_for_delivery()
        return report

    def command(self, *arguments: str, when: str) -> None:
        done = mailbot(*arguments, "--config", str(self.town.config_path), "--at", when)
        assert done.status == 0, done.err

    def refs(self) -> dict[str, str]:
        with wiring.installation(self.town.config) as context:
            return {str(one.subject): one.ref for one in context.store.obligations.list()}

    def mails(self) -> dict[str, int]:
        counts = {name: len(self.town.mails(name)) for name in self.town.accounts}
        return counts | {"Sent": len(self.town.mails("mailbot", "Sent"))}


def test_a_week_with_a_lost_database_on_a_mail_server(tmp_path: Path, dovecot: Dovecot, postfix: Postfix) -> None:
    week = Week(ImapTown(tmp_path, dovecot, postfix))
    config = str(week.town.config_path)
    for account in ("lars",):
        with dovecot.person(week.town.accounts[account]) as client:
            client.create("Sent")
    week.run("2026-05-08T07:00")
    week.write("2026-05-11T09:00", "Mitt bygglov", APPEAL)
    week.write("2026-05-11T09:05", "Simhallen", by="ny")
    week.write("2026-05-11T09:06", "Badhuset", by="ulf")
    week.run("2026-05-11T12:30")
    backup = tmp_path / "backup.db"
    assert mailbot("db", "backup", str(backup), "--config", config).status == 0
    week.write("2026-05-11T13:00", "Sopor", by="siv")
    week.write("2026-05-11T13:05", "Mitt avslag", APPEAL, by="per")
    week.run("2026-05-11T15:30")
    refs = week.refs()
    week.command("replies", "assign", refs["Simhallen"], "lars", when="2026-05-11T16:00")
    week.command("replies", "answered", refs["Sopor"], "--how", "telephone", when="2026-05-11T16:05")
    for when in ("2026-05-12T07:00", "2026-05-13T07:00", "2026-05-15T07:00", "2026-05-15T15:30"):
        week.run(when)
    week.answer("2026-05-15T15:45", "Badhuset")
    week.run("2026-05-15T16:00")
    week.run("2026-05-15T16:01")  # reads what the last pass sent to staff
    before, mails = stands(week.url, real_server=True), week.mails()
    assert {row["kind"] for row in before["outbox"]} >= {"forward", "digest", "holding_reply"}

    lose(week.url)
    restored = mailbot("db", "restore", str(backup), "--config", config, "--lang", "en")
    assert (restored.status, restored.err) == (0, "")
    refused = mailbot("replies", "assign", refs["Mitt bygglov"], "lars", "--config", config)
    assert refused.status == 2 and "restored" in refused.err, refused.err
    done = mailbot("run", "--once", "--at", "2026-05-15T16:05", "--config", config)
    assert done.status == 0, done.err + done.out

    assert week.mails() == mails, "nothing went out again"
    assert_same(before, stands(week.url, real_server=True))


@pytest.mark.parametrize("way", ["backup by command", "copy of the file"])
def test_nothing_leaves_while_sent_cannot_be_read(tmp_path: Path, dovecot: Dovecot, postfix: Postfix, way: str) -> None:
    town = ImapTown(tmp_path, dovecot, postfix)
    week = Week(town)
    week.run("2026-05-08T07:00")
    path = Path(week.url.removeprefix("sqlite:///"))
    backup = tmp_path / "backup.db"
    if way == "backup by command":
        assert mailbot("db", "backup", str(backup), "--config", str(town.config_path)).status == 0
    else:
        backup.write_bytes(path.read_bytes())
    week.write("2026-05-11T09:00", "Mitt bygglov", APPEAL)
    week.run("2026-05-11T12:30")
    mails = week.mails()
    lose(week.url)
    path.write_bytes(backup.read_bytes())
    path.chmod(0o600)
    with town.open() as context:
        reading = context.open_mailbox

        def refuse(settings: object) -> object:
            from mailbot.errors import TransientError

            if settings == context.config.service_mailbox:
                raise TransientError("out of reach")
            return reading(settings)  # type: ignore[arg-type]

        from dataclasses import replace

        report = one_pass(replace(context, open_mailbox=refuse), at("2026-05-11T12:40"))  # type: ignore[arg-type]
    assert report.sent == 0 and "database_restored" in report.alarms
    week.run("2026-05-11T12:45")
    assert week.mails() == mails
