"""Auto-replies and forwarding through ManageSieve, on real servers."""

from dataclasses import replace

import pytest

from mailbot.errors import PermanentError
from mailbot.platforms.imap.sieve_replies import SieveAutoReplies
from mailbot.platforms.own_rules import OwnRulesConflict
from mailbot.platforms.replies import AutoReply
from tests.platforms.contract_absence import AutoRepliesContract, AutoRepliesWorld, ForwardRulesContract
from tests.platforms.cyrus_sieve import CyrusSieve
from tests.platforms.dovecot_sieve import DovecotSieve
from tests.platforms.sieve_cases import BROKEN, CITIZEN, COLLEAGUE, SieveDeliveryContract
from tests.platforms.sieve_world import SieveAutoRepliesWorld, SieveForwardRulesWorld, SieveWorld
from tests.servers.cyrus import Cyrus
from tests.servers.dovecot import Dovecot
from tests.servers.postfix import Postfix


@pytest.fixture
def server(dovecot: Dovecot, postfix: Postfix) -> DovecotSieve:
    return DovecotSieve(dovecot, postfix)


@pytest.fixture
def cyrus_server(cyrus: Cyrus, server: DovecotSieve) -> CyrusSieve:
    return CyrusSieve(cyrus, server)


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

    @pytest.mark.parametrize("script, reason", BROKEN.values(), ids=BROKEN)
    def test_own_scripts_that_do_not_run(
        self, world: SieveWorld, server: DovecotSieve, script: str, reason: str
    ) -> None:
        world.save("eget", "keep;\r\n", active=True)
        server.plant(world.anna, "eget", script.encode())
        before = world.everything()
        with pytest.raises(OwnRulesConflict) as caught:
            SieveAutoReplies(world.scripts).install(world.anna, self.away(world))
        assert (caught.value.reason, caught.value.proposal) == (reason, None)
        assert world.everything() == before

    def test_a_default_of_the_site_with_a_name_runs_after_ours(self, server: DovecotSieve) -> None:
        world = self.with_default(server, sieve_default_name="kommunens")
        before = world.everything()
        assert before[1] == "kommunens"
        replies = SieveAutoReplies(world.scripts)
        token = replies.keep(world.anna)
        replies.install(world.anna, self.away(world))
        self.write(world)
        assert (len(self.replies(world)), world.server.inbox(world.anna)) == (1, [])
        replies.restore(world.anna, token)
        assert world.everything() == before

    def test_a_default_of_the_site_without_a_name_runs_when_ours_is_gone(self, server: DovecotSieve) -> None:
        """ManageSieve does not show it, so ours cannot include it (docs/managesieve.md)."""
        world = self.with_default(server)
        assert world.everything() == ({}, None)
        replies = SieveAutoReplies(world.scripts)
        token = replies.keep(world.anna)
        self.write(world)
        assert world.server.inbox(world.anna) == [], "it discards"
        replies.install(world.anna, self.away(world))
        self.write(world)
        assert (len(self.replies(world)), len(world.server.inbox(world.anna))) == (1, 1)
        replies.restore(world.anna, token)
        self.write(world)
        assert len(world.server.inbox(world.anna)) == 1

    def with_default(self, server: DovecotSieve, **settings: str) -> SieveWorld:
        """A new person, for Dovecot reads what it knows of one once a second; CITIZEN's mail is gone."""
        server.empty(CITIZEN)
        path = server.dovecot.folder / "default.sieve"
        path.write_text('if header :contains "subject" "bygglov" { discard; }\r\n')
        world = SieveWorld(server, anna=server.dovecot.add_account().address)
        server.dovecot.add_account(world.anna, settings={"sieve_default": str(path), **settings})
        return world


class TestCyrusAutoReplies(SieveAutoRepliesContract):
    @pytest.fixture
    def world(self, cyrus_server: CyrusSieve) -> SieveAutoRepliesWorld:
        return SieveAutoRepliesWorld(cyrus_server)


class TestCyrusForwardRules(ForwardRulesContract):
    @pytest.fixture
    def world(self, cyrus_server: CyrusSieve) -> SieveForwardRulesWorld:
        return SieveForwardRulesWorld(cyrus_server)


class TestCyrusDelivery(SieveDeliveryContract):
    @pytest.fixture
    def world(self, cyrus_server: CyrusSieve) -> SieveWorld:
        for address in (COLLEAGUE, CITIZEN, "noreply@medborgare.example", "mailbot@bjurholm.example"):
            cyrus_server.others.empty(address)
        return SieveWorld(cyrus_server)

    def test_no_room_for_another_script(self, world: SieveWorld) -> None:
        """Cyrus gives each account five, when nothing else is set."""
        for number in range(5):
            world.save(f"eget {number}", "keep;\r\n", active=number == 2)
        before = world.everything()
        with pytest.raises(PermanentError, match=r"no room .*\(QUOTA/MAXSCRIPTS\).* raise the quota"):
            SieveAutoReplies(world.scripts).install(world.anna, self.away(world))
        assert world.everything() == before
