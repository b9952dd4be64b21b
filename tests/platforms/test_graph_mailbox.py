"""Reading mailboxes of Microsoft 365."""

import pytest

from tests.platforms.contract_mailbox import MailboxContract
from tests.platforms.graph_world import GraphWorld
from tests.servers.graph_server import GraphServer


@pytest.fixture
def world(graph: GraphServer) -> GraphWorld:
    return GraphWorld(graph)


class TestGraphMailbox(MailboxContract):
    @pytest.fixture
    def world(self, graph: GraphServer) -> GraphWorld:
        return GraphWorld(graph)
