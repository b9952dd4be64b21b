"""Observe mode: what enforcing would have sent, to whom, with examples by reference (invariant 4).

Meant for somebody who doubts: every example can be looked up with `mailbot explain REF`. No words of mail stand here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, get_args

from mailbot.store.records import DiaryItem, DiaryState, Obligation
from mailbot.work.context import Context
from mailbot.work.digest_lines import Pile, Rows, local_date, rows, runs_out_on

_WAITING: tuple[DiaryState, ...] = ("proposed", "asked", "forwarded")
#: how the registrar would have heard of a message
_Way = Literal["forwarded", "announced", "asked"]
#: examples shown of each kind; the rest is counted
_EXAMPLES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One mail or clock, by reference."""

    ref: str
    mailbox: str
    #: local dates
    received_on: date
    due_on: date | None = None
    #: the kind that the registrar would have been told; None for confidential mail
    kind: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldSend:
    """Mail of one sort to one reader."""

    #: name of a person; "" for the people outside who asked
    to: str
    examples: Rows[Example]


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldDigest:
    """A morning mail that would have left, and how much stands in it."""

    kind: str
    to: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldHave:
    """What would have left since `since` (local time), and the clocks that ran out."""

    since: datetime
    forwarded: tuple[WouldSend, ...]
    announced: tuple[WouldSend, ...]
    asked: tuple[WouldSend, ...]
    holding_replies: Rows[Example]
    #: answers that are overdue today
    overdue: Rows[Example]
    #: messages that are automatic: nobody would have been troubled with them
    automatic: int
    messages: int
    digests: tuple[WouldDigest, ...] = ()


def would_have(context: Context, now: datetime, since: datetime) -> WouldHave:
    """What enforcing would have done from `since` to `now` (both aware)."""
    to_registrars = _to_registrars(context, now, since)
    today, rules = local_date(now, context.config.zone), context.config.policy.reply
    due = context.store.obligations.awaiting_holding_reply(today, late=False) if rules.holding_reply else ()
    owed = context.store.obligations.each(states=("open",))
    judged = context.store.intake.judged_since(since)
    return WouldHave(
        since=since,
        forwarded=to_registrars["forwarded"],
        announced=to_registrars["announced"],
        asked=to_registrars["asked"],
        holding_replies=_clocks(context, due),
        overdue=_clocks(context, (one for one in owed if (day := runs_out_on(one)) is not None and day < today)),
        automatic=judged.automatic,
        messages=judged.messages,
    )


def _to_registrars(context: Context, now: datetime, since: datetime) -> dict[_Way, tuple[WouldSend, ...]]:
    """Who would have got what: each unit has its registrar, and today perhaps a deputy."""
    readers = {unit.id: context.presence.acting_at(unit.registrars, now) for unit in context.config.units}
    # A first pass finds thousands: they are counted, and a few kept.
    piles: dict[_Way, dict[str, Pile[DiaryItem]]] = {way: {} for way in get_args(_Way)}
    for item in context.store.diary.each(states=_WAITING, since=since):
        reader = readers.get(item.unit)
        piles[_way(item)].setdefault(reader.name if reader else "", Pile(_EXAMPLES)).add(item)
    return {
        way: tuple(
            WouldSend(to=name, examples=pile.rows(lambda item: _of_item(context, item)))
            for name, pile in sorted(by_reader.items())
        )
        for way, by_reader in piles.items()
    }


def _way(item: DiaryItem) -> _Way:
    if item.confidential or item.unparsable:
        return "announced"
    return "asked" if item.state == "asked" else "forwarded"


def _of_item(context: Context, item: DiaryItem) -> Example:
    hidden = item.confidential or item.unparsable
    return Example(
        ref=item.ref,
        mailbox=item.mailbox,
        received_on=local_date(item.received_at, context.config.zone),
        kind=None if hidden else item.kind,
    )


def _clocks(context: Context, owed: Iterable[Obligation]) -> Rows[Example]:
    return rows(owed, lambda one: _of_clock(context, one), _EXAMPLES)


def _of_clock(context: Context, obligation: Obligation) -> Example:
    return Example(
        ref=obligation.ref,
        mailbox=obligation.mailbox,
        received_on=local_date(obligation.received_at, context.config.zone),
        due_on=runs_out_on(obligation),
    )
