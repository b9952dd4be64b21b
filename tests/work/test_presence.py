"""Who is away when, known from which source, and who acts then. Real SQLite, days injected."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from mailbot.config.model import Config, KnownAbsence
from mailbot.store.people_records import AwayNotice
from mailbot.store.store import Store
from mailbot.work.presence import Presence
from tests.store.conftest import REFERENCES
from tests.support.town import Town, at

MONDAY, TUESDAY, WEDNESDAY = date(2026, 5, 18), date(2026, 5, 19), date(2026, 5, 20)
OFFICERS = ("lars", "eva", "anna")


@pytest.fixture
def store(town: Town) -> Iterator[Store]:
    with Store.open(town.config.paths.database, REFERENCES) as opened:
        yield opened


def with_absences(config: Config, **absences: KnownAbsence) -> Config:
    people = tuple(replace(one, absences=(absences[one.id],)) if one.id in absences else one for one in config.people)
    return replace(config, people=people)


def note(store: Store, person: str, first: date, back: date) -> None:
    store.away_notices.add(AwayNotice(person, first, back), by=f"person:{person}", now=at("2026-05-18T06:30"))


@pytest.mark.parametrize(
    ("absent", "notices", "others", "day", "present", "acting"),
    [
        ({}, [], (), MONDAY, "lars", "lars"),
        ({"lars": (MONDAY, TUESDAY)}, [], (), MONDAY, "eva", "eva"),
        ({"lars": (MONDAY, TUESDAY)}, [], (), TUESDAY, "lars", "lars"),
        ({}, [("lars", MONDAY, TUESDAY)], (), MONDAY, "eva", "eva"),
        ({}, [("lars", MONDAY, TUESDAY)], (), TUESDAY, "lars", "lars"),
        ({"lars": (MONDAY, WEDNESDAY)}, [("eva", MONDAY, TUESDAY)], (), MONDAY, "anna", "anna"),
        ({"lars": (MONDAY, WEDNESDAY)}, [("eva", MONDAY, TUESDAY)], (), TUESDAY, "eva", "eva"),
        ({}, [("lars", MONDAY, WEDNESDAY)], ("eva",), MONDAY, "anna", "anna"),
        # all are away: nobody is present, and the first of the list is told all the same
        ({"lars": (MONDAY, WEDNESDAY)}, [("eva", MONDAY, TUESDAY)], ("anna",), MONDAY, None, "lars"),
    ],
)
def test_who_acts(town, store, absent, notices, others, day, present, acting):
    config = with_absences(
        town.config, **{name: KnownAbsence(from_=first, back=back) for name, (first, back) in absent.items()}
    )
    for notice in notices:
        note(store, *notice)
    presence = Presence(config, store, [lambda person, _: person.id in others])
    found, told = presence.first_present(OFFICERS, day), presence.acting(OFFICERS, day)
    assert (found and found.id, told and told.id) == (present, acting)


def test_nobody_for_an_empty_role_and_for_people_who_left(town, store):
    presence = Presence(town.config, store)
    assert presence.acting((), MONDAY) is None and presence.acting(("gone",), MONDAY) is None
    assert presence.first_present(("gone", "eva"), MONDAY) == town.config.person("eva")


def test_the_local_day_counts(town, store):
    note(store, "lars", TUESDAY, WEDNESDAY)
    presence = Presence(town.config, store)
    found = [presence.acting_at(OFFICERS, at(f"2026-05-{when}")) for when in ("18T23:59", "19T00:01", "20T00:00")]
    assert [one and one.id for one in found] == ["lars", "eva", "lars"]


@pytest.mark.parametrize(
    ("withdrawn", "away"),
    [
        (MONDAY, []),
        (TUESDAY, [MONDAY]),
        (WEDNESDAY, [MONDAY, TUESDAY]),
        (date(2026, 5, 25), [MONDAY, TUESDAY, WEDNESDAY]),
    ],
)
def test_back_earlier_than_said(store, withdrawn, away):
    note(store, "lars", MONDAY, date(2026, 5, 21))
    ended = store.away_notices.withdraw("lars", withdrawn, by="person:lars", now=at("2026-05-19T08:00"))
    assert ended == (withdrawn < date(2026, 5, 21))
    assert [day for day in (MONDAY, TUESDAY, WEDNESDAY) if "lars" in store.away_notices.on(day)] == away


def test_notices_are_in_the_audit_trail_without_a_reason(store):
    note(store, "lars", MONDAY, TUESDAY)
    note(store, "lars", MONDAY, WEDNESDAY)
    store.away_notices.withdraw("lars", TUESDAY, by="person:karin", now=at("2026-05-19T08:00"))
    assert not store.away_notices.withdraw("lars", TUESDAY, by="person:karin", now=at("2026-05-19T08:00"))
    assert [(line.actor, line.action, line.detail["back"]) for line in store.audit.list()] == [
        ("person:lars", "away_noted", "2026-05-19"),
        ("person:lars", "away_noted", "2026-05-20"),
        ("person:karin", "away_withdrawn", "2026-05-19"),
    ]
    assert store.away_notices.list(MONDAY) == [AwayNotice("lars", MONDAY, TUESDAY)]


def test_mail_to_register_goes_to_the_deputy_of_whoever_is_ill_today(town):
    text = town.config_path.read_text(encoding="utf-8").replace('registrars = ["eva"]', 'registrars = ["eva", "lars"]')
    town.config_path.write_text(text, encoding="utf-8")
    town.deliver("2026-05-11T08:00", "Härmed överklagar jag beslutet om bygglov KS 2026/12.", subject="Överklagande")
    with town.open() as context:
        note(context.store, "eva", date(2026, 5, 11), date(2026, 5, 12))
    town.run("2026-05-11T09:00")
    assert any(b"message/rfc822" in mail for mail in town.inbox("lars@by.example"))
    assert not any(b"message/rfc822" in mail for mail in town.inbox("eva@by.example"))
