"""Absences in the store: planned, replaced, answered by covers, cancelled; mandates."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from mailbot.errors import UserError
from mailbot.policy.absence import Absence, Cover, Option
from mailbot.store.store import Store

NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
ANNA = "person:anna"
SUMMER = Absence(
    person="anna",
    from_=date(2026, 7, 20),
    back=date(2026, 8, 10),
    option=Option.COLLEAGUE_CHECKS,
    colleague="bo",
    covers=(Cover("2026-W30", "bo"), Cover("2026-W31", "cia"), Cover("2026-W32", "bo")),
)


def test_what_was_planned_is_read_back(store: Store) -> None:
    ref = store.absences.plan(SUMMER, by=ANNA, now=NOW)
    stored = store.absences.get(ref.lower().replace("-", ""))
    assert (stored.absence, stored.state, stored.text_version, stored.created_by) == (SUMMER, "planned", 1, ANNA)
    assert {(cover.week, cover.state, cover.asked_at) for cover in stored.covers} == {
        ("2026-W30", "asked", None),
        ("2026-W31", "asked", None),
        ("2026-W32", "asked", None),
    }
    assert [line.action for line in store.audit.list(ref)] == ["absence_planned"]


@pytest.mark.parametrize(
    ("from_", "to", "found"),
    [
        (date(2026, 7, 1), date(2026, 7, 19), False),
        (date(2026, 7, 1), date(2026, 7, 20), True),
        (date(2026, 8, 9), date(2026, 9, 1), True),
        (date(2026, 8, 10), date(2026, 9, 1), False),
    ],
)
def test_a_list_of_some_days(store: Store, from_: date, to: date, found: bool) -> None:
    store.absences.plan(SUMMER, by=ANNA, now=NOW)
    assert bool(store.absences.list(from_=from_, to=to)) is found


def test_nobody_is_away_twice(store: Store) -> None:
    ref = store.absences.plan(SUMMER, by=ANNA, now=NOW)
    later = replace(SUMMER, from_=date(2026, 8, 7), back=date(2026, 8, 17), covers=())
    with pytest.raises(UserError, match=ref):
        store.absences.plan(later, by=ANNA, now=NOW)
    new = store.absences.plan(later, replaces=(ref,), by=ANNA, now=NOW.replace(hour=9))
    assert [(one.ref, one.state) for one in store.absences.list()] == [(ref, "cancelled"), (new, "planned")]
    store.absences.plan(replace(SUMMER, person="dan"), by=ANNA, now=NOW)
    store.absences.plan(replace(SUMMER, from_=date(2026, 8, 17), back=date(2026, 8, 20)), by=ANNA, now=NOW)


def test_covers_answer_each_for_their_own_weeks(store: Store) -> None:
    ref = store.absences.plan(SUMMER, by=ANNA, now=NOW)
    assert store.absences.answer_cover(ref, person="bo", accepted=True, by="person:bo", now=NOW) == (
        "2026-W30",
        "2026-W32",
    )
    assert store.absences.answer_cover(ref, person="bo", accepted=True, by="person:bo", now=NOW) == ()
    weeks = ("2026-W32",)
    assert store.absences.answer_cover(ref, person="bo", accepted=False, weeks=weeks, by="person:bo", now=NOW) == weeks
    with pytest.raises(UserError, match="covers no such week"):
        store.absences.answer_cover(ref, person="dan", accepted=True, by="person:dan", now=NOW)
    states = {cover.week: cover.state for cover in store.absences.get(ref).covers}
    assert states == {"2026-W30": "accepted", "2026-W31": "asked", "2026-W32": "declined"}


def test_a_change_keeps_the_answers_of_those_who_stay(store: Store) -> None:
    ref = store.absences.plan(SUMMER, by=ANNA, now=NOW)
    store.absences.answer_cover(ref, person="bo", accepted=True, by="person:bo", now=NOW)
    longer = replace(SUMMER, back=date(2026, 8, 17), covers=(*SUMMER.covers[:2], Cover("2026-W32", "dan")))
    store.absences.change(ref, longer, by=ANNA, now=NOW)
    stored = store.absences.get(ref)
    assert (stored.text_version, stored.absence) == (2, longer)
    assert [(cover.person, cover.state) for cover in stored.covers] == [
        ("bo", "accepted"),
        ("cia", "asked"),
        ("dan", "asked"),
    ]


def test_states_and_tokens(store: Store) -> None:
    ref = store.absences.plan(SUMMER, by=ANNA, now=NOW)
    assert store.absences.move(ref, "active", now=NOW) and not store.absences.move(ref, "active", now=NOW)
    store.absences.keep_token(ref, "auto_reply", "before", now=NOW)
    store.absences.keep_token(ref, "auto_reply", "own script", now=NOW)
    assert store.absences.tokens(ref) == {"auto_reply": "own script"}
    store.absences.cancel(ref, by=ANNA, now=NOW)
    assert not store.absences.move(ref, "proven", now=NOW)
    assert store.absences.tokens(ref) == {"auto_reply": "own script"}
    store.absences.drop_token(ref, "auto_reply")
    assert store.absences.tokens(ref) == {}
    with pytest.raises(UserError, match="is cancelled"):
        store.absences.cancel(ref, by=ANNA, now=NOW)
    with pytest.raises(UserError, match="no absence"):
        store.absences.get("ZZZZ-ZZZZ")


def test_mandates_add_up_and_end_with_their_absence(store: Store) -> None:
    ref = store.absences.plan(SUMMER, grants_mandate=True, by=ANNA, now=NOW)
    summer = (date(2026, 7, 20), date(2026, 8, 9))
    later = (date(2026, 7, 20), date(2026, 8, 10))
    assert store.mandates.allows("anna", "bo", *summer) and not store.mandates.allows("anna", "bo", *later)
    common = {"owner": "anna", "reader": "bo", "granted_by": "anna", "by": ANNA, "now": NOW}
    second = store.mandates.add(**common, from_=date(2026, 8, 1), to=None)
    assert store.mandates.allows("anna", "bo", *later)
    assert not store.mandates.allows("bo", "anna", *summer)
    store.absences.cancel(ref, by=ANNA, now=NOW)
    assert [one.ref for one in store.mandates.list(standing_on=summer[0])] == [second]
    store.mandates.revoke(second, by=ANNA, now=NOW)
    assert store.mandates.list(standing_on=summer[0]) == [] and len(store.mandates.list()) == 2
    with pytest.raises(UserError, match="revoked before"):
        store.mandates.revoke(second, by=ANNA, now=NOW)


@pytest.mark.parametrize(
    "wrong", [{"reader": "anna"}, {"to": date(2026, 6, 30)}], ids=["their own mailbox", "ends before it begins"]
)
def test_mandates_that_make_no_sense(store: Store, wrong: dict[str, object]) -> None:
    mandate = {"owner": "anna", "reader": "bo", "from_": date(2026, 7, 1), "to": None, "granted_by": "anna"}
    with pytest.raises(UserError):
        store.mandates.add(**{**mandate, **wrong}, by=ANNA, now=NOW)


def test_a_cover_that_another_changes_leaves_the_mandate_and_another_colleague_ends_it(store: Store) -> None:
    ref = store.absences.plan(SUMMER, grants_mandate=True, by=ANNA, now=NOW)
    summer = (date(2026, 7, 20), date(2026, 8, 9))
    store.absences.change(ref, replace(SUMMER, covers=SUMMER.covers[:2]), by="person:karin", now=NOW)
    assert store.mandates.allows("anna", "bo", *summer)
    store.absences.change(ref, replace(SUMMER, colleague="cia"), by="person:karin", now=NOW)
    assert not store.mandates.allows("anna", "bo", *summer) and not store.mandates.allows("anna", "cia", *summer)
