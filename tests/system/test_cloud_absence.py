"""Absences from plan to return on Exchange and Microsoft 365, with the same commands as everywhere else."""

import json
from datetime import UTC, datetime, timedelta
from email.message import Message
from pathlib import Path

import pytest

from mailbot.work.absence_upkeep import keep_up
from mailbot.work.absence_verify import verify
from mailbot.work.passes import one_pass
from tests.support.absence_town import plan
from tests.support.cloud_town import CloudTown
from tests.support.command import mailbot
from tests.support.ews_town import EwsTown
from tests.support.graph_town import GraphTown
from tests.support.town import today


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(params=["graph", "ews"])
def town(request: pytest.FixtureRequest, tmp_path: Path) -> CloudTown:
    """Anna has an automatic reply and a rule of her own."""
    server = request.getfixturevalue(request.param)
    town: CloudTown = (
        GraphTown(tmp_path, server=server) if request.param == "graph" else EwsTown(tmp_path, server=server)
    )
    town.give_own_settings("anna")
    return town


def own(town: CloudTown) -> tuple[object, object]:
    """What Exchange keeps of Anna's; it may rewrite HTML around it."""
    is_on, internal, external = town.reply_texts("anna")
    says = ("Jobbar hemifrån." in internal, '<p style="color:red">På <b>resa</b>.</p>' in external)
    return (is_on, *says), town.rules("anna")


def words(reply: Message) -> str:
    part = reply.get_payload(0) if reply.is_multipart() else reply
    assert isinstance(part, Message)
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode()


def test_from_plan_to_return(town: CloudTown) -> None:
    before = own(town)
    assert before == ((True, True, True), [("Projekt", [])])
    with town.open() as context:
        stored = plan(context, now())
        keep_up(context, now())
        assert context.store.absences.get(stored.ref).state == "active"
        found = verify(context, stored, now())
        assert (found.configured, found.effective, found.problems) == (True, True, ())

        letter = town.letter("Får jag bygga?", to=town.address("anna"), subject="Altan")
        town.post(letter, town.address("anna"))
        (reply,) = town.outside()
        assert "Jag är inte på kontoret" in words(reply) and "Lars Ek" in words(reply)
        copies = [mail for name in ("anna", "lars") for mail in town.mails(name) if mail["Subject"] == "Altan"]
        assert [(mail["Message-ID"], mail["From"]) for mail in copies] == [(letter["Message-ID"], letter["From"])] * 2
        one_pass(context, now())
        assert len(context.store.obligations.list(states=("open",))) == 1, "a forwarded copy is not judged twice"

        one_pass(context, now() + timedelta(days=30))
        assert context.store.absences.get(stored.ref).state == "ended"
        assert context.store.absences.tokens(stored.ref) == {}
    assert own(town) == before


def test_what_somebody_changed_is_put_back(town: CloudTown) -> None:
    with town.open() as context:
        stored = plan(context, now())
        keep_up(context, now())
        town.turn_off("anna")
        assert verify(context, stored, now()).problems == ("not_installed", "forward_missing")
        keep_up(context, now() + timedelta(days=1))
        assert verify(context, stored, now()).problems == ()


def test_the_command_line(town: CloudTown) -> None:
    before = own(town)
    planned = mailbot(
        "setup-autoreply", "--for", "anna", "--from", str(today()), "--back", str(today() + timedelta(days=10)),
        "--option", "C", "--colleague", "lars", "--cover", "lars", "--yes", "--json",
        "--ics", town.root / "absence.ics", "--config", town.config_path,
    )  # fmt: skip
    assert planned.status == 0, planned.err + planned.out
    assert mailbot("run", "--once", "--config", town.config_path).status == 0
    assert "Jag är inte på kontoret" in town.reply_texts("anna")[2]
    lars = town.address("lars")
    assert town.rules("anna") == [("Projekt", []), (f"mailbot: {lars}", [lars])]
    told = mailbot("absence", "list", "--json", "--config", town.config_path)
    absence = json.loads(told.out.splitlines()[0])
    assert absence["state"] == "active"
    assert mailbot("absence", "cancel", absence["ref"], "--config", town.config_path).status == 0
    assert mailbot("run", "--once", "--config", town.config_path).status == 0
    assert own(town) == before


def test_a_probe_proves_it_and_leaves_nothing_behind(town: CloudTown) -> None:
    for address in ("prov@bjurholm.example", "utifran@medborgare.example"):
        town.add_mailbox(address, "Prov")
    with town.config_path.open("a") as config:
        config.write(
            f'\n[probe]\ninternal = {{ address = "prov@bjurholm.example", server = "{town.server_name}" }}\n'
            f'external = {{ address = "utifran@medborgare.example", server = "{town.server_name}" }}\n'
        )
    with town.open() as context:
        stored = plan(context, now())
        keep_up(context, now())  # installs, compares, sends the probes
        keep_up(context, now())  # looks at what came of them
        found = verify(context, stored, now())
        assert (found.proven, found.problems, context.store.absences.get(stored.ref).state) == (True, (), "proven")
    assert [raw for raw in town.everything() if b"X-Mailbot-Probe" in raw] == []
