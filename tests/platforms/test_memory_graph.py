"""The shape of the capabilities fits a system like Graph as well as it fits files."""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import count

import pytest

from mailbot.errors import TransientError
from mailbot.platforms.base import AutoReply, Folder
from tests.platforms import contract_absence as absence
from tests.platforms.contract_absence import AutoRepliesContract, ForwardRulesContract
from tests.platforms.contract_mailbox import BASE, MailboxContract, folder, mail, read_all
from tests.platforms.contract_sender import ANNA, EVA, SERVICE, Crash, SenderContract, attempt, outgoing
from tests.platforms.memory_graph import GraphServer, Item
from tests.platforms.memory_graph_adapters import GraphAutoReplies, GraphForwardRules, GraphMailbox, GraphSender


class GraphWorld:
    def __init__(self) -> None:
        self.server = GraphServer([ANNA])
        self.account = self.server.accounts[ANNA]

    def open(self) -> GraphMailbox:
        return GraphMailbox(self.server, ANNA)

    def create_folder(self, name: str) -> None:
        self.account.folders.append(name)

    def delete_folder(self, folder: Folder) -> None:
        self.account.folders.remove(folder.name)

    def deliver(self, raw: bytes, *, received_at: datetime, folder: str = "INBOX") -> None:
        self.server.put(self.account, "Inbox" if folder == "INBOX" else folder, raw, received_at)

    def delete(self, folder: Folder, delivery_id: str) -> None:
        self.server.delete(self.account, self.account.items[delivery_id])

    def move(self, folder: Folder, delivery_id: str, to: Folder) -> None:
        self.server.move(self.account, self.account.items[delivery_id], to.id.removeprefix("id-"))

    def mark_read(self, folder: Folder, delivery_id: str) -> None:
        self.account.items[delivery_id].is_read = True

    def is_read(self, folder: Folder, delivery_id: str) -> bool:
        return self.account.items[delivery_id].is_read

    def forget(self, folder: Folder) -> None:
        self.server.expire_links(self.account, folder.id.removeprefix("id-"))


class TestGraphMailbox(MailboxContract):
    @pytest.fixture
    def world(self) -> GraphWorld:
        return GraphWorld()


def test_throttling_says_how_long_to_wait() -> None:
    world = GraphWorld()
    world.deliver(mail(0), received_at=BASE)
    inbox = folder(world.open())
    world.server.throttled_requests = 1
    with pytest.raises(TransientError) as caught:
        read_all(world.open(), inbox)
    assert caught.value.retry_after_seconds == 17
    assert len(read_all(world.open(), inbox)[0].arrived) == 1


class GraphSenderWorld:
    refuses_at_once = False
    exactly_once = True

    def __init__(self) -> None:
        self.server = GraphServer([ANNA, EVA, SERVICE])

    def open(self) -> GraphSender:
        return GraphSender(self.server, SERVICE)

    def items(self, address: str, folder: str) -> list[Item]:
        account = self.server.accounts.get(address)
        return [item for item in account.items.values() if item.folder == folder] if account else []

    def received(self, address: str) -> Sequence[bytes]:
        return [item.raw for item in self.items(address, "Inbox")]

    def sent(self) -> Sequence[bytes]:
        return [item.raw for item in self.items(SERVICE, "SentItems")]

    @contextmanager
    def crash_at(self, step: int) -> Iterator[None]:
        steps = count()

        def on_the_wire() -> None:
            if next(steps) == step:
                raise Crash

        self.server.on_the_wire = on_the_wire
        try:
            yield
        finally:
            self.server.on_the_wire = lambda: None


class TestGraphSender(SenderContract):
    @pytest.fixture
    def world(self) -> GraphSenderWorld:
        return GraphSenderWorld()


def test_a_draft_whose_id_was_lost_is_used_again() -> None:
    world = GraphSenderWorld()
    with pytest.raises(Crash), world.crash_at(3):
        world.open().prepare(outgoing())
    assert len(world.items(SERVICE, "Drafts")) == 1
    attempt(world.open(), outgoing())
    assert (len(world.items(SERVICE, "Drafts")), len(world.sent())) == (0, 1)


class GraphAutoRepliesWorld:
    def __init__(self) -> None:
        self.server = GraphServer([ANNA, EVA])
        self.server.accounts[ANNA].mailbox_settings["timeZone"] = "W. Europe Standard Time"

    def open(self) -> GraphAutoReplies:
        return GraphAutoReplies(self.server)

    def person_sets(self, reply: AutoReply) -> None:
        self.open().install(ANNA, reply)

    def other_settings(self) -> object:
        settings = copy.deepcopy(self.server.accounts[ANNA].mailbox_settings)
        settings.pop("automaticRepliesSetting", None)
        return settings


class TestGraphAutoReplies(AutoRepliesContract):
    @pytest.fixture
    def world(self) -> GraphAutoRepliesWorld:
        return GraphAutoRepliesWorld()


class GraphForwardRulesWorld:
    def __init__(self) -> None:
        self.server = GraphServer([ANNA, EVA])

    def open(self) -> GraphForwardRules:
        return GraphForwardRules(self.server)

    def person_adds_rule(self) -> None:
        rule = {"displayName": "Projekt", "isEnabled": True, "actions": {"forwardTo": [EVA], "moveToFolder": "Projekt"}}
        self.server.accounts[ANNA].rules["own"] = rule

    def own_rules(self) -> object:
        return copy.deepcopy(self.server.accounts[ANNA].rules.get("own"))

    def keeps_original(self) -> bool:
        actions = [action for rule in self.server.accounts[ANNA].rules.values() for action in rule["actions"]]
        return "redirectTo" not in actions and "delete" not in actions


class TestGraphForwardRules(ForwardRulesContract):
    @pytest.fixture
    def world(self) -> GraphForwardRulesWorld:
        return GraphForwardRulesWorld()


def test_addresses_of_the_contracts_agree() -> None:
    assert (absence.ANNA, absence.EVA) == (ANNA, EVA)
