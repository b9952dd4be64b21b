"""Mailboxes are read in any order and in any portions; what comes of it must not depend on that."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailbot.policy.model import AskRegistrar, Decision, ForwardToRegistrar, OpenObligation, Stage
from mailbot.store.records import Outcome
from mailbot.store.store import Store
from tests.store.builders import ANNA, NOW, TOWN, answer, message, outcome, question, record

BO = "bo@citizen.example"
EVA = "eva@bjurholm.example"
BOARD = "skolan@bjurholm.example"
UNIT = {TOWN: "ks", EVA: "ks", BOARD: "bun"}


@dataclass(frozen=True)
class Mail:
    number: int
    hour: int
    asker: str
    boxes: tuple[str, ...]
    needs_reply: bool
    diary: str
    names: tuple[int, ...]

    @property
    def id(self) -> str:
        return f"<m{self.number}@x.example>"


@dataclass(frozen=True)
class Reply:
    number: int
    hour: int
    box: str
    to: tuple[str, ...]
    names: tuple[int, ...]


def named(numbers: Sequence[int]) -> tuple[str, ...]:
    return tuple(f"<m{number}@x.example>" for number in numbers)


def deliveries(mail: Mail | Reply) -> list[Outcome]:
    """The copies of one mail, judged as if each were the only one."""
    at = NOW + timedelta(hours=mail.hour)
    if isinstance(mail, Reply):
        sent = answer("", message_id=f"<m{mail.number}@x.example>", to=mail.to, sent_at=at, mailbox=mail.box)
        assert sent.message is not None
        linked = replace(sent.message, in_reply_to=(), references=named(mail.names))
        return [replace(sent, message=linked, unit=UNIT[mail.box])]
    content = message(mail.id, asker=mail.asker, references=named(mail.names))
    return [
        outcome(content, judged(mail, box), mailbox=box, unit=UNIT[box], received_at=at, assignee=box[:3])
        for box in mail.boxes
    ]


def judged(mail: Mail, box: str) -> Decision:
    """EVA's mailbox is read headers-only, so that nothing can be judged there."""
    if box == EVA:
        return question(stage=Stage.HEADERS, judged=False)
    decision = question(needs_reply=mail.needs_reply)
    opening = tuple(OpenObligation(date(2026, 3, 12) + timedelta(days=mail.number)) for _ in decision.actions)
    registering = {"no": (), "ask": (AskRegistrar(),), "yes": (ForwardToRegistrar(),)}[mail.diary]
    return replace(decision, actions=opening + registering)


def read(store: Store, batches: Sequence[Sequence[Outcome]]) -> None:
    """What work/intake does: a copy that was judged already brings no decision."""
    for batch in batches:
        known = store.intake.known_messages([one.content_key for one in batch])
        for_store = []
        for one in batch:
            before = known.get(one.content_key)
            enough = (
                one.decision is not None
                and before is not None
                and before.judged_for(one.unit, at_least=one.decision.stage, sent=one.direction == "outgoing")
            )
            for_store.append(replace(one, decision=None) if enough else one)
        record(store, *for_store)


def result(store: Store) -> tuple[list[Any], list[Any]]:
    """What is left in the end. An obligation that a rule took back (judged after all, merged) was seen by people only
    because of the order, and its REF is the one they saw first."""
    duties = [
        replace(duty, ref="")
        for duty in store.obligations.list(states=("open", "answered", "dismissed"))
        if duty.met_by != "rule"
    ]
    return sorted(duties, key=repr), sorted(store.diary.list(), key=repr)


BOXES = (TOWN, EVA, BOARD)


@st.composite
def stories(draw: st.DrawFn) -> list[Mail | Reply]:
    story: list[Mail | Reply] = []
    for number in range(draw(st.integers(1, 7))):
        hour = draw(st.integers(0, 6))
        names = tuple(draw(st.lists(st.integers(0, 7), max_size=2, unique=True)))
        if draw(st.booleans()):
            boxes = tuple(draw(st.lists(st.sampled_from(BOXES), min_size=1, unique=True)))
            asker, diary = draw(st.sampled_from((ANNA, BO))), draw(st.sampled_from(("no", "ask", "yes")))
            story.append(Mail(number, hour, asker, boxes, draw(st.booleans()), diary, names))
        else:
            to = tuple(draw(st.lists(st.sampled_from((ANNA, BO)), min_size=1, unique=True)))
            story.append(Reply(number, hour, draw(st.sampled_from(BOXES)), to, names))
    return story


@st.composite
def readings(draw: st.DrawFn) -> tuple[list[Mail | Reply], list[int], list[int]]:
    """A story, an order to read its copies in, and where to cut that into batches."""
    story = draw(stories())
    copies = sum(len(mail.boxes) if isinstance(mail, Mail) else 1 for mail in story)
    order = draw(st.permutations(range(copies)))
    return story, list(order), sorted(draw(st.sets(st.integers(0, copies), max_size=4)))


def all_copies(story: Sequence[Mail | Reply]) -> list[Outcome]:
    return [copy for mail in story for copy in deliveries(mail)]


def check(make_store: Callable[[], Store], story: Sequence[Mail | Reply], order: list[int], cuts: list[int]) -> None:
    copies = all_copies(story)
    edges = [0, *cuts, len(copies)]
    batches = [[copies[index] for index in order[start:end]] for start, end in pairwise(edges) if start < end]
    with make_store() as together, make_store() as apart:
        read(together, [copies])
        read(apart, batches)
        assert result(apart) == result(together)
        read(apart, [copies])
        assert result(apart) == result(together), "reading everything once more must change nothing"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(readings())
def test_any_order_and_any_batches_give_the_same(
    fresh_store: Callable[[], Store], reading: tuple[list[Mail | Reply], list[int], list[int]]
) -> None:
    check(fresh_store, *reading)


@pytest.mark.soak
@settings(max_examples=3_000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(readings())
def test_any_order_at_length(
    fresh_store: Callable[[], Store], reading: tuple[list[Mail | Reply], list[int], list[int]]
) -> None:
    check(fresh_store, *reading)
