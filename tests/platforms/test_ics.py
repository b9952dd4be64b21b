"""Calendar files: which days are out of office, whatever program wrote them, and nothing breaks on broken ones."""

import contextlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.errors import PermanentError
from mailbot.platforms.files.ics import IcsCalendars, absence_event
from mailbot.platforms.people import Away

STOCKHOLM = ZoneInfo("Europe/Stockholm")
OOF = "X-MICROSOFT-CDO-BUSYSTATUS:OOF\n"


def event(lines: str) -> str:
    return f"BEGIN:VEVENT\nUID:{hash(lines)}\nDTSTAMP:20260101T000000Z\n{lines.strip()}\nEND:VEVENT\n"


def calendar(*events: str) -> str:
    return "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//x//EN\n" + "".join(events) + "END:VCALENDAR\n"


def read(tmp_path: Path, text: str | bytes, from_: str = "2026-01-01", to: str = "2026-12-31") -> list[str]:
    """Absences as "first day .. day after the last", with "t" for timed ones."""
    path = tmp_path / "anna.ics"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    calendars = IcsCalendars({"anna": path}, STOCKHOLM)
    found = calendars.absences("anna", date.fromisoformat(from_), date.fromisoformat(to))
    return [f"{away.from_}..{away.back_on}{'' if away.all_day else ' t'}" for away in found]


TABLE = [
    (
        "all day, as Outlook marks it",
        "DTSTART;VALUE=DATE:20260720\nDTEND;VALUE=DATE:20260725\n" + OOF,
        ["2026-07-20..2026-07-25"],
    ),
    ("one day without an end", "DTSTART;VALUE=DATE:20260720\n" + OOF, ["2026-07-20..2026-07-21"]),
    (
        "by its title",
        "DTSTART;VALUE=DATE:20260720\nDTEND;VALUE=DATE:20260725\nSUMMARY:Semester Gotland",
        ["2026-07-20..2026-07-25"],
    ),
    ("a title that only begins like one", "DTSTART;VALUE=DATE:20260720\nSUMMARY:Fritidsnämnden", []),
    ("busy is not away", "DTSTART;VALUE=DATE:20260720\nSUMMARY:Semester\nX-MICROSOFT-CDO-BUSYSTATUS:BUSY", []),
    ("free time", "DTSTART;VALUE=DATE:20260720\nSUMMARY:Semester\nTRANSP:TRANSPARENT", []),
    ("cancelled", "DTSTART;VALUE=DATE:20260720\nSTATUS:CANCELLED\n" + OOF, []),
    (
        "a working day by the clock",
        "DTSTART:20260720T060000Z\nDTEND:20260720T150000Z\n" + OOF,
        ["2026-07-20..2026-07-21 t"],
    ),
    ("half a day by the clock", "DTSTART:20260720T060000Z\nDTEND:20260720T100000Z\n" + OOF, []),
    (
        "local time without a zone",
        "DTSTART:20260720T080000\nDTEND:20260720T170000\n" + OOF,
        ["2026-07-20..2026-07-21 t"],
    ),
    (
        "a zone by its Windows name",
        "DTSTART;TZID=W. Europe Standard Time:20260720T080000\nDTEND;TZID=W. Europe Standard Time:20260721T170000\n"
        + OOF,
        ["2026-07-20..2026-07-22 t"],
    ),
    (
        "another continent's evening is our day",
        "DTSTART;TZID=America/Los_Angeles:20260719T230000\nDTEND;TZID=America/Los_Angeles:20260720T080000\n" + OOF,
        ["2026-07-20..2026-07-21 t"],
    ),
    (
        "around the night that clocks go forward",
        "DTSTART:20260328T060000\nDTEND:20260330T180000\n" + OOF,
        ["2026-03-28..2026-03-31 t"],
    ),
    (
        "weekly, with an exception",
        "DTSTART;VALUE=DATE:20260302\nRRULE:FREQ=WEEKLY;COUNT=3\nEXDATE;VALUE=DATE:20260309\n" + OOF,
        ["2026-03-02..2026-03-03", "2026-03-16..2026-03-17"],
    ),
    (
        "every year",
        "DTSTART;VALUE=DATE:20200706\nDTEND;VALUE=DATE:20200708\nRRULE:FREQ=YEARLY\n" + OOF,
        ["2026-07-06..2026-07-08"],
    ),
    ("a rule that never ends", "DTSTART:20260101T000000Z\nDTEND:20260101T000001Z\nRRULE:FREQ=SECONDLY\n" + OOF, []),
    ("leap day", "DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY\n" + OOF, []),
]


