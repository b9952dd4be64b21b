"""Marks of replies on copies: what is kept of them, and what they propose."""

from datetime import timedelta

import pytest

from mailbot.store import answer_marks
from mailbot.store.intake import Mark
from mailbot.store.records import ProposedAnswer
from mailbot.store.store import Store
from tests.store.builders import NOW, TOWN, message, outcome, question, record

LATER, LATEST = NOW + timedelta(hours=1), NOW + timedelta(hours=2)


@pytest.fixture
def ref(store: Store) -> str:
    record(store, outcome(message(), question(), delivery_id="d1"))
    return store.obligations.list()[0].ref


def proposed(store: Store, ref: str) -> ProposedAnswer | None:
    return store.obligations.proposed_answers([ref]).get(ref)


@pytest.mark.parametrize(
    ("marks", "at"),
    [
        ([Mark("replied", LATER)], LATER),
        ([Mark("replied", LATER), Mark("replied", LATEST)], LATEST),
        ([Mark("replied", LATER), Mark("forwarded", LATEST)], LATER),  # the answer is hidden, not undone
        ([Mark("forwarded", LATER), Mark("replied", LATEST)], LATEST),
        ([Mark("replied"), Mark("replied")], NOW),  # without a time: when it was first seen
        ([Mark("forwarded", LATER)], None),
    ],
)
def test_a_reply_proposes_and_forwarding_does_not(store: Store, ref: str, marks: list[Mark], at: object) -> None:
    for number, mark in enumerate(marks):
        store.intake.marked(TOWN, "INBOX", {"d1": mark}, now=NOW + timedelta(minutes=number))
    found = proposed(store, ref)
    assert (found.at if found else None) == at
    assert found is None or (found.how, found.mailbox) == ("marked", TOWN)
    assert store.obligations.get(ref).state == "open"


def test_a_mark_of_the_same_batch_is_kept_and_of_unknown_mail_ignored(store: Store) -> None:
    marks = {"d1": Mark("replied", LATER), "nobody": Mark("replied", LATER)}
    record(store, outcome(message(), question(), delivery_id="d1"), marks=marks)
    assert proposed(store, store.obligations.list()[0].ref) is not None


def test_what_was_replied_to_before_reopening_does_not_count(store: Store, ref: str) -> None:
    store.intake.marked(TOWN, "INBOX", {"d1": Mark("replied", LATER)}, now=LATER)
    store.obligations.answered(ref, how="mail", by="person:eva", now=LATER)
    assert proposed(store, ref) is None
    store.obligations.reopen(ref, by="person:eva", now=LATEST)
    assert proposed(store, ref) is None
    store.intake.marked(TOWN, "INBOX", {"d1": Mark("replied", LATEST + timedelta(hours=1))}, now=LATEST)
    assert proposed(store, ref) is not None


def test_only_open_questions_without_a_reply_are_looked_at(store: Store, ref: str) -> None:
    assert store.intake.unmarked_questions(TOWN) == {"INBOX": ["d1"]}
    store.intake.marked(TOWN, "INBOX", {"d1": Mark("forwarded", LATER)}, now=LATER)
    assert store.intake.unmarked_questions(TOWN) == {"INBOX": ["d1"]}
    store.intake.marked(TOWN, "INBOX", {"d1": Mark("replied", LATER)}, now=LATER)
    assert store.intake.unmarked_questions(TOWN) == {} == store.intake.unmarked_questions("anna@x.example")


def test_of_very_many_open_questions_the_newest_are_looked_at(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_marks, "_MOST_UNMARKED", 2)
    for number in range(4):
        asked = message(f"<{number}@x.example>", subject=f"Fråga {number}")
        received = NOW + timedelta(hours=number)
        record(store, outcome(asked, question(), delivery_id=f"d{number}", received_at=received))
    assert store.intake.unmarked_questions(TOWN) == {"INBOX": ["d2", "d3"]}
