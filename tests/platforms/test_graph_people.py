"""Who works here and when they are away, from Microsoft 365."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from mailbot.platforms.graph.answers import AccessDenied
from mailbot.platforms.graph.calendar import GraphCalendar
from mailbot.platforms.people import Away, Person
from tests.platforms.contract_sender import ANNA
from tests.platforms.graph_world import servers, settings
from tests.servers.graph_server import GraphServer

STOCKHOLM = ZoneInfo("Europe/Stockholm")
JULY = date(2026, 7, 1), date(2026, 7, 31)


def event(start: str, end: str, show_as: str = "oof", *, all_day: bool = False, **more: object) -> dict[str, object]:
    times = {name: {"dateTime": f"{at}.0000000", "timeZone": "UTC"} for name, at in (("start", start), ("end", end))}
    return {"id": "e", "subject": "PLANTED läkarbesök", "showAs": show_as, "isAllDay": all_day, **times, **more}


@pytest.fixture
def calendar(graph: GraphServer) -> GraphCalendar:
    graph.tenant.add(ANNA)
    return servers().calendar(settings(graph), ANNA, STOCKHOLM)


@pytest.mark.parametrize(
    ("events", "away"),
    [
        ([], []),
        (
            [event("2026-07-06T00:00:00", "2026-07-11T00:00:00", all_day=True)],
            [Away(date(2026, 7, 6), date(2026, 7, 11))],
        ),
        # from one midnight to another, in summer time
        ([event("2026-07-05T22:00:00", "2026-07-07T22:00:00")], [Away(date(2026, 7, 6), date(2026, 7, 8))]),
        # an afternoon out of the house
        ([event("2026-07-06T11:00:00", "2026-07-06T15:00:00")], []),
        # from noon to noon two days later: one whole day
        ([event("2026-07-06T10:00:00", "2026-07-08T10:00:00")], [Away(date(2026, 7, 7), date(2026, 7, 8))]),
        ([event("2026-07-06T00:00:00", "2026-07-11T00:00:00", "busy", all_day=True)], []),
        ([event("2026-07-06T00:00:00", "2026-07-11T00:00:00", all_day=True, isCancelled=True)], []),
        # only what lies between the days that were asked for
        (
            [event("2026-06-15T00:00:00", "2026-08-15T00:00:00", all_day=True)],
            [Away(date(2026, 7, 1), date(2026, 8, 1))],
        ),
    ],
)
def test_absences(
    graph: GraphServer, calendar: GraphCalendar, events: list[dict[str, object]], away: list[Away]
) -> None:
    graph.tenant.accounts[ANNA].events = events
    assert calendar.absences("anna", *JULY) == away


def test_nothing_but_times_is_asked_for(graph: GraphServer, calendar: GraphCalendar) -> None:
    calendar.absences("anna", *JULY)
    (line,) = graph.asked("calendarView")
    assert "$select=showAs,isAllDay,isCancelled,start,end&" in line


def test_without_the_right(graph: GraphServer, calendar: GraphCalendar) -> None:
    graph.denied.add("Calendars.ReadBasic")
    with pytest.raises(AccessDenied, match=r"Application Calendars\.Read"):
        calendar.absences("anna", *JULY)


def test_people(graph: GraphServer) -> None:
    anna = graph.tenant.add(ANNA, name="Anna Öberg", jobTitle="Handläggare", department="Miljö", mobilePhone="070-1")
    anna.aliases = ("anna.oberg@bjurholm.example", "anna@bjurholm.onmicrosoft.com")
    anna.profile |= {"businessPhones": ["0930-1"], "preferredLanguage": "sv-SE"}
    graph.tenant.add("slutat@bjurholm.example", accountEnabled=False)
    graph.tenant.add("rum@bjurholm.example", mail=None)
    for number in range(700):
        graph.tenant.add(f"p{number}@bjurholm.example")
    found = list(servers().directory(settings(graph)).people())
    assert len(found) == 701
    assert found[0] == Person(
        id="anna",
        name="Anna Öberg",
        email=ANNA,
        title="Handläggare",
        department="Miljö",
        aliases=("anna.oberg@bjurholm.example",),
        phone="0930-1",
        mobile="070-1",
        login="anna",
        language="sv",
    )


def test_a_directory_that_may_not_be_read(graph: GraphServer) -> None:
    graph.denied.add("User.Read.All")
    with pytest.raises(AccessDenied, match=r"consent to User\.Read\.All in Entra"):
        list(servers().directory(settings(graph)).people())
