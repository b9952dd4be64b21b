"""When people are away, from their calendar in Microsoft 365: what is shown as out of office and fills whole days."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mailbot.platforms.graph.answers import Json, Question
from mailbot.platforms.graph.client import GraphClient, path
from mailbot.platforms.graph.headers import instant
from mailbot.platforms.people import Away

_OUT_OF_OFFICE = "oof"
#: no subject, no place, nobody who takes part
_SELECT = "showAs,isAllDay,isCancelled,start,end"
_PAGE = 100


class GraphCalendar:
    """The calendar of one mailbox; days are local ones of `zone`."""

    def __init__(self, client: GraphClient, address: str, zone: ZoneInfo) -> None:
        self._client = client
        self._address = address
        self._zone = zone

    def absences(self, person_id: str, from_: date, to: date) -> Sequence[Away]:  # noqa: ARG002
        """Whole days between `from_` and `to` (inclusive). A meeting out of the house is no absence.

        A view names every occurrence of a series by itself (learn.microsoft.com/graph/api/user-list-calendarview).
        """
        begin, end = (datetime.combine(day, time(), self._zone) for day in (from_, to + timedelta(days=1)))
        window = "&".join(f"{name}DateTime={at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" for name, at in
                          (("start", begin), ("end", end)))  # fmt: skip
        where = f"{path('users', self._address, 'calendarView', select=_SELECT, top=_PAGE)}&{window}"
        question = Question("GET", where, self._address, "Calendars.Read", prefer=('outlook.timezone="UTC"',))
        found = []
        for event in self._client.pages(question):
            if event.get("showAs") == _OUT_OF_OFFICE and not event.get("isCancelled"):
                first, back = self._days(event)
                if first is not None and back is not None:
                    found.append(Away(max(first, from_), min(back, to + timedelta(days=1))))
        return [away for away in found if away.from_ < away.back_on]

    def _days(self, event: Json) -> tuple[date | None, date | None]:
        """The whole local days of an event: first, and the one after the last. Dates of all-day events are floating:
        midnight in whatever zone is asked for."""
        starts, ends = (instant(str((event.get(each) or {}).get("dateTime", ""))[:26]) for each in ("start", "end"))
        if starts is None or ends is None:
            return None, None
        if event.get("isAllDay"):
            return starts.date(), ends.date()
        local = starts.astimezone(self._zone)
        first = local.date() if local.time() == time() else local.date() + timedelta(days=1)
        return first, ends.astimezone(self._zone).date()
