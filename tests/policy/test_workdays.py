"""The two calendars: which days count, why the others do not (requirements section 3)."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbot.policy.profile import CalendarRules
from mailbot.policy.workdays import WorkCalendar, iso_week

SWEDEN = WorkCalendar(CalendarRules(country="SE"))
NORWAY = WorkCalendar(CalendarRules(country="NO"))

DAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))
CALENDARS = st.sampled_from(
    [
        SWEDEN,
        NORWAY,
        WorkCalendar(CalendarRules(country="SE", bridge_days_closed=True, closed_days=("2026-05-15", "easter-4"))),
        WorkCalendar(CalendarRules(country="NO", closed_days=("12-24", "12-31"), open_days=("05-17",))),
    ]
)


def closed_weekdays(calendar: WorkCalendar, year: int) -> str:
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(365))
    return " ".join(f"{d.day}/{d.month}" for d in days if d.weekday() < 5 and not calendar.is_working_day(d))


def test_closed_weekdays_of_2026_and_2027():
    assert closed_weekdays(SWEDEN, 2026) == "1/1 6/1 3/4 6/4 1/5 14/5 19/6 24/12 25/12 31/12"
    assert closed_weekdays(SWEDEN, 2027) == "1/1 6/1 26/3 29/3 6/5 25/6 24/12 31/12"
    assert closed_weekdays(NORWAY, 2026) == "1/1 2/4 3/4 6/4 1/5 14/5 25/5 25/12"
    assert closed_weekdays(NORWAY, 2027) == "1/1 25/3 26/3 29/3 6/5 17/5"


@pytest.mark.parametrize("day", ["2026-01-05", "2026-04-02", "2026-04-30", "2026-10-30", "2026-05-15"])
def test_half_days_and_bridge_days_are_worked_in_sweden(day):
    assert SWEDEN.is_working_day(date.fromisoformat(day))


@pytest.mark.parametrize("day", ["2026-12-24", "2026-12-31", "2026-04-01"])
def test_norwegian_eves_are_worked_unless_configured(day):
    closed = WorkCalendar(CalendarRules(country="NO", closed_days=("12-24", "12-31", "easter-4")))
    assert NORWAY.is_working_day(date.fromisoformat(day))
    assert not closed.is_working_day(date.fromisoformat(day))


@pytest.mark.parametrize(
    "country, day, language, why",
    [
        ("SE", "2026-03-14", "sv", "lördag"),
        ("SE", "2026-03-15", "en", "Sunday"),
        ("NO", "2026-03-14", "nb", "lørdag"),
        ("SE", "2026-06-19", "sv", "Midsommarafton"),
        ("SE", "2026-06-19", "en", "Midsummer Eve"),
        ("SE", "2026-06-06", "sv", "Nationaldagen"),
        ("NO", "2026-04-02", "nb", "Skjærtorsdag"),
        ("NO", "2027-05-17", "nb", "Andre pinsedag, Grunnlovsdag"),
        ("NO", "2026-04-02", "sv", "Skjærtorsdag"),
        ("SE", "2026-04-03", "nb", "Långfredagen"),
        ("SE", "2026-03-16", "sv", None),
    ],
)
def test_closed_days_are_named_in_the_language_asked_for(country, day, language, why):
    assert WorkCalendar(CalendarRules(country=country)).why_closed(date.fromisoformat(day), language) == why


def test_names_do_not_follow_the_language_of_the_host(monkeypatch):
    monkeypatch.setenv("LANG", "uk_UA.UTF-8")
    monkeypatch.setenv("LANGUAGE", "uk")
    assert SWEDEN.why_closed(date(2031, 12, 24), "sv") == "Julafton"


def test_a_local_closed_day_stops_the_reply_clock_but_not_the_mailbox_check():
    bridge_day = date(2026, 5, 15)
    local = WorkCalendar(CalendarRules(closed_days=("2026-05-15",)))
    assert not local.is_working_day(bridge_day)
    assert local.is_mailbox_check_day(bridge_day)
    assert local.why_closed(bridge_day, "sv") == "stängt enligt eget beslut"
    assert not local.is_mailbox_check_day(date(2026, 5, 14)), "a holiday by law is no check day"
    suspended = WorkCalendar(CalendarRules(closed_days=("2026-05-15",), closed_days_suspend_mailbox_check=True))
    assert not suspended.is_mailbox_check_day(bridge_day)


def test_bridge_days_can_be_closed_as_a_rule():
    calendar = WorkCalendar(CalendarRules(bridge_days_closed=True))
    # Friday after Ascension Day; Monday 5 January between a Sunday and trettondedag jul
    assert [d for d in ("2026-05-15", "2026-01-05") if calendar.is_working_day(date.fromisoformat(d))] == []
    assert calendar.why_closed(date(2026, 5, 15), "sv") == "klämdag"
    # 2026-01-02 is a Friday between New Year's Day and Saturday; 2026-04-30 lies before a holiday only
    assert not calendar.is_working_day(date(2026, 1, 2))
    assert calendar.is_working_day(date(2026, 4, 30))
    assert calendar.is_mailbox_check_day(date(2026, 5, 15))


def test_open_days_outrank_holidays_and_local_closing():
    calendar = WorkCalendar(CalendarRules(open_days=("2026-06-19", "12-24"), closed_days=("12-24",)))
    assert calendar.is_working_day(date(2026, 6, 19))
    assert calendar.is_working_day(date(2026, 12, 24))
    assert calendar.is_mailbox_check_day(date(2026, 12, 24))


@settings(deadline=None)
@given(CALENDARS, DAYS, st.integers(0, 30))
def test_the_nth_working_day_has_exactly_n_working_days_up_to_it(calendar, day, count):
    end = calendar.add_working_days(day, count)
    passed = [d for d in calendar.days_from(day, end) if d > day and calendar.is_working_day(d)]
    assert len(passed) == count
    assert count == 0 or calendar.is_working_day(end)


@settings(deadline=None)
@given(CALENDARS, DAYS)
def test_a_day_is_closed_exactly_when_there_is_a_reason(calendar, day):
    assert (calendar.why_closed(day, "sv") is None) == calendar.is_working_day(day)
    assert calendar.next_working_day(day) > day
    assert calendar.on_or_after(day) == (day if calendar.is_working_day(day) else calendar.next_working_day(day))


@settings(deadline=None)
@given(DAYS)
def test_every_working_day_is_a_mailbox_check_day(day):
    for calendar in (SWEDEN, WorkCalendar(CalendarRules(bridge_days_closed=True, closed_days=("07-01", "easter-4")))):
        assert not calendar.is_working_day(day) or calendar.is_mailbox_check_day(day)


def test_counting_backwards_or_past_the_calendar_is_refused():
    with pytest.raises(ValueError, match="forwards"):
        SWEDEN.add_working_days(date(2026, 1, 1), -1)
    with pytest.raises(OverflowError):
        SWEDEN.next_working_day(date.max)


@pytest.mark.parametrize(
    "day, week",
    [
        ("2026-12-28", "2026-W53"),
        ("2027-01-01", "2026-W53"),
        ("2027-01-03", "2026-W53"),
        ("2027-01-04", "2027-W01"),
        ("2026-07-27", "2026-W31"),
        ("2026-08-02", "2026-W31"),
        ("2025-12-29", "2026-W01"),
    ],
)
def test_weeks_carry_the_iso_year(day, week):
    assert iso_week(date.fromisoformat(day)) == week
