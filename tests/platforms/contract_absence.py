"""What every AutoReplies and ForwardRules must do, on whatever platform."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

import pytest

from mailbot.platforms.own_rules import OwnRulesConflict
from mailbot.platforms.replies import Audience, AutoReplies, AutoReply, ForwardRules

ANNA = "anna@bjurholm.example"
EVA = "eva@bjurholm.example"
REGISTRY = "kommunen@bjurholm.example"

NOTHING = AutoReply(enabled=False, starts_at=None, ends_at=None, internal_text="", external_text="")
LEAVE = AutoReply(
    enabled=True,
    starts_at=datetime(2026, 7, 5, 22, 0, tzinfo=UTC),
    ends_at=datetime(2026, 8, 2, 22, 0, tzinfo=UTC),
    internal_text="Jag är inte på kontoret och väntas åter 26-08-03",
    external_text="Jag är inte på kontoret och väntas åter 26-08-03.\nVid angelägna ärenden: växeln.",
)
OWN = AutoReply(
    enabled=True, starts_at=None, ends_at=None, internal_text="Jobbar hemifrån i dag.", external_text="På resande fot."
)
ONE_TEXT = replace(LEAVE, internal_text=LEAVE.external_text)
LONG = replace(
    LEAVE, external_text="\n".join(f"v. {n} Åsa Öberg, 0930-140 {n}, asa@bjurholm.example" for n in range(1, 54))
)
HOSTILE = replace(
    LEAVE, external_text='"Citat" \\ <b>&amp; ${x}\n.\n..\n*/ #\n' + "lång rad " * 300, internal_text="'';\n."
)
AUDIENCES: tuple[Audience, ...] = ("none", "known")


class AutoRepliesWorld(Protocol):
    def open(self) -> AutoReplies: ...

    def person_sets(self, reply: AutoReply) -> None:
        """ANNA chooses an automatic reply herself, in her mail program."""
        ...

    def other_settings(self) -> object:
        """All that the mailbox is set to besides the automatic reply, to be compared."""
        ...


def install(world: AutoRepliesWorld, reply: AutoReply) -> str:
    """As the caller does it; ANNA accepts what is proposed where her own rules stand against it."""
    token = world.open().keep(ANNA)
    try:
        world.open().install(ANNA, reply)
    except OwnRulesConflict as conflict:
        assert conflict.proposal is not None
        world.open().install(ANNA, reply, accepted=conflict.proposal)
    return token


class AutoRepliesContract:
    @pytest.fixture
    def world(self) -> AutoRepliesWorld:
        raise NotImplementedError

    def as_kept(self, world: AutoRepliesWorld, reply: AutoReply) -> AutoReply:
        """What the platform keeps of `reply`: those with one text keep the external one."""
        return reply if world.open().two_texts else replace(reply, internal_text=reply.external_text)

    def as_set(self, world: AutoRepliesWorld, reply: AutoReply) -> AutoReply:
        """What is read of `reply` when ANNA has chosen it herself."""
        return self.as_kept(world, reply)

    def test_nothing_installed(self, world: AutoRepliesWorld) -> None:
        assert not world.open().read(ANNA).enabled

    @pytest.mark.parametrize(
        "reply", [LEAVE, OWN, ONE_TEXT, LONG, HOSTILE, *(replace(LEAVE, audience=a) for a in AUDIENCES)]
    )
    def test_what_was_installed_is_read_back(self, world: AutoRepliesWorld, reply: AutoReply) -> None:
        if reply.audience not in world.open().audiences:
            return  # the platform says so, and nobody asks it to
        install(world, reply)
        assert world.open().read(ANNA) == self.as_kept(world, reply)

    @pytest.mark.parametrize("before", [NOTHING, OWN, replace(OWN, enabled=False)])
    def test_what_was_there_before_comes_back(self, world: AutoRepliesWorld, before: AutoReply) -> None:
        world.person_sets(before)
        before = world.open().read(ANNA)
        token = install(world, LEAVE)
        for _ in range(2):  # a repeated attempt after a crash does no harm
            world.open().restore(ANNA, token)
            assert world.open().read(ANNA) == before

    def test_keeping_changes_nothing(self, world: AutoRepliesWorld) -> None:
        world.person_sets(OWN)
        before = world.open().read(ANNA)
        token = world.open().keep(ANNA)
        world.open().restore(ANNA, token)
        assert world.open().read(ANNA) == before

    def test_installing_the_same_again_changes_nothing(self, world: AutoRepliesWorld) -> None:
        world.person_sets(OWN)
        token = install(world, LEAVE)
        install(world, LEAVE)
        assert world.open().read(ANNA) == self.as_kept(world, LEAVE)
        world.open().restore(ANNA, token)
        assert world.open().read(ANNA) == self.as_set(world, OWN)

    def test_another_text_with_the_first_token_kept(self, world: AutoRepliesWorld) -> None:
        """A longer absence replaces the text; the first token still leads back to the person's own."""
        world.person_sets(OWN)
        first = install(world, LEAVE)
        longer = replace(LEAVE, ends_at=datetime(2026, 8, 9, 22, 0, tzinfo=UTC))
        second = install(world, longer)
        assert world.open().read(ANNA) == self.as_kept(world, longer)
        world.open().restore(ANNA, second)
        assert world.open().read(ANNA) == self.as_kept(world, LEAVE)
        world.open().restore(ANNA, first)
        assert world.open().read(ANNA) == self.as_set(world, OWN)

    def test_other_settings_stay(self, world: AutoRepliesWorld) -> None:
        before = world.other_settings()
        token = install(world, LEAVE)
        assert world.other_settings() == before
        world.open().restore(ANNA, token)
        assert world.other_settings() == before

    def test_others_are_not_touched(self, world: AutoRepliesWorld) -> None:
        install(world, LEAVE)
        assert not world.open().read(EVA).enabled


