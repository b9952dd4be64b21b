"""The municipality on a pretended Exchange."""

import email
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage, Message

from tests.servers.exchange.organisation import Box, Item, Rule
from tests.servers.exchange.server import PASSWORD, USER, ExchangeServer
from tests.support.cloud_town import CITIZEN, OWN_EXTERNAL, OWN_INTERNAL, CloudTown

_OWN_RULE = (
    b'<t:Rule xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><t:RuleId>own</t:RuleId>'
    b"<t:DisplayName>Projekt</t:DisplayName><t:Priority>1</t:Priority><t:IsEnabled>false</t:IsEnabled>"
    b"<t:Conditions/><t:Exceptions/><t:Actions><t:MarkAsRead>true</t:MarkAsRead></t:Actions></t:Rule>"
)


@dataclass(kw_only=True)
class EwsTown(CloudTown):
    server_name = "exchange"
    server: ExchangeServer

    def __post_init__(self) -> None:
        self.organisation = self.server.organisation
        super().__post_init__()

    def server_table(self) -> str:
        return f'kind = "ews"\nurl = "{self.server.url}"\nauth = "basic"\nuser = "{USER}"\nsecret = "exchange"'

    def secrets(self) -> dict[str, str]:
        return {"exchange": PASSWORD}

    def add_mailbox(self, address: str, name: str) -> None:
        self.organisation.add(address).name = name

    def box(self, name: str) -> Box:
        return self.organisation.boxes[self.address(name)]

    def inbox(self, name: str) -> list[Item]:
        box = self.box(name)
        return list(box.in_folder(box.distinguished("inbox").id))

    def post(self, message: EmailMessage, *to: str) -> None:
        for address in to:
            self.organisation.deliver(address, message.as_bytes(), envelope_from=CITIZEN)

    def lay(self, name: str, message: Message, *, folder: str = "inbox", written_here: bool = False) -> None:
        place = self.box(name).folder(folder).id
        now = self.organisation.now()
        self.organisation.put(self.box(name), place, message.as_bytes(), now, transported=not written_here)

    def raw_mails(self, name: str, folder: str) -> list[bytes]:
        return [item.raw for item in self.box(name).in_folder(self.box(name).folder(folder).id)]

    def add_folder(self, name: str, folder: str, *, parent: str = "") -> str:
        box = self.box(name)
        return self.organisation.create_folder(box, folder, box.distinguished(parent or "msgfolderroot").id).id

    def move(self, name: str, position: int, folder: str) -> None:
        self.organisation.move(self.box(name), self.inbox(name)[position], self.box(name).folder(folder).id)

    def mark_read(self, name: str, position: int) -> None:
        self.organisation.set_read(self.box(name), self.inbox(name)[position])

    def is_anything_read(self, name: str) -> bool:
        return any(item.is_read for item in self.box(name).items.values())

    def categories(self, name: str) -> list[list[str]]:
        return [list(item.categories) for item in self.inbox(name)]

    def mark_replied(self, name: str, position: int, at: datetime) -> None:
        self.organisation.mark(self.box(name), self.inbox(name)[position], "replied", at)

    def give_own_settings(self, name: str) -> None:
        box = self.box(name)
        box.oof.state, box.oof.internal, box.oof.external = "Enabled", OWN_INTERNAL, OWN_EXTERNAL
        box.rules["own"] = Rule("own", "Projekt", _OWN_RULE, enabled=False)

    def reply_texts(self, name: str) -> tuple[bool, str, str]:
        oof = self.box(name).oof
        return oof.state != "Disabled", oof.internal, oof.external

    def turn_off(self, name: str) -> None:
        box = self.box(name)
        box.oof.state, box.rules = "Disabled", {"own": box.rules["own"]}

    def rules(self, name: str) -> list[tuple[str, list[str]]]:
        return [(rule.name, list(rule.redirect_to)) for rule in self.box(name).rules.values()]

    def everything(self) -> list[bytes]:
        return [item.raw for box in self.organisation.boxes.values() for item in box.items.values()]

    def forget(self, name: str) -> None:
        for folder in self.box(name).folders.values():
            folder.epoch += 1

    def count(self) -> dict[str, int]:
        mailboxes = {address: len(box.items) for address, box in self.organisation.boxes.items()}
        return {**mailboxes, "outside": len(self.organisation.outside)}

    def outside(self, address: str = CITIZEN) -> list[Message]:
        return [email.message_from_bytes(raw) for to, raw in self.organisation.outside if to == address]
