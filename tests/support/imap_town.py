"""A small municipality on a real Dovecot and Postfix, opened with one master user, and a real SQLite file."""

import email
import smtplib
import ssl
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage, Message
from email.utils import format_datetime
from itertools import count
from pathlib import Path

from mailbot.config.load import load
from mailbot.config.model import Config
from mailbot.daemon import utc_now
from mailbot.store import schema
from mailbot.wiring import daemon_installation
from mailbot.work.context import Context
from mailbot.work.passes import PassReport, one_pass
from tests.servers.dovecot import FULL, MASTER_PASSWORD, MASTER_USER, Account, Dovecot, Recording
from tests.servers.postfix import Postfix

_ARRIVAL_SECONDS = 20
_NUMBERS = count(1)
#: name -> title; all of them have a personal mailbox
_STAFF = {
    "anna": "Handläggare",
    "lars": "Postansvarig",
    "eva": "Registrator",
    "karin": "Kommunchef",
    "it": "IT-tekniker",
}

_CONFIG = """
mode = "enforce"
start_from = "2026-01-01"
operator = "{it}"

[organisation]
name = "Bjurholms kommun"
profile = "bjurholm"
domains = ["bjurholm.example"]
mail_hosts = ["mail.bjurholm.example"]
authserv_ids = ["mail.bjurholm.example"]
postal_address = "Storgatan 1, 916 00 Bjurholm"

[paths]
database = "sqlite:///{root}/mailbot.db"
people = "people.toml"
secrets = "{root}/secrets"

[roles]
head_of_administration = ["karin"]
administrators = ["it"]
switchboard = "vaxel@bjurholm.example"

[[units]]
id = "ks"
name = "Kommunstyrelsen"
registrars = ["eva"]
mail_officers = ["lars"]
diary_pattern = 'KS[ -]\\d{{4}}/\\d+'

[servers.post]
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
class ImapTown:
    """Everybody's mailbox is new; `host` is the server's variant that mailbot talks to."""

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
    _letters: "count[int]" = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        number = next(_NUMBERS)
        for name in ("kommunen", "mailbot", *_STAFF):
            address = f"{name}.by{number}@bjurholm.example"
            self.accounts[name] = self.dovecot.add_account(address, acl_trap=name == self.trapped)
        self.citizen = self.dovecot.add_account(f"bo.by{number}@medborgare.example")
        self._write_config()
        (self.root / "secrets").mkdir(mode=0o700)
        for name, value in (("reference-key", "ab" * 32), ("post", MASTER_PASSWORD)):
            path = self.root / "secrets" / name
            path.write_text(value)
            path.chmod(0o600)
        schema.upgrade(self.config.paths.database)

    def _write_config(self) -> None:
        roles = {"kommunen": "authority", "mailbot": "service"} | dict.fromkeys(_STAFF, "personal")
        text = _CONFIG.format(
            root=self.root,
            it=self.address("it"),
            host=self.host,
            imap_port=self.dovecot.ports["imaps"],
            ca_file=self.dovecot.ca_file,
            login=self.login,
            master=MASTER_USER,
            smtp_port=self.postfix.ports["submissions"],
            checks=str(self.checks).lower(),
        )
        for name, role in roles.items():
            unit = "" if role == "service" else 'unit = "ks"\n'
            text += f'\n[[mailboxes]]\naddress = "{self.address(name)}"\nserver = "post"\nrole = "{role}"\n{unit}'
        self.config_path.write_text(text, encoding="utf-8")
        people = [
            f'[[people]]\nid = "{name}"\nname = "{name.title()} Ek"\nemail = "{self.address(name)}"\n'
            f'title = "{title}"\nlogin = "{name}"\n'
            for name, title in _STAFF.items()
        ]
        (self.root / "people.toml").write_text("\n".join(people), encoding="utf-8")

    def address(self, name: str) -> str:
        return self.accounts[name].address

    # --- mailbot ---

    @property
    def config_path(self) -> Path:
        return self.root / "config.toml"

    @property
    def config(self) -> Config:
        return load(self.config_path)

    def open(self) -> AbstractContextManager[Context]:
        return daemon_installation(self.config)

    def run(self, now: datetime | None = None) -> PassReport:
        """One pass, as a process of its own would make it."""
        with self.open() as context:
            return one_pass(context, now or utc_now())

    # --- people and other servers ---

    def letter(self, text: str, **fields: str) -> EmailMessage:
        """A citizen's mail to the authority mailbox, or what `fields` say instead."""
        message = EmailMessage()
        message["From"] = fields.get("from_", f"Bo Berg <{self.citizen.address}>")
        message["To"] = fields.get("to", self.address("kommunen"))
        message["Subject"] = fields.get("subject", "En fråga")
        message["Date"] = format_datetime(utc_now())
        message["Message-ID"] = f"<{next(self._letters)}.{self.citizen.address}>"
        if "in_reply_to" in fields:
            message["In-Reply-To"] = message["References"] = fields["in_reply_to"]
        message.set_content(text)
        return message

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
