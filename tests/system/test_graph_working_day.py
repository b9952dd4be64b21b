"""The working day in Microsoft 365, with the same commands as everywhere else."""

import json
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.servers.graph_server import Fault, GraphServer
from tests.support.command import mailbot
from tests.support.graph_town import CITIZEN, GraphTown

APPEAL = (
    "Hej!\n\nJag håller inte med om beslutet om mitt bygglov och vill att ni ändrar det.\n\nMed vänlig hälsning\nBo\n"
)
QUESTION = "Hej!\n\nVilka tider har simhallen öppet under sommaren? Tacksam för svar.\n\nMvh Bo\n"
STOCKHOLM = ZoneInfo("Europe/Stockholm")


@pytest.fixture
def town(tmp_path: Path, graph: GraphServer) -> GraphTown:
    """After a first pass over empty mailboxes, so that automatic replies are not held back."""
    return settled(GraphTown(tmp_path, graph))


def settled(town: GraphTown) -> GraphTown:
    assert town.run().alarms == ()
    town.run()  # what mailbot itself has just sent to staff
    return town


def state(town: GraphTown) -> dict[str, object]:
    """Everything that a pass may change."""
    with town.open() as context:
        store = context.store
        return {
            "obligations": store.obligations.list(),
            "diary": store.diary.list(),
            "outbox": [(item.message_id, item.state) for item in store.outbox.list()],
            "mails": {address: len(account.items) for address, account in town.tenant.accounts.items()},
            "outside": len(town.tenant.outside),
        }


def test_an_appeal_reaches_the_registrar_as_it_came(town: GraphTown) -> None:
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


def test_a_second_pass_changes_nothing_and_nothing_is_marked_as_read(town: GraphTown) -> None:
    town.post(town.letter(APPEAL), town.address("kommunen"))
    town.run()
    town.run()
    before = state(town)

    report = town.run()

    assert (report.new_messages, report.sent, report.alarms) == (0, 0, ())
    assert state(town) == before
    assert not any(item.is_read for item in town.account("kommunen").items.values())


def test_a_citizen_gets_one_holding_reply(town: GraphTown) -> None:
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
def test_an_answer_found_in_sent_settles_the_question(town: GraphTown, written_here: bool) -> None:
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


def test_junk_and_folders_of_their_own_are_read_and_drafts_are_not(town: GraphTown) -> None:
    kommunen = town.account("kommunen")
    below = town.tenant.add_folder(kommunen, "Projekt", parent=kommunen.named("inbox").id)
    deleted = town.tenant.add_folder(kommunen, "Gammalt", parent=kommunen.named("deleteditems").id)
    for folder in ("junkemail", below.id, "archive", "drafts", "deleteditems", deleted.id, "outbox"):
        town.lay("kommunen", town.letter(QUESTION, subject=folder), folder=folder)

    assert town.run().new_messages == 3

    with town.open() as context:
        assert len(context.store.obligations.list()) == 3


def test_forgotten_delta_links_repeat_nothing_and_lose_nothing(town: GraphTown) -> None:
    town.post(town.letter(APPEAL), town.address("kommunen"))
    town.run()
    town.run()
    before = state(town)
    town.account("kommunen").forgotten_before = dict.fromkeys(town.account("kommunen").folders, town.tenant.number())

    town.run()

    assert state(town) == before
    town.account("kommunen").forgotten_before = dict.fromkeys(town.account("kommunen").folders, town.tenant.number())
    town.post(town.letter(QUESTION, subject="Simhallen"), town.address("kommunen"))
    town.run()
    with town.open() as context:
        assert [one.subject for one in context.store.obligations.list()].count("Simhallen") == 1


