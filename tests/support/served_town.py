"""What towns have in common whose mailboxes lie on servers: configuration, staff, passes, and letters of a citizen."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cached_property
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

#: name -> title; all of them have a personal mailbox
STAFF = {
    "anna": "Handläggare",
    "lars": "Postansvarig",
    "eva": "Registrator",
    "karin": "Kommunchef",
    "it": "IT-tekniker",
}
_CONFIG = """
mode = "{mode}"
start_from = "2026-01-01"
operator = "{operator}"

[organisation]
name = "Bjurholms kommun"
profile = "bjurholm"
domains = ["bjurholm.example"]
mail_hosts = ["mail.bjurholm.example"]
{organisation}
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
{unit}

[servers.{name}]
{server}
"""
_MAILBOX = """
[[mailboxes]]
address = "{address}"
server = "{server}"
role = "{role}"
"""
_PERSON = """
[[people]]
id = "{name}"
name = "{first} Ek"
email = "{address}"
title = "{title}"
login = "{name}"
"""


class ServedTown(ABC):
    """A town writes its files with `write_config` and `write_secrets` before anything else is asked of it."""

    #: what the configuration calls its server
    server_name: ClassVar[str]
    #: further lines of the table [organisation], of its unit, and of everybody in the people file
    organisation_lines: ClassVar[str] = ""
    unit_lines: ClassVar[str] = ""
    person_lines: ClassVar[str] = ""

    root: Path
    mode: str

    @abstractmethod
    def address(self, name: str) -> str:
        """Somebody's, or that of kommunen (the authority mailbox) and mailbot."""

    @abstractmethod
    def server_table(self) -> str:
        """The lines of its server's table in the configuration, and tables after it."""

    @property
    @abstractmethod
    def citizen_address(self) -> str: ...

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

    def write_config(self, further: Mapping[str, str] | None = None) -> None:
        """Everybody's mailbox, and those of `further`: name -> role."""
        text = _CONFIG.format(
            mode=self.mode,
            operator=self.address("it"),
            organisation=self.organisation_lines,
            root=self.root,
            unit=self.unit_lines,
            name=self.server_name,
            server=self.server_table(),
        )
        roles = {"kommunen": "authority", "mailbot": "service"} | dict.fromkeys(STAFF, "personal")
        for name, role in (roles | dict(further or {})).items():
            text += _MAILBOX.format(address=self.address(name), server=self.server_name, role=role)
            text += "" if role == "service" else 'unit = "ks"\n'
        self.config_path.write_text(text, encoding="utf-8")
        people = (
            _PERSON.format(name=name, first=name.title(), address=self.address(name), title=title) + self.person_lines
            for name, title in STAFF.items()
        )
        (self.root / "people.toml").write_text("\n".join(people), encoding="utf-8")

    def write_secrets(self, secrets: Mapping[str, str]) -> None:
        """And the empty database."""
        (self.root / "secrets").mkdir(mode=0o700)
        for name, value in {"reference-key": "ab" * 32, **secrets}.items():
            path = self.root / "secrets" / name
            path.write_text(value)
            path.chmod(0o600)
        schema.upgrade(self.config.paths.database)

    # --- people outside ---

    def letter(self, text: str, **fields: str) -> EmailMessage:
        """A citizen's mail to the authority mailbox, or what `fields` say instead."""
        message = EmailMessage()
        message["From"] = fields.get("from_", f"Bo Berg <{self.citizen_address}>")
        message["To"] = fields.get("to", self.address("kommunen"))
        message["Subject"] = fields.get("subject", "En fråga")
        message["Date"] = format_datetime(utc_now())
        message["Message-ID"] = f"<{next(self._letters)}.{self.citizen_address}>"
        if "in_reply_to" in fields:
            message["In-Reply-To"] = message["References"] = fields["in_reply_to"]
        message.set_content(text)
        return message

    @cached_property
    def _letters(self) -> "count[int]":
        return count(1)