class ForwardRulesWorld(Protocol):
    def open(self) -> ForwardRules: ...

    def person_adds_rule(self) -> None:
        """ANNA sorts mail with a rule of her own, which also forwards to EVA."""
        ...

    def own_rules(self) -> object:
        """ANNA's own rules, to be compared."""
        ...

    def keeps_original(self) -> bool:
        """Whether mail to ANNA still lies in her mailbox when mailbot's rules have forwarded it."""
        ...


class ForwardRulesContract:
    @pytest.fixture
    def world(self) -> ForwardRulesWorld:
        raise NotImplementedError

    def test_installed_read_removed(self, world: ForwardRulesWorld) -> None:
        assert list(world.open().read(ANNA)) == []
        token = world.open().install(ANNA, REGISTRY, starts_at=LEAVE.starts_at, ends_at=LEAVE.ends_at)
        assert list(world.open().read(ANNA)) == [REGISTRY]
        assert world.keeps_original()
        for _ in range(2):
            world.open().remove(ANNA, token)
            assert list(world.open().read(ANNA)) == []

    def test_installed_twice_is_one_rule(self, world: ForwardRulesWorld) -> None:
        assert world.open().install(ANNA, REGISTRY) == world.open().install(ANNA, REGISTRY)
        assert list(world.open().read(ANNA)) == [REGISTRY]

    def test_two_rules_are_told_apart(self, world: ForwardRulesWorld) -> None:
        first, _ = world.open().install(ANNA, REGISTRY), world.open().install(ANNA, EVA)
        world.open().remove(ANNA, first)
        assert list(world.open().read(ANNA)) == [EVA]

    def test_own_rules_stay(self, world: ForwardRulesWorld) -> None:
        world.person_adds_rule()
        before = world.own_rules()
        assert list(world.open().read(ANNA)) == []
        token = world.open().install(ANNA, EVA)
        assert world.own_rules() == before
        world.open().remove(ANNA, token)
        assert world.own_rules() == before