def test_mail_that_people_read_move_and_delete_meanwhile_is_decided_once(town: GraphTown) -> None:
    for subject in ("Ett", "Två", "Tre"):
        town.post(town.letter(QUESTION, subject=subject), town.address("kommunen"))
    town.run()
    town.run()
    before = state(town)
    kommunen = town.account("kommunen")
    one, two, three = kommunen.within("inbox")
    town.tenant.move(kommunen, one, kommunen.named("archive").id)
    town.tenant.move(kommunen, two, kommunen.named("deleteditems").id)
    three.is_read = True
    town.tenant.note(kommunen, three.folder, three)

    report = town.run()

    after = state(town)
    assert (report.alarms, after["obligations"], after["outbox"]) == ((), before["obligations"], before["outbox"])
    assert town.run().new_messages == 0


def test_people_who_mark_much_as_read_are_no_burst(town: GraphTown) -> None:
    """Graph tells of every changed flag; automatic replies must not be held back for that."""
    kommunen = town.account("kommunen")
    for number in range(3):
        town.post(town.letter(QUESTION, subject=f"Fråga {number}"), town.address("kommunen"))
    town.run()
    with town.config_path.open("a") as config:
        config.write("\n[policy.storm]\nburst = 3\n")
    for item in kommunen.within("inbox"):
        item.is_read = True
        town.tenant.note(kommunen, item.folder, item)
    town.post(town.letter(QUESTION, subject="Ny"), town.address("kommunen"))
    assert town.run().new_messages == 1
    with town.open() as context:
        assert [one for one in context.store.outbox.list(states=("held",)) if one.kind == "holding_reply"] == []


def test_of_a_personal_mailbox_only_header_fields_leave_the_server(town: GraphTown) -> None:
    town.post(town.letter(QUESTION, to=town.address("anna"), subject="Simhallen?"), town.address("anna"))
    start = len(town.server.log)

    assert town.run().new_messages == 1

    asked = [each.path for each in town.server.log[start:] if "anna@" in each.path]
    assert asked
    assert not [path for path in asked if "$value" in path or "body" in path.lower() or "attachments" in path]


def test_the_command_line_tells_what_a_pass_did(town: GraphTown) -> None:
    town.post(town.letter(APPEAL), town.address("kommunen"))

    first = mailbot("run", "--once", "--json", "--config", town.config_path)
    town.run()
    second = mailbot("run", "--once", "--json", "--config", town.config_path)

    assert (first.status, second.status) == (0, 0), first.err + second.err
    assert json.loads(first.out)["new_messages"] == 1
    assert (json.loads(second.out)["new_messages"], json.loads(second.out)["sent"]) == (0, 0)


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (lambda town: town.server.faults.append(Fault("users/anna@", 503, times=999)), "cannot answer for anna@"),
        (
            lambda town: town.server.faults.append(Fault("users/anna@", 429, times=999, headers={"Retry-After": "90"})),
            "cannot answer for anna@",
        ),
        (
            lambda town: setattr(town.server, "scope", {a for a in town.tenant.accounts if "anna" not in a}),
            'it needs the role "Application Mail.Read" with a scope that includes this mailbox',
        ),
        (lambda town: town.tenant.accounts.pop(town.address("anna")), "has no mailbox anna@"),
    ],
    ids=["down", "throttled", "out of scope", "no mailbox"],
)
def test_one_mailbox_in_trouble_delays_no_other(
    tmp_path: Path, graph: GraphServer, trouble: Callable[[GraphTown], object], words: str
) -> None:
    town = GraphTown(tmp_path, graph)
    trouble(town)
    town.post(town.letter(QUESTION), town.address("kommunen"))

    report = town.run()

    assert [one.mailbox for one in report.unread] == [town.address("anna")]
    assert words in str(report.unread[0].error)
    assert report.new_messages == 1


def test_in_observe_mode_nothing_is_written(tmp_path: Path, graph: GraphServer) -> None:
    town = GraphTown(tmp_path, graph, mode="observe")
    town.post(town.letter(APPEAL), town.address("kommunen"))
    start = len(graph.log)

    town.run()

    changes = [each for each in graph.log[start:] if each.method != "GET" and each.path != "/$batch"]
    assert all(each.path.startswith("/users/mailbot@") for each in changes)  # the operator's report
    assert {to for to, _ in town.tenant.outside} == set()
