"""Claim, send, settle: nothing goes twice, nothing storms, nothing is lost (design section 4, invariants 2 and 3)."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default

import pytest

from mailbot.errors import PermanentError, TransientError
from mailbot.platforms.sending import CannotCarry, DestinationTrouble, OutgoingMail, Receipt, Refusal, SenderUnavailable
from mailbot.store.records import NewMail, OutboxItem
from mailbot.work.context import Context
from mailbot.work.outbox import LEAST_ATTEMPTS, UNCLEAR_ATTEMPTS, deliver_all
from mailbot.work.passes import one_pass
from tests.support.town import Town, at
from tests.work.scripted_sender import ScriptedSender
from tests.work.test_working_day import APPEAL

NOW = at("2026-05-11T12:30")
Start = Callable[[ScriptedSender], Context]


@pytest.fixture
def start(settled_town: Town) -> Iterator[Start]:
    with settled_town.open() as context:
        yield lambda sender: replace(context, open_sender=sender.open, lease_seconds=0)


def mail(key: str, *to: str, **changes: object) -> NewMail:
    one = NewMail(
        dedup_key=key,
        kind="digest",
        audience="staff",
        to=to or ("anna@by.example",),
        envelope_from="mailbot@by.example",
        message_id=f"<{key}@by.example>",
        raw=f"Message-ID: <{key}@by.example>\r\n\r\n{key}\r\n".encode(),
    )
    return replace(one, **changes)


def citizen(key: str, to: str = "bo@privat.example") -> NewMail:
    return mail(key, to, audience="citizen", kind="holding_reply", envelope_from="")


def states(context: Context) -> dict[str, str]:
    return {item.dedup_key: item.state for item in context.store.outbox.list() if item.created_at >= NOW}


def item(context: Context, key: str) -> OutboxItem:
    return context.store.outbox.get(f"<{key}@by.example>")


def later(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


# --- outcomes ---


@pytest.mark.parametrize(
    ("step", "state"),
    [
        (None, "sent"),
        (Receipt(refused=(Refusal("x@by.example", "no such address"),)), "sent"),
        (TransientError("later"), "pending"),
        (PermanentError("no"), "failed"),
        (ConnectionResetError(), "unknown"),
    ],
)
def test_what_becomes_of_mail_to_a_citizen(start: Start, step: Exception | Receipt | None, state: str) -> None:
    sender = ScriptedSender(step)
    context = start(sender)
    context.store.outbox.enqueue([citizen("a")], now=NOW)
    assert deliver_all(context, NOW) == (state == "sent")
    assert states(context) == {"a": state}
    deliver_all(context, NOW)
    assert len(sender.attempts) == 1


def test_mail_to_a_citizen_that_turns_up_in_sent_later_is_settled(start: Start) -> None:
    sender = ScriptedSender(TimeoutError())
    context = start(sender)
    context.store.outbox.enqueue([citizen("a")], now=NOW)
    deliver_all(context, NOW)
    sender.fate_told = "sent"
    deliver_all(context, later(5))
    assert (states(context), len(sender.attempts)) == ({"a": "sent"}, 1)


def test_a_server_that_never_answers_does_not_get_staff_mail_again_and_again(start: Start) -> None:
    sender = ScriptedSender(*[TimeoutError()] * 50)
    context = start(sender)
    context.store.outbox.enqueue([mail("a")], now=NOW)
    deliver_all(context, NOW)
    assert len(sender.attempts) == 1  # the repetition waits
    for minutes in range(1, 600, 5):
        deliver_all(context, later(minutes))
    assert len(sender.attempts) == UNCLEAR_ATTEMPTS
    assert {one.message_id for one in sender.attempts} == {"<a@by.example>"}
    assert states(context) == {"a": "unknown"}


def test_a_fate_that_cannot_be_told_stops_nothing_else(start: Start) -> None:
    class Broken(ScriptedSender):
        def fate(self, message_id: str, handle: str | None):  # type: ignore[no-untyped-def]
            raise RuntimeError("a defect")

    sender = Broken(TimeoutError())
    context = start(sender)
    context.store.outbox.enqueue([citizen("a"), mail("b")], now=NOW)
    assert deliver_all(context, NOW) == 1
    assert states(context) == {"a": "sending", "b": "sent"}


def test_after_two_days_a_person_must_look(start: Start) -> None:
    sender = ScriptedSender(*[TransientError("later")] * 100)
    context = start(sender)
    context.store.outbox.enqueue([mail("a")], now=NOW)
    for hours in range(60):
        deliver_all(context, later(hours * 60))
    assert states(context) == {"a": "failed"}
    assert len(sender.attempts) < 24


def test_mail_that_waited_for_days_is_not_given_up_at_the_first_trouble(start: Start) -> None:
    """It was held, paused, or the machine stood still: greylisting asks everybody to come again (RFC 6647)."""
    sender = ScriptedSender(TransientError("greylisted"), TransientError("greylisted"))
    context = start(sender)
    context.store.outbox.enqueue([mail("a")], now=NOW)
    week = 7 * 24 * 60
    for minutes in (0, week, week + 10):
        deliver_all(context, later(minutes))
    assert states(context) == {"a": "sent"}


def test_staff_mail_whose_worker_died_days_ago_is_sent_again(start: Start) -> None:
    context = start(ScriptedSender())
    context.store.outbox.enqueue([mail("a")], now=NOW)
    assert context.store.outbox.claim(NOW, lease_seconds=0) is not None
    deliver_all(context, later(4 * 24 * 60))
    assert states(context) == {"a": "sent"}


def test_what_a_person_releases_is_tried_as_long_as_any_other(start: Start) -> None:
    sender = ScriptedSender(*[TransientError("later")] * 40)
    context = start(sender)
    context.store.outbox.enqueue([mail("a")], now=NOW)
    for hours in range(60):
        deliver_all(context, later(hours * 60))
    assert states(context) == {"a": "failed"}
    context.store.outbox.release("<a@by.example>", by="eva", now=later(61 * 60))
    deliver_all(context, later(61 * 60))
    assert (states(context), item(context, "a").attempts) == ({"a": "pending"}, 1)


def test_a_mail_that_a_server_never_digests_is_given_up_and_holds_up_no_other(start: Start) -> None:
    """RFC 5321 4.5.4.1: 451 4.3.0 at the end of DATA sounds like trouble for all mail, but means this one."""

    class Filtered(ScriptedSender):
        def send(self, one: OutgoingMail, handle: str | None) -> Receipt:
            if one.message_id == "<a@by.example>":
                self.attempts.append(one)
                raise SenderUnavailable("trouble at the server (451 4.3.0)", saw_mail=True)
            return super().send(one, handle)

    sender = Filtered()
    context = start(sender)
    context.store.outbox.enqueue([mail("a"), mail("b")], now=NOW)
    for minutes in range(0, 3 * 24 * 60, 15):
        deliver_all(context, later(minutes))
    assert states(context) == {"a": "failed", "b": "sent"}
    assert LEAST_ATTEMPTS <= len(sender.attempts) < 250
    assert "451 4.3.0" in (item(context, "a").error or "")


def test_a_long_outage_at_the_end_of_mails_fails_none_of_a_full_queue(start: Start) -> None:
    trouble = SenderUnavailable("the server's disk is full (452 4.3.1)", saw_mail=True)
    sender = ScriptedSender(*[trouble] * 1000)
    context = start(sender)
    context.store.outbox.enqueue([mail(f"m{number}") for number in range(60)], now=NOW)
    for minutes in range(0, 3 * 24 * 60, 15):
        deliver_all(context, later(minutes))
    assert set(states(context).values()) == {"pending"}


# --- partial refusals and destinations ---


def test_deferred_recipients_get_it_later_and_the_others_not_again(start: Start) -> None:
    deferred = Receipt(deferred=(Refusal("lars@by.example", "the mailbox is full (452 4.2.2)"),))
    sender = ScriptedSender(deferred)
    context = start(sender)
    context.store.outbox.enqueue([mail("a", "anna@by.example", "lars@by.example")], now=NOW)
    deliver_all(context, NOW)
    assert item(context, "a").state == "pending"
    deliver_all(context, later(2))
    assert [one.recipients for one in sender.attempts] == [("anna@by.example", "lars@by.example"), ("lars@by.example",)]
    assert item(context, "a").state == "sent"


@pytest.mark.parametrize(
    ("destination", "tried_at_once"),
    [
        ("privat.example", ["a", "c"]),
        ("bo@privat.example", ["a", "b", "c"]),
    ],
)
def test_trouble_delays_only_its_destination(start: Start, destination: str, tried_at_once: list[str]) -> None:
    sender = ScriptedSender(DestinationTrouble("no route", destination))
    context = start(sender)
    mails = [citizen("a"), citizen("b", "Eva@Privat.example"), citizen("c", "bo@annan.example")]
    context.store.outbox.enqueue(mails, now=NOW)
    deliver_all(context, NOW)
    assert [one.message_id[1] for one in sender.attempts] == tried_at_once
    deliver_all(context, later(2))
    assert states(context) == dict.fromkeys("abc", "sent")
    assert len(sender.attempts) == 4


def test_when_nothing_can_be_sent_the_queue_waits_as_it_is(start: Start) -> None:
    """An expired certificate must not turn two hundred digests into failed mail, nor be asked about for each."""
    trouble = SenderUnavailable("the certificate has expired")
    sender = ScriptedSender(*[trouble] * 100, at_prepare=True)
    context = start(sender)
    context.store.outbox.enqueue([mail(key) for key in "abcd"], now=NOW)
    assert deliver_all(context, NOW) == 0
    assert (len(sender.attempts), states(context)) == (1, dict.fromkeys("abcd", "pending"))
    assert "sender_unavailable" in one_pass(context, NOW).alarms
    for minutes in range(1, 24 * 60, 5):
        deliver_all(context, later(minutes))
    assert len(sender.attempts) < 24 * 60 / 15 + 10
    sender._script = iter(())
    assert deliver_all(context, later(25 * 60)) > 0
    assert "sender_unavailable" not in one_pass(context, later(25 * 60)).alarms
    deliver_all(context, later(26 * 60))
    assert set(states(context).values()) == {"sent"}


@pytest.mark.parametrize("error", [TransientError("no route"), PermanentError("no such secret")])
def test_a_sender_that_cannot_be_opened_is_an_alarm_and_no_failed_pass(start: Start, error: Exception) -> None:
    def refuse() -> ScriptedSender:
        raise error

    context = replace(start(ScriptedSender()), open_sender=refuse)
    context.store.outbox.enqueue([mail("a")], now=NOW)
    report = one_pass(context, NOW)
    assert (report.sent, report.alarms) == (0, ("sender_unavailable",))


# --- copies in Sent ---


def test_the_copy_in_sent_is_made_after_the_answer_is_on_record(start: Start) -> None:
    sender = ScriptedSender(filed=False)
    context = start(sender)
    context.store.outbox.enqueue([mail("a")], now=NOW)
    deliver_all(context, NOW)
    assert (sender.filed, context.store.outbox.owed_copies()) == (["<a@by.example>"], [])


def test_a_copy_that_cannot_be_made_is_owed_and_the_mail_is_sent_all_the_same(start: Start) -> None:
    sender = ScriptedSender(filed=False)
    sender.file_error = TransientError("mailbox in use")
    context = start(sender)
    context.store.outbox.enqueue([citizen("a")], now=NOW)
    assert deliver_all(context, NOW) == 1
    assert states(context) == {"a": "sent"}
    sender.file_error = None
    deliver_all(context, later(5))
    deliver_all(context, later(10))
    assert (sender.filed, len(sender.attempts)) == (["<a@by.example>"], 1)


def test_a_copy_that_never_can_be_made_is_given_up(start: Start) -> None:
    sender = ScriptedSender(filed=False)
    sender.file_error = PermanentError("quota")
    context = start(sender)
    context.store.outbox.enqueue([mail("a")], now=NOW)
    deliver_all(context, NOW)
    deliver_all(context, NOW + timedelta(days=3))
    assert context.store.outbox.owed_copies() == []


# --- originals that no server can carry ---


@pytest.mark.parametrize(
    ("reason", "words"), [("too_large", "större än"), ("eight_bit", "8 bitar"), ("line_ends", "skriva om")]
)
def test_the_registrar_is_told_where_the_original_lies(settled_town: Town, reason: str, words: str) -> None:
    town = settled_town
    folder = town.maildir("kommunen@by.example") / ".Projekt"
    for part in ("tmp", "new", "cur"):
        (folder / part).mkdir(parents=True)
    town.deliver_bytes(
        "kommunen@by.example", town.letter("2026-05-11T09:00", APPEAL).as_bytes(), "2026-05-11T09:00", folder=".Projekt"
    )

    class NoForwards(ScriptedSender):
        def prepare(self, mail):  # type: ignore[no-untyped-def]
            if b"message/rfc822" in mail.raw:
                raise CannotCarry("no", reason)  # type: ignore[arg-type]
            return super().prepare(mail)

    sender = NoForwards()
    with town.open() as context:
        one_pass(replace(context, open_sender=sender.open), NOW)
        one_pass(replace(context, open_sender=sender.open), later(5))
        (diary_item,) = context.store.diary.list()
        forward, note = context.store.outbox.of_message(diary_item.message_ref)
    assert diary_item.state == "forwarded"
    assert (forward.state, note.state) == ("cancelled", "sent")
    (told,) = [one for one in sender.taken if one.message_id == note.message_id]
    assert told.recipients == ("eva@by.example",)
    message = message_from_bytes(told.raw, policy=default)
    text = " ".join(message.get_body(("plain",)).get_content().split())
    for expected in (diary_item.ref, "kommunen@by.example", "Projekt", "11 maj 2026", "diary export", words):
        assert expected in text, expected
    assert "Bo Berg" not in text
    assert not any(part.get_content_type() == "message/rfc822" for part in message.walk())


def test_other_mail_that_cannot_be_carried_fails(start: Start) -> None:
    context = start(ScriptedSender(CannotCarry("no", "too_large")))
    context.store.outbox.enqueue([mail("a")], now=NOW)
    deliver_all(context, NOW)
    assert states(context) == {"a": "failed"}


# --- pause, observe ---


def test_nothing_new_leaves_while_paused_but_what_was_begun_is_looked_up(start: Start) -> None:
    sender = ScriptedSender()
    context = start(sender)
    context.store.outbox.enqueue([mail("a")], now=NOW)
    context.store.outbox.claim(NOW, lease_seconds=0)
    context.store.outbox.enqueue([mail("b")], now=NOW)
    context.store.installation.pause(by="person:it", reason="fel mall", now=NOW)
    sender.fate_told = "sent"
    assert deliver_all(context, NOW) == 0
    assert states(context) == {"a": "sent", "b": "pending"}


def test_retention_drops_the_bytes_and_keeps_the_key(start: Start) -> None:
    sender = ScriptedSender()
    context = start(sender)
    context.store.outbox.enqueue([mail("a")], now=NOW)
    deliver_all(context, NOW)
    days = context.config.policy.retention.settled_mail
    context.store.purge(NOW + timedelta(days=days), context.config.policy.retention)
    assert item(context, "a").raw is not None
    context.store.purge(NOW + timedelta(days=days, minutes=1), context.config.policy.retention)
    assert item(context, "a").raw is None
    assert context.store.outbox.enqueue([mail("a")], now=later(99)) == 0
    assert (deliver_all(context, later(99)), len(sender.attempts)) == (0, 1)
