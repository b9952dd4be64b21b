"""Sending through Microsoft 365."""

import pytest

from tests.platforms.contract_sender import SenderContract
from tests.platforms.graph_world import GraphSenderWorld
from tests.servers.graph_server import GraphServer


@pytest.fixture
def world(graph: GraphServer) -> GraphSenderWorld:
    return GraphSenderWorld(graph)


class TestGraphSender(SenderContract):
    @pytest.fixture
    def world(self, graph: GraphServer) -> GraphSenderWorld:
        return GraphSenderWorld(graph)
