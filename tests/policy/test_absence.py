"""Absences: the return date and the weeks that need a cover; tables of days, and what must hold for all of them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.policy.absence import (
    Absence,
    Cover,
    Option,
    days_in_week,
    first_day,
    gaps,
    planned,
    return_date,
    week_number,
    weeks,
)
from mailbot.policy.profile import CalendarRules
from mailbot.policy.workdays import WorkCalendar, iso_week

SE = CalendarRules(country="SE")
NO = CalendarRules(country="NO")
BRIDGE = CalendarRules(country="SE", bridge_days_closed=True)
CLOSED = CalendarRules(country="SE", closed_days=("2026-07-20", "2026-07-21", "2026-07-22", "2026-07-23", "2026-07-24"))
NO_CLOSED = CalendarRules(country="NO", closed_days=("12-24", "12-31"))

#: what it is about, calendar, away from, said to be back on, first working day back, weeks that need a cover
TABLE = [
    ("three weeks", SE, "2026-07-20", "2026-08-10", "2026-08-10", "30 31 32"),
    ("one day", SE, "2026-03-10", "2026-03-11", "2026-03-11", "11"),
    ("one Friday", SE, "2026-03-13", "2026-03-14", "2026-03-16", "11"),
    ("one Monday", SE, "2026-03-16", "2026-03-17", "2026-03-17", "12"),
    ("back on a Saturday", SE, "2026-07-20", "2026-08-08", "2026-08-10", "30 31 32"),
    ("back on a Sunday", SE, "2026-07-20", "2026-08-09", "2026-08-10", "30 31 32"),
    ("from a Saturday", SE, "2026-07-18", "2026-08-10", "2026-08-10", "30 31 32"),
    ("from a Sunday to a Tuesday", SE, "2026-07-19", "2026-07-21", "2026-07-21", "30"),
    ("part weeks on both sides", SE, "2026-07-23", "2026-08-05", "2026-08-05", "30 31 32"),
    ("Friday and Monday", SE, "2026-07-24", "2026-07-28", "2026-07-28", "30 31"),
    ("only a weekend", SE, "2026-07-18", "2026-07-20", "2026-07-20", ""),
    ("year end with v. 53", SE, "2026-12-21", "2027-01-11", "2027-01-11", "2026:52 2026:53 2027:1"),
    ("v. 53 alone", SE, "2026-12-28", "2027-01-04", "2027-01-04", "2026:53"),
    ("back on New Year's Day is the Monday after", SE, "2026-12-28", "2027-01-01", "2027-01-04", "2026:53"),
    ("back on 31 December is the Monday after", SE, "2026-12-30", "2026-12-31", "2027-01-04", "2026:53"),
    ("trettondagen is the only day off in v. 1", SE, "2027-01-05", "2027-01-08", "2027-01-08", "2027:1"),
    ("back on trettondagen", SE, "2027-01-04", "2027-01-06", "2027-01-07", "2027:1"),
    ("v. 1 that begins in December", SE, "2025-12-22", "2026-01-07", "2026-01-07", "2025:52 2026:1 2026:2"),
    ("29 December belongs to next year's v. 1", SE, "2025-12-29", "2025-12-31", "2026-01-02", "2026:1"),
    ("a year with 52 weeks", SE, "2027-12-27", "2028-01-10", "2028-01-10", "2027:52 2028:1"),
    ("v. 53 of 2032", SE, "2032-12-27", "2033-01-10", "2033-01-10", "2032:53 2033:1"),
    ("midsummer's eve is no working day", SE, "2026-06-15", "2026-06-19", "2026-06-22", "25"),
    ("only midsummer's eve", SE, "2026-06-19", "2026-06-20", "2026-06-22", ""),
    ("Easter, both sides", SE, "2026-03-30", "2026-04-13", "2026-04-13", "14 15"),
    ("from Good Friday to Easter Monday", SE, "2026-04-03", "2026-04-07", "2026-04-07", ""),
    ("skärtorsdag is worked in Sweden", SE, "2026-04-02", "2026-04-03", "2026-04-07", "14"),
    ("Ascension Day and a bridge day that is worked", SE, "2026-05-14", "2026-05-16", "2026-05-18", "20"),
    ("the bridge day is closed", BRIDGE, "2026-05-14", "2026-05-16", "2026-05-18", ""),
    ("back on a closed bridge day", BRIDGE, "2026-05-11", "2026-05-15", "2026-05-18", "20"),
    ("6 June on a Saturday", SE, "2026-06-04", "2026-06-06", "2026-06-08", "23"),
    ("a week that the municipality is closed", CLOSED, "2026-07-13", "2026-08-03", "2026-08-03", "29 31"),
    ("back in a closed week", CLOSED, "2026-07-13", "2026-07-20", "2026-07-27", "29"),
    ("away in a closed week alone", CLOSED, "2026-07-20", "2026-07-25", "2026-07-27", ""),
    ("leap day", SE, "2028-02-28", "2028-03-01", "2028-03-01", "9"),
    ("only leap day", SE, "2028-02-29", "2028-03-01", "2028-03-01", "9"),
    ("back on leap day", SE, "2028-02-21", "2028-02-29", "2028-02-29", "8 9"),
    ("the night that clocks go forward", SE, "2026-03-27", "2026-03-30", "2026-03-30", "13"),
    ("the night that clocks go back", SE, "2026-10-23", "2026-10-26", "2026-10-26", "43"),
    ("around both nights", SE, "2026-03-23", "2026-04-01", "2026-04-01", "13 14"),
    ("skjærtorsdag is no working day in Norway", NO, "2026-04-01", "2026-04-02", "2026-04-07", "14"),
    ("only skjærtorsdag and langfredag", NO, "2026-04-02", "2026-04-04", "2026-04-07", ""),
    ("Norwegian Christmas Eve is worked", NO, "2026-12-21", "2026-12-24", "2026-12-24", "2026:52"),
    ("Christmas Eve closed by the municipality", NO_CLOSED, "2026-12-21", "2026-12-24", "2026-12-28", "2026:52"),
    ("17 May on a Monday", NO, "2027-05-14", "2027-05-17", "2027-05-18", "2027:19"),
    ("Norwegian Whit Monday", NO, "2026-05-22", "2026-05-25", "2026-05-26", "21"),
    ("Swedish Whit Monday is worked", SE, "2026-05-22", "2026-05-25", "2026-05-25", "21"),
    ("Norwegian summer", NO, "2026-07-06", "2026-07-27", "2026-07-27", "28 29 30"),
    ("Norwegian year end", NO, "2026-12-28", "2027-01-04", "2027-01-04", "2026:53"),
    ("half a year", SE, "2026-08-31", "2026-11-30", "2026-11-30", "36 37 38 39 40 41 42 43 44 45 46 47 48"),
]


def iso_weeks(text: str) -> tuple[str, ...]:
    """ "30 31" of 2026, "2027:1" of another year."""
    pairs = [word.rpartition(":") for word in text.split()]
    return tuple(f"{year or '2026'}-W{int(number):02}" for year, _, number in pairs)


@pytest.mark.parametrize(
    ("rules", "from_", "said", "back", "needed"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_the_return_date_and_the_weeks(rules: CalendarRules, from_: str, said: str, back: str, needed: str) -> None:
    calendar = WorkCalendar(rules)
    first, return_ = date.fromisoformat(from_), date.fromisoformat(said)
    expected = iso_weeks(needed) if "2028" not in from_ else tuple(f"2028-W{int(n):02}" for n in needed.split())
    assert return_date(return_, calendar) == date.fromisoformat(back)
    absence = planned(calendar, person="anna", from_=first, back=return_, option=Option.READS_ONESELF)
    assert absence.back == date.fromisoformat(back)
    assert weeks(absence.from_, absence.back, calendar) == expected
    assert gaps(absence, calendar) == expected


def test_covers_stand_in_the_order_of_their_weeks_and_superfluous_ones_go() -> None:
    covers = {"2027-W01": "cia", "2026-W53": "bo", "2026-W40": "dan", "2026-W52": ""}
    days = {"from_": date(2026, 12, 21), "back": date(2027, 1, 11)}
    absence = planned(WorkCalendar(SE), person="anna", option=Option.READS_ONESELF, covers=covers, **days)
    assert absence.covers == (Cover("2026-W53", "bo"), Cover("2027-W01", "cia"))
    assert gaps(absence, WorkCalendar(SE)) == ("2026-W52",)
    assert (absence.cover_in("2026-W53"), absence.cover_in("2026-W52")) == ("bo", None)


@pytest.mark.parametrize(
    ("option", "colleague"),
    [(Option.COLLEAGUE_CHECKS, "bo"), (Option.TO_COLLEAGUE, "bo"), (Option.TO_AUTHORITY_MAILBOX, ""), ("D", "")],
)
def test_a_colleague_is_kept_only_where_the_sentence_names_one(option: Option, colleague: str) -> None:
    days = {"from_": date(2026, 7, 20), "back": date(2026, 8, 10)}
    absence = planned(WorkCalendar(SE), person="anna", option=Option(option), colleague="bo", **days)
    assert absence.colleague == colleague


@pytest.mark.parametrize("wrong", ["2025-W53", "2026-W54", "2026-W00", "2026W30", "2026-W3", "2026-30", "", "x-Wyy"])
def test_weeks_that_do_not_exist(wrong: str) -> None:
    with pytest.raises(ValueError):
        first_day(wrong)


DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))
RULES = st.sampled_from([SE, NO, BRIDGE, CLOSED])


@given(RULES, DAYS, st.integers(1, 120))
def test_what_holds_for_all_absences(rules: CalendarRules, from_: date, length: int) -> None:
    calendar = WorkCalendar(rules)
    said = from_ + timedelta(days=length)
    absence = planned(calendar, person="anna", from_=from_, back=said, option=Option.READS_ONESELF)
    needed = weeks(from_, absence.back, calendar)
    # back on the first working day from what was said on
    assert calendar.is_working_day(absence.back)
    assert not any(calendar.is_working_day(day) for day in calendar.days_from(said, absence.back - timedelta(days=1)))
    # weeks are in the order of their days, each once, and text sorts them likewise
    mondays = [first_day(week) for week in needed]
    assert mondays == sorted(set(mondays)) and list(needed) == sorted(needed)
    # every absent working day lies in one of them, and each of them has one
    days = [day for week in needed for day in days_in_week(absence, week, calendar)]
    assert days == [day for day in calendar.days_from(from_, said) if day < said and calendar.is_working_day(day)]
    assert all(iso_week(first_day(week)) == week and 1 <= week_number(week) <= 53 for week in needed)
    assert all(days_in_week(absence, week, calendar) for week in needed)


@given(RULES, DAYS, st.integers(1, 60), st.integers(0, 60))
def test_a_longer_absence_needs_no_fewer_weeks(rules: CalendarRules, from_: date, length: int, more: int) -> None:
    calendar = WorkCalendar(rules)
    short = weeks(from_, from_ + timedelta(days=length), calendar)
    assert weeks(from_, from_ + timedelta(days=length + more), calendar)[: len(short)] == short


def test_away_from_the_first_day_to_the_day_before_the_return() -> None:
    absence = Absence(person="a", from_=date(2026, 7, 20), back=date(2026, 8, 10), option=Option.READS_ONESELF)
    days = (date(2026, 7, 19), date(2026, 7, 20), date(2026, 8, 9), date(2026, 8, 10))
    assert [absence.is_away_on(day) for day in days] == [False, True, True, False]
