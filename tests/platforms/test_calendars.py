"""Calendars of different places as one."""

from collections.abc import Sequence
from datetime import date

from mailbot.platforms.calendars import CombinedCalendar
from mailbot.platforms.people import Away


class Server:
    """Away in the second half of December and on 1 January."""

    def __init__(self) -> None:
        self.asked: list[tuple[date, date]] = []

    def absences(self, person_id: str, from_: date, to: date) -> Sequence[Away]:
        self.asked.append((from_, to))
        away = Away(date(2026, 12, 15), date(2027, 1, 2))
        clipped = Away(max(away.from_, from_), min(away.back_on, date.fromordinal(to.toordinal() + 1)))
        return [clipped] if clipped.from_ < clipped.back_on else []


def test_months_are_asked_once_an_hour_and_clipped() -> None:
    server, seconds = Server(), [0.0]
    calendar = CombinedCalendar({"anna": server}, lambda: seconds[0])
    assert calendar.absences("anna", date(2026, 12, 20), date(2026, 12, 20)) == [
        Away(date(2026, 12, 20), date(2026, 12, 21))
    ]
    assert calendar.absences("anna", date(2026, 12, 1), date(2027, 1, 31)) == [
        Away(date(2026, 12, 15), date(2027, 1, 1)),
        Away(date(2027, 1, 1), date(2027, 1, 2)),
    ]
    assert server.asked == [(date(2026, 12, 1), date(2026, 12, 31)), (date(2027, 1, 1), date(2027, 1, 31))]
    seconds[0] = 3601
    calendar.absences("anna", date(2026, 12, 1), date(2026, 12, 1))
    assert len(server.asked) == 3


def test_people_without_a_calendar_are_never_away() -> None:
    assert CombinedCalendar({}).absences("bo", date(2026, 1, 1), date(2026, 12, 31)) == ()
