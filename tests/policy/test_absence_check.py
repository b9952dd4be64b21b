"""Refusals and warnings: one table of what is asked for, who else is away, and what is found."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.policy.absence import Absence, Cover, Option, first_day
from mailbot.policy.absence_check import check
from mailbot.policy.absence_model import AbsenceFacts, AbsenceRequest, Colleague, Duty, KnownAway
from mailbot.policy.profile import CalendarRules
from mailbot.policy.workdays import WorkCalendar

CALENDAR = WorkCalendar(CalendarRules(country="SE"))
TODAY = date(2026, 6, 1)
PEOPLE = {
    "anna": Colleague(name="Anna Ek"),
    "bo": Colleague(name="Bo Berg"),
    "cia": Colleague(name="Cia Dahl"),
    "dan": Colleague(name="Dan Falk"),
    "eva": Colleague(name="Eva Holm"),
    "mute": Colleague(name="Utan Nummer", has_phone=False),
    "konsult": Colleague(name="Kim Konsult", inside=False),
    "vikarie": Colleague(name="Vik Arie", in_scope=False),
}
COVERS = {"2026-W30": "bo", "2026-W31": "cia", "2026-W32": "bo"}
#: Mondays 20 July to 10 August
SUMMER = AbsenceRequest(
    person="anna",
    from_=date(2026, 7, 20),
    back=date(2026, 8, 10),
    option=Option.TO_AUTHORITY_MAILBOX,
    covers=COVERS,
)
A, C, D = Option.COLLEAGUE_CHECKS, Option.TO_COLLEAGUE, Option.READS_ONESELF


def away(person: str, from_: str, back: str, **plan: object) -> KnownAway:
    """Somebody else's absence; with `plan` one that was planned in mailbot."""
    first, last = date.fromisoformat(from_), date.fromisoformat(back)
    if not plan:
        return KnownAway(person=person, from_=first, back=last)
    covers = tuple(Cover(f"2026-{week}", who) for week, who in plan.pop("covers", {}).items())  # type: ignore[union-attr]
    option = plan.pop("option", D)
    planned = Absence(person=person, from_=first, back=last, option=option, covers=covers, **plan)  # type: ignore[arg-type]
    return KnownAway(person=person, from_=first, back=last, ref=f"REF-{person}", plan=planned)


def found(request: AbsenceRequest, *known: KnownAway, **facts: object) -> set[str]:
    """What is found as "rule question", warnings with an exclamation mark."""
    world = AbsenceFacts(today=TODAY, calendar=CALENDAR, people=PEOPLE, away=known, **facts)  # type: ignore[arg-type]
    return {f"{finding.rule} {finding.question}{'' if finding.refused else ' !'}" for finding in check(request, world)}


def asked(**changes: object) -> AbsenceRequest:
    return replace(SUMMER, **changes)  # type: ignore[arg-type]


