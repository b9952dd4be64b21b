"""Mail of mailbot's own that comes back undelivered has not been sent: a person hears of it, and clocks go on."""

import email
from email.message import EmailMessage, Message

from mailbot.work.passes import PassReport
from tests.answers.test_registrar import EVA, forwarded, item
from tests.support.town import Town
from tests.work.test_working_day import QUESTION

MAILBOT = "mailbot@by.example"


def bounce(town: Town, returned: Message, when: str, *, by: str = "MAILER-DAEMON@relay.example") -> PassReport:
    """A mail system gives `returned` back, and the next pass reads it."""
    report = (
        f"From: {by}\nTo: {MAILBOT}\nSubject: Undelivered Mail Returned to Sender\nMessage-ID: <{when}@relay.example>\n"
        f"Date: Mon, 11 May 2026 12:00:00 +0200\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nNo such mailbox.\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example\n\n"
        "Final-Recipient: rfc822; somebody@by.example\nAction: failed\nStatus: 5.1.1\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {returned['Message-ID']}\n\n--b--\n"
    )
    town.deliver_bytes(MAILBOT, report.encode(), when)
    return town.run(when)


def outbox(town: Town) -> dict[str, tuple[str, str | None]]:
    with town.open() as context:
        return {one.kind: (one.state, one.error) for one in context.store.outbox.list()}


def test_what_did_not_reach_the_registrar_waits_to_be_handed_over_again(settled_town: Town) -> None:
    lost = forwarded(settled_town)
    assert item(settled_town).state == "forwarded"

    report = bounce(settled_town, lost, "2026-05-11T12:35")

    assert "failed_mail" in report.alarms
    assert (item(settled_town).state, item(settled_town).forwarded_at) == ("proposed", None)
    assert outbox(settled_town)["forward"] == ("failed", "came back undelivered (5.1.1)")

    with settled_town.open() as context:
        (failed,) = context.store.outbox.list(states=("failed",))
        context.store.outbox.release(failed.ref, by="person:it", now=failed.created_at)
    again = settled_town.run("2026-05-11T12:45")
    assert (again.sent, "failed_mail" in again.alarms, item(settled_town).state) == (1, False, "forwarded")
    first, second = [email.message_from_bytes(raw) for raw in settled_town.inbox(EVA) if b"message/rfc822" in raw]
    assert first["Message-ID"] == lost["Message-ID"] != second["Message-ID"]

    bounce(settled_town, second, "2026-05-11T12:50")
    assert item(settled_town).state == "proposed"


def test_our_own_mail_system_may_give_it_back(settled_town: Town) -> None:
    report = bounce(settled_town, forwarded(settled_town), "2026-05-11T12:35", by="MAILER-DAEMON@by.example")
    assert "failed_mail" in report.alarms and item(settled_town).state == "proposed"


def test_an_asker_who_got_no_holding_reply_is_not_acknowledged(settled_town: Town) -> None:
    settled_town.deliver("2026-05-11T09:00", QUESTION, subject="Simhallen")
    settled_town.run("2026-05-11T09:05")
    settled_town.run("2026-05-15T15:30")
    with settled_town.open() as context:
        (owed,) = context.store.obligations.list(states=("open",))
        assert owed.acknowledged_at is not None
    (reply,) = [email.message_from_bytes(raw) for raw in settled_town.outside()]

    report = bounce(settled_town, reply, "2026-05-15T15:35")

    assert "failed_mail" in report.alarms
    with settled_town.open() as context:
        (owed,) = context.store.obligations.list(states=("open",))
        assert (owed.acknowledged_at, owed.follow_up_on) == (None, None)
    assert settled_town.run("2026-05-18T07:00").holding_replies == 0, "it is not sent to the same address again"


def test_what_a_person_has_settled_meanwhile_stays(settled_town: Town) -> None:
    lost = forwarded(settled_town)
    with settled_town.open() as context:
        (found,) = context.store.diary.list()
        context.store.diary.confirm(found.ref, "KS 2026/1", by="person:eva", now=found.received_at)
    bounce(settled_town, lost, "2026-05-11T12:35")
    assert item(settled_town).state == "registered"


def test_of_other_mail_nothing_is_believed(settled_town: Town) -> None:
    foreign = EmailMessage()
    foreign["Message-ID"] = "<nobody@elsewhere.example>"
    forwarded(settled_town)
    before = outbox(settled_town)
    report = bounce(settled_town, foreign, "2026-05-11T12:35")
    assert (report.alarms, item(settled_town).state, outbox(settled_town)) == ((), "forwarded", before)