@pytest.mark.parametrize(("lines", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_one_event(tmp_path: Path, lines: str, expected: list[str]) -> None:
    assert read(tmp_path, calendar(event(lines))) == expected


def test_events_that_follow_one_another_make_one_absence(tmp_path: Path) -> None:
    days = [event(f"DTSTART;VALUE=DATE:202607{day}\n{OOF}") for day in (20, 21, 23)]
    morning = event("DTSTART:20260727T080000\nDTEND:20260727T120000\n" + OOF)
    noon = event("DTSTART:20260727T110000\nDTEND:20260727T160000\n" + OOF)
    found = read(tmp_path, calendar(*days, morning, noon))
    assert found == ["2026-07-20..2026-07-22", "2026-07-23..2026-07-24", "2026-07-27..2026-07-28 t"]


def test_only_the_days_asked_for_and_across_years(tmp_path: Path) -> None:
    text = calendar(event("DTSTART;VALUE=DATE:20261221\nDTEND;VALUE=DATE:20270111\n" + OOF))
    assert read(tmp_path, text, "2026-12-28", "2027-01-03") == ["2026-12-28..2027-01-04"]
    assert read(tmp_path, text, "2027-01-11", "2027-02-01") == []


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "anna.ics"
    calendars = IcsCalendars({"anna": path}, STOCKHOLM)
    day = date(2026, 7, 20)
    for text, expected in (
        (calendar(), ()),
        (calendar(event(f"DTSTART;VALUE=DATE:20260720\n{OOF}")), (Away(day, day + timedelta(1)),)),
    ):
        path.write_text(text)
        assert tuple(calendars.absences("anna", day, day)) == expected
    assert calendars.absences("bo", day, day) == ()


@pytest.mark.parametrize(
    "broken", [b"", b"rubbish", b"\xff\xfe\x00\x00", b"BEGIN:VCALENDAR\nDTSTART:xx", b"PK\x03\x04"]
)
def test_a_broken_file_is_named_with_the_remedy(tmp_path: Path, broken: bytes) -> None:
    with pytest.raises(PermanentError, match=r"anna\.ics.*export it again"):
        read(tmp_path, broken)


def test_a_missing_file_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="mend `calendar`"):
        IcsCalendars({"anna": tmp_path / "none.ics"}, STOCKHOLM).absences("anna", date(2026, 1, 1), date(2026, 1, 2))


def test_one_broken_event_hides_no_other(tmp_path: Path) -> None:
    bad = "BEGIN:VEVENT\nUID:bad\nDTSTART;VALUE=DATE:20260799\nEND:VEVENT\n"
    good = event("DTSTART;VALUE=DATE:20260720\n" + OOF)
    assert read(tmp_path, calendar(bad, good)) == ["2026-07-20..2026-07-21"]


@given(st.binary(max_size=300))
def test_no_bytes_break_it(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    folder = tmp_path_factory.mktemp("ics")
    with contextlib.suppress(PermanentError):
        read(folder, calendar().encode().replace(b"END:VCALENDAR", raw + b"\nEND:VCALENDAR"))


@given(st.dates(date(2000, 1, 1), date(2080, 1, 1)), st.integers(1, 400))
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, from_: date, days: int) -> None:
    back = from_ + timedelta(days=days)
    stamp = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
    raw = absence_event(uid="B7KQ-2M9X@x", title="Frånvarande", from_=from_, back=back, stamp=stamp, version=2)
    path = tmp_path_factory.mktemp("ics") / "a.ics"
    path.write_bytes(raw)
    calendars = IcsCalendars({"anna": path}, STOCKHOLM)
    assert list(calendars.absences("anna", from_ - timedelta(days=3), back + timedelta(days=3))) == [Away(from_, back)]
    assert b"SEQUENCE:2" in raw and raw.count(b"\r\n") == raw.count(b"\n")
