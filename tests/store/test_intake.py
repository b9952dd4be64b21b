"""What a batch of outcomes leaves in the store."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from mailbot.errors import TransientError
from mailbot.mail.message import parse_headers
from mailbot.policy.model import (
    AnnounceConfidential,
    AskRegistrar,
    Decision,
    ForwardToRegistrar,
    ReportUnparsable,
    Stage,
)
from mailbot.store.database import Database
from mailbot.store.records import MailboxCheck
from mailbot.store.store import Store
from mailbot.store.tables import links, messages, metadata
from tests.store.builders import ANNA, DUE, NOW, TOWN, answer, diarised, message, new_mail, outcome, question, record
from tests.store.conftest import REFERENCES

EVA = "eva@bjurholm.example"
LATER = NOW + timedelta(hours=1)
ALL = ("open", "answered", "dismissed")


def test_an_empty_batch_moves_the_cursor(store: Store) -> None:
    assert store.intake.cursor(TOWN, "INBOX") is None
    record(store, cursor="7")
    record(store, cursor="8")
    assert store.intake.cursor(TOWN, "INBOX") == "8" and store.intake.cursor(TOWN, "Sent") is None


def test_a_question_opens_an_obligation(store: Store) -> None:
    record(store, outcome(message(), question(), assignee="eva"))
    (duty,) = store.obligations.list()
    assert (duty.ref, duty.message_id, duty.subject) == (
        REFERENCES.ref("<q1@citizen.example>", "ks"), "<q1@citizen.example>", "Fråga om bygglov"
    )  # fmt: skip
    assert (duty.asker, duty.assignee, duty.due_on, duty.received_at) == (ANNA, "eva", DUE, NOW)
    assert duty.judged and duty.answer_allowed and duty.state == "open" and duty.language == "sv"


def test_recording_the_same_again_changes_nothing(store: Store) -> None:
    batch = (outcome(message(), question()), outcome(message("<f@x.example>"), diarised(), mails=(new_mail(),)))
    record(store, *batch)
    before = (store.obligations.list(), store.diary.list(), store.outbox.list(), store.audit.list())
    record(store, *batch, now=LATER)
    assert (store.obligations.list(), store.diary.list(), store.outbox.list(), store.audit.list()) == before


def test_copies_in_two_mailboxes_of_a_unit_are_one_duty_and_one_diary_item(store: Store) -> None:
    decision = replace(question(), actions=(*question().actions, ForwardToRegistrar()))
    record(store, outcome(message(), decision, mailbox=TOWN))
    record(store, outcome(message(), decision, mailbox=EVA))
    assert [duty.mailbox for duty in store.obligations.list()] == [EVA]  # the first by arrival, then by name
    assert len(store.diary.list()) == 1
    found = store.messages.find("q1@citizen.example")
    assert found is not None
    assert [seen.mailbox for seen in store.messages.deliveries(found.ref)] == [EVA, TOWN]


def test_two_units_each_owe_an_answer_and_one_answer_meets_both(store: Store) -> None:
    record(store, outcome(message(), question()), outcome(message(), question(), mailbox=EVA, unit="bun"))
    assert [duty.unit for duty in store.obligations.list()] != []
    assert len(store.obligations.list()) == 2
    record(store, answer())
    assert {duty.state for duty in store.obligations.list(states=ALL)} == {"answered"}


def test_more_mail_joins_the_duty_and_keeps_its_clock(store: Store) -> None:
    record(store, outcome(message(), question()))
    reminder = message("<q2@citizen.example>", in_reply_to=("<q1@citizen.example>",))
    record(store, outcome(reminder, question(), received_at=LATER))
    (duty,) = store.obligations.list()
    assert (duty.message_id, duty.received_at) == ("<q2@citizen.example>", NOW)
    assert store.obligations.get("<q1@citizen.example>") == store.obligations.get("q2@citizen.example") == duty


def test_after_the_answer_new_mail_opens_a_new_duty(store: Store) -> None:
    record(store, outcome(message(), question()))
    record(store, answer())
    thanks = message("<q2@citizen.example>", in_reply_to=("<a1@bjurholm.example>",))
    record(store, outcome(thanks, question(), received_at=NOW + timedelta(days=1)))
    states = [duty.state for duty in store.obligations.list(states=ALL)]
    assert sorted(states) == ["answered", "open"]
    met = store.obligations.list(states=("answered",))[0]
    assert (met.met_by, met.met_at) == (TOWN, NOW + timedelta(hours=2))


def test_an_answer_read_before_its_question_meets_it(store: Store) -> None:
    record(store, answer(mailbox=EVA))
    assert store.messages.find("<a1@bjurholm.example>") is None, "what matches nothing is not kept"
    record(store, outcome(message(), question()))
    assert [duty.state for duty in store.obligations.list(states=ALL)] == ["answered"]


def test_an_answer_that_matches_is_kept(store: Store) -> None:
    record(store, outcome(message(), question()))
    record(store, answer())
    assert store.messages.find("<a1@bjurholm.example>") is not None


def test_outgoing_mail_that_must_be_registered_is_kept(store: Store) -> None:
    sent = message("<out@bjurholm.example>", asker=TOWN, to=(ANNA,))
    record(store, outcome(sent, diarised(), folder="Sent", direction="outgoing"))
    (item,) = store.diary.list()
    assert (item.direction, item.state) == ("outgoing", "proposed")


def test_internal_mail_asks_one_and_answers_the_other(store: Store) -> None:
    """The copy in an inbox and the copy in Sent, both in the same unit, are judged apart."""
    lars = "lars@bjurholm.example"
    record(store, outcome(message(asker=lars), question(), mailbox=EVA, direction="internal"))
    back = answer(to=(lars,), mailbox=EVA)
    assert back.message is not None
    record(
        store,
        outcome(back.message, question(), mailbox=lars, direction="internal", received_at=NOW + timedelta(hours=3)),
    )
    known = store.intake.known_messages(["<a1@bjurholm.example>"])["<a1@bjurholm.example>"]
    assert known.judged_for("ks", at_least=Stage.BODY)
    assert not known.judged_for("ks", at_least=Stage.BODY, sent=True)
    record(store, back)
    states = {duty.asker: duty.state for duty in store.obligations.list(states=ALL)}
    assert states == {lars: "answered", EVA: "open"}


@pytest.mark.parametrize(("needs_reply", "state", "judged"), [(True, "open", True), (False, "dismissed", False)])
def test_an_unjudged_duty_is_judged_when_more_is_read(
    store: Store, needs_reply: bool, state: str, judged: bool
) -> None:
    record(store, outcome(message(), question(stage=Stage.HEADERS, judged=False), mailbox=EVA))
    (duty,) = store.obligations.list()
    assert not duty.judged and store.obligations.awaiting_holding_reply(DUE) == []
    record(store, outcome(message(), question(needs_reply=needs_reply), mailbox=TOWN))
    (after,) = store.obligations.list(states=ALL)
    assert (after.ref, after.state, after.judged) == (duty.ref, state, judged)
    assert after.met_by == (None if needs_reply else "rule")


def test_a_message_that_links_two_conversations_merges_their_duties(store: Store) -> None:
    record(store, outcome(message("<a@x.example>"), question()))
    record(store, outcome(message("<b@x.example>"), question(), received_at=LATER), now=LATER)
    assert len(store.obligations.list()) == 2
    both = message("<c@x.example>", references=("<a@x.example>", "<b@x.example>"))
    record(store, outcome(both, None))
    (duty,) = store.obligations.list()
    assert duty.ref == REFERENCES.ref("<a@x.example>", "ks"), "the one that people have known longest goes on"
    assert store.obligations.get(REFERENCES.ref("<b@x.example>", "ks")).ref == duty.ref


def test_a_copy_that_exchange_passed_on_joins_the_duty_of_the_original(store: Store) -> None:
    record(store, outcome(message(), question()))
    copy = parse_headers(
        b"From: Anna Ek <anna@citizen.example>\r\nTo: kommunen@bjurholm.example\r\nSubject: Fr\xc3\xa5ga om bygglov\r\n"
        b"Message-ID: <copy@exchange.example>\r\nResent-From: <eva@bjurholm.example>\r\n"
        b"Auto-Submitted: auto-generated\r\nX-MS-Exchange-Inbox-Rules-Loop: eva@bjurholm.example\r\n"
        b"X-MS-Exchange-Parent-Message-Id: <q1@citizen.example>\r\n\r\n"
    )
    record(store, outcome(copy, question(), received_at=LATER), now=LATER)
    (duty,) = store.obligations.list()
    assert (duty.ref, duty.due_on) == (REFERENCES.ref("<q1@citizen.example>", "ks"), DUE)
    record(store, answer())
    assert [duty.state for duty in store.obligations.list(states=ALL)] == ["answered"]


def test_a_moved_copy_is_the_same_message(store: Store) -> None:
    record(store, outcome(message(), question(), delivery_id="1"))
    key = "<q1@citizen.example>"
    known = store.intake.known_messages([key, "other"])
    assert list(known) == [key] and known[key].judged_for("ks", at_least=Stage.HEADERS)
    record(store, gone=("1",))
    assert store.intake.known_deliveries(TOWN, "INBOX", ["1"]) == {}
    record(store, outcome(message(), None, folder="Ärenden", delivery_id="9"))
    assert store.intake.known_deliveries(TOWN, "Ärenden", ["9", "8"]) == {"9": known[key].ref}
    assert [seen.folder for seen in store.messages.deliveries(known[key].ref)] == ["Ärenden"]
    assert len(store.obligations.list()) == 1


def test_after_a_reset_what_is_listed_again_is_known_and_the_rest_is_gone(store: Store) -> None:
    mails = [outcome(message(f"<{n}@x.example>"), question(), delivery_id=f"1:{n}") for n in range(4)]
    record(store, *mails)
    relisted = [outcome(message(f"<{n}@x.example>"), None, delivery_id=f"2:{n}") for n in range(3)]
    # Every batch of the new listing may say "reset"; those of one pass do not undo each other.
    record(store, *relisted[:2], reset=True, now=LATER)
    record(store, relisted[2], reset=True, now=LATER)
    ids = [f"{epoch}:{n}" for epoch in (1, 2) for n in range(4)]
    assert sorted(store.intake.known_deliveries(TOWN, "INBOX", ids)) == ["2:0", "2:1", "2:2"]
    assert len(store.obligations.list()) == 4, "a duty stays when the mail is deleted"


def test_a_folder_that_goes_in_the_pass_that_read_it_holds_nothing(store: Store) -> None:
    """Between received and sent mail the folders are listed again."""
    record(store, outcome(message(), question(), folder="Arkiv", delivery_id="1"))
    store.intake.folder_gone(TOWN, "Arkiv", now=NOW)
    assert store.intake.known_deliveries(TOWN, "Arkiv", ["1"]) == {}
    assert store.intake.cursor(TOWN, "Arkiv") is None


def test_a_delivery_id_may_come_to_mean_another_message(store: Store) -> None:
    record(store, outcome(message("<a@x.example>"), None, delivery_id="1"))
    record(store, outcome(message("<b@x.example>"), None, delivery_id="1"), reset=True, now=LATER)
    found = store.messages.find("<b@x.example>")
    assert found and store.intake.known_deliveries(TOWN, "INBOX", ["1"]) == {"1": found.ref}


def test_vanished_mail_is_noted(store: Store) -> None:
    record(store, vanished=("12",))
    (line,) = store.audit.list()
    assert line.action == "vanished" and line.detail == {"mailbox": TOWN, "delivery": REFERENCES.fingerprint("12")}


def test_an_unparsable_message_reaches_the_registrar(store: Store) -> None:
    decision = Decision(stage=Stage.HEADERS, actions=(ReportUnparsable(),))
    record(store, outcome(None, decision, key="raw:1", unparsable="no header block"))
    (item,) = store.diary.list()
    assert item.unparsable and item.state == "asked" and item.message_id is None and item.title is None
    assert store.intake.known_messages(["raw:1"])["raw:1"].unparsable


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_confidential_mail_leaves_no_words(store: Store, order: tuple[int, int]) -> None:
    """Whichever copy is judged first: the subject must not stay from the one that did not see it."""
    secret = message(subject="Orosanmälan Kalle")
    unjudged = question(stage=Stage.HEADERS, judged=False)
    judged = question(confidential=True)
    judged = replace(judged, actions=(*judged.actions, AnnounceConfidential()))
    copies = (outcome(secret, unjudged, mailbox=EVA), outcome(secret, judged))
    for index in order:
        record(store, copies[index])
    (duty,), (item,) = store.obligations.list(), store.diary.list()
    assert duty.confidential and duty.subject is None
    assert item.confidential and item.title is None and item.sender is None
    found = store.messages.find(item.message_ref)
    assert found and found.subject is None and found.sender_name is None


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_must_register_outweighs_ask(store: Store, order: tuple[int, int]) -> None:
    decisions = (diarised(AskRegistrar(), stage=Stage.HEADERS), diarised())
    for index in order:
        record(store, outcome(message(), decisions[index], mailbox=(EVA, TOWN)[index]))
    (item,) = store.diary.list()
    assert item.state == "proposed" and item.kind == "appeal"


def test_a_settled_diary_item_is_not_changed_by_a_second_copy(store: Store) -> None:
    record(store, outcome(message(), diarised(AskRegistrar(), stage=Stage.HEADERS), mailbox=EVA))
    ref = store.diary.list()[0].ref
    store.diary.dismiss(ref, "reklam", by="person:eva", now=LATER)
    record(store, outcome(message(), diarised(), mailbox=TOWN), now=LATER)
    assert store.diary.get(ref).state == "dismissed"


def test_old_mail_is_recorded_without_a_decision(store: Store) -> None:
    record(store, outcome(message(), None))
    assert store.obligations.list() == [] and store.diary.list() == []
    found = store.messages.find("<q1@citizen.example>")
    assert found and store.messages.decisions(found.ref) == []


def test_what_rules_are_told_about_a_conversation(store: Store) -> None:
    asked = replace(question(), diary_number="KS 2026/1", actions=(*question().actions, ForwardToRegistrar()))
    record(store, outcome(message(references=("<old@x.example>",)), asked))
    facts = store.intake.conversations(["<old@x.example>", "<q1@citizen.example>", "<unknown@x.example>"])
    assert set(facts) == {"<old@x.example>", "<q1@citizen.example>"}
    first = facts["<old@x.example>"]
    assert first.open_obligation_units == {"ks"} and not first.we_wrote and first.diary_number == "KS 2026/1"
    store.diary.confirm(store.diary.list()[0].ref, "KS 2026/7", by="person:eva", now=LATER)
    record(store, answer())
    after = store.intake.conversations(["<old@x.example>"])["<old@x.example>"]
    assert (after.open_obligation_units, after.we_wrote, after.diary_number) == (frozenset(), True, "KS 2026/7")


def test_two_messages_whose_references_meet(store: Store) -> None:
    one = outcome(message("<1@x.example>"), question())
    two = outcome(message("<2@x.example>"), question(), mails=(new_mail(ref=one.item_ref),))
    two = replace(two, ref=one.ref, item_ref=one.item_ref)
    record(store, one)
    record(store, two)
    record(store, two, now=LATER)
    refs = {duty.message_id: duty.ref for duty in store.obligations.list()}
    assert refs["<1@x.example>"] == one.item_ref
    assert refs["<2@x.example>"] == REFERENCES.ref("<2@x.example>", "ks", attempt=1)
    assert store.outbox.list()[0].item_ref == refs["<2@x.example>"], "its mail belongs to the item it got"


def test_a_batch_is_all_or_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    record(store, cursor="1")
    broken = outcome(message("<2@x.example>"), replace(question(), verdicts=(object(),)))  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        record(store, outcome(message("<1@x.example>"), question()), broken, cursor="2")
    assert store.intake.cursor(TOWN, "INBOX") == "1" and store.obligations.list() == []
    assert store.messages.find("<1@x.example>") is None


def test_a_locked_database_is_temporary_trouble(store: Store, url: str) -> None:
    other = Database(url)
    with other.write(), pytest.raises(TransientError, match="locked"):
        record(store, outcome(message(), question()))
    other.dispose()
    record(store, outcome(message(), question()))


def test_a_reader_is_not_kept_waiting_by_a_writer(store: Store, url: str) -> None:
    other = Database(url)
    with other.write():
        assert store.obligations.list() == []
    other.dispose()


def test_the_last_finished_and_the_last_failed_pass_are_kept(store: Store) -> None:
    def check(hour: int, error: str | None) -> MailboxCheck:
        at = NOW + timedelta(hours=hour)
        return MailboxCheck(
            mailbox=TOWN, started_at=at, completed_at=None if error else at, new_messages=hour, error=error
        )

    for hour, error in enumerate([None, "refused", None, "login refused"]):
        store.intake.checked(check(hour, error))
    assert store.intake.last_checks() == [check(2, None), check(3, "login refused")]


def test_a_thread_larger_than_the_limit_still_gets_its_answers(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailbot.store.linking.MAX_CONVERSATION", 10)
    for n in range(1, 30):
        mail = message(f"<{n}@x.example>", in_reply_to=(f"<{n - 1}@x.example>",))
        record(store, outcome(mail, question(), received_at=NOW + timedelta(minutes=n)))
    with store._database.read() as connection:
        sizes = connection.execute(select(func.count()).select_from(links).group_by(links.c.conversation)).scalars()
        assert max(sizes) <= 10
    open_before = len(store.obligations.list())
    assert open_before > 1
    record(store, answer("<29@x.example>"))
    assert len(store.obligations.list()) == open_before - 1


def test_audit_and_fingerprint_columns_hold_no_personal_data(store: Store, url: str) -> None:
    """Only the tables that retention empties may hold an address, a name or a subject."""
    decision = replace(question(), actions=(*question().actions, ForwardToRegistrar()))
    record(store, outcome(message(), decision, delivery_id="7"), vanished=("anna@citizen.example",))
    record(store, answer())
    database = Database(url)
    with database.read() as connection:
        for table in metadata.sorted_tables:
            if table is not messages:
                dump = repr(connection.execute(select(table)).all())
                assert not any(word in dump for word in (ANNA, "Anna Ek", "bygglov", "citizen")), table.name
    database.dispose()
