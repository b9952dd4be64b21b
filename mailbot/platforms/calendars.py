"""One `Calendar` of several: each person's lies in a file or on the server of their mailbox.

What a server says is kept for an hour and asked month by month: who is away is a question of every pass.
"""

import time
from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from mailbot.platforms.people import Away, Calendar

_KEPT_SECONDS = 3600.0


class NoCalendar:
    """Nobody has a calendar that can be asked."""

    def absences(self, person_id: str, from_: date, to: date) -> Sequence[Away]:  # noqa: ARG002
        return ()


@dataclass(slots=True)
class CombinedCalendar:
    """`of` names the calendars by person id; people who are not in it have none. `monotonic` never goes back."""

    of: Mapping[str, Calendar]
    monotonic: Callable[[], float] = time.monotonic
    _months: dict[tuple[str, int, int], tuple[float, tuple[Away, ...]]] = field(default_factory=dict)

    def absences(self, person_id: str, from_: date, to: date) -> Sequence[Away]:
        """Clipped to the days asked for; runs over the end of a month come in two pieces."""
        calendar = self.of.get(person_id)
        if calendar is None:
            return ()
        found: list[Away] = []
        first = from_.replace(day=1)
        while first <= to:
            found += self._month(calendar, person_id, first)
            first = (first + timedelta(days=31)).replace(day=1)
        day_after = to + timedelta(days=1)
        clipped = (Away(max(one.from_, from_), min(one.back_on, day_after), all_day=one.all_day) for one in found)
        return [one for one in clipped if one.from_ < one.back_on]

    def _month(self, calendar: Calendar, person_id: str, first: date) -> tuple[Away, ...]:
        key, now = (person_id, first.year, first.month), self.monotonic()
        kept = self._months.get(key)
        if kept is None or now - kept[0] > _KEPT_SECONDS:
            last = first.replace(day=monthrange(first.year, first.month)[1])
            kept = (now, tuple(calendar.absences(person_id, first, last)))
            self._months[key] = kept
        return kept[1]
