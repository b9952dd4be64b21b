"""Mailboxes on the small Exchange of the tests, and what people and transport do to them."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from email import message_from_bytes

from mailbot.platforms.base import Folder
from mailbot.platforms.ews.auto_replies import EwsAutoReplies
from mailbot.platforms.ews.filing import EwsFiling
from mailbot.platforms.ews.forward_rules import EwsForwardRules
from mailbot.platforms.ews.mailbox import EwsMailbox
from mailbot.platforms.ews.sender import EwsSender
from mailbot.platforms.ews.servers import EwsServerSessions
from mailbot.platforms.ews.session import Endpoint
from mailbot.platforms.replies import AutoReply
from tests.platforms.contract_absence import ANNA
from tests.platforms.contract_sender import EVA, SERVICE, Crash
from tests.servers.exchange.organisation import Box, Item, Organisation, Rule
from tests.servers.exchange.server import PASSWORD, USER, ExchangeServer


class EwsWorld:
    """A server with a few mailboxes; `open` gives what a new process would have."""

    def __init__(self, address: str = ANNA) -> None:
        self.organisation = Organisation([ANNA, EVA, SERVICE, "kommunen@bjurholm.example"])
        self.server = ExchangeServer(self.organisation)
        self.address = address
        self.opened: list[EwsServerSessions] = []

    def stop(self) -> None:
        for sessions in self.opened:
            sessions.close()
        self.server.stop()
        assert not self.server.violations, self.server.violations

    @property
    def box(self) -> Box:
        return self.organisation.boxes[self.address]

    def sessions(self) -> EwsServerSessions:
        made = EwsServerSessions(endpoint(self.server.url))
        self.opened.append(made)
        return made


def endpoint(url: str, password: str = PASSWORD, trusted: str = "") -> Endpoint:
    return Endpoint(url=url, auth="basic", user=USER, secret=lambda: password, trusted=trusted)


class EwsMailboxWorld(EwsWorld):
    tells_of_flags = False
    oldest_first = True

    def open(self) -> EwsMailbox:
        return self.sessions().mailbox(self.address)

    def _folder(self, name: str) -> str:
        if name == "INBOX":
            return self.box.distinguished("inbox").id
        return next(each.id for each in self.box.folders.values() if each.name == name)

    def create_folder(self, name: str) -> None:
        self.organisation.create_folder(self.box, name, self.box.distinguished("msgfolderroot").id)

    def delete_folder(self, folder: Folder) -> None:
        self.organisation.delete_folder(self.box, folder.id)

    def deliver(self, raw: bytes, *, received_at: datetime, folder: str = "INBOX") -> None:
        self.organisation.put(self.box, self._folder(folder), raw, received_at)

    def item(self, delivery_id: str) -> Item:
        return self.box.items[delivery_id]

    def delete(self, folder: Folder, delivery_id: str) -> None:
        self.organisation.delete(self.box, self.item(delivery_id))

    def move(self, folder: Folder, delivery_id: str, to: Folder) -> None:
        self.organisation.move(self.box, self.item(delivery_id), to.id)

    def mark_read(self, folder: Folder, delivery_id: str) -> None:
        self.organisation.set_read(self.box, self.item(delivery_id))

    def is_read(self, folder: Folder, delivery_id: str) -> bool:
        return self.item(delivery_id).is_read

    def mark(self, folder: Folder, delivery_id: str, kind: str, at: datetime) -> None:
        self.organisation.mark(self.box, self.item(delivery_id), kind, at)

    def forget(self, folder: Folder) -> None:
        self.box.folders[folder.id].epoch += 1


class EwsFilingWorld(EwsMailboxWorld):
    def open_filing(self) -> EwsFiling:
        return self.sessions().filing(self.address)

    def person_categorises(self, delivery_id: str, category: str) -> None:
        item = self.item(delivery_id)
        item.categories, item.change_key = (*item.categories, category), item.change_key + 1

    def categories(self, delivery_id: str) -> list[str]:
        return list(self.item(delivery_id).categories)


class EwsSenderWorld(EwsWorld):
    refuses_at_once = False
    exactly_once = True

    def __init__(self) -> None:
        super().__init__(SERVICE)

    def open(self) -> EwsSender:
        return self.sessions().sender(SERVICE)

    def received(self, address: str) -> Sequence[bytes]:
        return [item.raw for item in self.organisation.boxes[address].items.values()]

    def sent(self) -> Sequence[bytes]:
        return [item.raw for item in self.box.in_folder(self.box.distinguished("sentitems").id)]

    @contextmanager
    def crash_at(self, step: int) -> Iterator[None]:
        """The process dies before a request reaches the server, or before its answer comes back."""
        steps = iter(range(1_000_000))

        def on_the_wire() -> None:
            if next(steps) == step:
                raise ConnectionResetError

        self.server.faults.on_the_wire = on_the_wire
        try:
            yield
        except Exception as lost:
            raise Crash from lost
        finally:
            self.server.faults.on_the_wire = lambda: None


_STATES = {True: "Scheduled", False: "Enabled"}


class EwsAutoRepliesWorld(EwsWorld):
    def open(self) -> EwsAutoReplies:
        return self.sessions().auto_replies

    def person_sets(self, reply: AutoReply) -> None:
        oof = self.box.oof
        oof.state = _STATES[reply.starts_at is not None] if reply.enabled else "Disabled"
        oof.start, oof.end = reply.starts_at, reply.ends_at
        oof.internal, oof.external = reply.internal_text, reply.external_text

    def other_settings(self) -> object:
        return json.dumps([self.box.rules, self.box.configurations], default=str)


_OWN_RULE = (
    '<t:Rule xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><t:RuleId>own</t:RuleId>'
    "<t:DisplayName>Fakturor</t:DisplayName><t:Priority>1</t:Priority><t:IsEnabled>true</t:IsEnabled>"
    "<t:Conditions/><t:Exceptions/><t:Actions><t:ForwardToRecipients><t:Address>"
    f"<t:EmailAddress>{EVA}</t:EmailAddress></t:Address></t:ForwardToRecipients></t:Actions></t:Rule>"
)


class EwsForwardRulesWorld(EwsWorld):
    def open(self) -> EwsForwardRules:
        return self.sessions().forward_rules

    def person_adds_rule(self) -> None:
        self.box.rules["own"] = Rule("own", "Fakturor", _OWN_RULE.encode(), (EVA,))

    def own_rules(self) -> object:
        return [rule.xml for rule in self.box.rules.values() if not rule.name.startswith("mailbot")]

    def keeps_original(self) -> bool:
        self.organisation.deliver(ANNA, b"Message-ID: <k@x>\r\n\r\nHej!\r\n", envelope_from="medborgare@x.example")
        inbox = self.box.distinguished("inbox").id
        return any(message_from_bytes(item.raw)["Message-ID"] == "<k@x>" for item in self.box.in_folder(inbox))
