"""`mailbot doctor` against Microsoft 365: the usual mistakes of setting it up, each named with its remedy."""

import base64
import json
from pathlib import Path

import pytest

from mailbot import wiring
from mailbot.work.doctor_findings import Check, Findings
from mailbot.work.doctor_graph import graph_checks
from tests.servers.graph_identity import CLIENT_ID, TENANT
from tests.servers.graph_server import Fault, GraphServer
from tests.support.command import mailbot
from tests.support.graph_town import GraphTown

OUTSIDE = "politiker@bjurholm.example"


@pytest.fixture
def town(tmp_path: Path, graph: GraphServer) -> GraphTown:
    """Set up as docs/microsoft365.md says, with a mailbox that is none of mailbot's business."""
    town = GraphTown(tmp_path, server=graph)
    graph.scope = set(town.tenant.accounts)
    town.tenant.add(OUTSIDE)
    town.change('kind = "graph"', f'kind = "graph"\nout_of_scope = "{OUTSIDE}"')
    return town


def findings(town: GraphTown, language: str = "en") -> dict[str, Check]:
    config = town.config
    with wiring.graph_servers(config) as graph:
        checks = list(graph_checks(config, graph, Findings(language)))
    assert all(check.status == "ok" or check.remedy for check in checks)
    return {check.name: check for check in checks}


def test_where_all_is_well_everything_is_tried_and_nothing_left_behind(town: GraphTown) -> None:
    town.lay("kommunen", town.letter("Hej"))
    found = findings(town)
    assert {check.status for check in found.values()} == {"ok"}
    assert len(found) == len(town.tenant.accounts) - 1 + 2
    assert found["mailbox kommunen@bjurholm.example"].message == "readable, 1 mails in the inbox"
    assert found["scope of m365"].message == f"{OUTSIDE} cannot be reached, as it should be"
    assert "nothing was sent" in found["outgoing mail"].message
    assert sum(len(account.items) for account in town.tenant.accounts.values()) == 1
    assert not any(item.is_read for item in town.account("kommunen").items.values())


def test_the_command_line_shows_it(town: GraphTown) -> None:
    told = mailbot("doctor", "--json", "--config", town.config_path)
    checks = {each["name"]: each["status"] for each in json.loads(told.out)["checks"]}
    assert checks["mailbox anna@bjurholm.example"] == checks["outgoing mail"] == checks["scope of m365"] == "ok"


@pytest.mark.parametrize("language", ["sv", "nb", "en"])
def test_an_application_that_reaches_more_than_it_should(town: GraphTown, language: str) -> None:
    town.server.scope = None
    check = findings(town, language)["scope of m365"]
    assert (check.status, OUTSIDE in check.message, "docs/microsoft365" in check.remedy) == ("problem", True, True)


def test_consent_in_entra_shows_in_the_token(town: GraphTown, monkeypatch: pytest.MonkeyPatch) -> None:
    claims = base64.urlsafe_b64encode(json.dumps({"roles": ["Mail.ReadWrite", "User.Read.All"]}).encode()).decode()
    monkeypatch.setattr(town.server.identity, "token", lambda number: f"e30.{claims.rstrip('=')}.x{number}")
    check = findings(town)["scope of m365"]
    assert check.status == "problem"
    assert "granted Mail.ReadWrite in Entra" in check.message


def test_nobody_named_a_mailbox_that_is_out_of_reach(town: GraphTown) -> None:
    town.change(f'out_of_scope = "{OUTSIDE}"\n', "")
    assert findings(town)["scope of m365"].status == "warning"


def test_a_mailbox_outside_the_scope(town: GraphTown) -> None:
    town.server.scope = {address for address in town.tenant.accounts if "anna" not in address} - {OUTSIDE}
    found = findings(town)
    assert {name for name, check in found.items() if check.status == "problem"} == {"mailbox anna@bjurholm.example"}
    assert '"Application Mail.Read"' in found["mailbox anna@bjurholm.example"].message


@pytest.mark.parametrize(
    ("denied", "check", "words"),
    [
        ("MailboxSettings.Read", "mailbox eva@bjurholm.example", "Application MailboxSettings.ReadWrite"),
        ("Mail.Send", "outgoing mail", "Application Mail.Send"),
        ("Mail.ReadWrite", "outgoing mail", "Application Mail.ReadWrite"),
    ],
)
def test_a_role_that_was_forgotten(town: GraphTown, denied: str, check: str, words: str) -> None:
    town.server.denied.add(denied)
    found = findings(town)[check]
    assert (found.status, words in found.message + found.remedy) == ("problem", True)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (TENANT, "8f7c2a10-0000-4000-8000-00000000dead", "knows no tenant of this name"),
        (CLIENT_ID, "5b1e3d20-0000-4000-8000-00000000dead", "there is no such application in this tenant"),
        ('secret = "m365"', 'secret = "missing"', "run `mailbot secret set missing`"),
        ('secret = "m365"', 'secret = "wrong"', "the client secret is wrong"),
        ('secret = "m365"', 'certificate = "wrong"', "must hold a private key and its certificate in PEM"),
    ],
)
def test_without_a_token_no_mailbox_is_tried(town: GraphTown, old: str, new: str, words: str) -> None:
    path = town.root / "secrets" / "wrong"
    path.write_text("not it")
    path.chmod(0o600)
    town.change(old, new)
    found = findings(town)
    assert list(found) == ["server m365"]
    assert words in found["server m365"].message
    assert f"its {len(town.config.mailboxes)} mailboxes were not tried" in found["server m365"].remedy


def test_a_provider_that_is_down(town: GraphTown) -> None:
    town.server.identity.status = 503
    assert "no usable answer" in findings(town)["server m365"].message


def test_a_server_that_is_down(town: GraphTown) -> None:
    town.server.faults.append(Fault("v1.0|users|batch", 503, times=999))
    found = findings(town)
    assert all(check.status != "ok" for check in found.values())
