"""The working day on a real mail server: Dovecot opened by a master user, Postfix for what leaves."""

import json
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.servers.dovecot import BARE, FULL, Dovecot
from tests.servers.postfix import Postfix
from tests.support.command import mailbot
from tests.support.documents import docx
from tests.support.imap_town import ImapTown

APPEAL = (
    "Hej!\n\nJag håller inte med om beslutet om mitt bygglov och vill att ni ändrar det.\n\nMed vänlig hälsning\nBo\n"
)
QUESTION = "Hej!\n\nVilka tider har simhallen öppet under sommaren? Tacksam för svar.\n\nMvh Bo\n"
STOCKHOLM = ZoneInfo("Europe/Stockholm")


@pytest.fixture(params=[FULL, BARE], ids=["full", "bare"])
def town(request: pytest.FixtureRequest, tmp_path: Path, dovecot: Dovecot, postfix: Postfix) -> ImapTown:
    """After a first pass over empty mailboxes, so that automatic replies are not held back."""
    return settled(ImapTown(tmp_path, dovecot, postfix, host=request.param))


@pytest.fixture
def full_town(tmp_path: Path, dovecot: Dovecot, postfix: Postfix) -> ImapTown:
    return settled(ImapTown(tmp_path, dovecot, postfix))


def settled(town: ImapTown) -> ImapTown:
    assert town.run().alarms == ()
    quiet(town)
    return town


def state(town: ImapTown) -> dict[str, object]:
    """Everything that a pass may change."""
    with town.open() as context:
        store = context.store
        return {
            "obligations": store.obligations.list(),
            "diary": store.diary.list(),
            "outbox": [(item.message_id, item.state) for item in store.outbox.list()],
            "mails": {name: len(town.mails(name)) for name in town.accounts},
            "sent": len(town.mails("mailbot", "Sent")),
        }


def quiet(town: ImapTown) -> None:
    """Read what mailbot itself has just sent to staff."""
    town.wait_for_delivery()
    town.run()


def test_an_appeal_reaches_the_registrar_as_it_came(town: ImapTown) -> None:
    original = town.letter(APPEAL, subject="Mitt bygglov")
    town.post(original, town.address("kommunen"))

    report = town.run()

    assert (report.new_messages, report.alarms) == (1, ())
    (received,) = town.mails("kommunen")
    forwarded = [mail for mail in town.mails("eva") if mail.get_content_type() == "multipart/mixed"]
    (enclosed,) = [part for part in forwarded[0].walk() if part.get_content_type() == "message/rfc822"]
    assert enclosed.get_payload(0).as_bytes() == received.as_bytes()
    assert [mail["Message-ID"] for mail in town.mails("mailbot", "Sent")].count(forwarded[0]["Message-ID"]) == 1
    with town.open() as context:
        (item,) = context.store.diary.list(states=("forwarded",))
    assert (item.kind, item.title) == ("appeal", "Mitt bygglov")


def test_an_attached_document_is_fetched_when_a_rule_asks_for_it(town: ImapTown) -> None:
    letter = town.letter(QUESTION)
    filler = b"x" * 400_000  # too large to come with the text
    letter.add_attachment(docx("Personnummer 19811218-9876"), maintype="application", subtype="x", filename="a.docx")
    letter.add_attachment(filler, maintype="application", subtype="octet-stream", filename="b.txt")
    town.post(letter, town.address("kommunen"))

    town.run()

    with town.open() as context:
        (item,) = context.store.diary.list()
    assert item.confidential


def test_a_second_pass_changes_nothing_and_nothing_is_marked_as_read(town: ImapTown) -> None:
    town.post(town.letter(APPEAL), town.address("kommunen"))
    town.run()
    quiet(town)
    before = state(town)

    report = town.run()

    assert (report.new_messages, report.sent, report.alarms) == (0, 0, ())
    assert state(town) == before
    assert all(rb"\Seen" not in line for line in town.flags("kommunen"))


def test_a_citizen_gets_one_holding_reply_by_way_of_postfix(town: ImapTown) -> None:
    question = town.letter(QUESTION)
    town.post(question, town.address("kommunen"))
    town.run()
    with town.open() as context:
        (obligation,) = context.store.obligations.list()
    assert obligation.due_on is not None
    due = datetime.combine(obligation.due_on, time(15, 30), STOCKHOLM)

    assert town.run(due).holding_replies == 1
    assert town.run(due + timedelta(minutes=5)).holding_replies == 0

    (reply,) = town.mails(town.citizen)
    assert reply["In-Reply-To"] == question["Message-ID"]
    assert reply["Auto-Submitted"].startswith("auto-replied")
    assert reply["Return-Path"] == "<>"
    filed = [mail for mail in town.mails("mailbot", "Sent") if mail["Message-ID"] == reply["Message-ID"]]
    assert len(filed) == 1


