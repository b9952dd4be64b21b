"""When people are away, from their Exchange calendar: appointments shown as out of office that fill whole days."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mailbot.platforms.ews.folders import distinguished
from mailbot.platforms.ews.session import EwsSession
from mailbot.platforms.ews.xml import M, each, instant, shape, text, written
from mailbot.platforms.people import Away

_OUT_OF_OFFICE = "OOF"
_FIELDS = ("calendar:Start", "calendar:End", "calendar:IsAllDayEvent", "calendar:LegacyFreeBusyStatus")


class EwsCalendar:
    """The calendar of one mailbox, whose session `session` gives; days are local ones of `zone`."""

    def __init__(self, session: Callable[[], EwsSession], zone: ZoneInfo) -> None:
        self._session = session
        self._zone = zone

    def absences(self, person_id: str, from_: date, to: date) -> Sequence[Away]:  # noqa: ARG002
        """Whole days between `from_` and `to` (inclusive). A meeting out of the house is no absence."""
        begin, end = (datetime.combine(day, time(), self._zone) for day in (from_, to + timedelta(days=1)))
        # CalendarView names every occurrence of a series by itself.
        request = M.FindItem(
            shape(*_FIELDS),
            M.CalendarView(StartDate=written(begin), EndDate=written(end)),
            M.ParentFolderIds(distinguished("calendar")),
            Traversal="Shallow",
        )
        answer = self._session().one("FindItem", request)
        found = []
        for item in each(answer, "m:RootFolder/t:Items/t:CalendarItem"):
            starts, ends = instant(text(item, "t:Start")), instant(text(item, "t:End"))
            if text(item, "t:LegacyFreeBusyStatus") == _OUT_OF_OFFICE and starts and ends:
                found.append(self._days(starts, ends))
        return [Away(max(first, from_), min(back, to + timedelta(days=1))) for first, back in found if first < back]

    def _days(self, starts: datetime, ends: datetime) -> tuple[date, date]:
        """The whole local days between two instants: first, and the one after the last."""
        local = starts.astimezone(self._zone)
        first = local.date() if local.time() == time() else local.date() + timedelta(days=1)
        return first, ends.astimezone(UTC).astimezone(self._zone).date()
