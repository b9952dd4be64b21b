"""Claim, send, settle: what a worker and a person may do with a mail."""

from datetime import date, timedelta
from threading import Thread

import pytest

from mailbot.errors import UserError
from mailbot.policy.profile import RetentionRules
from mailbot.store.records import OutboxItem
from mailbot.store.store import Store
from tests.store.builders import DUE, NOW, diarised, message, new_mail, outcome, question, record
from tests.store.conftest import REFERENCES

EVA = "person:eva"
LATER = NOW + timedelta(hours=1)


def claim(store: Store) -> OutboxItem:
    item = store.outbox.claim(NOW)
    assert item is not None
    return item


def test_a_dedup_key_is_used_once_and_for_ever(store: Store) -> None:
    assert store.outbox.enqueue([new_mail("a"), new_mail("b"), new_mail("a")], now=NOW) == 2
    store.outbox.sent(claim(store).dedup_key, now=NOW)
    assert store.outbox.enqueue([new_mail("a", raw=b"other")], now=LATER) == 0
    assert [item.dedup_key for item in store.outbox.list()] == ["a", "b"]
    assert store.outbox.enqueue([], now=NOW) == 0


def test_claiming_takes_what_is_due_once_in_order(store: Store) -> None:
    store.outbox.enqueue([new_mail("a"), new_mail("held", hold="first pass")], now=NOW)
    store.outbox.enqueue([new_mail("b")], now=NOW + timedelta(minutes=1))
    assert store.outbox.claim(NOW - timedelta(seconds=1)) is None
    first, second, third = (store.outbox.claim(LATER) for _ in range(3))
    assert first and second and third is None
    assert (first.dedup_key, first.state, first.attempts, first.raw) == ("a", "sending", 1, new_mail().raw)
    assert second.dedup_key == "b"
    held = store.outbox.list(states=("held",))
    assert [(item.dedup_key, item.hold) for item in held] == [("held", "first pass")]


