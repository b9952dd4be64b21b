"""Absences from plan to return in Microsoft 365, with the same commands as everywhere else."""

import copy
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailbot.work.absence_upkeep import keep_up
from mailbot.work.absence_verify import verify
from mailbot.work.passes import one_pass
from tests.servers.graph_server import Fault, GraphServer
from tests.support.absence_town import plan
from tests.support.command import mailbot
from tests.support.graph_town import GraphTown
from tests.support.town import today

OWN = {
    "status": "alwaysEnabled",
    "internalReplyMessage": "<html><body><p>Jobbar hemifrån.</p></body></html>",
    "externalReplyMessage": '<html><body><p style="color:red">På <b>resa</b>.</p></body></html>',
}


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def town(tmp_path: Path, graph: GraphServer) -> GraphTown:
    """Anna has an automatic reply and a rule of her own."""
    town = GraphTown(tmp_path, server=graph)
    anna = town.account("anna")
    anna.settings["automaticRepliesSetting"] |= OWN
    project = town.tenant.add_folder(anna, "Projekt")
    anna.rules["own"] = {
        "id": "own",
        "displayName": "Projekt",
        "sequence": 1,
        "isEnabled": False,
        "conditions": {"subjectContains": ["Projekt"]},
        "actions": {"moveToFolder": project.id, "stopProcessingRules": True},
    }
    return town


def own(town: GraphTown) -> tuple[object, object]:
    anna = town.account("anna")
    return copy.deepcopy((anna.settings["automaticRepliesSetting"], anna.rules))


def test_from_plan_to_return(town: GraphTown) -> None:
    before = own(town)
    with town.open() as context:
        stored = plan(context, now())
        keep_up(context, now())
        assert context.store.absences.get(stored.ref).state == "active"
        found = verify(context, stored, now())
        assert (found.configured, found.effective, found.problems) == (True, True, ())

        letter = town.letter("Får jag bygga?", to=town.address("anna"))
        town.post(letter, town.address("anna"))
        (reply,) = town.outside()
        text = reply.get_payload(0).get_payload(decode=True).decode()  # type: ignore[union-attr]
        assert "Jag är inte på kontoret" in text
        assert "Lars Ek" in text
        copies = [mail for name in ("anna", "lars") for mail in town.mails(name) if "fr=C3=A5ga" in mail["Subject"]]
        assert [(mail["Message-ID"], mail["From"]) for mail in copies] == [(letter["Message-ID"], letter["From"])] * 2
        one_pass(context, now())
        assert len(context.store.obligations.list(states=("open",))) == 1, "a forwarded copy is not judged twice"

        one_pass(context, now() + timedelta(days=30))
        assert context.store.absences.get(stored.ref).state == "ended"
        assert context.store.absences.tokens(stored.ref) == {}
    after = own(town)
    assert after[1] == before[1]
    for text in ("Jobbar hemifrån.", '<p style="color:red">På <b>resa</b>.</p>', "alwaysEnabled"):
        assert text in str(after[0])


def test_what_somebody_changed_is_put_back(town: GraphTown) -> None:
    with town.open() as context:
        stored = plan(context, now())
        keep_up(context, now())
        anna = town.account("anna")
        anna.settings["automaticRepliesSetting"]["status"] = "disabled"
        anna.rules = {"own": anna.rules["own"]}
        assert verify(context, stored, now()).problems == ("not_installed", "forward_missing")
        keep_up(context, now() + timedelta(days=1))
        assert verify(context, stored, now()).problems == ()


def test_text_that_exchange_rewrites_is_the_same_text(town: GraphTown) -> None:
    with town.open() as context:
        stored = plan(context, now())
        keep_up(context, now())
        setting = town.account("anna").settings["automaticRepliesSetting"]
        for name in ("internalReplyMessage", "externalReplyMessage"):
            setting[name] = setting[name].replace("<div>", "<p class=x>\r\n").replace("</div>", "</p>\r\n")
        assert verify(context, stored, now()).problems == ()


def test_a_mailbox_in_trouble_is_tried_again(town: GraphTown) -> None:
    town.server.faults.append(Fault("users/anna.*mailboxSettings", 503, times=9))
    with town.open() as context:
        stored = plan(context, now())
        keep_up(context, now())
        assert context.store.absences.get(stored.ref).state == "planned"
        town.server.faults.clear()
        keep_up(context, now() + timedelta(minutes=5))
        assert context.store.absences.get(stored.ref).state == "active"


def test_a_role_that_is_missing_is_told(town: GraphTown) -> None:
    town.server.denied.add("MailboxSettings.ReadWrite")
    with town.open() as context:
        stored = plan(context, now())
        keep_up(context, now())
        assert context.store.absences.get(stored.ref).state == "broken"


def test_the_command_line(town: GraphTown) -> None:
    planned = mailbot(
        "setup-autoreply", "--for", "anna", "--from", str(today()), "--back", str(today() + timedelta(days=10)),
        "--option", "C", "--colleague", "lars", "--cover", "lars", "--yes", "--json",
        "--ics", town.root / "absence.ics", "--config", town.config_path,
    )  # fmt: skip
    assert planned.status == 0, planned.err + planned.out
    assert mailbot("run", "--once", "--config", town.config_path).status == 0
    assert "Jag är inte på kontoret" in town.account("anna").settings["automaticRepliesSetting"]["externalReplyMessage"]
    names = [rule["displayName"] for rule in town.account("anna").rules.values()]
    assert names == ["Projekt", f"mailbot: {town.address('lars')}"]
    told = mailbot("absence", "list", "--json", "--config", town.config_path)
    absence = json.loads(told.out.splitlines()[0])
    assert absence["state"] == "active"
    assert mailbot("absence", "cancel", absence["ref"], "--config", town.config_path).status == 0
    assert mailbot("run", "--once", "--config", town.config_path).status == 0
    assert "Jobbar hemifrån" in town.account("anna").settings["automaticRepliesSetting"]["internalReplyMessage"]
    assert list(town.account("anna").rules) == ["own"]


def test_a_probe_proves_it_and_leaves_nothing_behind(town: GraphTown) -> None:
    for address in ("prov@bjurholm.example", "utifran@medborgare.example"):
        town.tenant.add(address)
    with town.config_path.open("a") as config:
        config.write(
            '\n[probe]\ninternal = { address = "prov@bjurholm.example", server = "m365" }\n'
            'external = { address = "utifran@medborgare.example", server = "m365" }\n'
        )
    with town.open() as context:
        stored = plan(context, now())
        keep_up(context, now())  # installs, compares, sends the probes
        keep_up(context, now())  # looks at what came of them
        found = verify(context, stored, now())
        assert (found.proven, found.problems, context.store.absences.get(stored.ref).state) == (True, (), "proven")
    for account in town.tenant.accounts.values():
        assert [item.raw for item in account.items.values() if b"X-Mailbot-Probe" in item.raw] == []


def test_a_restored_database_does_not_take_our_text_for_the_persons_own(town: GraphTown) -> None:
    before = own(town)[1]
    with town.open() as context:
        stored = plan(context, now())
        keep_up(context, now())
        for name in context.store.absences.tokens(stored.ref):
            context.store.absences.drop_token(stored.ref, name)
        keep_up(context, now())
        assert context.store.absences.get(stored.ref).state == "active"
        context.store.absences.cancel(stored.ref, by="person:anna", now=now())
        keep_up(context, now())
    assert town.account("anna").settings["automaticRepliesSetting"]["status"] == "disabled"
    assert own(town)[1] == before
