"""`mailbot person unlisted`: from a tenant's directory into the people file."""

import tomllib
from pathlib import Path

from tests.servers.graph_server import GraphServer
from tests.support.command import mailbot
from tests.support.graph_town import GraphTown


def test_whoever_is_not_listed_is_printed_as_entries(tmp_path: Path, graph: GraphServer) -> None:
    town = GraphTown(tmp_path, server=graph)
    graph.tenant.add("eva@annan.example", name='Eva "Evy" Öberg', jobTitle="Lärare", mobilePhone="070-1")
    for mailbox in ("kommunen", "mailbot"):
        town.account(mailbox).profile["accountEnabled"] = False
    told = mailbot("person", "unlisted", "m365", "--config", town.config_path)
    (entry,) = tomllib.loads(told.out)["people"]
    assert told.status == 0
    assert entry == {
        "id": "eva2",  # eva is somebody else
        "name": 'Eva "Evy" Öberg',
        "email": "eva@annan.example",
        "title": "Lärare",
        "mobile": "070-1",
        "login": "eva",
    }
    with (town.root / "people.toml").open("a") as people:
        people.write("\n" + told.out.replace('login = "eva"\n', ""))
    assert mailbot("person", "show", "eva2", "--config", town.config_path).status == 0


def test_a_server_without_a_directory(tmp_path: Path, graph: GraphServer) -> None:
    town = GraphTown(tmp_path, server=graph)
    told = mailbot("person", "unlisted", "post", "--config", town.config_path)
    assert (told.status, "in the configuration there is: m365" in told.err) == (2, True)


def test_a_right_that_was_not_given(tmp_path: Path, graph: GraphServer) -> None:
    town = GraphTown(tmp_path, server=graph)
    graph.denied.add("User.Read.All")
    told = mailbot("person", "unlisted", "m365", "--config", town.config_path)
    assert told.status != 0
    assert "User.Read.All" in told.err
    assert "Traceback" not in told.err
