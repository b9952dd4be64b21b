"""iCalendar files (RFC 5545): on which days somebody is out of office, and the event that an absence becomes.

Out of office is what the mail program marked so (X-MICROSOFT-CDO-BUSYSTATUS:OOF), and all-day events whose title says
it in a word of `_AWAY_WORDS` and that are not marked as free. What else stands in a calendar is nobody's business.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from mailbot.errors import PermanentError
from mailbot.platforms.people import Away

if TYPE_CHECKING:
    from icalendar import Event

_ONE_DAY = timedelta(days=1)
#: a timed event keeps somebody from their mail all day when it lasts from morning to afternoon, local time
_MORNING, _AFTERNOON = time(9, 0), time(15, 0)
#: a calendar of a person's whole career has a few megabytes
_LARGEST = 20_000_000
#: rules that repeat this often would never end, and nobody is away every hour
_TOO_OFTEN = {"SECONDLY", "MINUTELY", "HOURLY"}
_AWAY_WORDS = (
    "semester",
    "ledig",
    "tjänstledig",
    "föräldraledig",
    "frånvaro",
    "frånvarande",
    "ferie",
    "permisjon",
    "fravær",
    "avspasering",
    "fri",
    "leave",
    "vacation",
    "holiday",
    "away",
    "out of office",
)


@dataclass(frozen=True, slots=True)
class _Year:
    """The local dates of one year on which a calendar says that its owner is away."""

    all_day: frozenset[date]
    timed: frozenset[date]


@dataclass(slots=True)
class IcsCalendars:
    """The `Calendar` of people whose calendar is a file; a file is read again when it has changed."""

    #: person id -> file
    files: Mapping[str, Path]
    #: the organisation's, for events without a zone
    zone: ZoneInfo
    _known: dict[tuple[Path, int], tuple[tuple[int, int], _Year]] = field(default_factory=dict)

    def absences(self, person_id: str, from_: date, to: date) -> Sequence[Away]:
        """Days out of office from `from_` to `to`, both included; nothing for people without a file."""
        path = self.files.get(person_id)
        if path is None:
            return ()
        years = [self._year(path, year) for year in range(from_.year, to.year + 1)]
        all_day = {day for year in years for day in year.all_day if from_ <= day <= to}
        timed = {day for year in years for day in year.timed if from_ <= day <= to} - all_day
        return (*(Away(first, back) for first, back in _runs(all_day)), *_timed(timed))

    def _year(self, path: Path, year: int) -> _Year:
        try:
            status = path.stat()
        except OSError as error:
            raise PermanentError(
                f"cannot read the calendar {path} ({error.strerror}); mend `calendar` in the people file"
            ) from None
        stamp = (status.st_mtime_ns, status.st_size)
        kept = self._known.get((path, year))
        if kept is None or kept[0] != stamp:
            if status.st_size > _LARGEST:
                raise PermanentError(f"the calendar {path} is larger than {_LARGEST} bytes; export less of it")
            kept = (stamp, _read(path, year, self.zone))
            self._known[path, year] = kept
        return kept[1]


def _runs(days: set[date]) -> Iterator[tuple[date, date]]:
    """Runs of days as their first day and the day after their last."""
    first: date | None = None
    for day in sorted(days):
        first = first or day
        if day + _ONE_DAY not in days:
            yield first, day + _ONE_DAY
            first = None


def _timed(days: set[date]) -> Iterator[Away]:
    return (Away(first, back, all_day=False) for first, back in _runs(days))


def _read(path: Path, year: int, zone: ZoneInfo) -> _Year:
    from icalendar import Calendar
    from recurring_ical_events import of

    try:
        all_day: set[date] = set()
        timed: list[tuple[datetime, datetime]] = []
        calendars = Calendar.from_ical(path.read_bytes(), multiple=True)
        if not calendars:
            raise ValueError("no calendar")
        for calendar in calendars:
            _drop_endless(calendar)
            # a day more on both sides: events lie in zones of their own
            events = of(calendar, skip_bad_series=True).between(
                date(year, 1, 1) - _ONE_DAY, date(year + 1, 1, 1) + _ONE_DAY
            )
            for event in filter(_is_away, events):
                start, end = event.start, event.end
                if isinstance(start, datetime):
                    timed.append((_local(start, zone), _local(end, zone)))
                else:
                    all_day |= set(_days(start, max(end, start + _ONE_DAY)))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, LookupError) as error:
        # the error may quote the calendar, which is private
        raise PermanentError(
            f"the calendar {path} is not valid iCalendar ({type(error).__name__}); export it again"
        ) from None
    return _Year(frozenset(all_day), frozenset(_full_days(timed, year, zone)))


def _drop_endless(calendar: Any) -> None:
    def endless(component: Any) -> bool:
        rules = component.get("RRULE", [])
        rules = rules if isinstance(rules, list) else [rules]
        return any(str(frequency).upper() in _TOO_OFTEN for rule in rules for frequency in rule.get("FREQ", []))

    calendar.subcomponents = [component for component in calendar.subcomponents if not endless(component)]


def _is_away(event: "Event") -> bool:
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return False
    status = str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper()
    if status:
        return status == "OOF"
    if str(event.get("TRANSP", "OPAQUE")).upper() == "TRANSPARENT" or isinstance(event.start, datetime):
        return False
    title = str(event.get("SUMMARY", "")).casefold()
    return (
        any(f" {word}" in f" {title} " for word in _AWAY_WORDS if len(word) > 4) or title.split(":")[0] in _AWAY_WORDS
    )


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)


def _days(start: date, end: date) -> Iterator[date]:
    return (start + timedelta(days=number) for number in range(min((end - start).days, 3660)))


def _full_days(timed: list[tuple[datetime, datetime]], year: int, zone: ZoneInfo) -> Iterator[date]:
    """Days whose hours from morning to afternoon are taken up without a break; events may follow one another."""
    spans = sorted(timed)
    for day in _days(date(year, 1, 1), date(year + 1, 1, 1)):
        reached = datetime.combine(day, _MORNING, zone)
        end = datetime.combine(day, _AFTERNOON, zone)
        for start, until in spans:
            if start <= reached < until:
                reached = until
        if reached >= end:
            yield day


def absence_event(
    *, uid: str, title: str, from_: date, back: date, stamp: datetime, version: int, out_of_office: bool = True
) -> bytes:
    """One all-day event from `from_` to the day before `back`, out of office or merely busy, as a calendar file.

    The same `uid` with a higher `version` replaces it in calendars (RFC 5545 3.8.7.4). `stamp` is aware.
    """
    from icalendar import Calendar, Event

    calendar = Calendar()
    calendar.add("prodid", "-//mailbot//absence//SV")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", stamp)
    event.add("dtstart", from_)
    event.add("dtend", back)
    event.add("summary", title)
    event.add("sequence", version)
    event.add("transp", "OPAQUE")
    event.add("x-microsoft-cdo-busystatus", "OOF" if out_of_office else "BUSY")
    calendar.add_component(event)
    return bytes(calendar.to_ical())
