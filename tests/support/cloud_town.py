"""A small municipality whose mailboxes lie on a pretended mail service, and a real SQLite file."""

import email
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage, Message
from email.utils import format_datetime
from itertools import count
from pathlib import Path
from typing import ClassVar

from mailbot.config.load import load
from mailbot.config.model import Config
from mailbot.daemon import utc_now
from mailbot.store import schema
from mailbot.wiring import daemon_installation
from mailbot.work.context import Context
from mailbot.work.passes import PassReport, one_pass

DOMAIN = "bjurholm.example"
OWN_INTERNAL = "<html><body><p>Jobbar hemifrån.</p></body></html>"
OWN_EXTERNAL = '<html><body><p style="color:red">På <b>resa</b>.</p></body></html>'
CITIZEN = "bo@medborgare.example"
_STAFF = {
    "anna": "Handläggare",
    "lars": "Postansvarig",
    "eva": "Registrator",
    "karin": "Kommunchef",
    "it": "IT-tekniker",
}
_CONFIG = """
mode = "{mode}"
start_from = "2026-01-01"
operator = "it@bjurholm.example"

[organisation]
name = "Bjurholms kommun"
profile = "bjurholm"
domains = ["bjurholm.example"]
mail_hosts = ["mail.bjurholm.example"]
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

[servers.{name}]
{server}
"""


@dataclass
class CloudTown(ABC):
    """What is the same on every service; a service adds how mail gets into its mailboxes and out of them."""

    #: what the configuration calls its server
    server_name: ClassVar[str]

    root: Path
    mode: str = "enforce"
    #: further mailboxes beside those of the staff
    more: Iterable[str] = ()
    _letters: "count[int]" = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        roles = {"kommunen": "authority", "mailbot": "service"} | dict.fromkeys(_STAFF, "personal")
        roles |= dict.fromkeys(self.more, "function")
        self._write_config(roles)
        for name in roles:
            self.add_mailbox(self.address(name), f"{name.title()} Ek")
        (self.root / "secrets").mkdir(mode=0o700)
        for name, value in {"reference-key": "ab" * 32, **self.secrets()}.items():
            path = self.root / "secrets" / name
            path.write_text(value)
            path.chmod(0o600)
        schema.upgrade(self.config.paths.database)

    def _write_config(self, roles: Mapping[str, str]) -> None:
        text = _CONFIG.format(mode=self.mode, root=self.root, name=self.server_name, server=self.server_table())
        for name, role in roles.items():
            text += (
                f'\n[[mailboxes]]\naddress = "{self.address(name)}"\nserver = "{self.server_name}"\nrole = "{role}"\n'
            )
            text += "" if role == "service" else 'unit = "ks"\n'
        self.config_path.write_text(text, encoding="utf-8")
        people = [
            f'[[people]]\nid = "{name}"\nname = "{name.title()} Ek"\nemail = "{self.address(name)}"\n'
            f'title = "{title}"\nlogin = "{name}"\nphone = "0930-140 00"\n'
            for name, title in _STAFF.items()
        ]
        (self.root / "people.toml").write_text("\n".join(people), encoding="utf-8")

    def address(self, name: str) -> str:
        return f"{name}@{DOMAIN}"

    # --- the service ---

    @abstractmethod
    def server_table(self) -> str:
        """The lines of its table in the configuration."""

    @abstractmethod
    def secrets(self) -> dict[str, str]: ...

    @abstractmethod
    def add_mailbox(self, address: str, name: str) -> None: ...

    @abstractmethod
    def post(self, message: EmailMessage, *to: str) -> None:
        """From outside into mailboxes, through their rules."""

    @abstractmethod
    def lay(self, name: str, message: Message, *, folder: str = "inbox", written_here: bool = False) -> None:
        """Into a folder; `written_here`: in Outlook, so that it never had a header of transport."""

    @abstractmethod
    def raw_mails(self, name: str, folder: str) -> list[bytes]: ...

    @abstractmethod
    def add_folder(self, name: str, folder: str, *, parent: str = "") -> str:
        """A new folder, below `parent` or at the top; what `lay` and `move` know it by."""

    @abstractmethod
    def move(self, name: str, position: int, folder: str) -> None:
        """Somebody moves a message out of their inbox."""

    @abstractmethod
    def mark_read(self, name: str, position: int) -> None:
        """Somebody reads a message in their inbox."""

    @abstractmethod
    def is_anything_read(self, name: str) -> bool: ...

    @abstractmethod
    def categories(self, name: str) -> list[list[str]]:
        """Of each message in somebody's inbox."""

    @abstractmethod
    def mark_replied(self, name: str, position: int, at: datetime) -> None:
        """Outlook notes on a message in somebody's inbox that it was replied to."""

    @abstractmethod
    def give_own_settings(self, name: str) -> None:
        """Somebody has an automatic reply and an inbox rule of their own: `OWN_INTERNAL`, `OWN_EXTERNAL`, "Projekt"."""

    @abstractmethod
    def reply_texts(self, name: str) -> tuple[bool, str, str]:
        """Whether somebody's automatic reply is on, and its HTML inside and outside."""

    @abstractmethod
    def turn_off(self, name: str) -> None:
        """Somebody turns their automatic reply off, and takes out every rule but "Projekt"."""

    @abstractmethod
    def rules(self, name: str) -> list[tuple[str, list[str]]]:
        """The inbox rules: each its name, and where it redirects to."""

    @abstractmethod
    def everything(self) -> list[bytes]:
        """All messages in all mailboxes."""

    @abstractmethod
    def forget(self, name: str) -> None:
        """The service no longer knows how far a mailbox was read."""

    @abstractmethod
    def count(self) -> dict[str, int]:
        """How many messages lie in each mailbox, and outside."""

    @abstractmethod
    def outside(self, address: str = CITIZEN) -> list[Message]:
        """What has reached an address outside."""

    def mails(self, name: str, folder: str = "inbox") -> list[Message]:
        return [email.message_from_bytes(raw) for raw in self.raw_mails(name, folder)]

    # --- mailbot ---

    @property
    def config_path(self) -> Path:
        return self.root / "config.toml"

    @property
    def config(self) -> Config:
        return load(self.config_path)

    def change(self, old: str, new: str) -> None:
        text = self.config_path.read_text(encoding="utf-8")
        assert old in text
        self.config_path.write_text(text.replace(old, new), encoding="utf-8")

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
        message["From"] = fields.get("from_", f"Bo Berg <{CITIZEN}>")
        message["To"] = fields.get("to", self.address("kommunen"))
        message["Subject"] = fields.get("subject", "En fråga")
        message["Date"] = format_datetime(utc_now())
        message["Message-ID"] = f"<{next(self._letters)}.{CITIZEN}>"
        if "in_reply_to" in fields:
            message["In-Reply-To"] = message["References"] = fields["in_reply_to"]
        message.set_content(text)
        return message
