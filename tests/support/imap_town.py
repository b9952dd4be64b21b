"""A small municipality on a real Dovecot and Postfix, opened with one master user, and a real SQLite file."""

import email
import smtplib
import ssl
import time
from dataclasses import dataclass, field
from email.message import EmailMessage, Message
from itertools import count
from pathlib import Path

from tests.servers.dovecot import FULL, MASTER_PASSWORD, MASTER_USER, Account, Dovecot, Recording
from tests.servers.postfix import Postfix
from tests.support.served_town import STAFF, ServedTown

_ARRIVAL_SECONDS = 20
_NUMBERS = count(1)
_SERVER = """\
kind = "imap"
host = "{host}"
port = {imap_port}
ca_file = "{ca_file}"
login = "{login}"
user = "{master}"
secret = "post"
smtp = {{ host = "localhost", port = {smtp_port}, tls = "implicit" }}

[policy.check]
required = {checks}
"""


@dataclass
class ImapTown(ServedTown):
    """Everybody's mailbox is new; `host` is the server's variant that mailbot talks to."""

    server_name = "post"
    organisation_lines = 'authserv_ids = ["mail.bjurholm.example"]'
    unit_lines = "diary_pattern = 'KS[ -]\\d{4}/\\d+'"
    mode = "enforce"

    root: Path
    dovecot: Dovecot
    postfix: Postfix
    host: str = FULL
    login: str = "master"
    #: whose mailbox is judged by its ACL as the master user's
    trapped: str = ""
    #: whether somebody must check the authority mailbox; elsewhere its alarms would only be in the way
    checks: bool = False
    accounts: dict[str, Account] = field(default_factory=dict)

    def __post_init__(self) -> None:
        number = next(_NUMBERS)
        for name in ("kommunen", "mailbot", *STAFF):
            address = f"{name}.by{number}@bjurholm.example"
            self.accounts[name] = self.dovecot.add_account(address, acl_trap=name == self.trapped)
        self.citizen = self.dovecot.add_account(f"bo.by{number}@medborgare.example")
        self.write_config()
        self.write_secrets({"post": MASTER_PASSWORD})

    def server_table(self) -> str:
        return _SERVER.format(
            host=self.host,
            imap_port=self.dovecot.ports["imaps"],
            ca_file=self.dovecot.ca_file,
            login=self.login,
            master=MASTER_USER,
            smtp_port=self.postfix.ports["submissions"],
            checks=str(self.checks).lower(),
        )

    def address(self, name: str) -> str:
        return self.accounts[name].address

    @property
    def citizen_address(self) -> str:
        return self.citizen.address

    # --- people and other servers ---

    def post(self, message: EmailMessage, *to: str) -> None:
        """From a server outside to Postfix, which delivers it."""
        with smtplib.SMTP("127.0.0.1", self.postfix.ports["smtp"]) as smtp:
            smtp.sendmail(self.citizen.address, list(to), message.as_bytes())
        self.wait_for_delivery()

    def submit(self, name: str, message: EmailMessage, *, copy: bool = True) -> None:
        """Somebody sends a mail from their own program, logged in as themselves; with `copy` it is laid into Sent."""
        account = self.accounts[name]
        tls = ssl.create_default_context(cafile=str(self.dovecot.ca_file))
        with smtplib.SMTP_SSL("localhost", self.postfix.ports["submissions"], context=tls) as smtp:
            smtp.login(account.address, account.password)
            smtp.send_message(message)
        if copy:
            self.lay(name, message, folder="Sent")
        self.wait_for_delivery()

    def lay(self, name: str, message: Message, *, folder: str = "INBOX") -> None:
        """Into a folder, as rules and mail programs do."""
        self.dovecot.append(self.accounts[name], message.as_bytes(), folder=folder)

    def wait_for_delivery(self) -> None:
        """Until Postfix has delivered everything that it took."""
        deadline = time.monotonic() + _ARRIVAL_SECONDS
        while self.postfix.queued():
            assert time.monotonic() < deadline, "mail stays in Postfix's queue"
            time.sleep(0.02)

    def mails(self, account: Account | str, folder: str = "INBOX") -> list[Message]:
        """What lies in a folder, once everything sent has been delivered."""
        self.wait_for_delivery()
        with self.dovecot.person(self.accounts[account] if isinstance(account, str) else account) as person:
            answer, messages = person.select(folder, readonly=True)
            if answer != "OK" or messages == [b"0"]:
                return []
            _, answer = person.fetch("1:*", "(BODY.PEEK[])")
        return [email.message_from_bytes(piece[1]) for piece in answer if isinstance(piece, tuple)]

    def flags(self, name: str) -> list[bytes]:
        with self.dovecot.person(self.accounts[name]) as person:
            person.select("INBOX", readonly=True)
            return [line for line in person.fetch("1:*", "(FLAGS)")[1] if line]

    def move(self, name: str, position: int, to: str) -> None:
        """Somebody moves a message out of their inbox."""
        with self.dovecot.person(self.accounts[name]) as person:
            person.select("INBOX")
            person.create(to)
            uid = person.uid("SEARCH", "ALL")[1][0].split()[position].decode()
            assert person.uid("MOVE", uid, to)[0] == "OK"

    def delete(self, name: str, position: int) -> None:
        with self.dovecot.person(self.accounts[name]) as person:
            person.select("INBOX")
            uid = person.uid("SEARCH", "ALL")[1][0].split()[position].decode()
            person.uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)")
            person.expunge()

    def recording(self, name: str) -> Recording:
        return self.dovecot.record_commands(self.accounts[name])
