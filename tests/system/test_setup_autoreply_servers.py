"""`setup-autoreply` on a real Dovecot: installed at once, own scripts kept, rights asked of the server."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pexpect
import pytest

from tests.servers.dovecot import Dovecot
from tests.servers.postfix import Postfix
from tests.support.absence_town import AbsenceTown
from tests.support.command import Told, mailbot
from tests.support.town import today

MakeTown = Callable[..., AbsenceTown]
OWN = 'require ["fileinto"];\r\nif header :contains "subject" "Nyhetsbrev" { fileinto "INBOX"; }\r\n'
VACATION = 'require ["vacation"];\r\nkeep;\r\nvacation "egen";\r\n'


@pytest.fixture
def make_town(tmp_path: Path, dovecot: Dovecot, postfix: Postfix, monkeypatch: pytest.MonkeyPatch) -> MakeTown:
    monkeypatch.chdir(tmp_path)

    def make(**options: object) -> AbsenceTown:
        return AbsenceTown(tmp_path, dovecot, postfix, probes=False, **options)  # type: ignore[arg-type]

    return make


def days() -> tuple[str, ...]:
    return ("--from", "i dag", "--back", (today() + timedelta(days=9)).isoformat())


def setup(town: AbsenceTown, *more: str) -> Told:
    options = ("--for", "anna", *days(), "--cover", "lars", "--yes", "--json", "--config", str(town.config_path))
    return mailbot("setup-autoreply", *options, *more)


def test_installed_at_once_and_taken_away_byte_for_byte(make_town: MakeTown) -> None:
    town = make_town()
    town.save("anna", "eget", OWN)
    before = town.scripts("anna")
    told = setup(town, "--option", "C", "--colleague", "lars")
    assert told.status == 0, told.err
    assert told.rows[0]["state"] == "active"
    assert town.scripts("anna")[0]["eget"] == OWN.encode() and town.scripts("anna")[1] != "eget"
    assert mailbot("absence", "verify", "--json", "--config", town.config_path).rows[0]["configured"] is True
    ref = told.rows[0]["ref"]
    assert mailbot("absence", "cancel", ref, "--config", town.config_path).status == 0
    assert town.scripts("anna") == before


def test_a_changed_plan_is_installed_in_place_of_the_old_one(make_town: MakeTown) -> None:
    town = make_town()
    town.save("anna", "eget", OWN)
    before = town.scripts("anna")
    ref = setup(town, "--option", "B").rows[0]["ref"]
    first = town.scripts("anna")
    told = mailbot(
        *("setup-autoreply", "--for", "anna", "--change", ref, "--cover", "eva", "--yes", "--json"),
        *("--config", town.config_path),
    )
    assert told.status == 0, told.err
    assert (told.rows[0]["ref"], told.rows[0]["state"], told.rows[0]["text_version"]) == (ref, "active", 2)
    assert town.scripts("anna") != first
    mailbot("absence", "cancel", ref, "--config", town.config_path)
    assert town.scripts("anna") == before


def test_own_vacation_is_refused_unattended_and_a_copy_used_when_agreed(make_town: MakeTown) -> None:
    town = make_town()
    town.save("anna", "semester", VACATION)
    before = town.scripts("anna")
    told = setup(town, "--option", "B")
    assert told.status == 1 and "--mend" in told.err
    assert town.scripts("anna") == before
    ref = told.rows[0]["ref"]
    told = mailbot("absence", "verify", ref, "--mend", "--accept-copy", "--config", town.config_path)
    assert told.status == 0, told.err
    assert town.scripts("anna")[0]["semester"] == VACATION.encode()
    mailbot("absence", "cancel", ref, "--config", town.config_path)
    assert town.scripts("anna") == before


@pytest.mark.parametrize("agreed", [True, False])
def test_the_copy_is_shown_and_asked_about(make_town: MakeTown, agreed: bool) -> None:
    town = make_town()
    town.save("anna", "semester", VACATION)
    before = town.scripts("anna")
    environment = {**os.environ, "TERM": "dumb", "LANG": "C.UTF-8", "MAILBOT_CONFIG": str(town.config_path)}
    environment.pop("SUDO_USER", None)
    arguments = ["-m", "mailbot", "setup-autoreply", "--for", "anna", *days(), "--option", "B", "--cover", "lars"]
    child = pexpect.spawn(
        sys.executable, [*arguments, "--reason", "leave", "--lang", "sv"], env=environment, encoding="utf-8", timeout=60
    )
    child.expect("Spara och installera")
    child.sendline("j")
    child.expect("(?s)keep.*den kopian")
    if agreed:
        child.sendline("j")
        child.expect("Installerat")
    else:
        child.sendintr()
        child.expect("orörda")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == (0 if agreed else 1)
    assert (town.scripts("anna") == before) is not agreed


def test_a_colleague_without_the_right_to_read_is_refused(make_town: MakeTown) -> None:
    town = make_town()
    mailbot("mandate", "add", "anna", "lars", "--on-word-of", "anna", "--config", town.config_path)
    told = setup(town, "--option", "A", "--colleague", "lars", "--lang", "sv")
    assert told.status == 1 and "behörighet" in told.err and town.scripts("anna") == ({}, None)


def test_killed_while_installing_leaves_a_working_script(make_town: MakeTown) -> None:
    """SIGKILL somewhere in the middle: her script or ours is active, and the daemon or `cancel` ends it."""
    town = make_town()
    town.save("anna", "eget", OWN)
    before = town.scripts("anna")
    command = [sys.executable, "-m", "mailbot", "setup-autoreply", "--for", "anna", *days(), "--option", "B"]
    environment = {**os.environ, "MAILBOT_CONFIG": str(town.config_path)}
    for wait in (0.8, 1.1, 1.4):
        child = subprocess.Popen(
            [*command, "--cover", "lars", "--yes", "--replace"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            child.wait(wait)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        scripts, active = town.scripts("anna")
        assert scripts["eget"] == OWN.encode() and active is not None
    for row in mailbot("absence", "list", "--json", "--config", town.config_path).rows:
        mailbot("absence", "cancel", row["ref"], "--config", town.config_path)
    assert town.scripts("anna") == before
