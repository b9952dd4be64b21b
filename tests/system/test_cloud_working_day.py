"""The working day on mail services that are asked by HTTP, with the same commands as everywhere else."""

import json
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.support.cloud_town import CITIZEN, CloudTown
from tests.support.command import mailbot
from tests.support.ews_town import EwsTown
from tests.support.graph_town import GraphTown

APPEAL = (
    "Hej!\n\nJag håller inte med om beslutet om mitt bygglov och vill att ni ändrar det.\n\nMed vänlig hälsning\nBo\n"
)
QUESTION = "Hej!\n\nVilka tider har simhallen öppet under sommaren? Tacksam för svar.\n\nMvh Bo\n"
STOCKHOLM = ZoneInfo("Europe/Stockholm")


@pytest.fixture(params=["graph", "ews"])
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CloudTown]:
    """After a first pass over empty mailboxes, so that automatic replies are not held back."""
    server = request.getfixturevalue(request.param)
    made: CloudTown = (
        GraphTown(tmp_path, server=server) if request.param == "graph" else EwsTown(tmp_path, server=server)
    )
    assert made.run().alarms == ()
    made.run()  # what mailbot itself has just sent to staff
    yield made


def state(town: CloudTown) -> dict[str, object]:
    """Everything that a pass may change."""
    with town.open() as context:
        store = context.store
        return {
            "obligations": store.obligations.list(),
            "diary": store.diary.list(),
            "outbox": [(item.message_id, item.state) for item in store.outbox.list()],
            "mails": town.count(),
        }


def test_an_appeal_reaches_the_registrar_as_it_came(town: CloudTown) -> None:
    town.post(town.letter(APPEAL, subject="Mitt bygglov"), town.address("kommunen"))

    report = town.run()

    assert (report.new_messages, report.alarms) == (1, ())
    (received,) = town.mails("kommunen")
    forwarded = [mail for mail in town.mails("eva") if mail.get_content_type() == "multipart/mixed"]
    (enclosed,) = [part for part in forwarded[0].walk() if part.get_content_type() == "message/rfc822"]
    assert enclosed.get_payload(0).as_bytes() == received.as_bytes()  # type: ignore[union-attr]
    assert [mail["Message-ID"] for mail in town.mails("mailbot", "sentitems")].count(forwarded[0]["Message-ID"]) == 1
    assert town.mails("mailbot", "drafts") == []
    with town.open() as context:
        (item,) = context.store.diary.list(states=("forwarded",))
    assert (item.kind, item.title) == ("appeal", "Mitt bygglov")


def test_a_second_pass_changes_nothing_and_nothing_is_marked_as_read(town: CloudTown) -> None:
    town.post(town.letter(APPEAL), town.address("kommunen"))
    town.run()
    town.run()
    before = state(town)

    report = town.run()

    assert (report.new_messages, report.sent, report.alarms) == (0, 0, ())
    assert state(town) == before
    assert not town.is_anything_read("kommunen")


def test_a_citizen_gets_one_holding_reply(town: CloudTown) -> None:
    question = town.letter(QUESTION)
    town.post(question, town.address("kommunen"))
    town.run()
    with town.open() as context:
        (obligation,) = context.store.obligations.list()
    assert obligation.due_on is not None
    due = datetime.combine(obligation.due_on, time(15, 30), STOCKHOLM)

    assert town.run(due).holding_replies == 1
    assert town.run(due + timedelta(minutes=5)).holding_replies == 0

    (reply,) = town.outside()
    assert reply["In-Reply-To"] == question["Message-ID"]
    assert reply["Auto-Submitted"].startswith("auto-replied")
    filed = [mail for mail in town.mails("mailbot", "sentitems") if mail["Message-ID"] == reply["Message-ID"]]
    assert len(filed) == 1


@pytest.mark.parametrize("written_here", [True, False])
def test_an_answer_found_in_sent_settles_the_question(town: CloudTown, written_here: bool) -> None:
    """Mail written in Outlook has no header in Sent: it is put together from its properties."""
    question = town.letter(QUESTION, to=town.address("anna"))
    town.post(question, town.address("anna"))
    town.run()
    answer = town.letter(
        "Hej Bo! Simhallen har öppet 8-20 alla dagar.\n",
        from_=f"Åsa Ek <{town.address('anna')}>",
        to=CITIZEN,
        in_reply_to=question["Message-ID"],
        subject="Sv: En fråga",
    )
    town.lay("anna", answer, folder="sentitems", written_here=written_here)

    town.run()

    with town.open() as context:
        (obligation,) = context.store.obligations.list(states=("answered",))
    assert obligation.met_by == town.address("anna")


