"""One line of a digest each: what a person must see of an open matter, and no more.

Confidential matters show reference, date and mailbox only (invariant 6); their other fields are None.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from mailbot.config.model import Config
from mailbot.store.records import DiaryItem, MailboxCheck, Obligation, OutboxItem, ProposedAnswer
from mailbot.work.context import Context
from mailbot.work.daily_check import CheckDay, CheckState

#: so many beyond the wanted ones are kept before they are sorted and cut
_SORTED_FROM = 100

Line = TypeVar("Line")
Source = TypeVar("Source")


@dataclass(frozen=True, slots=True)
class Rows(Generic[Line]):
    """The first lines of a list; `more` are only counted."""

    shown: tuple[Line, ...] = ()
    more: int = 0

    @property
    def total(self) -> int:
        return len(self.shown) + self.more


def rows(sources: Iterable[Source], line: Callable[[Source], Line], most: int) -> Rows[Line]:
    """`sources` as lines, at most `most` of them."""
    remaining = iter(sources)
    return Rows(tuple(map(line, islice(remaining, most))), sum(1 for _ in remaining))


class Pile(Generic[Source]):
    """What a list begins with, by `key` and then in the order it was added; the rest is only counted.

    So a digest needs the same memory for ten open matters and for a hundred thousand.
    """

    def __init__(self, most: int, key: Callable[[Source], Any] | None = None) -> None:
        self._most, self._key = most, key
        self._kept: list[Source] = []
        self._total = 0

    def add(self, one: Source) -> None:
        self._total += 1
        if self._key is not None or len(self._kept) < self._most:
            self._kept.append(one)
        if len(self._kept) > 2 * self._most + _SORTED_FROM:
            self._cut()

    def first(self) -> Sequence[Source]:
        """The kept ones in order."""
        self._cut()
        return self._kept

    def rows(self, line: Callable[[Source], Line]) -> Rows[Line]:
        """The kept ones as lines."""
        first = self.first()
        return Rows(tuple(map(line, first)), self._total - len(first))

    def _cut(self) -> None:
        if self._key is not None:
            self._kept.sort(key=self._key)
        del self._kept[self._most :]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyLine:
    """An answer that somebody owes."""

    ref: str
    mailbox: str
    #: local date
    received_on: date
    asker: str | None
    subject: str | None
    #: name of the person who answers; "" when nobody in particular
    assignee: str
    #: when the clock that runs now runs out, see `runs_out_on`
    due_on: date | None
    days_late: int
    #: the asker knows that the mail arrived; the matter is only followed up
    acknowledged: bool
    #: a request for a public document, with its faster clock
    document_request: bool
    #: probably another authority's affair: to be passed on, and the sender told
    pass_on: bool
    #: False: only the headers were read, and its owner decides whether an answer is owed
    judged: bool
    confidential: bool
    #: local date and mailbox of a sent mail that may have been the answer, or of the mark that there was one
    perhaps_answered_on: date | None = None
    perhaps_answered_from: str = ""
    #: only marked: no answer was seen in Sent
    marked_answered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DiaryLine:
    """A message that waits for the registrar."""

    ref: str
    mailbox: str
    unit: str
    received_on: date
    direction: str
    sender: str | None
    title: str | None
    kind: str | None
    proposed_number: str | None
    forwarded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadMailbox:
    """A mailbox that mailbot did not get to read; `error` is a fixed phrase."""

    mailbox: str
    error: str
    #: local time of the last complete reading
    last_read_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLine:
    """The daily check of one authority mailbox on one day."""

    mailbox: str
    day: date
    state: CheckState
    #: name of who checked it, or who should have; "" when a shared mailbox does not tell, or all are away
    person: str
    #: how it is known; None when it is not
    how: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLine:
    """Mail that does not leave by itself. No recipient and no subject: the operator need not know them."""

    ref: str
    kind: str
    state: str
    error: str | None


def runs_out_on(obligation: Obligation) -> date | None:
    """The clock that runs now: the reply date, after a holding reply the follow-up; the document's if earlier.

    A holding reply hands out no document, so it does not stop that clock (TF 2:15-16).
    """
    reply_due_on = obligation.due_on if obligation.acknowledged_at is None else obligation.follow_up_on
    clocks = [day for day in (reply_due_on, obligation.document_due_on) if day is not None]
    return min(clocks, default=None)


def is_overdue(obligation: Obligation, today: date) -> bool:
    due_on = runs_out_on(obligation)
    return due_on is not None and due_on < today


def is_document_late(obligation: Obligation, today: date) -> bool:
    """Whether a public document should have been handed out; of a confidential matter its kind is not told."""
    due_on = obligation.document_due_on
    return due_on is not None and due_on < today and not obligation.confidential


def reply_line(
    obligation: Obligation,
    config: Config,
    today: date,
    proposed: ProposedAnswer | None = None,
    *,
    pass_on: bool = False,
) -> ReplyLine:
    """What the person who answers sees of `obligation`."""
    person = config.person(obligation.assignee) if obligation.assignee else None
    due_on, hidden = runs_out_on(obligation), obligation.confidential
    return ReplyLine(
        ref=obligation.ref,
        mailbox=obligation.mailbox,
        received_on=local_date(obligation.received_at, config.zone),
        asker=None if hidden else obligation.asker,
        subject=None if hidden else obligation.subject,
        assignee=person.name if person else obligation.assignee,
        due_on=due_on,
        days_late=(today - due_on).days if due_on and due_on < today else 0,
        acknowledged=obligation.acknowledged_at is not None,
        document_request=obligation.document_due_on is not None and not hidden,
        pass_on=pass_on,
        judged=obligation.judged,
        confidential=hidden,
        perhaps_answered_on=local_date(proposed.at, config.zone) if proposed else None,
        perhaps_answered_from=proposed.mailbox if proposed else "",
        marked_answered=proposed is not None and proposed.how == "marked",
    )


def diary_line(item: DiaryItem, config: Config) -> DiaryLine:
    """What the registrar sees of `item`."""
    hidden = item.confidential or item.unparsable
    names = {unit.id: unit.name for unit in config.units}
    return DiaryLine(
        ref=item.ref,
        mailbox=item.mailbox,
        unit=names.get(item.unit, item.unit),  # a unit may have left the configuration
        received_on=local_date(item.received_at, config.zone),
        direction=item.direction,
        sender=None if hidden else item.sender,
        title=None if hidden else item.title,
        kind=None if hidden else item.kind,
        proposed_number=None if hidden else item.proposed_number,
        forwarded=item.forwarded_at is not None,
    )


def unread_mailboxes(config: Config, checks: Iterable[MailboxCheck], today: date) -> tuple[UnreadMailbox, ...]:
    """Mailboxes in scope whose last pass failed, or that were not read at all on `today`."""
    latest: dict[str, MailboxCheck] = {}
    finished: dict[str, datetime] = {}
    for check in checks:  # the older pass of a mailbox comes first
        latest[check.mailbox] = check
        if check.completed_at is not None:
            finished[check.mailbox] = check.completed_at.astimezone(config.zone)
    found = []
    for mailbox in config.mailboxes:
        if mailbox.role == "service":
            continue
        error = _trouble(latest.get(mailbox.address), finished.get(mailbox.address), today)
        if error:
            read_at = finished.get(mailbox.address)
            found.append(UnreadMailbox(mailbox=mailbox.address, error=error, last_read_at=read_at))
    return tuple(found)


def _trouble(latest: MailboxCheck | None, finished_at: datetime | None, today: date) -> str | None:
    if latest is None:
        return "never read"
    if latest.completed_at is None or latest.error:
        return latest.error or "not read today"
    return None if finished_at and finished_at.date() >= today else "not read today"


def check_line(context: Context, one: CheckDay) -> CheckLine:
    """How that day's check stands, with names."""
    person = context.config.person(one.check.person if one.check else one.checker or "")
    return CheckLine(
        mailbox=one.mailbox,
        day=one.day,
        state=one.state,
        person=person.name if person else "",
        how=one.check.how if one.check else None,
    )


def queue_line(item: OutboxItem) -> QueueLine:
    return QueueLine(ref=item.ref, kind=item.kind, state=item.state, error=item.error)


def local_date(instant: datetime, zone: ZoneInfo) -> date:
    return instant.astimezone(zone).date()
