"""Automatic replies and forwarding in Microsoft 365."""

from dataclasses import replace

import pytest

from mailbot.platforms.base import AutoReply
from mailbot.platforms.reply_text import normalised
from tests.platforms.contract_absence import AutoRepliesContract, AutoRepliesWorld, ForwardRulesContract
from tests.platforms.graph_world import GraphAutoRepliesWorld, GraphForwardRulesWorld
from tests.servers.graph_server import GraphServer


class TestGraphAutoReplies(AutoRepliesContract):
    @pytest.fixture
    def world(self, graph: GraphServer) -> GraphAutoRepliesWorld:
        return GraphAutoRepliesWorld(graph)

    def as_kept(self, world: AutoRepliesWorld, reply: AutoReply) -> AutoReply:
        """Space at the ends of lines is lost in HTML."""
        internal, external = normalised(reply.internal_text), normalised(reply.external_text)
        return replace(reply, internal_text=internal, external_text=external)


class TestGraphForwardRules(ForwardRulesContract):
    @pytest.fixture
    def world(self, graph: GraphServer) -> GraphForwardRulesWorld:
        return GraphForwardRulesWorld(graph)
