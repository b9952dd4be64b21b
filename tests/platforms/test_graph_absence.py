"""Automatic replies and forwarding in Microsoft 365."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mailbot.errors import PermanentError, TransientError
from mailbot.platforms.replies import AutoReply
from mailbot.platforms.reply_text import normalised
from tests.platforms.contract_absence import (
    ANNA,
    EVA,
    LEAVE,
    OWN,
    AutoRepliesContract,
    AutoRepliesWorld,
    ForwardRulesContract,
)
from tests.platforms.graph_world import GraphAutoRepliesWorld, GraphForwardRulesWorld
from tests.servers.graph_server import Fault, GraphServer


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


@pytest.fixture
def rules(graph: GraphServer) -> GraphForwardRulesWorld:
    return GraphForwardRulesWorld(graph)


@pytest.fixture
def replies(graph: GraphServer) -> GraphAutoRepliesWorld:
    return GraphAutoRepliesWorld(graph)


def test_the_copy_keeps_its_sender_and_comes_before_a_rule_that_ends_the_work(rules: GraphForwardRulesWorld) -> None:
    rules.open().install(ANNA, EVA)
    rules.account.rules["own"] = {"id": "own", "displayName": "mailbot: x", "sequence": 2, "actions": {"delete": True}}
    assert rules.keeps_original() is False  # the person's own rule deletes it, which is theirs to decide
    (copy,) = rules.tenant.accounts[EVA].within("inbox")
    assert copy.parsed["From"] == "<bo@medborgare.example>"
    assert "own" in rules.account.rules


def test_a_rule_that_was_switched_off_is_switched_on_again(rules: GraphForwardRulesWorld) -> None:
    token = rules.open().install(ANNA, EVA)
    rules.account.rules[token]["isEnabled"] = False
    assert list(rules.open().read(ANNA)) == []
    assert rules.open().install(ANNA, EVA) == token
    assert list(rules.open().read(ANNA)) == [EVA]


def test_a_rule_whose_answer_was_lost_is_found_again(graph: GraphServer, rules: GraphForwardRulesWorld) -> None:
    graph.faults.append(Fault("POST .*messageRules", 504, after=True))
    with pytest.raises(TransientError):
        rules.open().install(ANNA, EVA)
    rules.open().install(ANNA, EVA)
    assert len(rules.account.rules) == 1


def test_the_id_of_a_rule_that_is_not_ours_removes_nothing(rules: GraphForwardRulesWorld) -> None:
    rules.person_adds_rule()
    rules.open().remove(ANNA, "own")
    assert "own" in rules.account.rules


def test_the_same_again_writes_nothing(graph: GraphServer, replies: GraphAutoRepliesWorld) -> None:
    replies.open().install(ANNA, LEAVE)
    replies.open().install(ANNA, LEAVE)
    assert len(graph.asked("PATCH")) == 1


def test_colleagues_are_told_within_the_window_only(replies: GraphAutoRepliesWorld) -> None:
    replies.open().install(ANNA, LEAVE)
    assert replies.open().shows_away(ANNA) is False
    assert LEAVE.starts_at is not None and LEAVE.ends_at is not None
    replies.now = LEAVE.starts_at
    assert replies.open().shows_away(ANNA) is True
    replies.now = LEAVE.ends_at
    assert replies.open().shows_away(ANNA) is False


def test_tips_that_may_not_be_asked_for(graph: GraphServer, replies: GraphAutoRepliesWorld) -> None:
    graph.faults.append(Fault("getMailTips", 403, "ErrorAccessDenied"))
    assert replies.open().shows_away(ANNA) is None


def test_own_texts_come_back_as_they_stood(replies: GraphAutoRepliesWorld) -> None:
    own = {"externalReplyMessage": '<html><body><p style="color:red">På <b>resa</b></p></body></html>'}
    replies.account.settings["automaticRepliesSetting"] |= own | {"status": "alwaysEnabled"}
    before = dict(replies.account.settings["automaticRepliesSetting"])
    token = replies.open().keep(ANNA)
    replies.open().install(ANNA, LEAVE)
    replies.open().restore(ANNA, token)
    after = replies.account.settings["automaticRepliesSetting"]
    assert after["status"] == before["status"]
    assert '<p style="color:red">På <b>resa</b></p>' in after["externalReplyMessage"]


def test_a_window_of_their_own_that_has_passed_meanwhile_is_off(replies: GraphAutoRepliesWorld) -> None:
    replies.open().install(ANNA, replace(OWN, starts_at=LEAVE.starts_at, ends_at=LEAVE.starts_at + timedelta(days=1)))
    token = replies.open().keep(ANNA)
    replies.open().install(ANNA, LEAVE)
    replies.now = LEAVE.ends_at
    replies.open().restore(ANNA, token)
    assert replies.open().read(ANNA) == replace(OWN, enabled=False)


def test_a_zone_that_nobody_asked_for_is_no_utc(replies: GraphAutoRepliesWorld) -> None:
    replies.open().install(ANNA, LEAVE)
    replies.account.settings["automaticRepliesSetting"]["scheduledEndDateTime"]["timeZone"] = "W. Europe Standard Time"
    with pytest.raises(PermanentError, match="though UTC was asked for"):
        replies.open().read(ANNA)
