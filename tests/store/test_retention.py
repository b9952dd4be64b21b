"""What retention drops, and what must outlast it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from mailbot.policy.profile import RetentionRules
from mailbot.store.store import Store
from mailbot.store.tables import links, messages, sent_traces
from tests.store.builders import ANNA, NOW, answer, diarised, message, new_mail, outcome, question, record

RULES = RetentionRules(settled_mail=14, settled_items=365, unmatched_sent_traces=60)
YEAR = NOW + timedelta(days=366)


def personal_data(store: Store) -> str:
    with store._database.read() as connection:
        return repr(connection.execute(select(messages)).all())


def test_what_is_open_stays(store: Store) -> None:
    record(store, outcome(message(), question()), outcome(message("<f@x.example>"), diarised()))
    before = (store.obligations.list(), store.diary.list())
    purged = store.purge(YEAR, RULES)
    assert purged.messages == 0 and (store.obligations.list(), store.diary.list()) == before


@pytest.mark.parametrize(("days", "kept"), [(364, True), (366, False)])
def test_settled_items_lose_their_personal_data_in_time(store: Store, days: int, kept: bool) -> None:
    record(store, outcome(message(), question()), outcome(message("<ad@x.example>"), question(needs_reply=False)))
    ref = store.obligations.list()[0].ref
    store.obligations.answered(ref, how="telefon till Anna", by="person:eva", now=NOW)
    store.purge(NOW + timedelta(days=days), RULES)
    assert (ANNA in personal_data(store)) is kept
    duty = store.obligations.get(ref)
    assert (duty.state, duty.subject is not None, duty.reason is not None) == ("answered", kept, kept)
    assert store.obligations.get("<q1@citizen.example>").ref == ref, "it is still found by its Message-ID"


def test_a_purged_message_is_still_known(store: Store) -> None:
    record(store, outcome(message(), question()))
    record(store, answer())
    store.purge(YEAR, RULES)
    assert store.intake.known_messages(["<q1@citizen.example>"])
    record(store, outcome(message("<q2@x.example>", references=("<q1@citizen.example>",)), None), now=YEAR)
    assert [duty.state for duty in store.obligations.list(states=("open", "answered"))] == ["answered"]


def test_unmatched_traces_go_and_matched_ones_stay(store: Store) -> None:
    record(store, outcome(message(), question()))
    record(store, answer())
    record(store, answer("<other@x.example>", message_id="<a2@bjurholm.example>"))
    assert store.purge(NOW + timedelta(days=59), RULES).traces == 0
    assert store.purge(NOW + timedelta(days=61), RULES).traces == 1
    with store._database.read() as connection:
        assert [row.matched for row in connection.execute(select(sent_traces))] == [True]
        known = set(connection.execute(select(links.c.conversation)).scalars())
    assert len(known) == 1, "links of conversations that nothing belongs to go too"


def test_settled_mail_loses_its_bytes_then_its_addresses(store: Store) -> None:
    store.outbox.enqueue([new_mail("a"), new_mail("b")], now=NOW)
    item = store.outbox.claim(NOW)
    assert item is not None
    store.outbox.sent(item.dedup_key, now=NOW)
    assert store.purge(NOW + timedelta(days=13), RULES).mails == 0
    assert store.purge(NOW + timedelta(days=15), RULES).mails == 1
    sent, pending = store.outbox.list()
    assert sent.raw is None and sent.to and pending.raw
    store.purge(YEAR, RULES)
    sent, pending = store.outbox.list()
    assert sent.to == () and pending.to and pending.raw
    assert store.outbox.enqueue([new_mail("a")], now=YEAR) == 0


def test_copies_that_left_long_ago_are_forgotten(store: Store) -> None:
    record(store, outcome(message(), None, delivery_id="1"))
    record(store, gone=("1",))
    assert store.purge(NOW + timedelta(days=364), RULES).deliveries == 0
    assert store.purge(YEAR, RULES).deliveries == 1
