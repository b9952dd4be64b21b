"""A small municipality in a pretended Microsoft 365, and a real SQLite file."""

import email
from collections.abc import Iterable
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
from tests.servers.graph_identity import CLIENT_ID, CLIENT_SECRET, TENANT
from tests.servers.graph_server import GraphServer
from tests.servers.graph_tenant import Account, Item

DOMAIN = "bjurholm.example"
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

[servers.m365]
kind = "graph"
tenant = "{tenant}"
client_id = "{client_id}"
secret = "m365"
base_url = "{url}"
authority_url = "{authority_url}"
"""


@dataclass
class GraphTown:
    root: Path
    server: GraphServer
    mode: str = "enforce"
    #: further mailboxes beside those of the staff
    more: Iterable[str] = ()
    _letters: "count[int]" = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.tenant = self.server.tenant
        roles = {"kommunen": "authority", "mailbot": "service"} | dict.fromkeys(_STAFF, "personal")
        roles |= dict.fromkeys(self.more, "function")
        self._write_config(roles)
        for name in roles:
            self.tenant.add(self.address(name), name=f"{name.title()} Ek")
        (self.root / "secrets").mkdir(mode=0o700)
        for name, value in (("reference-key", "ab" * 32), ("m365", CLIENT_SECRET)):
            path = self.root / "secrets" / name
            path.write_text(value)
            path.chmod(0o600)
        schema.upgrade(self.config.paths.database)

    def _write_config(self, roles: dict[str, str]) -> None:
        text = _CONFIG.format(
            mode=self.mode,
            root=self.root,
            tenant=TENANT,
            client_id=CLIENT_ID,
            url=self.server.url,
            authority_url=self.server.authority_url,
        )
        for name, role in roles.items():
            unit = "" if role == "service" else 'unit = "ks"\n'
            text += f'\n[[mailboxes]]\naddress = "{self.address(name)}"\nserver = "m365"\nrole = "{role}"\n{unit}'
        self.config_path.write_text(text, encoding="utf-8")
        people = [
            f'[[people]]\nid = "{name}"\nname = "{name.title()} Ek"\nemail = "{self.address(name)}"\n'
            f'title = "{title}"\nlogin = "{name}"\nphone = "0930-140 00"\n'
            for name, title in _STAFF.items()
        ]
        (self.root / "people.toml").write_text("\n".join(people), encoding="utf-8")

    def address(self, name: str) -> str:
        return f"{name}@{DOMAIN}"

    def account(self, name: str) -> Account:
        return self.tenant.accounts[self.address(name)]

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

    def post(self, message: EmailMessage, *to: str) -> None:
        """From outside into mailboxes, through their rules."""
        self.tenant.transport(CITIZEN, list(to), message.as_bytes())

    def lay(self, name: str, message: Message, *, folder: str = "inbox", written_here: bool = False) -> Item:
        """Into a folder; `written_here`: in Outlook, so that it never had a header of transport."""
        return self.tenant.put(self.account(name), folder, message.as_bytes(), transported=not written_here)

    def mails(self, name: str, folder: str = "inbox") -> list[Message]:
        return [email.message_from_bytes(item.raw) for item in self.account(name).within(folder)]

    def outside(self, address: str = CITIZEN) -> list[Message]:
        """What has reached an address outside."""
        return [email.message_from_bytes(raw) for to, raw in self.tenant.outside if to == address]
