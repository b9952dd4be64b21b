"""A small municipality whose mailboxes lie on a pretended mail service, and a real SQLite file."""

import email
from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage, Message
from pathlib import Path

from tests.support.served_town import STAFF, ServedTown

DOMAIN = "bjurholm.example"
OWN_INTERNAL = "<html><body><p>Jobbar hemifrån.</p></body></html>"
OWN_EXTERNAL = '<html><body><p style="color:red">På <b>resa</b>.</p></body></html>'
CITIZEN = "bo@medborgare.example"


@dataclass
class CloudTown(ServedTown):
    """What is the same on every service; a service adds how mail gets into its mailboxes and out of them."""

    person_lines = 'phone = "0930-140 00"\n'

    root: Path
    mode: str = "enforce"
    #: further mailboxes beside those of the staff
    more: Iterable[str] = ()

    def __post_init__(self) -> None:
        further = dict.fromkeys(self.more, "function")
        self.write_config(further)
        for name in ("kommunen", "mailbot", *STAFF, *further):
            self.add_mailbox(self.address(name), f"{name.title()} Ek")
        self.write_secrets(self.secrets())

    def address(self, name: str) -> str:
        return f"{name}@{DOMAIN}"

    @property
    def citizen_address(self) -> str:
        return CITIZEN

    # --- the service ---

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

    def change(self, old: str, new: str) -> None:
        text = self.config_path.read_text(encoding="utf-8")
        assert old in text
        self.config_path.write_text(text.replace(old, new), encoding="utf-8")
