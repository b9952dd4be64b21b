"""Two passes over servers other than Dovecot, old and modern: the first misses nothing, the second changes nothing."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import pytest
from imapclient import imap_utf7

from mailbot.config.load import load
from mailbot.store import schema
from mailbot.wiring import daemon_installation
from mailbot.work.passes import PassReport, one_pass
from tests.kill.world import recorded
from tests.platforms.smtp_world import ScriptedSmtp
from tests.servers.living import LivingFolder, LivingImap, Manners
from tests.support.town import at
from tests.system.test_scripted_imap import AUTHORITY, CONFIG, PEOPLE, REGISTRAR, SERVICE, TEXTS

_ANSWER = "Hej! Simhallen är öppen 8-20 alla dagar.\n"
_MODERN = "LITERAL+ SASL-IR ID ENABLE IDLE MOVE UTF8=ACCEPT"
#: grow with every pass, whatever it finds
_DIARIES = frozenset({"mailbox_checks", "daily_readings", "installation"})


@dataclass(frozen=True, kw_only=True)
class Make:
    """A make of server; folder names as it spells them."""

    manners: Manners = field(default_factory=Manners)
    sent: str = "Sent"
    junk: str = "Junk"
    archive: str = "Arkiv"
    #: folders in which no mail is, with their attributes
    empty: dict[str, str] = field(default_factory=dict)
    sent_is: str = ""
    #: what LIST says of every folder
    attributes: str = ""
    first_uid: int = 1
    uidvalidity: Callable[[], int] = lambda: 1


def utf7(name: str) -> str:
    return str(imap_utf7.encode(name).decode("ascii"))


MAKES = {
    "nothing but RFC 3501": Make(),
    "Courier: all below INBOX., old": Make(
        manners=Manners(separator=".", required_prefix="INBOX."),
        sent="INBOX.Sent", junk="INBOX.Spam", archive=f"INBOX.{utf7('Ärenden')}.2026",
        empty={"INBOX.&AMQ-renden": r"\Noselect \HasChildren"},
    ),
    "Courier: all below INBOX., with NAMESPACE": Make(
        manners=Manners(separator=".", required_prefix="INBOX.", capabilities="NAMESPACE IDLE UIDPLUS",
                        namespace='(("INBOX." ".")) NIL (("#shared." ".")("shared." "."))',
                        keeps_numbers_on_select=True, tells_uidnext=False),
        sent="INBOX.Skickat", junk=f"INBOX.{utf7('Skräppost')}", archive="INBOX.Arkiv",
    ),
    "GNU mailutils: mbox files": Make(
        manners=Manners(keeps_numbers_on_select=True, bare_names=True, searches_uids=False),
        archive=utf7("Ärenden från i år"), uidvalidity=lambda: int(time.time()),
    ),
    "special use in lower case": Make(
        manners=Manners(capabilities="SPECIAL-USE"), sent="Ute", sent_is=r"\hasnochildren \sent",
    ),
    "capabilities told unasked": Make(manners=Manners(tells_capabilities=True, capabilities=_MODERN)),
    "LOGINDISABLED after login": Make(manners=Manners(login_disabled_after_login=True)),
    "UIDs near their end": Make(first_uid=2**32 - 9),
    "UIDs at their end": Make(first_uid=2**32 - 3),
    "folder names as literals": Make(
        manners=Manners(literal_names=True), archive='Bygglov "2026" \\ R&-D', sent=utf7("Skickat"),
    ),
    "folder names with quotes and backslashes": Make(archive='Bygglov "2026" \\ (gamla)', sent="Sent"),
    "folder names in UTF-8": Make(
        manners=Manners(capabilities=_MODERN), archive="Ärenden/Året", sent="Sendte på sjøen", sent_is=r"\Sent",
    ),
    "folder names that are no UTF-7": Make(archive="R&D", sent="Sent & klart", sent_is=r"\Sent"),
    "items of FETCH backwards": Make(manners=Manners(backwards=True)),
    "news in every answer": Make(manners=Manners(chatty=True)),
    "news in every answer, backwards": Make(manners=Manners(chatty=True, backwards=True)),
    "SEARCH answered line by line or not at all": Make(manners=Manners(terse_search=True)),
    "an appended message seen after NOOP": Make(manners=Manners(late_append=True)),
    "no INTERNALDATE and no size": Make(manners=Manners(missing=("INTERNALDATE", "RFC822.SIZE"))),
    "INTERNALDATE and size NIL": Make(manners=Manners(nil=("INTERNALDATE", "RFC822.SIZE"))),
    "IMAP4rev2 alone": Make(
        manners=Manners(protocol="IMAP4rev2", capabilities="AUTH=PLAIN LITERAL-", extends_list=True),
        archive="Ärenden/R&D", sent="Skickat",
    ),
    "Twisted: flags of messages in LIST": Make(
        manners=Manners(capabilities="NAMESPACE IDLE", knows_header_search=False),
        attributes=r"\Seen \Deleted \Answered \Flagged \Draft", sent="SENT", junk="JUNK", archive="ARKIV",
    ),
    "folders that are none": Make(
        empty={"Alla": r"\Noselect", "Borta": r"\NonExistent", "Delat": r"\NOSELECT \Subscribed"},
    ),
}  # fmt: skip


class Site:
    """An authority mailbox, the registrar's and mailbot's own on one make of server."""

    def __init__(self, root: Path, make: Make) -> None:
        self.root, self.make, self.now = root, make, at("2026-05-11T08:00")
        self.imap = LivingImap(make.manners).__enter__()
        self.smtp = ScriptedSmtp()
        self.number = 0
        (root / "secrets").mkdir(mode=0o700)
        for name, value in (("reference-key", "ab" * 32), ("post", "x")):
            (root / "secrets" / name).write_text(value)
            (root / "secrets" / name).chmod(0o600)
        (root / "people.toml").write_text(PEOPLE)
        config = CONFIG.format(root=root, imap=self.imap.port, smtp=self.smtp.port)
        (root / "config.toml").write_text(config, encoding="utf-8")
        schema.upgrade(self.database)
        for user in (AUTHORITY, REGISTRAR, SERVICE):
            folders = self.imap.mailbox(user)
            for name in (make.sent, make.junk, make.archive):
                folders[name] = LivingFolder()
            for folder in folders.values():
                folder.attributes = make.attributes
            folders[make.sent].attributes += make.sent_is
            for name, attributes in make.empty.items():
                folders[name] = LivingFolder(attributes=attributes)
            for folder in folders.values():
                folder.uidnext, folder.uidvalidity = make.first_uid, make.uidvalidity()

    @property
    def database(self) -> str:
        return f"sqlite:///{self.root}/mailbot.db"

    def close(self) -> None:
        self.smtp.close()
        self.imap.__exit__(None, None, None)

    def arrives(self, kind: str, folder: str, *, answers: str = "") -> str:
        self.number += 1
        self.now += timedelta(minutes=1)
        message = EmailMessage()
        citizen = f"bo{self.number - bool(answers)}@privat.example"
        message["From"], message["To"] = (AUTHORITY, citizen) if answers else (citizen, AUTHORITY)
        message["Subject"], message["Date"] = f"{kind} {self.number}", format_datetime(self.now)
        message["Message-ID"] = f"<{self.number}@privat.example>"
        if answers:
            message["In-Reply-To"] = message["References"] = answers
        message.set_content(_ANSWER if answers else TEXTS[kind], cte="base64")
        with self.imap.lock:
            raw = message.as_bytes().replace(b"\n", b"\r\n")
            self.imap.mailbox(AUTHORITY)[folder].add(raw, self.now)
        return str(message["Message-ID"])

    def run_once(self, *, minutes: int = 5) -> PassReport:
        self.now += timedelta(minutes=minutes)
        with daemon_installation(load(self.root / "config.toml")) as context:
            return one_pass(context, self.now)

    def unseen(self) -> dict[str, set[str]]:
        """Mail in the authority mailbox that is not on record, by folder; of what was sent only traces are kept."""
        found = {}
        with daemon_installation(load(self.root / "config.toml")) as context:
            for name in ("INBOX", self.make.junk, self.make.archive):
                folder = self.imap.mailbox(AUTHORITY)[name]
                there = {f"{folder.uidvalidity}.{uid}" for uid in folder.messages}
                found[name] = there - set(context.store.intake.known_deliveries(AUTHORITY, name, there))
        return {name: missed for name, missed in found.items() if missed}

    def came_of_it(self) -> tuple[list[str], list[str]]:
        """Message-IDs that wait for an answer, and titles of what is to be registered."""
        with daemon_installation(load(self.root / "config.toml")) as context:
            waiting = [one.message_id for one in context.store.obligations.list(states=("open",))]
            return sorted(waiting), sorted(item.title for item in context.store.diary.list())

    def copies(self) -> Counter[str]:
        """Message-IDs in mailbot's own Sent folder."""
        folder = self.imap.mailbox(SERVICE)[self.make.sent]
        return Counter(str(message_from_bytes(raw)["Message-ID"]) for raw, _ in folder.messages.values())

    def rows(self) -> dict[str, object]:
        return {name: rows for name, rows in recorded(self.database).items() if name not in _DIARIES}


