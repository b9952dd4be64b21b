"""Absences from plan to return on Exchange, with the same commands as everywhere else."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailbot.work.absence_upkeep import keep_up
from mailbot.work.absence_verify import verify
from mailbot.work.passes import one_pass
from tests.servers.exchange.organisation import Rule
from tests.servers.exchange.server import ExchangeServer
from tests.support.absence_town import plan
from tests.support.command import mailbot
from tests.support.ews_town import EwsTown
from tests.support.town import today

OWN_RULE = (
    b'<t:Rule xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><t:RuleId>own</t:RuleId>'
    b"<t:DisplayName>Projekt</t:DisplayName><t:Priority>1</t:Priority><t:IsEnabled>false</t:IsEnabled>"
    b"<t:Conditions/><t:Exceptions/><t:Actions><t:MarkAsRead>true</t:MarkAsRead></t:Actions></t:Rule>"
)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def town(tmp_path: Path, ews: ExchangeServer) -> EwsTown:
    """Anna has an automatic reply and a rule of her own."""
    town = EwsTown(tmp_path, server=ews)
    anna = town.box("anna")
    anna.oof.state, anna.oof.internal = "Enabled", "<html><body><p>Jobbar hemifrån.</p></body></html>"
    anna.oof.external = '<html><body><p style="color:red">På <b>resa</b>.</p></body></html>'
    anna.rules["own"] = Rule("own", "Projekt", OWN_RULE, enabled=False)
    return town


def own(town: EwsTown) -> tuple[str, str, str, list[bytes]]:
    anna = town.box("anna")
    return anna.oof.state, anna.oof.internal, anna.oof.external, [rule.xml for rule in anna.rules.values()]


def test_from_plan_to_return(town: EwsTown) -> None:
    before = own(town)
    with town.open() as context:
        stored = plan(context, now())
        keep_up(context, now())
        assert context.store.absences.get(stored.ref).state == "active"
        found = verify(context, stored, now())
        assert (found.configured, found.effective, found.problems) == (True, True, ())

        letter = town.letter("Får jag bygga?", to=town.address("anna"), subject="Altan")
        town.post(letter, town.address("anna"))
        (reply,) = town.outside()
        assert "Jag är inte på kontoret" in reply.get_payload(decode=True).decode()  # type: ignore[union-attr]
        copies = [mail for name in ("anna", "lars") for mail in town.mails(name) if mail["Subject"] == "Altan"]
        assert [(mail["Message-ID"], mail["From"]) for mail in copies] == [(letter["Message-ID"], letter["From"])] * 2
        one_pass(context, now())
        assert len(context.store.obligations.list(states=("open",))) == 1, "a forwarded copy is not judged twice"

        one_pass(context, now() + timedelta(days=30))
        assert context.store.absences.get(stored.ref).state == "ended"
        assert context.store.absences.tokens(stored.ref) == {}
    assert own(town) == before


def test_what_somebody_changed_is_put_back(town: EwsTown) -> None:
    with town.open() as context:
        stored = plan(context, now())
        keep_up(context, now())
        anna = town.box("anna")
        anna.oof.state = "Disabled"
        anna.rules = {"own": anna.rules["own"]}
        assert verify(context, stored, now()).problems == ("not_installed", "forward_missing")
        keep_up(context, now() + timedelta(days=1))
        assert verify(context, stored, now()).problems == ()


def test_outlooks_own_rules_are_kept_and_the_person_is_told(town: EwsTown) -> None:
    town.box("anna").outlook_rule_blob = True
    with town.open() as context:
        stored = plan(context, now())
        keep_up(context, now())
        assert context.store.absences.get(stored.ref).state == "broken"
    assert town.box("anna").outlook_rule_blob
    assert list(town.box("anna").rules) == ["own"]


def test_the_command_line(town: EwsTown) -> None:
    before = own(town)
    planned = mailbot(
        "setup-autoreply", "--for", "anna", "--from", str(today()), "--back", str(today() + timedelta(days=10)),
        "--option", "C", "--colleague", "lars", "--cover", "lars", "--yes", "--json",
        "--ics", town.root / "absence.ics", "--config", town.config_path,
    )  # fmt: skip
    assert planned.status == 0, planned.err + planned.out
    assert mailbot("run", "--once", "--config", town.config_path).status == 0
    assert "Jag är inte på kontoret" in town.box("anna").oof.external
    assert [rule.redirect_to for rule in town.box("anna").rules.values()] == [(), (town.address("lars"),)]
    told = mailbot("absence", "list", "--json", "--config", town.config_path)
    absence = json.loads(told.out.splitlines()[0])
    assert absence["state"] == "active"
    assert mailbot("absence", "cancel", absence["ref"], "--config", town.config_path).status == 0
    assert mailbot("run", "--once", "--config", town.config_path).status == 0
    assert own(town) == before


def test_a_probe_proves_it_and_leaves_nothing_behind(town: EwsTown) -> None:
    for address in ("prov@bjurholm.example", "utifran@medborgare.example"):
        town.organisation.add(address)
    with town.config_path.open("a") as config:
        config.write(
            '\n[probe]\ninternal = { address = "prov@bjurholm.example", server = "exchange" }\n'
            'external = { address = "utifran@medborgare.example", server = "exchange" }\n'
        )
    with town.open() as context:
        stored = plan(context, now())
        keep_up(context, now())  # installs, compares, sends the probes
        keep_up(context, now())  # looks at what came of them
        found = verify(context, stored, now())
        assert (found.proven, found.problems, context.store.absences.get(stored.ref).state) == (True, (), "proven")
    for box in town.organisation.boxes.values():
        assert [item.raw for item in box.items.values() if b"X-Mailbot-Probe" in item.raw] == []
