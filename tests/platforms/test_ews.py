"""The capability contracts on Exchange Web Services."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from mailbot.platforms.replies import AutoReply
from mailbot.platforms.reply_text import normalised
from tests.platforms.contract_absence import AutoRepliesContract, AutoRepliesWorld, ForwardRulesContract
from tests.platforms.contract_mailbox import MailboxContract
from tests.platforms.contract_sender import SenderContract
from tests.platforms.ews_world import (
    EwsAutoRepliesWorld,
    EwsForwardRulesWorld,
    EwsMailboxWorld,
    EwsSenderWorld,
)


class TestMailbox(MailboxContract):
    fetches_documents = False

    @pytest.fixture
    def world(self) -> Iterator[EwsMailboxWorld]:
        made = EwsMailboxWorld()
        yield made
        made.stop()


class TestSender(SenderContract):
    @pytest.fixture
    def world(self) -> Iterator[EwsSenderWorld]:
        made = EwsSenderWorld()
        yield made
        made.stop()


class TestAutoReplies(AutoRepliesContract):
    @pytest.fixture
    def world(self) -> Iterator[EwsAutoRepliesWorld]:
        made = EwsAutoRepliesWorld()
        yield made
        made.stop()

    def as_kept(self, world: AutoRepliesWorld, reply: AutoReply) -> AutoReply:
        """Exchange keeps HTML: white space at the ends of lines is lost."""
        internal, external = normalised(reply.internal_text), normalised(reply.external_text)
        return replace(reply, internal_text=internal, external_text=external)


class TestForwardRules(ForwardRulesContract):
    @pytest.fixture
    def world(self) -> Iterator[EwsForwardRulesWorld]:
        made = EwsForwardRulesWorld()
        yield made
        made.stop()
