"""Any mixture of what IMAP servers do, while people and other servers do what they do, also between two commands.

After every few steps a pass must have put each mail that lies in a folder on record, once for each place in which it
lies, and a further pass must change nothing and send nothing.
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.utils import format_datetime
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import select

from mailbot.config.load import load
from mailbot.store.database import Database
from mailbot.store.tables import deliveries
from mailbot.wiring import daemon_installation
from mailbot.work.passes import PassReport, one_pass
from tests.servers.living import Fault, LivingFolder
from tests.servers.manners import Manners
from tests.system.test_other_imap_servers import Make, Site, utf7
from tests.system.test_scripted_imap import AUTHORITY, TEXTS

#: what changes how mailbot asks; one server may offer any of them
_CAPABILITIES = ("LIST-EXTENDED LIST-STATUS", "SPECIAL-USE", "ESEARCH", "UNSELECT", "NAMESPACE", "UIDPLUS", "LITERAL+")
_LAST_UID = 2**32 - 1
#: the commands before which something happens
_COMMANDS = ("LIST", "STATUS", "EXAMINE", "UID SEARCH", "UID FETCH", "UID FETCH", "CLOSE", "NOOP", "APPEND")
_PEOPLES = ("Arkiv", utf7("Ärenden från i år"), 'Bygg "2026" \\ (gamla)', "R&D", "B.C", "Arkiv 2")
_ANY_FOLDER = st.sampled_from(["INBOX", "INBOX", "Junk", "Trash", "Sent", *_PEOPLES])


@st.composite
def makes(draw: st.DrawFn) -> Make:
    """A make of server that could exist."""
    capabilities = draw(st.sets(st.sampled_from(_CAPABILITIES)))
    keeps_on_select = draw(st.booleans())
    if not keeps_on_select and draw(st.booleans()):
        capabilities.add("CONDSTORE")
    below_inbox = draw(st.booleans())
    separator = draw(st.sampled_from("/.^"))
    prefix = f"INBOX{separator}" if below_inbox else ""
    own = f'(("{prefix}" "{separator}"))'
    yes = st.booleans()
    manners = Manners(
        protocol=draw(st.sampled_from(["IMAP4rev1", "IMAP4rev1", "IMAP4rev2"])),
        separator=separator,
        capabilities=" ".join(sorted(capabilities)),
        tells_capabilities=draw(yes),
        namespace=f"{own} NIL NIL",
        required_prefix=prefix,
        literal_names=draw(yes),
        extends_list=draw(yes),
        backwards=draw(yes),
        chatty=draw(yes),
        terse_search=draw(yes),
        missing=tuple(draw(st.sets(st.sampled_from(["INTERNALDATE", "RFC822.SIZE"])))),
        nil=tuple(draw(st.sets(st.sampled_from(["INTERNALDATE", "RFC822.SIZE"])))),
        late_append=draw(yes),
        keeps_numbers_on_select=keeps_on_select,
        tells_uidnext=draw(yes),
        searches_uids=draw(yes),
        bare_names=draw(yes),
        # never a UIDNEXT too low: with one mail gone and one come nothing would tell of the new one
        status_lies=draw(st.sampled_from([(0, 0), (0, 0), (0, None), (1, 0), (-1, 1), (0, 3)])),
        # nothing stays as it was where opening a folder gives it other numbers
        frozen=not keeps_on_select and draw(yes),
        removed=draw(st.sampled_from(["left out", "refused", "NIL", "kept"])),
        scattered=draw(yes),
    )
    return Make(manners=manners, sent=f"{prefix}Sent", junk=f"{prefix}Junk", archive=f"{prefix}Arkiv")


class RandomMakes(RuleBasedStateMachine):
    """What lies in the authority mailbox lives in the server, what was made of it in the database."""

    @initialize(make=makes(), observing=st.sampled_from([False, False, True]), daemon=st.booleans())
    def begin(self, make: Make, observing: bool, daemon: bool) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="mbr"))
        self.validities = count(1000)
        self.site = Site(self.root, make)
        config = self.root / "config.toml"
        text = config.read_text().replace('mode = "enforce"', f'mode = "{"observe" if observing else "enforce"}"')
        config.write_text(f"{text}\n[schedule]\nworkers = 1\n")  # one mailbox after the other: what failed fails again
        self.installed = ExitStack()
        self.context = self.installed.enter_context(daemon_installation(load(config))) if daemon else None
        for folders in self.site.imap.mailboxes.values():
            for folder in folders.values():
                folder.uidvalidity = next(self.validities)
            folders |= {
                self.named(name): self.new_folder() for name in ("Trash", *_PEOPLES) if self.named(name) not in folders
            }
        #: what happens between two commands of the next pass
        self.disturbed = False
        self.one_pass()

    # --- people, and servers that bring mail ---

    @rule(data=st.data(), kind=st.sampled_from(sorted(TEXTS)), folder=_ANY_FOLDER, odd=st.integers(0, 9))
    def somebody_writes(self, data: st.DataObject, kind: str, folder: str, odd: int) -> None:
        message = self.letter(kind, odd)
        self.sometime(data, lambda: self.deliver(folder, message))

    @rule(data=st.data(), from_=_ANY_FOLDER, to=_ANY_FOLDER, which=st.integers(0, 20), keeps=st.booleans())
    def somebody_moves_or_copies(self, data: st.DataObject, from_: str, to: str, which: int, keeps: bool) -> None:
        def move() -> None:
            source = self.folders.get(self.named(from_))
            if source is not None and source.messages:
                uid = list(source.messages)[which % len(source.messages)]
                message = source.messages[uid] if keeps else source.messages.pop(uid)
                self.deliver(to, message[0])

        self.sometime(data, move)

    @rule(
        data=st.data(), folder=_ANY_FOLDER, which=st.integers(0, 20), all_of_them=st.sampled_from([False, False, True])
    )
    def somebody_deletes(self, data: st.DataObject, folder: str, which: int, all_of_them: bool) -> None:
        def delete() -> None:
            there = self.folders.get(self.named(folder), LivingFolder()).messages
            uids = list(there)
            for uid in uids if all_of_them else uids[which % len(uids) :][:1] if uids else []:
                del there[uid]

        self.sometime(data, delete)

    @rule(data=st.data(), folder=_ANY_FOLDER)
    def the_last_mail_makes_room_for_another(self, data: st.DataObject, folder: str) -> None:
        message = self.letter("question", 0)

        def replace_last() -> None:
            there = self.folders.get(self.named(folder), LivingFolder()).messages
            if there:
                there.popitem()
                self.deliver(folder, message)

        self.sometime(data, replace_last)

    @rule(data=st.data(), one=st.sampled_from(_PEOPLES), other=st.sampled_from(_PEOPLES))
    def a_folder_gets_another_name(self, data: st.DataObject, one: str, other: str) -> None:
        def rename() -> None:
            if self.named(one) in self.folders and self.named(other) not in self.folders:
                self.folders[self.named(other)] = self.folders.pop(self.named(one))

        self.sometime(data, rename)

    @rule(data=st.data(), name=st.sampled_from(_PEOPLES), comes_back=st.booleans())
    def a_folder_is_deleted(self, data: st.DataObject, name: str, comes_back: bool) -> None:
        def delete() -> None:
            self.folders.pop(self.named(name), None)
            if comes_back:
                self.folders[self.named(name)] = self.new_folder()

        self.sometime(data, delete)

    # --- the server ---

    @rule(data=st.data(), folder=_ANY_FOLDER)
    def a_folder_is_numbered_anew(self, data: st.DataObject, folder: str) -> None:
        def renumber() -> None:
            if there := self.folders.get(self.named(folder)):
                self.renumber(there)

        self.sometime(data, renumber)

    @rule(folder=_ANY_FOLDER, left=st.integers(0, 6))
    def numbers_leap(self, folder: str, left: int) -> None:
        if there := self.folders.get(self.named(folder)):
            there.uidnext = max(there.uidnext, _LAST_UID - left)

    @rule(ways=st.lists(st.sampled_from(["fine", "fine", "twice", "backwards", "drips"]), min_size=1, max_size=12))
    def answers_will_come_in_odd_ways(self, ways: list[Fault]) -> None:
        self.site.imap.faults.extend(ways)

    # --- what must hold ---

    @rule()
    def passes_are_made(self) -> None:
        if self.disturbed:
            self.one_pass()
            while self.site.imap.meanwhile:  # for which no command came
                self.site.imap.meanwhile.popleft()[2]()
            self.disturbed = False
        report = self.one_pass()
        assert report.unread == ()
        self.everything_is_on_record()
        rows, copies = self.site.rows(), self.site.copies()
        sent = Counter(str(message_from_bytes(raw)["Message-ID"]) for raw in self.site.smtp.taken)
        assert copies == sent and set(sent.values()) <= {1}
        # at the same instant: what the clock brings about is no news
        again = self.one_pass(minutes=0)
        assert (again.new_messages, again.sent, again.unread) == (0, 0, ())
        assert self.site.rows() == rows
        assert self.site.copies() == copies and len(self.site.smtp.taken) == sent.total()

    def everything_is_on_record(self) -> None:
        database = Database(self.site.database)
        query = select(deliveries.c.folder, deliveries.c.delivery_id, deliveries.c.message_ref)
        query = query.where(deliveries.c.mailbox == AUTHORITY, deliveries.c.gone_at.is_(None))
        rows = database.all(query)
        database.dispose()
        not_read = {self.named(name) for name in ("Sent", "Trash")}  # of what was sent only some is kept
        recorded = {(row.folder, row.delivery_id): row.message_ref for row in rows if row.folder not in not_read}
        there = {
            (name, f"{folder.uidvalidity}.{uid}"): raw
            for name, folder in self.folders.items()
            if name not in not_read
            for uid, (raw, _) in folder.messages.items()
        }
        assert recorded.keys() >= there.keys(), there.keys() - recorded.keys()
        if self.site.make.manners.status_lies[0] <= 0:  # else one too many may be told for one that has gone
            assert recorded.keys() == there.keys(), recorded.keys() - there.keys()
        refs = {(raw, recorded[place]) for place, raw in there.items()}
        assert max(Counter(raw for raw, _ in refs).values(), default=1) == 1
        assert max(Counter(ref for _, ref in refs).values(), default=1) == 1
        installed = daemon_installation(load(self.root / "config.toml")) if self.context is None else None
        with installed or nullcontext(self.context) as context:
            items = Counter(item.title for item in context.store.diary.list())
        appeals = {str(message_from_bytes(raw)["Subject"]) for raw in there.values()}
        assert {subject for subject in appeals if subject.startswith("appeal")} <= items.keys()
        assert set(items.values()) <= {1}

    def teardown(self) -> None:
        if hasattr(self, "site"):
            try:
                self.passes_are_made()
            finally:
                self.installed.close()
                self.site.close()
                shutil.rmtree(self.root)

    # --- helpers ---

    def one_pass(self, *, minutes: int = 5) -> PassReport:
        """By a process of its own, or by a daemon that keeps its connections."""
        if self.context is None:
            return self.site.run_once(minutes=minutes)
        self.site.now += timedelta(minutes=minutes)
        return one_pass(self.context, self.site.now)

    @property
    def folders(self) -> dict[str, LivingFolder]:
        return self.site.imap.mailbox(AUTHORITY)

    def named(self, folder: str) -> str:
        return folder if folder == "INBOX" else f"{self.site.make.manners.required_prefix}{folder}"

    def new_folder(self) -> LivingFolder:
        return LivingFolder(uidvalidity=next(self.validities))

    def sometime(self, data: st.DataObject, happens: Callable[[], None]) -> None:
        """Before the next pass, or between two of its commands."""
        command = data.draw(st.sampled_from(["", "", "", *_COMMANDS]))
        if command:
            self.site.imap.meanwhile.append((AUTHORITY, command, happens))
            self.disturbed = True
        else:
            happens()

    def deliver(self, name: str, raw: bytes) -> None:
        folder = self.folders.get(self.named(name), self.folders["INBOX"])
        if folder.uidnext > _LAST_UID:
            self.renumber(folder)
        if self.site.make.manners.keeps_numbers_on_select and self.site.make.manners.tells_uidnext:
            folder.kept_until = 0  # as with GNU mailutils
        folder.add(raw, self.site.now)

    def renumber(self, folder: LivingFolder) -> None:
        folder.renumber()
        folder.uidvalidity, folder.kept_until = next(self.validities), 0

    def letter(self, kind: str, odd: int) -> bytes:
        self.site.number += 1
        number = self.site.number
        message = EmailMessage()
        message["From"], message["To"] = f"bo{number}@privat.example", AUTHORITY
        message["Subject"] = f"{kind} {number}"
        if odd != 1:
            message["Date"] = format_datetime(self.site.now)
        if odd not in (1, 2):
            # 3: of somebody whose program gives all mail the same
            message["Message-ID"] = f"<{number if odd != 3 else 'same'}@privat.example>"
        message.set_content(f"{TEXTS[kind]}\n{number}\n", cte="base64")
        return message.as_bytes().replace(b"\n", b"\r\n")


_SETTINGS = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)


def test_some_makes_at_random() -> None:
    chosen = settings(_SETTINGS, max_examples=6, stateful_step_count=10, derandomize=True)
    run_state_machine_as_test(RandomMakes, settings=chosen)


@pytest.mark.soak
def test_many_makes_at_random() -> None:
    run_state_machine_as_test(RandomMakes, settings=settings(_SETTINGS, max_examples=300, stateful_step_count=30))