def test_an_answer_found_in_sent_settles_the_question(town: ImapTown) -> None:
    question = town.letter(QUESTION, to=town.address("anna"))
    town.post(question, town.address("anna"))
    town.run()
    answer = town.letter(
        "Hej Bo! Simhallen har öppet 8-20 alla dagar.\n",
        from_=town.address("anna"),
        to=town.citizen.address,
        in_reply_to=question["Message-ID"],
        subject="Sv: En fråga",
    )
    town.lay("anna", answer, folder="Sent")

    town.run()

    with town.open() as context:
        (obligation,) = context.store.obligations.list(states=("answered",))
    assert obligation.met_by == town.address("anna")


def test_junk_is_read_and_drafts_are_not(town: ImapTown) -> None:
    town.lay("kommunen", town.letter(QUESTION), folder="Junk")
    town.lay("kommunen", town.letter(QUESTION), folder="Drafts")
    town.lay("kommunen", town.letter(QUESTION), folder="Trash")

    assert town.run().new_messages == 1

    with town.open() as context:
        assert len(context.store.obligations.list()) == 1


def test_a_changed_uidvalidity_repeats_nothing_and_loses_nothing(town: ImapTown) -> None:
    town.post(town.letter(APPEAL), town.address("kommunen"))
    town.run()
    quiet(town)
    before = state(town)
    town.dovecot.change_uidvalidity(town.accounts["kommunen"])

    town.run()

    assert state(town) == before
    town.dovecot.change_uidvalidity(town.accounts["kommunen"])
    town.post(town.letter(QUESTION, subject="Simhallen"), town.address("kommunen"))
    town.run()
    with town.open() as context:
        assert [one.subject for one in context.store.obligations.list()].count("Simhallen") == 1


def test_mail_that_people_move_and_delete_meanwhile_is_decided_once(town: ImapTown) -> None:
    for subject in ("Ett", "Två", "Tre"):
        town.post(town.letter(QUESTION, subject=subject), town.address("kommunen"))
    town.run()
    quiet(town)
    before = state(town)
    town.move("kommunen", 0, "Arkiv")
    town.delete("kommunen", 0)

    report = town.run()

    after = state(town)
    assert (report.alarms, after["obligations"], after["outbox"]) == ((), before["obligations"], before["outbox"])
    assert town.run().new_messages == 0


def test_of_a_personal_mailbox_only_header_fields_leave_the_server(full_town: ImapTown) -> None:
    town = full_town
    recording = town.recording("anna")
    town.post(town.letter(QUESTION, to=town.address("anna"), subject="Simhallen?"), town.address("anna"))

    assert town.run().new_messages == 1

    fetches = [line for line in recording.commands() if line.upper().startswith("UID FETCH")]
    assert fetches
    assert not [line for line in fetches if any(word in line.upper() for word in ("BODY.PEEK[]", "TEXT", "RFC822)"))]
    assert all("HEADER" in line or "BODY" not in line for line in fetches)


def test_the_command_line_tells_what_a_pass_did(full_town: ImapTown) -> None:
    town = full_town
    town.post(town.letter(APPEAL), town.address("kommunen"))

    first = mailbot("run", "--once", "--json", "--config", town.config_path)
    quiet(town)
    second = mailbot("run", "--once", "--json", "--config", town.config_path)

    assert (first.status, second.status) == (0, 0), first.err + second.err
    assert json.loads(first.out)["new_messages"] == 1
    assert (json.loads(second.out)["new_messages"], json.loads(second.out)["sent"]) == (0, 0)


def test_one_mailbox_without_rights_delays_no_other(tmp_path: Path, dovecot: Dovecot, postfix: Postfix) -> None:
    town = ImapTown(tmp_path, dovecot, postfix, trapped="anna")
    town.post(town.letter(QUESTION), town.address("kommunen"))

    report = town.run()

    assert [one.mailbox for one in report.unread] == [town.address("anna")]
    assert "the login works, but the inbox cannot be opened" in str(report.unread[0].error)
    assert report.new_messages == 1
