"""When answers are due: the 15 examples of the requirements, and what holds for every arrival."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbot.policy.deadlines import document_deadline, follow_up_on, reply_deadline
from mailbot.policy.profile import CalendarRules, Policy, ReplyRules
from mailbot.policy.workdays import WorkCalendar

SWEDEN = Policy(name="se", title="")
NORWAY = Policy(name="no", title="", language="nb", timezone="Europe/Oslo", calendar=CalendarRules(country="NO"))


def closing(policy: Policy, *days: str) -> Policy:
    return replace(policy, calendar=replace(policy.calendar, closed_days=days))


def replying(policy: Policy, **rules: object) -> Policy:
    return replace(policy, reply=replace(policy.reply, **rules))


SHIFTED = replying(SWEDEN, office_hours_shift=True)


def local(text: str, policy: Policy) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(policy.timezone))


@pytest.mark.parametrize(
    "policy, arrival, due",
    [
        (SWEDEN, "2026-03-09 10:00", "2026-03-12"),
        (SWEDEN, "2026-03-13 17:40", "2026-03-18"),
        (SWEDEN, "2026-03-14 11:00", "2026-03-18"),
        (SWEDEN, "2026-04-02 15:00", "2026-04-09"),
        (SWEDEN, "2027-03-25 10:00", "2027-04-01"),
        (SWEDEN, "2026-04-30 14:00", "2026-05-06"),
        (SWEDEN, "2026-05-13 09:00", "2026-05-19"),
        (closing(SWEDEN, "2026-05-15"), "2026-05-13 09:00", "2026-05-20"),
        (SWEDEN, "2026-06-04 08:30", "2026-06-09"),
        (SWEDEN, "2026-06-18 23:59", "2026-06-24"),
        (SWEDEN, "2026-12-23 11:00", "2026-12-30"),
        (SWEDEN, "2026-12-30 13:00", "2027-01-07"),
        (SWEDEN, "2026-07-01T22:15Z", "2026-07-07"),
        (NORWAY, "2026-04-01 09:15", "2026-04-09"),
        (NORWAY, "2027-05-14 10:00", "2027-05-20"),
        (NORWAY, "2026-12-23 11:00", "2026-12-29"),
        (closing(NORWAY, "12-24"), "2026-12-23 11:00", "2026-12-30"),
        # office_hours_shift: examples 2, 3 and 9 gain one day, the others none
        (SHIFTED, "2026-03-09 10:00", "2026-03-12"),
        (SHIFTED, "2026-03-13 17:40", "2026-03-19"),
        (SHIFTED, "2026-03-14 11:00", "2026-03-19"),
        (SHIFTED, "2026-06-18 23:59", "2026-06-25"),
        (SHIFTED, "2026-07-01T22:15Z", "2026-07-07"),
        # the hour itself still belongs to the day
        (SHIFTED, "2026-03-09 16:00", "2026-03-12"),
        (SHIFTED, "2026-03-09 16:01", "2026-03-13"),
        # other clocks
        (replying(SWEDEN, working_days=1), "2026-03-13 17:40", "2026-03-16"),
        (replying(NORWAY, working_days=0), "2026-03-13 17:40", "2026-03-13"),
        (replying(NORWAY, working_days=0), "2026-03-14 11:00", "2026-03-16"),
    ],
)
def test_due_on(policy, arrival, due):
    assert reply_deadline(local(arrival, policy), policy).due_on == date.fromisoformat(due)


def test_a_closed_bridge_day_moves_the_deadline_however_it_is_written():
    bridge = replace(SWEDEN, calendar=CalendarRules(bridge_days_closed=True))
    assert reply_deadline(local("2026-05-13 09:00", bridge), bridge).due_on == date(2026, 5, 20)


def test_without_a_clock_there_is_no_deadline():
    policy = replying(SWEDEN, working_days=-1)
    assert reply_deadline(local("2026-03-09 10:00", policy), policy) is None


def test_every_day_is_explained():
    deadline = reply_deadline(local("2026-12-30 13:00", SWEDEN), SWEDEN)
    assert [(d.day.isoformat(), d.counts, d.why) for d in deadline.counted] == [
        ("2026-12-30", False, "kom in"),
        ("2026-12-31", False, "Nyårsafton"),
        ("2027-01-01", False, "Nyårsdagen"),
        ("2027-01-02", False, "lördag"),
        ("2027-01-03", False, "söndag"),
        ("2027-01-04", True, "arbetsdag 1"),
        ("2027-01-05", True, "arbetsdag 2"),
        ("2027-01-06", False, "Trettondedag jul"),
        ("2027-01-07", True, "arbetsdag 3"),
    ]
    assert (deadline.starts_on, deadline.warn_on) == (date(2026, 12, 30), date(2027, 1, 5))


def test_the_explanation_of_a_shifted_arrival():
    evening = reply_deadline(local("2026-06-18 23:59", SHIFTED), SHIFTED)
    assert evening.starts_on == date(2026, 6, 22)
    assert [d.why for d in evening.counted] == [
        "kom in efter kontorstid", "Midsommarafton", "Midsommardagen", "söndag", "räknas som inkommen",
        "arbetsdag 1", "arbetsdag 2", "arbetsdag 3",
    ]  # fmt: skip
    saturday = reply_deadline(local("2026-03-14 11:00", SHIFTED), SHIFTED, language="en")
    assert [d.why for d in saturday.counted][:3] == ["arrived, Saturday", "Sunday", "counts as arrived"]


def test_a_clock_of_no_days_runs_out_on_the_day_itself():
    policy = replying(NORWAY, working_days=0)
    friday = reply_deadline(local("2026-03-13 10:00", policy), policy)
    assert [(d.counts, d.why) for d in friday.counted] == [(True, "kom inn")]
    assert friday.warn_on == friday.due_on
    saturday = reply_deadline(local("2026-03-14 10:00", policy), policy)
    assert [(d.counts, d.why) for d in saturday.counted] == [
        (False, "kom inn, lørdag"), (False, "søndag"), (True, "arbeidsdag 1"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "arrival, due",
    [
        ("2026-03-09 10:00", "2026-03-09"),
        ("2026-03-13 23:59", "2026-03-13"),
        ("2026-03-14 11:00", "2026-03-16"),
        ("2026-06-19 08:00", "2026-06-22"),
        ("2026-07-01T22:15Z", "2026-07-02"),
    ],
)
def test_documents_are_due_on_the_day_of_arrival_or_the_next_working_day(arrival, due):
    assert document_deadline(local(arrival, SWEDEN), SWEDEN) == date.fromisoformat(due)


def test_a_profile_may_give_documents_more_days_and_shift_evenings():
    slower = replying(SWEDEN, document_request_working_days=2)
    assert document_deadline(local("2026-03-13 10:00", slower), slower) == date(2026, 3, 17)
    assert document_deadline(local("2026-03-13 17:40", SHIFTED), SHIFTED) == date(2026, 3, 16)


def test_follow_up_comes_five_working_days_later():
    assert follow_up_on(date(2026, 12, 30), SWEDEN) == date(2027, 1, 11)


@pytest.mark.parametrize(
    "instant, day",
    [
        # 2026-03-29 02:00-03:00 does not exist, 2026-10-25 02:00-03:00 comes twice
        ("2026-03-28T22:59:59Z", "2026-03-28"),
        ("2026-03-28T23:00:00Z", "2026-03-29"),
        ("2026-03-29T21:59:59Z", "2026-03-29"),
        ("2026-03-29T22:00:00Z", "2026-03-30"),
        ("2026-10-24T21:59:59Z", "2026-10-24"),
        ("2026-10-24T22:00:00Z", "2026-10-25"),
        ("2026-10-25T22:59:59Z", "2026-10-25"),
        ("2026-10-25T23:00:00Z", "2026-10-26"),
    ],
)
def test_day_0_is_the_local_date_whatever_the_clocks_do(instant, day):
    assert reply_deadline(datetime.fromisoformat(instant), SWEDEN).starts_on == date.fromisoformat(day)


def test_the_zone_can_be_the_organisations_own():
    moment = datetime(2026, 3, 9, 23, 30, tzinfo=UTC)
    assert reply_deadline(moment, SWEDEN).starts_on == date(2026, 3, 10)
    assert reply_deadline(moment, SWEDEN, zone=ZoneInfo("UTC")).starts_on == date(2026, 3, 9)


def test_naive_times_are_refused():
    with pytest.raises(ValueError, match="aware"):
        reply_deadline(datetime(2026, 3, 9), SWEDEN)


POLICIES = st.builds(
    lambda base, days, warn, shift, closes, bridge: replace(
        replying(base, working_days=days, warn_on_day=warn, office_hours_shift=shift, office_closes=closes),
        calendar=replace(base.calendar, bridge_days_closed=bridge),
    ),
    st.sampled_from([SWEDEN, NORWAY]),
    st.integers(0, 10),
    st.integers(1, 12),
    st.booleans(),
    st.sampled_from([time(0), time(16), time(23, 59)]),
    st.booleans(),
)
ARRIVALS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))


@settings(deadline=None)
@given(POLICIES, ARRIVALS)
def test_due_is_a_working_day_with_exactly_the_promised_days_before_it(policy, received_at):
    calendar = WorkCalendar(policy.calendar)
    deadline = reply_deadline(received_at, policy)
    assert calendar.is_working_day(deadline.due_on)
    assert deadline.starts_on <= deadline.warn_on <= deadline.due_on
    assert sum(day.counts for day in deadline.counted) == max(policy.reply.working_days, 1)
    assert all(calendar.is_working_day(day.day) for day in deadline.counted if day.counts)
    days = [day.day for day in deadline.counted]
    assert days == [days[0] + timedelta(days=n) for n in range(len(days))]
    assert days[0] == received_at.astimezone(ZoneInfo(policy.timezone)).date()
    assert days[-1] == deadline.due_on


@settings(deadline=None)
@given(POLICIES, ARRIVALS, st.timedeltas(timedelta(0), timedelta(days=20)))
def test_later_mail_is_never_due_earlier(policy, received_at, later):
    assert reply_deadline(received_at, policy).due_on <= reply_deadline(received_at + later, policy).due_on
    assert document_deadline(received_at, policy) <= document_deadline(received_at + later, policy)


@settings(deadline=None)
@given(POLICIES, ARRIVALS)
def test_the_instant_decides_not_the_zone_it_is_written_in(policy, received_at):
    elsewhere = received_at.astimezone(ZoneInfo("Pacific/Auckland"))
    assert reply_deadline(elsewhere, policy) == reply_deadline(received_at, policy)


def test_reply_rules_know_whether_there_is_a_clock():
    assert [ReplyRules(working_days=n).has_clock for n in (-1, 0, 3)] == [False, True, True]
