"""When an answer is due, with every day that was counted or skipped on the way (Bjurholm p. 4, "inom tre arbetsdagar").

Day 0 is the local calendar date of arrival, evenings and closed days too; the answer is due at the end of the third
following working day. The source names no hour; this is its strictest reading, so it is never late.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from mailbot.policy.profile import Policy
from mailbot.policy.workdays import WorkCalendar

_ARRIVED = {"sv": "kom in", "nb": "kom inn", "en": "arrived"}
_AFTER_HOURS = {
    "sv": "kom in efter kontorstid",
    "nb": "kom inn etter kontortid",
    "en": "arrived after office hours",
}
_COUNTS_FROM_HERE = {"sv": "räknas som inkommen", "nb": "regnes som innkommet", "en": "counts as arrived"}
_WORKING_DAY = {"sv": "arbetsdag {}", "nb": "arbeidsdag {}", "en": "working day {}"}


@dataclass(frozen=True, slots=True)
class CountedDay:
    """One day between arrival and due date: whether the clock ran, and why or why not, in words."""

    day: date
    counts: bool
    why: str


@dataclass(frozen=True, slots=True)
class Deadline:
    """A reply clock. All days are local dates; `due_on` ends at midnight, `warn_on` is never after it."""

    #: day 0
    starts_on: date
    due_on: date
    warn_on: date
    #: every day from the local date of arrival to `due_on`
    counted: tuple[CountedDay, ...]


def reply_deadline(
    received_at: datetime, policy: Policy, *, zone: ZoneInfo | None = None, language: str | None = None
) -> Deadline | None:
    """The clock that a mail received at `received_at` (aware) starts; None where the profile sets no time.

    `zone` and `language` of the explanations default to the profile's.
    """
    if not policy.reply.has_clock:
        return None
    calendar = WorkCalendar(policy.calendar)
    arrived_on, starts_on = _arrival(received_at, policy, calendar, zone)
    working_days = policy.reply.working_days
    warned = min(max(policy.reply.warn_on_day, 1), working_days)
    return _deadline(calendar, arrived_on, starts_on, working_days, warned, language or policy.language)


@lru_cache(maxsize=512)  # most mail of a pass arrived on few days
def _deadline(
    calendar: WorkCalendar, arrived_on: date, starts_on: date, working_days: int, warned: int, language: str
) -> Deadline:
    due_on = calendar.add_working_days(starts_on, working_days) if working_days else calendar.on_or_after(starts_on)
    warn_on = calendar.add_working_days(starts_on, warned) if working_days else due_on
    counted = _counted_days(arrived_on, starts_on, due_on, calendar, language)
    return Deadline(starts_on, due_on, warn_on, counted)


def document_deadline(received_at: datetime, policy: Policy, *, zone: ZoneInfo | None = None) -> date:
    """When a requested public document is due: the arrival date, or the next working day if that is closed.

    JO's norm is the same day (TF 2:15-16, "genast eller så snart det är möjligt", Bjurholm p. 2).

    A profile may add working days.
    """
    calendar = WorkCalendar(policy.calendar)
    _, starts_on = _arrival(received_at, policy, calendar, zone)
    return calendar.add_working_days(calendar.on_or_after(starts_on), policy.reply.document_request_working_days)


def follow_up_on(day: date, policy: Policy) -> date:
    """When a matter that got a holding reply on the local date `day` is brought up again."""
    return WorkCalendar(policy.calendar).add_working_days(day, policy.reply.follow_up_working_days)


def _arrival(received_at: datetime, policy: Policy, calendar: WorkCalendar, zone: ZoneInfo | None) -> tuple[date, date]:
    """The local date of arrival, and day 0: the same, unless `office_hours_shift` moves it to the next working day."""
    if received_at.tzinfo is None:
        raise ValueError("received_at must be an aware datetime")
    # the clock on the wall decides, also on the days when it is moved; never add hours to local times
    local = received_at.astimezone(zone or ZoneInfo(policy.timezone))
    day = local.date()
    if not policy.reply.office_hours_shift:
        return day, day
    if not calendar.is_working_day(day) or local.time() > policy.reply.office_closes:
        return day, calendar.next_working_day(day)
    return day, day


def _counted_days(
    arrived_on: date, starts_on: date, due_on: date, calendar: WorkCalendar, language: str
) -> tuple[CountedDay, ...]:
    """The explanation. A clock of no days runs out on `due_on`, which may be the day of arrival itself."""
    days: list[CountedDay] = []
    number = 0
    for day in calendar.days_from(arrived_on, due_on):
        closed = calendar.why_closed(day, language)
        counts = closed is None and (day > starts_on or day == due_on)
        number += counts
        if day == arrived_on:
            why = _say(_ARRIVED if day == starts_on or closed else _AFTER_HOURS, language)
            why = f"{why}, {closed}" if closed else why
        elif closed:
            why = closed
        else:
            why = _say(_WORKING_DAY, language).format(number) if counts else _say(_COUNTS_FROM_HERE, language)
        days.append(CountedDay(day, counts, why))
    return tuple(days)


def _say(words: Mapping[str, str], language: str) -> str:
    return words.get(language, words["en"])