WEEK_30 = ("2026-07-20", "2026-07-27")
#: what it is about, the request, who is away, what is found
TABLE: list[tuple[str, AbsenceRequest, tuple[KnownAway, ...], set[str]]] = [
    ("in order", SUMMER, (), set()),
    (
        "a week without cover",
        asked(covers={"2026-W30": "bo", "2026-W32": "bo"}),
        (),
        {"week_without_cover cover 2026-W31"},
    ),
    (
        "no cover at all",
        asked(covers={}),
        (),
        {f"week_without_cover cover 2026-W{number}" for number in (30, 31, 32)},
    ),
    ("a cover for another week", asked(covers={**COVERS, "2026-W03": "bo"}), (), {"cover_not_needed cover 2026-W03 !"}),
    ("a cover nobody knows", asked(covers={**COVERS, "2026-W31": "x"}), (), {"unknown_person cover 2026-W31"}),
    (
        "a cover from outside",
        asked(covers={**COVERS, "2026-W31": "konsult"}),
        (),
        {"outside_organisation cover 2026-W31"},
    ),
    ("oneself", asked(covers={**COVERS, "2026-W31": "anna"}), (), {"oneself cover 2026-W31"}),
    (
        "a cover without telephone, told once",
        asked(covers={"2026-W30": "mute", "2026-W31": "mute", "2026-W32": "bo"}),
        (),
        {"no_phone cover 2026-W30 !"},
    ),
    ("a cover without own mailbox is fine", asked(covers={**COVERS, "2026-W31": "vikarie"}), (), set()),
    ("a cover away that week", SUMMER, (away("bo", *WEEK_30),), {"cover_away cover 2026-W30"}),
    ("a cover away in another week", SUMMER, (away("cia", *WEEK_30),), set()),
    ("a cover away for one day", SUMMER, (away("cia", "2026-07-29", "2026-07-30"),), {"cover_away cover 2026-W31"}),
    ("a cover away on the weekend", SUMMER, (away("cia", "2026-08-01", "2026-08-03"),), set()),
    (
        "a cover away on days that the person is there",
        asked(from_=date(2026, 7, 23), covers=COVERS),
        (away("bo", "2026-07-20", "2026-07-23"),),
        set(),
    ),
    (
        "both away in the same part of a week",
        asked(from_=date(2026, 7, 23)),
        (away("bo", "2026-07-23", "2026-07-24"),),
        {"cover_away cover 2026-W30"},
    ),
    (
        "a chain: the cover's cover is there",
        SUMMER,
        (away("bo", *WEEK_30, covers={"W30": "cia"}),),
        {"cover_away cover 2026-W30"},
    ),
    (
        "a chain that ends with somebody away",
        SUMMER,
        (away("bo", *WEEK_30, covers={"W30": "cia"}), away("cia", *WEEK_30)),
        {"cover_away cover 2026-W30"},
    ),
    (
        "a chain back to the person",
        SUMMER,
        (away("bo", *WEEK_30, covers={"W30": "cia"}), away("cia", *WEEK_30, covers={"W30": "anna"})),
        {"cover_circle cover 2026-W30", "covers_for person !"},
    ),
    (
        "two who cover each other",
        SUMMER,
        (away("bo", *WEEK_30, covers={"W30": "anna"}),),
        {"cover_circle cover 2026-W30", "covers_for person !"},
    ),
    (
        "a circle among the others",
        SUMMER,
        (away("bo", *WEEK_30, covers={"W30": "cia"}), away("cia", *WEEK_30, covers={"W30": "bo"})),
        {"cover_away cover 2026-W30"},
    ),
    (
        "a rotation: everybody is away in their own week",
        SUMMER,
        (away("bo", "2026-07-27", "2026-08-03"), away("cia", "2026-08-03", "2026-08-10")),
        set(),
    ),
    (
        "a rotation that meets itself",
        SUMMER,
        (away("bo", "2026-08-03", "2026-08-10"), away("cia", "2026-07-27", "2026-08-03")),
        {"cover_away cover 2026-W31", "cover_away cover 2026-W32"},
    ),
    ("return before departure", asked(back=date(2026, 7, 19)), (), {"back_before_from back"}),
    ("return on the day of departure", asked(back=date(2026, 7, 20)), (), {"back_before_from back"}),
    (
        "return before departure, on a weekend that would move past it",
        asked(from_=date(2026, 7, 19), back=date(2026, 7, 18)),
        (),
        {"back_before_from back"},
    ),
    ("in the past", asked(from_=date(2026, 5, 29), back=date(2026, 6, 3)), (), {"in_the_past from"}),
    ("over", asked(from_=date(2026, 5, 4), back=date(2026, 5, 11)), (), {"over_already back"}),
    ("over today", asked(from_=date(2026, 5, 4), back=TODAY), (), {"over_already back"}),
    ("from today", asked(from_=TODAY, back=date(2026, 6, 2), covers={"2026-W23": "bo"}), (), set()),
    ("a mistyped year", asked(back=date(2062, 8, 10)), (), {"too_long back"}),
    ("only a weekend", asked(from_=date(2026, 7, 18), back=date(2026, 7, 20)), (), {"no_working_day back"}),
    ("only midsummer's eve", asked(from_=date(2026, 6, 19), back=date(2026, 6, 20)), (), {"no_working_day back"}),
    ("overlap", SUMMER, (away("anna", "2026-08-07", "2026-08-14", covers={"W32": "bo"}),), {"overlap overlap"}),
    ("one after the other", SUMMER, (away("anna", "2026-08-10", "2026-08-14", covers={"W33": "bo"}),), set()),
    ("the same absence in the people file", SUMMER, (away("anna", "2026-07-20", "2026-08-10"),), set()),
    (
        "re-planning",
        asked(replaces=("REF-anna",)),
        (away("anna", "2026-07-20", "2026-08-03", covers={"W30": "bo"}),),
        set(),
    ),
    (
        "re-planning one that has begun",
        asked(from_=date(2026, 5, 25), replaces=("REF-anna",), covers={**COVERS, "2026-W22": "bo"}),
        (away("anna", "2026-05-25", "2026-08-03", covers={"W30": "bo"}),),
        {f"week_without_cover cover 2026-W{number}" for number in range(23, 30)},
    ),
    ("a person nobody knows", asked(person="x"), (), {"unknown_person person"}),
    ("a person from outside", asked(person="konsult"), (), {"outside_organisation person"}),
    ("out of scope", asked(person="vikarie"), (), {"out_of_scope person"}),
    ("A without a colleague", asked(option=A), (), {"colleague_missing colleague"}),
    ("A with a colleague", asked(option=A, colleague="eva"), (), set()),
    ("the colleague is oneself", asked(option=A, colleague="anna"), (), {"oneself colleague"}),
    ("the colleague is from outside", asked(option=C, colleague="konsult"), (), {"outside_organisation colleague"}),
    (
        "the colleague is away in one week",
        asked(option=A, colleague="eva"),
        (away("eva", "2026-08-03", "2026-08-10"),),
        {"colleague_away colleague"},
    ),
    (
        "forwarding in a circle of two, never both away on a working day",
        asked(option=C, colleague="eva", back=date(2026, 7, 25), covers={"2026-W30": "bo"}),
        (away("eva", "2026-07-25", "2026-08-03", option=C, colleague="anna"),),
        {"forwarding_circle colleague", "looks_after person !"},
    ),
    (
        "forwarding in a circle of four",
        asked(option=C, colleague="bo", covers={"2026-W30": "eva", "2026-W31": "eva", "2026-W32": "eva"}),
        (
            away("bo", "2026-08-01", "2026-08-03", option=C, colleague="cia"),
            away("cia", "2026-08-02", "2026-08-03", option=C, colleague="dan"),
            away("dan", "2026-07-27", "2026-08-03", option=C, colleague="anna"),
        ),
        {"forwarding_circle colleague", "looks_after person !"},
    ),
    (
        "forwarding on, at different times",
        asked(option=C, colleague="bo", covers={"2026-W30": "eva", "2026-W31": "eva", "2026-W32": "eva"}),
        (
            away("bo", "2026-08-01", "2026-08-03", option=C, colleague="cia"),
            away("cia", "2026-08-03", "2026-08-08", option=C, colleague="anna"),
        ),
        {"looks_after person !"},
    ),
    ("reading oneself while ill", asked(option=D, reason="illness"), (), {"ill_and_reading option"}),
    ("reading oneself on a trip", asked(option=D, reason="trip"), (), set()),
    (
        "reading oneself, promised by another",
        asked(option=D, by_another=True),
        (),
        {"others_promise option"},
    ),
    ("D kept when another changes a cover", asked(option=D, by_another=True, option_kept=True), (), set()),
    ("A set up by another", asked(option=A, colleague="eva", by_another=True), (), {"no_mandate colleague"}),
    ("C set up by another", asked(option=C, colleague="eva", by_another=True), (), {"no_mandate colleague !"}),
    ("B set up by another", asked(by_another=True), (), set()),
    (
        "others count on the person",
        SUMMER,
        (away("dan", "2026-07-27", "2026-08-10", covers={"W31": "anna", "W32": "eva"}, option=A, colleague="anna"),),
        {"covers_for person !", "looks_after person !"},
    ),
    (
        "others counted on the person earlier",
        SUMMER,
        (away("dan", "2026-07-13", "2026-07-27", covers={"W29": "anna", "W30": "eva"}),),
        set(),
    ),
]