@pytest.fixture(params=MAKES)
def site(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    site = Site(tmp_path, MAKES[request.param])
    yield site
    site.close()


def test_the_first_pass_misses_nothing_and_the_second_changes_nothing(site: Site) -> None:
    question = site.arrives("question", "INBOX")
    appeal = site.arrives("appeal", "INBOX")
    in_junk = site.arrives("question", site.make.junk)
    if site.make.first_uid < 2**32 - 5:  # there are numbers left
        moved = site.arrives("question", site.make.archive)
        answered = site.arrives("question", "INBOX")
        site.arrives("question", site.make.sent, answers=answered)
    else:
        moved = site.arrives("question", site.make.archive)
    first = site.run_once()
    assert first.unread == () and first.alarms == ()
    assert site.unseen() == {}
    waiting, registered = site.came_of_it()
    assert {question, appeal, moved} <= set(waiting) <= {question, appeal, moved, in_junk}
    assert registered == ["appeal 2"]
    sent = Counter(message_from_bytes(raw)["Message-ID"] for raw in site.smtp.taken)
    assert sent and set(sent.values()) == {1}
    assert site.copies() == sent

    rows = site.rows()
    second = site.run_once()
    assert (second.new_messages, second.sent, second.alarms, second.unread) == (0, 0, (), ())
    assert site.rows() == rows and site.copies() == sent

    late = site.arrives("question", "INBOX")
    assert site.run_once().new_messages == 1
    assert late in site.came_of_it()[0] and site.unseen() == {}
    assert site.run_once().new_messages == 0


@pytest.mark.parametrize("name", ["nothing but RFC 3501", *(each for each in MAKES if each.startswith("Courier"))])
def test_where_nothing_was_sent_before_the_folder_for_it_is_made(tmp_path: Path, name: str) -> None:
    site = Site(tmp_path, MAKES[name])
    folders = site.imap.mailbox(SERVICE)
    del folders[site.make.sent]
    others = set(folders)
    site.arrives("appeal", "INBOX")
    site.run_once()
    (made,) = set(folders) - others
    assert made == f"{site.make.manners.required_prefix}Sent"
    assert len(folders[made].messages) == len(site.smtp.taken) > 0
    site.close()


def test_mail_that_is_numbered_in_front_of_what_was_read_is_read_too(tmp_path: Path) -> None:
    """Courier numbers new mail by the names of its files, and keeps the numbers from the first SELECT on."""
    site = Site(tmp_path, MAKES["Courier: all below INBOX., with NAMESPACE"])
    site.arrives("question", "INBOX")
    site.run_once()
    first, site.now = site.now, site.now - timedelta(minutes=30)
    late = site.arrives("question", "INBOX")
    site.now = first
    assert site.run_once().new_messages == 1
    assert late in site.came_of_it()[0]
    rows = site.rows()
    site.run_once()
    assert site.rows() == rows
    site.close()


@pytest.mark.parametrize("name", ["nothing but RFC 3501", "GNU mailutils: mbox files"])
def test_a_mail_in_place_of_the_last_one_is_read(tmp_path: Path, name: str) -> None:
    """There are as many as before, and where SEARCH knows no UIDs it finds none above those that are known."""
    site = Site(tmp_path, MAKES[name])
    for _ in range(3):
        site.arrives("thanks", "INBOX")
    site.run_once()
    site.imap.mailbox(AUTHORITY)["INBOX"].messages.popitem()
    late = site.arrives("question", "INBOX")
    assert site.run_once().new_messages == 1
    assert late in site.came_of_it()[0] and site.unseen() == {}
    site.close()


def test_mail_without_any_date_is_read(tmp_path: Path) -> None:
    """No INTERNALDATE, no Received and no Date: it is new, and its mailbox is read."""
    site = Site(tmp_path, MAKES["no INTERNALDATE and no size"])
    site.imap.mailbox(AUTHORITY)["INBOX"].add(f"From: bo@privat.example\r\n\r\n{TEXTS['question']}".encode(), site.now)
    report = site.run_once()
    assert (report.new_messages, report.unread) == (1, ())
    assert site.unseen() == {}
    site.close()


def test_a_folder_that_may_only_be_read_is_read_in_the_first_pass(tmp_path: Path) -> None:
    """Its numbers are young and may not stay, but nobody can make the server write them down."""
    site = Site(tmp_path, Make(uidvalidity=lambda: int(time.time())))
    folder = site.imap.mailbox(AUTHORITY)[site.make.archive]
    folder.read_only = True
    site.arrives("question", site.make.archive)
    assert site.run_once().new_messages == 1
    assert site.unseen() == {}
    rows = site.rows()
    assert site.run_once().new_messages == 0
    assert site.rows() == rows
    site.close()


def test_files_of_a_home_directory_are_no_mail(tmp_path: Path) -> None:
    """UW imapd without a folder for mail lists every file at home, and shows each as one message."""
    site = Site(tmp_path, MAKES["nothing but RFC 3501"])
    file = LivingFolder(is_file=True, uidvalidity=int(time.time()))
    site.imap.mailbox(AUTHORITY)[".mailboxlist"] = file
    file.add(b"From: kommunen@localhost\r\nSubject: /home/kommunen/.mailboxlist\r\n\r\nSent\r\nJunk\r\n", site.now)
    question = site.arrives("question", "INBOX")
    assert site.run_once().new_messages == 1
    assert site.came_of_it() == ([question], [])
    rows = site.rows()
    file.uidvalidity += 60  # the file was changed
    report = site.run_once()
    assert (report.new_messages, report.unread) == (0, ())
    assert site.rows() == rows
    site.close()


@pytest.mark.parametrize("knows_header_search", [True, False])
def test_a_copy_that_is_shown_late_is_made_once(tmp_path: Path, knows_header_search: bool) -> None:
    """The connection died after APPEND: whoever looks for the copy asks the server to show what is new."""
    site = Site(tmp_path, Make(manners=Manners(late_append=True, knows_header_search=knows_header_search)))
    site.arrives("appeal", "INBOX")
    site.imap.append_faults.extend(["NO", "lost"])
    site.run_once()
    site.now += timedelta(hours=1)
    site.run_once()
    assert set(site.copies().values()) == {1}
    site.close()
