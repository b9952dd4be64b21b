"""An absence as the policy sees it (Bjurholm p. 5): when, how the mail is looked after, and whom to turn to each week.

Dates are local dates. `back` is the first working day back, so that the automatic reply runs until somebody is there
again. Weeks are ISO 8601 weeks with their own year ("2026-W53"); as text they sort by date, week numbers do not.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from mailbot.policy.workdays import WorkCalendar, iso_week


class Option(StrEnum):
    """The four ways of p. 5; exactly one of their sentences stands in the automatic reply."""

    #: "Min e-postlåda kontrolleras av förnamn efternamn"
    COLLEAGUE_CHECKS = "A"
    #: "Din e-post vidarebefordras till Bjurholms kommuns myndighetsbrevlåda"
    TO_AUTHORITY_MAILBOX = "B"
    #: "Din e-post vidarebefordras till" a named colleague
    TO_COLLEAGUE = "C"
    #: "Jag kontrollerar min e-post under min ledighet"
    READS_ONESELF = "D"

    @property
    def names_colleague(self) -> bool:
        """Whether the sentence needs a person's name."""
        return self in (Option.COLLEAGUE_CHECKS, Option.TO_COLLEAGUE)

    @property
    def forwards(self) -> bool:
        """Whether copies of the mail go to somebody."""
        return self in (Option.TO_AUTHORITY_MAILBOX, Option.TO_COLLEAGUE)


@dataclass(frozen=True, slots=True)
class Cover:
    """Whom to turn to in one week."""

    #: "2026-W53"
    week: str
    #: person id
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Somebody is away from `from_` up to the day before `back`."""

    person: str
    from_: date
    #: exclusive; `planned` makes it the first working day back
    back: date
    option: Option
    #: person id, with options A and C; else empty
    colleague: str = ""
    #: in the order of their weeks, one for each at most
    covers: tuple[Cover, ...] = ()

    def is_away_on(self, day: date) -> bool:
        return self.from_ <= day < self.back

    def cover_in(self, week: str) -> str | None:
        """The person id of the cover of "2026-W53", or None."""
        return next((cover.person for cover in self.covers if cover.week == week), None)


def planned(
    calendar: WorkCalendar,
    *,
    person: str,
    from_: date,
    back: date,
    option: Option,
    colleague: str = "",
    covers: Mapping[str, str] | None = None,
) -> Absence:
    """An absence in its one form: back on a working day, a colleague only where the option names one, covers by week.

    Covers of weeks without an absent working day are left out; weeks without a cover are gaps (`gaps`).
    """
    back = return_date(back, calendar)
    wanted = covers or {}
    needed = weeks(from_, back, calendar)
    return Absence(
        person=person,
        from_=from_,
        back=back,
        option=option,
        colleague=colleague if option.names_colleague else "",
        covers=tuple(Cover(week, wanted[week]) for week in needed if wanted.get(week)),
    )


def return_date(back: date, calendar: WorkCalendar) -> date:
    """The date that the automatic reply names: `back`, or the first working day after it."""
    return calendar.on_or_after(back)


def absent_working_days(from_: date, back: date, calendar: WorkCalendar) -> Iterator[date]:
    """The working days from `from_` to the day before `back`."""
    last = back - timedelta(days=1)
    return (day for day in calendar.days_from(from_, last) if calendar.is_working_day(day))


def weeks(from_: date, back: date, calendar: WorkCalendar) -> tuple[str, ...]:
    """The ISO weeks with an absent working day, in date order ("2026-W53" before "2027-W01")."""
    return tuple(dict.fromkeys(map(iso_week, absent_working_days(from_, back, calendar))))


def gaps(absence: Absence, calendar: WorkCalendar) -> tuple[str, ...]:
    """Weeks of the absence that nobody covers."""
    covered = {cover.week for cover in absence.covers}
    return tuple(week for week in weeks(absence.from_, absence.back, calendar) if week not in covered)


def days_in_week(absence: Absence, week: str, calendar: WorkCalendar) -> tuple[date, ...]:
    """The absent working days of one week."""
    monday = first_day(week)
    from_, back = max(absence.from_, monday), min(absence.back, monday + timedelta(days=7))
    return tuple(absent_working_days(from_, back, calendar))


def first_day(week: str) -> date:
    """The Monday of "2026-W53". Raises ValueError for what is no ISO week ("2025-W53" does not exist)."""
    year, mark, number = week.partition("-W")
    if not mark or not (year.isascii() and number.isascii()) or len(year) != 4 or len(number) != 2:
        raise ValueError(f"{week!r} is no ISO week")
    return date.fromisocalendar(int(year), int(number), 1)


def week_number(week: str) -> int:
    """53 of "2026-W53", as it stands after "v."."""
    return int(week.rpartition("W")[2])