def test_junk_and_folders_of_their_own_are_read_and_drafts_are_not(town: CloudTown) -> None:
    below = town.add_folder("kommunen", "Projekt", parent="inbox")
    own = town.add_folder("kommunen", "Eget")
    deleted = town.add_folder("kommunen", "Gammalt", parent="deleteditems")
    for folder in ("junkemail", below, own, "drafts", "deleteditems", deleted, "outbox"):
        town.lay("kommunen", town.letter(QUESTION, subject=folder), folder=folder)

    assert town.run().new_messages == 3

    with town.open() as context:
        assert len(context.store.obligations.list()) == 3


def test_a_forgotten_place_repeats_nothing_and_loses_nothing(town: CloudTown) -> None:
    town.post(town.letter(APPEAL), town.address("kommunen"))
    town.run()
    town.run()
    before = state(town)
    town.forget("kommunen")

    town.run()

    assert state(town) == before
    town.forget("kommunen")
    town.post(town.letter(QUESTION, subject="Simhallen"), town.address("kommunen"))
    town.run()
    with town.open() as context:
        assert [one.subject for one in context.store.obligations.list()].count("Simhallen") == 1


def test_mail_that_people_read_move_and_delete_meanwhile_is_decided_once(town: CloudTown) -> None:
    for subject in ("Ett", "Två", "Tre"):
        town.post(town.letter(QUESTION, subject=subject), town.address("kommunen"))
    town.run()
    town.run()
    before = state(town)
    archive = town.add_folder("kommunen", "Arkiv 2026")
    town.mark_read("kommunen", 2)
    town.move("kommunen", 0, archive)
    town.move("kommunen", 0, "deleteditems")

    report = town.run()

    after = state(town)
    assert (report.alarms, after["obligations"], after["outbox"]) == ((), before["obligations"], before["outbox"])
    assert town.run().new_messages == 0


def test_the_command_line_tells_what_a_pass_did(town: CloudTown) -> None:
    town.post(town.letter(APPEAL), town.address("kommunen"))

    first = mailbot("run", "--once", "--json", "--config", town.config_path)
    town.run()
    second = mailbot("run", "--once", "--json", "--config", town.config_path)

    assert (first.status, second.status) == (0, 0), first.err + second.err
    assert json.loads(first.out)["new_messages"] == 1
    assert (json.loads(second.out)["new_messages"], json.loads(second.out)["sent"]) == (0, 0)


def test_the_mark_of_a_reply_is_evidence_and_costs_no_request(town: CloudTown) -> None:
    town.post(town.letter(QUESTION), town.address("kommunen"))
    town.run()
    replied_at = datetime(2026, 11, 29, 12, 0, tzinfo=STOCKHOLM)
    town.mark_replied("kommunen", 0, replied_at)
    town.run()
    (shown,) = mailbot("replies", "list", "--json", "--config", town.config_path).rows
    assert shown["state"] == "open" and shown["proposed_answer_at"] is None
    assert datetime.fromisoformat(shown["marked_answered_at"]) == replied_at
    assert shown["marked_answered_in"] == town.address("kommunen")


def test_what_goes_to_the_registrar_bears_a_category_only_where_that_is_asked_for(town: CloudTown) -> None:
    town.post(town.letter(APPEAL, subject="Mitt bygglov"), town.address("kommunen"))
    town.run()
    assert town.categories("kommunen") == [[]]
    with town.config_path.open("a", encoding="utf-8") as config:
        config.write('\n[marks]\nhanded_over = "Till diariet"\n')
    town.change('mode = "enforce"', 'mode = "observe"')
    town.run()
    assert town.categories("kommunen") == [[]]
    town.change('mode = "observe"', 'mode = "enforce"')
    town.post(town.letter(QUESTION), town.address("kommunen"))
    assert town.run().alarms == ()
    assert town.categories("kommunen") == [["Till diariet"], []]
    assert not any(town.categories("eva")) and not town.is_anything_read("kommunen")
    before = state(town)
    assert town.run().new_messages == 0
    assert state(town) == before and town.categories("kommunen") == [["Till diariet"], []]
