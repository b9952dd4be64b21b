"""Days as people write them, in three languages at once."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.policy.spoken_dates import read_day, read_week

#: a Wednesday
TODAY = date(2026, 6, 3)

READ = [
    ("2026-07-20", "2026-07-20"),
    ("20260720", "2026-07-20"),
    ("2026/07/20", "2026-07-20"),
    ("26-07-20", "2026-07-20"),
    ("20/7", "2026-07-20"),
    ("20/7 2027", "2027-07-20"),
    ("20/7-27", "2027-07-20"),
    ("20.7.", "2026-07-20"),
    ("20.07.2026", "2026-07-20"),
    ("2/6", "2027-06-02"),
    ("3/6", "2026-06-03"),
    ("20 juli", "2026-07-20"),
    ("20. juli", "2026-07-20"),
    ("den 20:e juli 2026", "2026-07-20"),
    ("July 20", "2026-07-20"),
    ("the 20th of July", "2026-07-20"),
    ("1 jan", "2027-01-01"),
    ("24. des.", "2026-12-24"),
    ("måndag 20 juli", "2026-07-20"),
    ("v. 31", "2026-07-27"),
    ("v31", "2026-07-27"),
    ("V.31", "2026-07-27"),
    ("vecka 31", "2026-07-27"),
    ("uke 31", "2026-07-27"),
    ("week 31", "2026-07-27"),
    ("v. 53", "2026-12-28"),
    ("v. 1", "2027-01-04"),
    ("v. 1/2027", "2027-01-04"),
    ("v. 22", "2027-05-31"),
    ("2026-W53", "2026-12-28"),
    ("2026-W31-3", "2026-07-29"),
    ("tisdag v. 31", "2026-07-28"),
    ("v. 31 fredag", "2026-07-31"),
    ("fre v 31", "2026-07-31"),
    ("måndag", "2026-06-08"),
    ("på fredag", "2026-06-05"),
    ("onsdag", "2026-06-10"),
    ("nästa fredag", "2026-06-12"),
    ("neste mandag", "2026-06-08"),
    ("next Monday", "2026-06-08"),
    ("nästa vecka", "2026-06-08"),
    ("i dag", "2026-06-03"),
    ("idag", "2026-06-03"),
    ("today", "2026-06-03"),
    ("i morgon", "2026-06-04"),
    ("imorgon", "2026-06-04"),
    ("i morgen", "2026-06-04"),
    ("tomorrow", "2026-06-04"),
    ("i övermorgon", "2026-06-05"),
    ("i overmorgen", "2026-06-05"),
    ("the day after tomorrow", "2026-06-05"),
    ("om 3 dagar", "2026-06-06"),
    ("om 2 veckor", "2026-06-17"),
    ("in 2 weeks", "2026-06-17"),
    ("29/2", "2028-02-29"),
    ("  20/7  ", "2026-07-20"),
]


@pytest.mark.parametrize(("text", "day"), READ)
def test_what_is_read(text: str, day: str) -> None:
    assert read_day(text, today=TODAY) == date.fromisoformat(day)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "ja", "20", "juli", "31/6", "30/2 2026", "2025-W53", "v. 54", "v. 0", "tisdag 20 juli", "13/13"),
        *("2026-13-01", "0000-01-01", "20/7/8/9", "20 juli 21 juli", "x" * 1000, "9" * 30, "måndag tisdag", "\x00"),
    ],
)
def test_what_is_not(text: str) -> None:
    assert read_day(text, today=TODAY) is None


def test_a_return_is_looked_for_from_the_departure_on_but_words_count_from_today() -> None:
    departure = date(2026, 12, 21)
    assert read_day("11/1", today=TODAY, not_before=departure) == date(2027, 1, 11)
    assert read_day("v. 2", today=TODAY, not_before=departure) == date(2027, 1, 11)
    assert read_day("måndag", today=TODAY, not_before=departure) == date(2026, 12, 28)
    assert read_day("i morgon", today=TODAY, not_before=departure) == date(2026, 6, 4)


@pytest.mark.parametrize(
    ("text", "week"),
    [
        ("53", "2026-W53"),
        ("v. 53", "2026-W53"),
        ("2026-W53", "2026-W53"),
        ("v 1", "2027-W01"),
        ("99", None),
        ("x", None),
    ],
)
def test_weeks(text: str, week: str | None) -> None:
    assert read_week(text, not_before=date(2026, 12, 29)) == week


@given(st.text(max_size=40), st.dates(date(1901, 1, 1), date(2199, 12, 31)))
def test_no_text_breaks_it(text: str, today: date) -> None:
    read_day(text, today=today)
    read_week(text, not_before=today)


@given(st.dates(date(1950, 1, 1), date(2090, 12, 31)), st.integers(0, 300))
def test_every_way_of_writing_a_day_means_that_day(day: date, before: int) -> None:
    today = day - timedelta(days=before)
    year, week, weekday = day.isocalendar()
    swedish = ("måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag", "söndag")[weekday - 1]
    for text in (
        day.isoformat(),
        f"{day.day}/{day.month}",
        f"{day.day}.{day.month}.{day.year}",
        f"{day.day}/{day.month} {day.year}",
        f"{year}-W{week:02}-{weekday}",
        f"{swedish} v. {week}/{year}",
    ):
        assert read_day(text, today=today) == day, text
