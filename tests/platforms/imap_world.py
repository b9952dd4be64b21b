"""Accounts on a real Dovecot, and what people and mail servers do to them; a mailbox on a server with a script."""

import imaplib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from mailbot.platforms.base import Folder
from mailbot.platforms.imap.connection import ImapConnection
from mailbot.platforms.imap.folders import RoleNames
from mailbot.platforms.imap.login import Login
from mailbot.platforms.imap.mailbox import ImapMailbox
from mailbot.platforms.imap.pool import ConnectionPool
from mailbot.platforms.imap.tls import client_context
from mailbot.platforms.imap.transport import Endpoint
from tests.servers.dovecot import FULL, Account, Dovecot
from tests.servers.scripted import Answer, ScriptedImap

INBOX = Folder("INBOX", "INBOX", "inbox")


class ImapWorld:
    """One account. People use their own connections; `open` gives mailbot's, on the server's variant `host`."""

    tells_of_flags = False
    oldest_first = True

    def __init__(
        self,
        dovecot: Dovecot,
        *,
        host: str = FULL,
        separator: str = "/",
        prefix: str = "",
        pool: ConnectionPool | None = None,
    ) -> None:
        self.dovecot = dovecot
        self.account: Account = dovecot.add_account(separator=separator, prefix=prefix)
        self.host = host
        self.context = client_context(dovecot.ca_file)
        #: keeps nothing unless a test gives another: each `open` is a new process
        self.pool = pool or ConnectionPool(keep=0)
        self.opened: list[ImapMailbox] = []

    def connect(self) -> ImapConnection:
        endpoint = Endpoint(host=self.host, port=self.dovecot.ports["imaps"], context=self.context)
        address, password = self.account.address, self.account.password
        return ImapConnection(endpoint, Login(method="user", mailbox=address, user=address, secret=lambda: password))

    def open(self) -> ImapMailbox:
        mailbox = ImapMailbox(self.pool, self.account.address, self.connect)
        self.opened.append(mailbox)
        return mailbox

    def close(self) -> None:
        for mailbox in self.opened:
            mailbox.close()
        self.pool.close()

    # --- people ---

    def raw_name(self, name: str) -> str:
        return name if name == "INBOX" else self.account.prefix + name.replace("/", self.account.separator)

    @contextmanager
    def person(self, folder: str = "") -> Iterator[imaplib.IMAP4_SSL]:
        with self.dovecot.person(self.account) as client:
            if folder:
                assert client.select(f'"{self.raw_name(folder)}"')[0] == "OK"
            yield client

    def create_folder(self, name: str) -> None:
        with self.person() as client:
            assert client.create(f'"{self.raw_name(name)}"')[0] == "OK"

    def delete_folder(self, folder: Folder) -> None:
        with self.person() as client:
            assert client.delete(f'"{self.raw_name(folder.name)}"')[0] == "OK"

    def deliver(self, raw: bytes, *, received_at: datetime, folder: str = "INBOX") -> None:
        self.dovecot.append(self.account, raw, received_at=received_at, folder=self.raw_name(folder))

    def delete(self, folder: Folder, delivery_id: str) -> None:
        with self.person(folder.name) as client:
            client.uid("STORE", uid(delivery_id), "+FLAGS.SILENT", r"(\Deleted)")
            client.expunge()

    def move(self, folder: Folder, delivery_id: str, to: Folder) -> None:
        with self.person(folder.name) as client:
            assert client.uid("MOVE", uid(delivery_id), f'"{self.raw_name(to.name)}"')[0] == "OK"

    def mark(self, folder: Folder, delivery_id: str, kind: str, at: datetime) -> None:
        flag = {"replied": r"\Answered", "forwarded": "$Forwarded"}[kind]
        with self.person(folder.name) as client:
            client.uid("STORE", uid(delivery_id), "+FLAGS.SILENT", f"({flag})")

    def mark_read(self, folder: Folder, delivery_id: str) -> None:
        with self.person(folder.name) as client:
            client.uid("STORE", uid(delivery_id), "+FLAGS.SILENT", r"(\Seen)")

    def is_read(self, folder: Folder, delivery_id: str) -> bool:
        with self.person(folder.name) as client:
            return rb"\Seen" in client.uid("FETCH", uid(delivery_id), "(FLAGS)")[1][0]

    def forget(self, folder: Folder) -> None:
        self.dovecot.change_uidvalidity(self.account, self.raw_name(folder.name))


def uid(delivery_id: str) -> str:
    return delivery_id.partition(".")[2]


@contextmanager
def scripted_mailbox(
    answers: dict[str, Answer], names: RoleNames | None = None, *, clock: Callable[[], float] = time.time
) -> Iterator[tuple[ImapMailbox, ScriptedImap]]:
    """A mailbox on a server that says just this."""
    with ScriptedImap(answers) as server:
        place = Endpoint(host="127.0.0.1", port=server.port, tls="none")
        who = Login(method="user", mailbox="anna@by.example", user="anna", secret=lambda: "x")
        pool = ConnectionPool(keep=0)
        mailbox = ImapMailbox(pool, "anna", lambda: ImapConnection(place, who), folder_names=names, clock=clock)
        yield mailbox, server
        mailbox.close()
