"""What people do to obligations and diary items."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from mailbot.errors import UserError
from mailbot.policy.model import AskRegistrar
from mailbot.store.store import Store
from tests.store.builders import DUE, NOW, TOWN, answer, diarised, message, new_mail, outcome, question, record
from tests.store.conftest import REFERENCES

EVA = "person:eva"
LATER = NOW + timedelta(hours=3)
ALL = ("open", "answered", "dismissed")


@pytest.fixture
def duty(store: Store) -> str:
    record(store, outcome(message(), question(), assignee="lars"))
    return store.obligations.list()[0].ref


def actions(store: Store) -> list[tuple[str, str]]:
    return [(line.actor, line.action) for line in store.audit.list()]


def test_assigning_outlasts_further_mail(store: Store, duty: str) -> None:
    store.obligations.assign(duty, "ulla", by=EVA, now=LATER)
    record(store, outcome(message("<q2@x.example>", references=("<q1@citizen.example>",)), question(), assignee="bo"))
    assert [one.assignee for one in store.obligations.list()] == ["ulla"]
    assert store.obligations.list(assignee="lars") == [] and len(store.obligations.list(assignee="ulla")) == 1
    assert (EVA, "assigned") in actions(store)


def test_answered_elsewhere_stays_answered(store: Store, duty: str) -> None:
    store.obligations.answered(duty, how="telephone", by=EVA, now=LATER)
    record(store, answer(sent_at=LATER + timedelta(hours=1)))
    one = store.obligations.get(duty)
    assert (one.state, one.met_at, one.met_by, one.reason) == ("answered", LATER, EVA, "telephone")
    more = message("<q2@x.example>", references=("<q1@citizen.example>",))
    record(store, outcome(more, question(), received_at=NOW + timedelta(hours=1)))
    assert store.obligations.list() == [], "the answer went out after it"
    newer = message("<q3@x.example>", references=("<q1@citizen.example>",))
    record(store, outcome(newer, question(), received_at=LATER + timedelta(hours=2)))
    assert [one.message_id for one in store.obligations.list()] == ["<q3@x.example>"], "what they had not seen is new"


def test_dismissed_and_opened_again(store: Store, duty: str) -> None:
    store.obligations.dismiss(duty, reason="reklam", by=EVA, now=LATER)
    assert store.obligations.get(duty).state == "dismissed"
    store.obligations.reopen(duty, by=EVA, now=LATER + timedelta(hours=1))
    one = store.obligations.get(duty)
    assert (one.state, one.met_at, one.reason) == ("open", None, None)
    assert [line.action for line in store.audit.list(duty)][-2:] == ["dismissed", "reopened"]


def test_reopening_sets_aside_the_answer_that_was_none(store: Store, duty: str) -> None:
    record(store, answer())
    assert store.obligations.get(duty).state == "answered"
    store.obligations.reopen(duty, by=EVA, now=LATER)
    assert store.obligations.get(duty).state == "open"
    record(store, answer(message_id="<a2@bjurholm.example>", sent_at=LATER + timedelta(hours=1)))
    assert store.obligations.get(duty).state == "answered"


def test_reopening_overrides_the_rule_that_found_nothing_owed(store: Store) -> None:
    from mailbot.policy.model import Stage

    record(store, outcome(message(), question(stage=Stage.HEADERS, judged=False)))
    record(store, outcome(message(), question(needs_reply=False), mailbox="eva@bjurholm.example"))
    (one,) = store.obligations.list(states=("dismissed",))
    store.obligations.reopen(one.ref, by=EVA, now=LATER)
    record(store, outcome(message("<q2@x.example>", references=("<q1@citizen.example>",)), None))
    assert store.obligations.get(one.ref).state == "open"


@pytest.mark.parametrize(
    "act",
    [
        lambda store, ref: store.obligations.reopen(ref, by=EVA, now=LATER),
        lambda store, ref: (
            store.obligations.dismiss(ref, reason="x", by=EVA, now=LATER),
            store.obligations.answered(ref, how="x", by=EVA, now=LATER),
        ),
    ],
)
def test_what_does_not_fit_the_state_is_refused(store: Store, duty: str, act: Callable[[Store, str], Any]) -> None:
    with pytest.raises(UserError, match=duty):
        act(store, duty)


@pytest.mark.parametrize("text", ["B7KQ-2M9X", "<nobody@x.example>", "hello", ""])
def test_unknown_references_are_told_with_the_remedy(store: Store, text: str) -> None:
    with pytest.raises(UserError, match="`mailbot replies list` shows them"):
        store.obligations.get(text)
    with pytest.raises(UserError, match="`mailbot diary list` shows them"):
        store.diary.get(text)
    with pytest.raises(UserError, match="`mailbot outbox list` shows them"):
        store.outbox.get(text)
    assert store.messages.find(text) is None


def test_a_message_id_of_several_units_is_ambiguous(store: Store) -> None:
    for unit in ("ks", "bun"):
        record(store, outcome(message(), question(), unit=unit, mailbox=f"{unit}@bjurholm.example"))
        record(store, outcome(message("<d@x.example>"), diarised(), unit=unit, mailbox=f"{unit}@bjurholm.example"))
    refs = [REFERENCES.ref("<q1@citizen.example>", unit) for unit in ("ks", "bun")]
    with pytest.raises(UserError) as trouble:
        store.obligations.assign("<q1@citizen.example>", "eva", by=EVA, now=LATER)
    assert all(ref in str(trouble.value) for ref in refs)
    with pytest.raises(UserError, match="several units"):
        store.diary.confirm("d@x.example", "KS 1", by=EVA, now=LATER)
    assert store.obligations.get(refs[0]).unit == "ks"


def test_held_replies_are_released_and_stay_so(store: Store) -> None:
    record(store, outcome(message(), question(), hold_replies=True))
    record(store, outcome(message("<o@x.example>"), question(), hold_replies=True, mailbox="o@bjurholm.example"))
    assert store.obligations.release_held(TOWN, by=EVA, now=LATER) == 1
    record(store, outcome(message("<q2@x.example>", references=("<q1@citizen.example>",)), question()))
    assert {one.mailbox: one.hold_replies for one in store.obligations.list()} == {
        TOWN: False, "o@bjurholm.example": True
    }  # fmt: skip
    assert store.obligations.release_held(by=EVA, now=LATER) == 1


def test_who_awaits_a_holding_reply(store: Store, duty: str) -> None:
    late = store.obligations
    assert late.awaiting_holding_reply(DUE - timedelta(days=1)) == []
    assert [one.ref for one in late.awaiting_holding_reply(DUE)] == [duty]
    assert [one.ref for one in late.awaiting_holding_reply(DUE, late=False)] == [duty]
    assert late.awaiting_holding_reply(DUE + timedelta(days=1), late=False) == []
    store.outbox.enqueue([new_mail("holding:1", kind="holding_reply", ref=duty)], now=NOW)
    assert late.awaiting_holding_reply(DUE) == [], "one is queued"


def test_the_list_is_ordered_by_due_date_then_arrival(store: Store) -> None:
    from dataclasses import replace

    from mailbot.policy.model import OpenObligation

    dues = {"a": DUE, "b": None, "c": DUE - timedelta(days=1), "d": DUE}
    for hour, (name, due) in enumerate(dues.items()):
        decision = replace(question(), actions=(OpenObligation(due),))
        record(store, outcome(message(f"<{name}@x.example>"), decision, received_at=NOW - timedelta(hours=hour)))
    assert [one.message_id for one in store.obligations.list()] == [f"<{name}@x.example>" for name in "cdab"]


def test_the_registrar_confirms_corrects_and_undoes(store: Store) -> None:
    record(store, outcome(message(), diarised(AskRegistrar())))
    ref = store.diary.list(states=("asked",), unit="ks")[0].ref
    store.diary.confirm("<q1@citizen.example>", "KS 2026/7", by=EVA, now=LATER)
    with pytest.raises(UserError, match=r"registered as KS 2026/7; .*confirm [-A-Z0-9]+ 'KS 2026/8' --force"):
        store.diary.confirm(ref, "KS 2026/8", by=EVA, now=LATER)
    store.diary.confirm(ref, "KS 2026/7", by=EVA, now=LATER)
    store.diary.confirm(ref.lower(), "KS 2026/8", by=EVA, now=LATER, forced=True)
    assert store.audit.list(ref)[-1].detail == {"state": "registered", "forced": True, "replaced_number": "KS 2026/7"}
    item = store.diary.get(ref)
    assert (item.state, item.number, item.settled_by, item.settled_at) == ("registered", "KS 2026/8", EVA, LATER)
    with pytest.raises(UserError, match="reopen"):
        store.diary.dismiss(ref, "kännedom", by=EVA, now=LATER)
    store.diary.reopen(ref, by=EVA, now=LATER)
    item = store.diary.get(ref)
    assert (item.state, item.number, item.settled_at) == ("asked", None, None)
    with pytest.raises(UserError, match="is asked, there is nothing to reopen"):
        store.diary.reopen(ref, by=EVA, now=LATER)
    store.diary.dismiss(ref, "kännedom", by=EVA, now=LATER)
    assert store.diary.get(ref).reason == "kännedom"
    trail = [line.action for line in store.audit.list(ref)]
    assert trail[-5:] == [*["diary_registered"] * 3, "diary_reopened", "diary_dismissed"]


def test_the_audit_trail_of_a_message_holds_all_that_became_of_it(store: Store) -> None:
    first = outcome(message(), diarised())
    record(store, outcome(message(), diarised(), mails=(new_mail(ref=first.item_ref),)))
    mail = store.outbox.list()[0]
    store.outbox.cancel(mail.ref, by=EVA, now=LATER)
    found = store.messages.find("<q1@citizen.example>")
    assert found is not None
    assert [line.action for line in store.audit.of_message(found.ref)] == [
        "decided",
        "diary_proposed",
        "mail_cancelled",
    ]
    assert [one.ref for one in store.outbox.of_message(found.ref)] == [mail.ref]
    assert [one.ref for one in store.diary.of_message(found.ref)] == [first.item_ref]
    assert store.obligations.of_message(found.ref) == []


def test_pause_and_resume(store: Store) -> None:
    assert not store.installation.resume(by=EVA, now=NOW)
    assert store.installation.paused() is None and store.audit.list() == []
    store.installation.pause(by=EVA, reason="fel text", now=NOW)
    store.installation.pause(by="circuit_breaker", reason="300 an hour", now=LATER)
    pause = store.installation.paused()
    assert pause and (pause.since, pause.by, pause.reason) == (NOW, EVA, "fel text")
    assert store.installation.resume(by=EVA, now=LATER)
    assert store.installation.paused() is None
    assert actions(store) == [(EVA, "paused"), (EVA, "resumed")]


def test_named_values(store: Store) -> None:
    assert store.installation.get("mode") is None
    store.installation.set("mode", "observe")
    store.installation.set("mode", "enforce")
    assert store.installation.get("mode") == "enforce"
