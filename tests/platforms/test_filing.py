"""Sorting mail on Exchange and Microsoft 365."""

from collections.abc import Iterator

import pytest

from mailbot.errors import PermanentError
from tests.platforms.contract_filing import CATEGORY, FilingContract, FilingWorld
from tests.platforms.ews_world import EwsFilingWorld
from tests.platforms.graph_world import GraphFilingWorld
from tests.servers.graph_server import GraphServer


class TestEwsFiling(FilingContract):
    @pytest.fixture
    def world(self) -> Iterator[EwsFilingWorld]:
        made = EwsFilingWorld()
        yield made
        made.stop()

    def delete(self, world: FilingWorld, delivery_id: str) -> None:
        assert isinstance(world, EwsFilingWorld)
        world.organisation.delete(world.box, world.item(delivery_id))


class TestGraphFiling(FilingContract):
    @pytest.fixture
    def world(self, graph: GraphServer) -> GraphFilingWorld:
        return GraphFilingWorld(graph)

    def delete(self, world: FilingWorld, delivery_id: str) -> None:
        assert isinstance(world, GraphFilingWorld)
        world.server.tenant.delete(world.account, world.item(delivery_id))


def test_without_the_right_to_write_the_role_is_named(graph: GraphServer) -> None:
    graph.denied = {"Mail.ReadWrite"}
    world = GraphFilingWorld(graph)
    world.deliver(b"Message-ID: <1@x>\r\nFrom: a@x.example\r\n\r\nHej\r\n", received_at=graph.now())
    (item,) = world.account.items
    with pytest.raises(PermanentError, match=r"Application Mail\.ReadWrite"):
        world.open_filing().categorise(item, CATEGORY)
