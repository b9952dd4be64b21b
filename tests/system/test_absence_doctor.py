"""`mailbot doctor` on ManageSieve and the test accounts of `[probe]`, against live servers."""

import json
from pathlib import Path

import pytest

from mailbot import wiring
from mailbot.work.doctor_absence import absence_checks
from mailbot.work.doctor_findings import Check, Findings
from tests.servers.dovecot import Dovecot
from tests.servers.postfix import Postfix
from tests.support.absence_town import AbsenceTown
from tests.support.command import mailbot


@pytest.fixture
def town(tmp_path: Path, dovecot: Dovecot, postfix: Postfix) -> AbsenceTown:
    return AbsenceTown(tmp_path, dovecot, postfix)


def findings(town: AbsenceTown, language: str = "en") -> dict[str, Check]:
    config = town.config
    with wiring.imap_servers(config) as imap:
        checks = list(absence_checks(config, imap, Findings(language)))
    assert all(check.status == "ok" or check.remedy for check in checks)
    return {check.name: check for check in checks}


def change(town: AbsenceTown, old: str, new: str) -> None:
    text = town.config_path.read_text(encoding="utf-8")
    assert old in text
    town.config_path.write_text(text.replace(old, new), encoding="utf-8")


def test_where_all_is_well_nothing_is_left_behind(town: AbsenceTown) -> None:
    found = findings(town)
    assert {name: check.status for name, check in found.items()} == dict.fromkeys(
        ("managesieve post", "probe internal", "probe external"), "ok"
    )
    assert town.scripts("anna") == ({}, None)
    assert [town.mails(name) for name in ("anna", "it", "prov", "utifran")] == [[], [], [], []]


def test_the_command_line_shows_it(town: AbsenceTown) -> None:
    told = mailbot("doctor", "--json", "--config", town.config_path)
    checks = {each["name"]: each["status"] for each in json.loads(told.out)["checks"]}
    assert checks["managesieve post"] == checks["probe external"] == "ok"


@pytest.mark.parametrize("language", ["sv", "nb", "en"])
def test_a_server_that_lacks_extensions(town: AbsenceTown, language: str) -> None:
    town.dovecot.add_account(town.address("anna"), settings={"sieve_extensions": "-copy"})
    check = findings(town, language)["managesieve post"]
    assert (check.status, check.message.rpartition(": ")[2]) == ("problem", "copy")
    assert "docs/managesieve.md" in check.remedy


@pytest.mark.parametrize("port", ["1", "{imaps}", "{lmtp}"], ids=["nobody", "another protocol", "no ManageSieve"])
def test_a_wrong_port(town: AbsenceTown, port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailbot.platforms.imap.sieve_connection.READ_SECONDS", 0.5)
    change(town, f"port = {town.dovecot.ports['sieve']}", f"port = {port.format(**town.dovecot.ports)}")
    check = findings(town)["managesieve post"]
    assert check.status == "problem"
    assert "[servers.post]" in check.remedy


def test_no_test_accounts(tmp_path: Path, dovecot: Dovecot, postfix: Postfix) -> None:
    found = findings(AbsenceTown(tmp_path, dovecot, postfix, probes=False))
    assert {name: check.status for name, check in found.items()} == {"managesieve post": "ok", "probe": "warning"}


def test_a_test_account_on_one_side_only(town: AbsenceTown) -> None:
    change(town, "external = {", "#external = {")
    check = findings(town)["probe external"]
    assert (check.status, "as external in [probe]" in check.remedy) == ("warning", True)


def test_a_test_account_that_is_not_there(town: AbsenceTown) -> None:
    change(town, town.address("utifran"), "finns-inte@medborgare.example")
    found = findings(town)
    assert (found["probe external"].status, found["probe internal"].status) == ("problem", "ok")
    assert "external in [probe]" in found["probe external"].remedy


def test_where_neither_is_used_nothing_is_said(tmp_path: Path, dovecot: Dovecot, postfix: Postfix) -> None:
    assert findings(AbsenceTown(tmp_path, dovecot, postfix, probes=False, with_sieve=False)) == {}