def test_many_workers_never_claim_the_same(url: str) -> None:
    claimed: list[str] = []

    def work() -> None:
        while (item := store.outbox.claim(NOW)) is not None:
            claimed.append(item.dedup_key)

    with Store.open(url, REFERENCES) as store:
        store.outbox.enqueue([new_mail(str(number)) for number in range(20)], now=NOW)
        workers = [Thread(target=work) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert sorted(claimed, key=int) == [str(number) for number in range(20)]


def test_a_lost_attempt_shows_when_its_lease_is_over(store: Store) -> None:
    store.outbox.enqueue([new_mail("a")], now=NOW)
    item = store.outbox.claim(NOW, lease_seconds=60)
    assert item is not None
    store.outbox.remember_handle("a", "draft-7")
    assert store.outbox.expired(NOW + timedelta(seconds=59)) == []
    (lost,) = store.outbox.expired(NOW + timedelta(seconds=60))
    assert (lost.handle, lost.state) == ("draft-7", "sending")
    store.outbox.unknown("a", error="no answer", now=LATER)
    assert store.outbox.expired(LATER) == []
    store.outbox.sent("a", now=LATER)  # found in Sent after all
    assert store.outbox.get(item.ref).state == "sent"


def test_temporary_trouble_waits(store: Store) -> None:
    store.outbox.enqueue([new_mail("a")], now=NOW)
    store.outbox.retry(claim(store).dedup_key, next_attempt_at=LATER, error="greylisted")
    assert store.outbox.claim(LATER - timedelta(seconds=1)) is None
    again = store.outbox.claim(LATER)
    assert again and (again.attempts, again.error) == (2, "greylisted")


def test_a_settled_mail_is_not_settled_again(store: Store) -> None:
    store.outbox.enqueue([new_mail("a")], now=NOW)
    store.outbox.sent(claim(store).dedup_key, now=NOW)
    store.outbox.retry("a", next_attempt_at=NOW, error="late answer of another worker")
    store.outbox.failed("a", error="late", now=LATER)
    (item,) = store.outbox.list()
    assert (item.state, item.sent_at, item.error) == ("sent", NOW, None)


@pytest.mark.parametrize("kind", ["forward", "announcement"])
def test_handing_over_moves_the_diary_item(store: Store, kind: str) -> None:
    first = outcome(message(), diarised())
    record(store, first)
    store.outbox.enqueue([new_mail("a", kind=kind, ref=first.item_ref)], now=NOW)
    store.outbox.sent(claim(store).dedup_key, now=LATER)
    item = store.diary.get(first.item_ref)
    assert (item.state, item.forwarded_at) == ("forwarded", LATER)


def test_handing_over_does_not_undo_what_the_registrar_did_meanwhile(store: Store) -> None:
    first = outcome(message(), diarised())
    record(store, first)
    store.outbox.enqueue([new_mail("a", ref=first.item_ref)], now=NOW)
    claimed = claim(store)
    store.diary.confirm(first.item_ref, "KS 2026/1", by=EVA, now=NOW)
    store.outbox.sent(claimed.dedup_key, now=LATER)
    assert store.diary.get(first.item_ref).state == "registered"
    store.diary.reopen(first.item_ref, by=EVA, now=LATER)
    assert store.diary.get(first.item_ref).state == "forwarded"


def test_a_holding_reply_acknowledges_and_survives_more_mail(store: Store) -> None:
    record(store, outcome(message(), question()))
    ref = store.obligations.list()[0].ref
    store.outbox.enqueue([new_mail("h", kind="holding_reply", audience="citizen", ref=ref)], now=NOW)
    store.outbox.sent(claim(store).dedup_key, now=LATER, follow_up_on=date(2026, 3, 19))
    record(store, outcome(message("<q2@x.example>", references=("<q1@citizen.example>",)), question()))
    (duty,) = store.obligations.list()
    assert (duty.state, duty.acknowledged_at, duty.follow_up_on) == ("open", LATER, date(2026, 3, 19))
    assert store.obligations.awaiting_holding_reply(DUE) == []


def test_a_holding_reply_counts_for_the_duty_that_its_own_was_merged_into(store: Store) -> None:
    for name in "ab":
        record(store, outcome(message(f"<{name}@x.example>"), question()), now=NOW if name == "a" else LATER)
    mails = [
        new_mail(one.ref, kind="holding_reply", ref=one.ref)
        for one in store.obligations.list()
        if one.message_id == "<b@x.example>"
    ]
    store.outbox.enqueue(mails, now=NOW)
    record(store, outcome(message("<c@x.example>", references=("<a@x.example>", "<b@x.example>")), None))
    store.outbox.sent(claim(store).dedup_key, now=LATER)
    assert [one.acknowledged_at for one in store.obligations.list()] == [LATER]


@pytest.mark.parametrize("state", ["held", "unknown", "failed"])
def test_a_person_releases_or_cancels(store: Store, state: str) -> None:
    for key in "ab":
        store.outbox.enqueue([new_mail(key, hold="burst" if state == "held" else None)], now=NOW)
        if state != "held":
            claim(store)
            getattr(store.outbox, state)(key, error="?", now=NOW)
    first, second = store.outbox.list(states=(state,))  # type: ignore[arg-type]
    store.outbox.release(first.ref, by=EVA, now=LATER)
    store.outbox.cancel(second.message_id, by=EVA, now=LATER)
    assert [item.state for item in store.outbox.list()] == ["pending", "cancelled"]
    assert store.outbox.claim(LATER) is not None
    assert [line.action for line in store.audit.list()] == ["mail_released", "mail_cancelled"]


def test_what_is_being_sent_is_neither_released_nor_cancelled(store: Store) -> None:
    store.outbox.enqueue([new_mail("a")], now=NOW)
    ref = claim(store).ref
    for act in (store.outbox.release, store.outbox.cancel):
        with pytest.raises(UserError, match=f"{ref} is sending"):
            act(ref, by=EVA, now=LATER)


def test_holding_a_claimed_mail(store: Store) -> None:
    store.outbox.enqueue([new_mail("a")], now=NOW)
    store.outbox.hold(claim(store).dedup_key, reason="observe mode", now=NOW)
    assert store.outbox.claim(LATER) is None
    assert [item.hold for item in store.outbox.list(states=("held",))] == ["observe mode"]


def test_counting_what_went_out_or_may_have(store: Store) -> None:
    for key, kind in (("a", "holding_reply"), ("b", "holding_reply"), ("c", "digest"), ("d", "digest")):
        store.outbox.enqueue([new_mail(key, kind=kind, to=(f"{key}@X.example", "all@x.example"))], now=NOW)
    store.outbox.sent(claim(store).dedup_key, now=NOW)
    store.outbox.unknown(claim(store).dedup_key, error="?", now=NOW)
    store.outbox.failed(claim(store).dedup_key, error="refused", now=NOW)
    assert store.outbox.sent_since(NOW) == 2 and store.outbox.sent_since(LATER) == 0
    assert store.outbox.sent_since(NOW, kind="digest") == 0
    assert store.outbox.sent_since(NOW, kind="holding_reply", to="a@x.EXAMPLE") == 1
    assert store.outbox.sent_since(NOW, to="all@x.example") == 2


def test_settled_bytes_are_dropped_and_the_key_stays(store: Store) -> None:
    store.outbox.enqueue([new_mail("a"), new_mail("b"), new_mail("c")], now=NOW)
    store.outbox.sent(claim(store).dedup_key, now=NOW)
    store.outbox.failed(claim(store).dedup_key, error="refused", now=NOW)
    rules = RetentionRules()
    over_at = NOW + timedelta(days=rules.settled_mail)
    assert store.purge(over_at, rules).mails == 0
    assert store.purge(over_at + timedelta(seconds=1), rules).mails == 1
    assert [item.raw is None for item in store.outbox.list()] == [True, False, False]
    assert store.outbox.enqueue([new_mail("a")], now=LATER) == 0


def test_own_mail_is_known_by_its_message_id(store: Store) -> None:
    store.outbox.enqueue([new_mail("a")], now=NOW)
    own = new_mail("a").message_id
    assert store.outbox.known_ids([own, "<x@y.example>"]) == {own}
    assert store.outbox.get(own).dedup_key == "a"
