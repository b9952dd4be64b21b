"""What only Microsoft 365 does in an absence."""

import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailbot.work.absence_upkeep import keep_up
from mailbot.work.absence_verify import verify
from tests.servers.graph_server import Fault, GraphServer
from tests.support.absence_town import plan
from tests.support.graph_town import GraphTown


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def town(tmp_path: Path, graph: GraphServer) -> GraphTown:
    """Anna has an automatic reply and a rule of her own."""
    town = GraphTown(tmp_path, server=graph)
    town.give_own_settings("anna")
    return town


def own(town: GraphTown) -> tuple[object, object]:
    anna = town.account("anna")
    return copy.deepcopy((anna.settings["automaticRepliesSetting"], anna.rules))


def test_text_that_exchange_rewrites_is_the_same_text(town: GraphTown) -> None:
    with town.open() as context:
        stored = plan(context, now())
        keep_up(context, now())
        setting = town.account("anna").settings["automaticRepliesSetting"]
        for name in ("internalReplyMessage", "externalReplyMessage"):
            setting[name] = setting[name].replace("<div>", "<p class=x>\r\n").replace("</div>", "</p>\r\n")
        assert verify(context, stored, now()).problems == ()


def test_a_mailbox_in_trouble_is_tried_again(town: GraphTown) -> None:
    town.server.faults.append(Fault("users/anna.*mailboxSettings", 503, times=9))
    with town.open() as context:
        stored = plan(context, now())
        keep_up(context, now())
        assert context.store.absences.get(stored.ref).state == "planned"
        town.server.faults.clear()
        keep_up(context, now() + timedelta(minutes=5))
        assert context.store.absences.get(stored.ref).state == "active"


def test_a_role_that_is_missing_is_told(town: GraphTown) -> None:
    town.server.denied.add("MailboxSettings.ReadWrite")
    with town.open() as context:
        stored = plan(context, now())
        keep_up(context, now())
        assert context.store.absences.get(stored.ref).state == "broken"


def test_a_restored_database_does_not_take_our_text_for_the_persons_own(town: GraphTown) -> None:
    before = own(town)[1]
    with town.open() as context:
        stored = plan(context, now())
        keep_up(context, now())
        for name in context.store.absences.tokens(stored.ref):
            context.store.absences.drop_token(stored.ref, name)
        keep_up(context, now())
        assert context.store.absences.get(stored.ref).state == "active"
        context.store.absences.cancel(stored.ref, by="person:anna", now=now())
        keep_up(context, now())
    assert town.account("anna").settings["automaticRepliesSetting"]["status"] == "disabled"
    assert own(town)[1] == before
