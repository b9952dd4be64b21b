"""How often Microsoft Graph is asked: what a good guest costs. Tokens and lists of folders are not counted."""

import re
from pathlib import Path

import pytest

from mailbot.daemon import utc_now
from mailbot.work.passes import one_pass
from tests.servers.graph_server import GraphServer
from tests.support.graph_town import GraphTown
from tests.system.test_graph_working_day import QUESTION, settled


def counted(lines: list[str]) -> list[str]:
    """Without the lists of folders, alone or in a batch."""
    return [line for line in lines if not re.search(r"/mailFolders(/\w+)?(\?|$)|childFolders", line)]


def batches_of_folders(server: GraphServer, start: int) -> int:
    """Batches that ask for nothing but folders."""
    found, inside = 0, []
    for each in server.log[start:]:
        if each.path == "/$batch":
            inside.append([])
        elif each.within:
            inside[-1].append(each.path)
    for paths in inside:
        found += bool(paths) and not counted(paths)
    return found


@pytest.mark.parametrize("mailboxes", [3, 30])
def test_polls_of_twenty_folders_go_in_one_request(tmp_path: Path, graph: GraphServer, mailboxes: int) -> None:
    town = settled(GraphTown(tmp_path, server=graph, more=[f"f{number}" for number in range(mailboxes)]))
    with town.open() as context:
        one_pass(context, utc_now())  # whose folders have a role is known for as long as the process lives
        start = len(graph.log)
        with graph.counting() as lines:
            report = one_pass(context, utc_now())
        folders = len(context.store.intake.cursors([one.address for one in context.config.mailboxes]))
        assert (report.new_messages, report.alarms) == (0, ())
        assert len(counted(lines)) - batches_of_folders(graph, start) <= -(-folders // 20)


@pytest.mark.parametrize("offers_batch", [True, False])
def test_a_pass_with_nothing_new_costs_at_most_one_request_per_folder(
    tmp_path: Path, graph: GraphServer, offers_batch: bool
) -> None:
    town = settled(GraphTown(tmp_path, server=graph))
    graph.offers_batch = offers_batch
    with graph.counting() as lines:
        assert town.run().new_messages == 0
    folders = sum(len(account.folders) for account in town.tenant.accounts.values())
    assert len(counted(lines)) <= folders


@pytest.mark.parametrize("offers_batch", [True, False])
@pytest.mark.parametrize("name", ["kommunen", "anna"])
def test_one_new_message_costs_at_most_three_more(
    tmp_path: Path, graph: GraphServer, name: str, offers_batch: bool
) -> None:
    town = settled(GraphTown(tmp_path, server=graph))
    graph.offers_batch = offers_batch
    town.run()
    with graph.counting() as nothing_new:
        town.run()
    town.post(town.letter(QUESTION, to=town.address(name)), town.address(name))
    with graph.counting() as one_new:
        assert town.run().new_messages == 1
    assert len(counted(one_new)) - len(counted(nothing_new)) <= (2 if name == "kommunen" else 1)


def test_one_token_serves_all(tmp_path: Path, graph: GraphServer) -> None:
    town = settled(GraphTown(tmp_path, server=graph))
    before = graph.identity.requests
    town.run()
    assert graph.identity.requests == before + 1


def test_no_mailbox_is_asked_by_more_than_four_at_a_time(tmp_path: Path, graph: GraphServer) -> None:
    town = GraphTown(tmp_path, server=graph)
    for number in range(60):
        town.post(town.letter(QUESTION, subject=f"Fråga {number}"), town.address("kommunen"))
    graph.delay_seconds = 0.002
    assert town.run().new_messages >= 60
    assert graph.most_at_once <= 4
