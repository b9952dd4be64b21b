"""A small municipality on real Maildirs and a real database, with time injected."""

import os
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from mailbot.config.load import load
from mailbot.config.model import Config
from mailbot.store import schema
from mailbot.wiring import daemon_installation
from mailbot.work.context import Context
from mailbot.work.passes import PassReport, one_pass

STOCKHOLM = ZoneInfo("Europe/Stockholm")

CONFIG = """
mode = "{mode}"
start_from = "2026-05-01"
operator = "it@by.example"

[organisation]
name = "Byns kommun"
profile = "bjurholm"
domains = ["by.example"]
mail_hosts = ["mail.by.example"]
postal_address = "Storgatan 1, 900 00 Byn"

[paths]
database = "{database}"
people = "people.toml"
secrets = "{root}/secrets"

[roles]
head_of_administration = ["karin"]
administrators = ["it"]
switchboard = "vaxel@by.example"

[[units]]
id = "ks"
name = "Kommunstyrelsen"
registrars = ["eva"]
mail_officers = ["lars"]
diary_pattern = 'KS[ -]\\d{{4}}/\\d+'

[servers.post]
kind = "maildir"
path = "{root}/mail/{{address}}"
outside = "{root}/outside"

[[mailboxes]]
address = "kommunen@by.example"
server = "post"
role = "authority"
unit = "ks"

[[mailboxes]]
address = "anna@by.example"
server = "post"
role = "personal"
unit = "ks"
read = "{anna_read}"

[[mailboxes]]
address = "lars@by.example"
server = "post"
role = "personal"
unit = "ks"

[[mailboxes]]
address = "eva@by.example"
server = "post"
role = "personal"
unit = "ks"

[[mailboxes]]
address = "karin@by.example"
server = "post"
role = "personal"
unit = "ks"

[[mailboxes]]
address = "it@by.example"
server = "post"
role = "personal"
unit = "ks"

[[mailboxes]]
address = "mailbot@by.example"
server = "post"
role = "service"

[[web_forms]]
from = "formular@by.example"

[policy.check]
required = {checks}
"""

PEOPLE = "".join(
    f"""
[[people]]
id = "{person}"
name = "{name}"
email = "{person}@by.example"
title = "{title}"
login = "{person}"
"""
    for person, name, title in (
        ("anna", "Anna Ek", "Handläggare"),
        ("lars", "Lars Lind", "Postansvarig"),
        ("eva", "Eva Holm", "Registrator"),
        ("karin", "Karin Berg", "Kommunchef"),
        ("it", "Ida Tapper", "IT-tekniker"),
    )
)


def at(text: str) -> datetime:
    """A local time in Stockholm as an aware UTC instant."""
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM).astimezone(UTC)


def today() -> date:
    """The day it is in Stockholm, where the towns are: at 23 o'clock UTC already the next one."""
    return datetime.now(STOCKHOLM).date()


@dataclass
class Town:
    """Deliver mail, make passes, look at what lies where."""

    root: Path
    mode: str = "enforce"
    anna_read: str = "full"
    #: whether somebody must check the authority mailbox; elsewhere its alarms would only be in the way
    checks: bool = False
    #: its URL; empty: an SQLite file of its own
    database: str = ""
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        (self.root / "outside").mkdir(parents=True)
        self.write_config()
        self.write_people()
        (self.root / "secrets").mkdir(mode=0o700)
        key = self.root / "secrets" / "reference-key"
        key.write_text("ab" * 32)
        key.chmod(0o600)
        for mailbox in self.config.mailboxes:
            for folder in ("", ".Sent", ".Junk"):
                for part in ("tmp", "new", "cur"):
                    (self.maildir(mailbox.address) / folder / part).mkdir(parents=True, exist_ok=True)
        schema.upgrade(self.config.paths.database)

    def write_config(self) -> None:
        self.config_path.write_text(self.filled_in(CONFIG), encoding="utf-8")

    def filled_in(self, config: str) -> str:
        return config.format(
            root=self.root,
            mode=self.mode,
            anna_read=self.anna_read,
            checks=str(self.checks).lower(),
            database=self.database or f"sqlite:///{self.root}/mailbot.db",
        )

    def write_people(self) -> None:
        (self.root / "people.toml").write_text(PEOPLE, encoding="utf-8")

    @property
    def config_path(self) -> Path:
        return self.root / "config.toml"

    @property
    def config(self) -> Config:
        return load(self.config_path)

    def maildir(self, address: str) -> Path:
        return self.root / "mail" / address

    def open(self) -> AbstractContextManager[Context]:
        return daemon_installation(self.config)

    def run(self, when: str) -> PassReport:
        """One pass at a local time."""
        with self.open() as context:
            return one_pass(context, at(when))

    def deliver_bytes(self, address: str, raw: bytes, when: str, *, folder: str = "") -> Path:
        """Put raw bytes into a mailbox as a mail system would, dated `when` (local)."""
        place = self.maildir(address) / folder / ("cur" if folder == ".Sent" else "new")
        suffix = ":2,S" if folder == ".Sent" else ""
        path = place / f"{int(at(when).timestamp())}.M{next(self._numbers)}.by{suffix}"
        path.write_bytes(raw)
        os.utime(path, (at(when).timestamp(), at(when).timestamp()))
        return path

    def deliver(self, when: str, text: str, **fields: str) -> str:
        """A citizen's mail to the authority mailbox (or `to`); returns its Message-ID."""
        message = self.letter(when, text, **fields)
        self.deliver_bytes(parseaddr(message["To"])[1], message.as_bytes(), when)
        return str(message["Message-ID"])

    def answer(self, when: str, text: str, *, by: str, to: str, in_reply_to: str, **fields: str) -> str:
        """Somebody's answer, filed in their Sent folder."""
        message = self.letter(when, text, from_=by, to=to, in_reply_to=in_reply_to, **fields)
        self.deliver_bytes(parseaddr(by)[1], message.as_bytes(), when, folder=".Sent")
        return str(message["Message-ID"])

    def letter(self, when: str, text: str, **fields: str) -> EmailMessage:
        number = next(self._numbers)
        message = EmailMessage()
        message["From"] = fields.get("from_", "Bo Berg <bo@privat.example>")
        message["To"] = fields.get("to", "kommunen@by.example")
        message["Subject"] = fields.get("subject", "En fråga")
        message["Date"] = format_datetime(at(when))
        message["Message-ID"] = fields.get("message_id", f"<{number}@privat.example>")
        if "in_reply_to" in fields:
            message["In-Reply-To"] = message["References"] = fields["in_reply_to"]
        if "reply_to" in fields:
            message["Reply-To"] = fields["reply_to"]
        for name, value in fields.items():
            if name.startswith("header_"):
                message[name.removeprefix("header_").replace("_", "-")] = value
        message.set_content(text)
        return message

    def inbox(self, address: str) -> list[bytes]:
        """What lies unread in somebody's mailbox, oldest first."""
        paths = sorted((self.maildir(address) / "new").iterdir(), key=lambda path: path.stat().st_mtime_ns)
        return [path.read_bytes() for path in paths]

    def outside(self) -> list[bytes]:
        """What left for other hosts."""
        return [path.read_bytes() for path in sorted((self.root / "outside").glob("*.eml"))]
