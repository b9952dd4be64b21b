"""The small municipality with its mailboxes on a real Dovecot, sending through a real Postfix."""

import shutil
import time
from dataclasses import dataclass, field, replace
from email.utils import parseaddr
from pathlib import Path

from mailbot.store.records import DiaryItem, Obligation, OutboxItem
from mailbot.work.passes import PassReport, one_pass
from tests.kill.world import Snapshot
from tests.servers.dovecot import PASSWORD, Account, Dovecot
from tests.servers.postfix import Postfix
from tests.support.town import CONFIG, PEOPLE, Town, at

CITIZEN = "Bo Berg <bo@medborgare.example>"
_MAILDIRS = """kind = "maildir"
path = "{root}/mail/{{address}}"
outside = "{root}/outside"
"""
_IMAP = """kind = "imap"
host = "localhost"
port = {imap}
ca_file = "{ca_file}"
login = "user"
secret = "post"
smtp = {{ host = "localhost", port = {smtp}, tls = "starttls" }}
"""
_ARRIVAL_SECONDS = 20


@dataclass(frozen=True)
class Stand:
    """What a day has come to."""

    obligations: list[Obligation]
    diary: list[DiaryItem]
    #: by dedup_key
    outbox: dict[str, OutboxItem]
    #: dedup_key -> copies in the recipient's mailbox, and in our Sent
    copies: dict[str, tuple[int, int]]


@dataclass
class ServerTown(Town):
    dovecot: Dovecot = field(kw_only=True)
    postfix: Postfix = field(kw_only=True)
    accounts: dict[str, Account] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        secret = self.root / "secrets" / "post"
        secret.write_text(PASSWORD)
        secret.chmod(0o600)
        addresses = [*(mailbox.address for mailbox in self.config.mailboxes), parseaddr(CITIZEN)[1]]
        self.accounts = {address: self.dovecot.add_account(address) for address in addresses}
        for account in self.accounts.values():  # other tests know these people too
            shutil.rmtree(self.dovecot.home(account), ignore_errors=True)
            with self.dovecot.person(account) as person:
                person.select("INBOX")  # Dovecot makes it now

    def write_config(self) -> None:
        assert _MAILDIRS in CONFIG
        imap = _IMAP.format(
            imap=self.dovecot.ports["imaps"], smtp=self.postfix.ports["submission"], ca_file=self.dovecot.ca_file
        )
        text = self.filled_in(CONFIG.replace(_MAILDIRS, "@server@\n"))
        text = _ours(text).replace("@server@\n", imap) + "\n[schedule]\nworkers = 1\n"
        self.config_path.write_text(text, encoding="utf-8")

    def write_people(self) -> None:
        (self.root / "people.toml").write_text(_ours(PEOPLE), encoding="utf-8")

    def snapshots(self, copies: Path) -> list[Snapshot]:
        """Our own files and everybody's mail, as they are now."""
        self.wait_for_arrivals()
        homes = [self.dovecot.home(account) for account in self.accounts.values()]
        return [Snapshot.take(place, copies / str(number)) for number, place in enumerate([self.root, *homes])]

    def arrives(self, when: str, text: str, message_id: str) -> None:
        letter = self.letter(when, text, from_=CITIZEN, to="kommunen@bjurholm.example", message_id=message_id)
        self.dovecot.append(self.accounts["kommunen@bjurholm.example"], letter.as_bytes(), received_at=at(when))

    def live(self, when: str) -> PassReport:
        with self.open() as context:
            # With no lease a new process looks up at once what the dead one had begun.
            return one_pass(replace(context, lease_seconds=0), at(when))

    def stand(self) -> Stand:
        self.wait_for_arrivals()
        with self.open() as context:
            box = {item.dedup_key: item for item in context.store.outbox.list()}
            obligations, diary = context.store.obligations.list(), context.store.diary.list()
        sent = self._messages("mailbot@bjurholm.example", "Sent")
        copies = {
            key: (self._messages(item.to[0], "INBOX").count(item.message_id), sent.count(item.message_id))
            for key, item in box.items()
        }
        return Stand(obligations, diary, box, copies)

    def _messages(self, address: str, folder: str) -> list[str]:
        """The Message-IDs in a folder."""
        with self.dovecot.person(self.accounts[address]) as person:
            answer, messages = person.select(folder, readonly=True)
            if answer != "OK" or messages == [b"0"]:
                return []
            _, found = person.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")
        return [piece[1].split()[1].decode() for piece in found if isinstance(piece, tuple)]

    def wait_for_arrivals(self) -> None:
        """Until everything that Postfix has taken lies in a mailbox."""
        deadline = time.monotonic() + _ARRIVAL_SECONDS
        while self.postfix.queued() and time.monotonic() < deadline:
            time.sleep(0.02)


def _ours(text: str) -> str:
    """The domain that the servers deliver for."""
    return text.replace("@by.example", "@bjurholm.example").replace('"by.example"', '"bjurholm.example"')