@pytest.mark.parametrize(("request_", "known", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_what_is_found(request_: AbsenceRequest, known: tuple[KnownAway, ...], expected: set[str]) -> None:
    assert found(request_, *known) == expected


def test_the_table_is_long_enough_to_be_believed() -> None:
    assert len(TABLE) >= 40 and len({row[0] for row in TABLE}) == len(TABLE)


@pytest.mark.parametrize(
    ("facts", "request_", "expected"),
    [
        ({"has_authority_mailbox": False}, SUMMER, {"no_authority_mailbox option"}),
        ({"may_read": False}, asked(option=A, colleague="eva"), {"may_not_read colleague"}),
        ({"may_read": True}, asked(option=A, colleague="eva"), set()),
        ({"may_read": False}, asked(option=C, colleague="eva"), set()),
        ({"has_mandate": True}, asked(option=A, colleague="eva", by_another=True), set()),
        ({"out_of_office": frozenset({date(2026, 7, 22)})}, asked(option=D), {"calendar_says_away option"}),
        ({"out_of_office": frozenset({date(2026, 7, 25)})}, asked(option=D), set()),
        ({"out_of_office": frozenset({date(2026, 7, 22)})}, SUMMER, set()),
    ],
)
def test_what_the_world_tells(facts: dict[str, object], request_: AbsenceRequest, expected: set[str]) -> None:
    assert found(request_, **facts) == expected


OFFICERS = Duty(role="mail_officer", unit="Kommunstyrelsen", people=("anna", "bo", "cia"))
REGISTRARS = Duty(role="registrar", unit="Kommunstyrelsen", people=("dan", "anna"))


@pytest.mark.parametrize(
    ("duty", "known", "expected"),
    [
        (OFFICERS, (), {"deputy_mail_officer: Bo Berg"}),
        (
            OFFICERS,
            (away("bo", "2026-07-27", "2026-08-03"),),
            {"deputy_mail_officer: Bo Berg", "deputy_mail_officer: Cia Dahl"},
        ),
        (replace(OFFICERS, people=("anna",)), (), {"no_deputy_mail_officer: None"}),
        (replace(OFFICERS, people=("bo", "anna")), (), set()),
        (REGISTRARS, (), set()),
        (REGISTRARS, (away("dan", "2026-07-20", "2026-08-10"),), {"no_deputy_registrar: None"}),
    ],
)
def test_roles_pass_to_the_deputy(duty: Duty, known: tuple[KnownAway, ...], expected: set[str]) -> None:
    covers = dict.fromkeys(COVERS, "eva")
    world = AbsenceFacts(today=TODAY, calendar=CALENDAR, people=PEOPLE, away=known, duties=(duty,))
    findings = check(asked(covers=covers), world)
    assert {f"{finding.rule}: {finding.values.get('name')}" for finding in findings} == expected
    assert not any(finding.refused for finding in findings)


def test_the_end_of_a_chain_is_proposed() -> None:
    chain = (away("bo", *WEEK_30, covers={"W30": "cia"}), away("cia", *WEEK_30, covers={"W30": "dan"}))
    world = AbsenceFacts(today=TODAY, calendar=CALENDAR, people=PEOPLE, away=chain)
    (finding,) = check(SUMMER, world)
    assert (finding.remedy, finding.values["stand_in"]) == ("name_stand_in", "Dan Falk")


@given(st.integers(2, 60))
def test_a_forwarding_circle_of_any_length_is_found(length: int) -> None:
    people = {f"p{number}": Colleague(name=f"P {number}") for number in range(length)}
    # each is away on a Saturday only, so that nobody is away on a working day of another
    chain = tuple(
        away(f"p{number}", "2026-08-01", "2026-08-02", option=C, colleague=f"p{(number + 1) % length}")
        for number in range(1, length)
    )
    request_ = asked(person="p0", option=C, colleague="p1", covers=dict.fromkeys(COVERS, "bo"))
    world = AbsenceFacts(today=TODAY, calendar=CALENDAR, people={**PEOPLE, **people}, away=chain)
    circles = [finding for finding in check(request_, world) if finding.rule == "forwarding_circle"]
    assert [str(finding.values["names"]).count(" - ") for finding in circles] == [length]


IDS = ("anna", "bo", "cia", "dan", "eva")
PLANS = st.builds(
    lambda person, start, length, colleague, option, cover: KnownAway(
        person=person,
        from_=first_day("2026-W28") + timedelta(days=start),
        back=first_day("2026-W28") + timedelta(days=start + length),
        ref=f"{person}{start}",
        plan=Absence(
            person=person,
            from_=first_day("2026-W28") + timedelta(days=start),
            back=first_day("2026-W28") + timedelta(days=start + length),
            option=option,
            colleague=colleague,
            covers=(Cover("2026-W30", cover), Cover("2026-W31", cover)),
        ),
    ),
    st.sampled_from(IDS[1:]),
    st.integers(0, 40),
    st.integers(1, 30),
    st.sampled_from(IDS),
    st.sampled_from(list(Option)),
    st.sampled_from(IDS),
)


@given(st.lists(PLANS, max_size=8), st.sampled_from(list(Option)), st.sampled_from(IDS))
def test_whoever_stands_in_is_there(known: list[KnownAway], option: Option, colleague: str) -> None:
    """Where nothing is refused, every absent working day has a cover at work, and so has the mailbox."""
    request_ = asked(option=option, colleague=colleague)
    world = AbsenceFacts(today=TODAY, calendar=CALENDAR, people=PEOPLE, away=tuple(known))
    if any(finding.refused for finding in check(request_, world)):
        return
    absence = request_.planned(CALENDAR)
    for day in CALENDAR.days_from(absence.from_, absence.back - timedelta(days=1)):
        if CALENDAR.is_working_day(day):
            year, week, _ = day.isocalendar()
            cover = absence.cover_in(f"{year}-W{week:02}")
            assert cover and not world.is_away(cover, day)
            assert not absence.colleague or not world.is_away(absence.colleague, day)
