"""Auto-replies and forwarding through ManageSieve, on real servers."""

from dataclasses import replace

import pytest

from mailbot.platforms.base import AutoReply
from tests.platforms.contract_absence import AutoRepliesContract, AutoRepliesWorld, ForwardRulesContract
from tests.platforms.dovecot_sieve import DovecotSieve
from tests.platforms.sieve_cases import CITIZEN, COLLEAGUE, SieveDeliveryContract
from tests.platforms.sieve_world import SieveAutoRepliesWorld, SieveForwardRulesWorld, SieveWorld
from tests.servers.dovecot import Dovecot
from tests.servers.postfix import Postfix


@pytest.fixture
def server(dovecot: Dovecot, postfix: Postfix) -> DovecotSieve:
    return DovecotSieve(dovecot, postfix)


class SieveAutoRepliesContract(AutoRepliesContract):
    def as_set(self, world: AutoRepliesWorld, reply: AutoReply) -> AutoReply:
        """A script that a person has written has one text."""
        return replace(reply, internal_text=reply.external_text)


class TestDovecotAutoReplies(SieveAutoRepliesContract):
    @pytest.fixture
    def world(self, server: DovecotSieve) -> SieveAutoRepliesWorld:
        return SieveAutoRepliesWorld(server)


class TestDovecotForwardRules(ForwardRulesContract):
    @pytest.fixture
    def world(self, server: DovecotSieve) -> SieveForwardRulesWorld:
        return SieveForwardRulesWorld(server)


class TestDovecotDelivery(SieveDeliveryContract):
    @pytest.fixture
    def world(self, server: DovecotSieve) -> SieveWorld:
        for address in (COLLEAGUE, CITIZEN, "noreply@medborgare.example", "mailbot@bjurholm.example"):
            server.empty(address)
        return SieveWorld(server)
