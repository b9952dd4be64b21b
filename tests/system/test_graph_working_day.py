"""The working day in Microsoft 365, with the same commands as everywhere else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers.graph_identity import CLIENT_SECRET
from tests.servers.graph_server import Fault, GraphServer
from tests.support.command import mailbot
from tests.support.graph_town import CITIZEN, GraphTown

APPEAL = (
    "Hej!\n\nJag håller inte med om beslutet om mitt bygglov och vill att ni ändrar det.\n\nMed vänlig hälsning\nBo\n"
)
QUESTION = "Hej!\n\nVilka tider har simhallen öppet under sommaren? Tacksam för svar.\n\nMvh Bo\n"


@pytest.fixture
def town(tmp_path: Path, graph: GraphServer) -> GraphTown:
    """After a first pass over empty mailboxes, so that automatic replies are not held back."""
    return settled(GraphTown(tmp_path, server=graph))


def settled(town: GraphTown) -> GraphTown:
    assert town.run().alarms == ()
    town.run()  # what mailbot itself has just sent to staff
    return town


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
    town = GraphTown(tmp_path, server=graph)
    trouble(town)
    town.post(town.letter(QUESTION), town.address("kommunen"))

    report = town.run()

    assert [one.mailbox for one in report.unread] == [town.address("anna")]
    assert words in str(report.unread[0].error)
    assert report.new_messages == 1


def test_in_observe_mode_nothing_is_written(tmp_path: Path, graph: GraphServer) -> None:
    town = GraphTown(tmp_path, server=graph, mode="observe")
    town.post(town.letter(APPEAL), town.address("kommunen"))
    start = len(graph.log)

    town.run()

    changes = [each for each in graph.log[start:] if each.method != "GET" and each.path != "/$batch"]
    assert all(each.path.startswith("/users/mailbot@") for each in changes)  # the operator's report
    assert {to for to, _ in town.tenant.outside} == set()


def test_a_mailbox_whose_sign_in_name_is_another(tmp_path: Path, graph: GraphServer) -> None:
    town = GraphTown(tmp_path, server=graph)
    account = town.tenant.accounts.pop(town.address("kommunen"))
    account.address = "kommunen@bjurholm.onmicrosoft.com"
    town.tenant.accounts[account.address] = account
    town.change(
        f'address = "{town.address("kommunen")}"', f'address = "{town.address("kommunen")}"\nuser = "{account.address}"'
    )
    town.tenant.put(account, "inbox", town.letter(QUESTION).as_bytes())

    read = [one for done in (town.run(), town.run()) for one in done.mailboxes]
    assert [one.new_messages for one in read if one.mailbox == town.address("kommunen")] == [1, 0]

    with town.open() as context:
        (obligation,) = context.store.obligations.list()
    assert obligation.mailbox == town.address("kommunen")


def test_what_is_printed_and_logged_holds_no_token_secret_or_words_of_the_server(town: GraphTown) -> None:
    """The pretended Graph plants them in every answer that is an error, and in its tokens."""
    town.post(town.letter(APPEAL), town.address("kommunen"))
    town.server.faults += [Fault("users/anna@", 403, times=99), Fault("users/lars@", 500, times=99)]
    told = mailbot("run", "--once", "--json", "--config", town.config_path)
    doctor = mailbot("doctor", "--config", town.config_path)
    everything = told.out + told.err + doctor.out + doctor.err
    assert "anna@bjurholm.example" in everything
    for planted in ("PLANTED", "Bearer", "eyJ0", CITIZEN, "bygglov", CLIENT_SECRET):
        assert planted not in everything
