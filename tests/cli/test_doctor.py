"""`mailbot doctor` finds what stands in the way, and says what to do."""

import os
import shutil
import tempfile
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from mailbot.config.load import load
from mailbot.platforms.maildir.mailbox import MaildirMailbox
from mailbot.secrets import Account, Secrets
from mailbot.work.doctor import Installation, examine
from mailbot.work.doctor_findings import Check
from tests.config.running import installed, run


@pytest.fixture
def config(tmp_path):
    return installed(tmp_path)


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch):
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")


def change(config, old, new):
    text = config.read_text(encoding="utf-8")
    assert old in text
    config.write_text(text.replace(old, new), encoding="utf-8")


def findings(config, *, now=None, account=None, templates=(), language="en") -> list[Check]:
    loaded = load(config)
    me = Account("mailbot", os.geteuid(), os.getegid())
    return examine(
        Installation(
            config=loaded,
            secrets=Secrets(config.parent / "secrets"),
            account=account or me,
            open_mailbox=lambda mailbox: MaildirMailbox(loaded.servers[mailbox.server].folder(mailbox.address)),
            template_problems=lambda: templates,
        ),
        language=language,
        now=now or datetime.now(UTC),
    )


def told(checks, name) -> set[str]:
    return {check.status for check in checks if check.name == name}


def words(checks, name) -> str:
    return " ".join(f"{check.message} -> {check.remedy}" for check in checks if check.name == name)


def test_a_fresh_installation_has_no_problem(config):
    checks = findings(config)
    assert {check.name for check in checks if check.status == "problem"} == set()
    assert {"configuration", "account", "secret reference-key", "database", "answers", "mailbox kommunen@by.example",
            "mailbox mailbot@by.example", "outgoing mail", "templates", "calendar", "clock", "roles",
            "people"} == {check.name for check in checks}  # fmt: skip


def test_every_finding_but_a_good_one_has_a_remedy(config, tmp_path):
    shutil.rmtree(tmp_path / "mail")
    (tmp_path / "mailbot.db").unlink()
    for check in findings(config, templates=("x",)):
        assert bool(check.remedy) is (check.status != "ok"), check


@pytest.mark.parametrize("language", ["sv", "nb", "en"])
def test_it_speaks_three_languages(config, language):
    assert findings(config, language=language)


# --- what can be wrong ------------------------------------------------------------------------------------------------


def test_a_configuration_that_anybody_can_change(config):
    config.chmod(0o666)
    assert "chmod o-w" in words(findings(config), "configuration")
    assert told(findings(config), "configuration") == {"ok", "problem", "warning"}


def test_a_start_in_the_future(config):
    change(config, 'mode = "observe"', 'mode = "observe"\nstart_from = "2199-01-01"')
    assert "no clock starts before 2199-01-01" in words(findings(config), "configuration")


def test_a_missing_secret(config, tmp_path):
    (tmp_path / "secrets" / "reference-key").unlink()
    checks = findings(config)
    assert told(checks, "secret reference-key") == {"problem"}
    assert "mailbot secret set reference-key" in words(checks, "secret reference-key")


def test_another_account(config):
    checks = findings(config, account=Account("somebody", os.geteuid() + 1, 0))
    assert told(checks, "account") == ({"warning"} if os.geteuid() == 0 else {"problem"})
    assert "sudo -u somebody mailbot doctor" in words(checks, "account")


def test_a_missing_database(config, tmp_path):
    (tmp_path / "mailbot.db").unlink()
    checks = findings(config)
    assert told(checks, "database") == {"problem"}
    assert "mailbot db upgrade" in words(checks, "database")
    assert not (tmp_path / "mailbot.db").exists()


def test_a_database_that_is_none(config, tmp_path):
    (tmp_path / "mailbot.db").write_bytes(b"not a database" * 100)
    assert "problem" in told(findings(config), "database")


def test_a_database_open_to_others(config, tmp_path):
    (tmp_path / "mailbot.db").chmod(0o644)
    assert "chmod 600" in words(findings(config), "database")


@pytest.mark.parametrize(("free", "status"), [(50, "problem"), (500, "warning"), (5000, "ok")])
def test_free_disk(config, monkeypatch, free, status):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 0, free * 1024 * 1024))
    assert told(findings(config), "database") == {status}


def test_a_mailbox_that_is_missing(config, tmp_path):
    shutil.rmtree(tmp_path / "mail" / "kommunen@by.example")
    checks = findings(config)
    assert told(checks, "mailbox kommunen@by.example") == {"problem"}
    assert str(tmp_path / "mail" / "kommunen@by.example") in words(checks, "mailbox kommunen@by.example")


def test_mails_are_counted_and_left_as_they_are(config, tmp_path):
    message = EmailMessage()
    message["Subject"] = "Känsligt"
    message.set_content("Hemligt")
    path = tmp_path / "mail" / "kommunen@by.example" / "new" / "1.M1.by"
    path.write_bytes(message.as_bytes())
    checks = findings(config)
    assert "1 mails" in words(checks, "mailbox kommunen@by.example")
    assert path.exists()
    assert "Känsligt" not in str(checks)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a second account")
def test_rights_that_the_service_lacks():
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        config = installed(Path(name))
        for path in (config, config.with_name("people.toml")):
            path.chmod(0o644)  # a user called mailbot, where there is one, would have them to itself
        (Path(name) / "mail" / "kommunen@by.example" / "new").chmod(0o700)
        os.seteuid(65534)
        try:
            checks = findings(config)
        finally:
            os.seteuid(0)
    assert told(checks, "mailbox kommunen@by.example") == {"problem"}
    assert "mailbot's own mail goes through it" in words(checks, "mailbox mailbot@by.example")
    assert "problem" in told(checks, "database")
    assert told(checks, "secret reference-key") == {"problem"}


def test_whom_mailbot_cannot_reach(config):
    assert told(findings(config), "outgoing mail") == {"warning"}
    assert "eva@by.example, it@by.example, karin@by.example" in words(findings(config), "outgoing mail")
    change(config, 'mode = "observe"', 'mode = "enforce"')
    assert told(findings(config), "outgoing mail") == {"problem"}


def test_a_way_out_for_other_hosts(config, tmp_path):
    change(config, 'outside = ""', 'outside = "out"')
    assert told(findings(config), "outgoing mail") == {"problem"}
    (tmp_path / "out").mkdir()
    assert told(findings(config), "outgoing mail") == {"ok"}


def test_broken_templates(config):
    checks = findings(config, templates=("sv/digest.txt: line 3: unexpected '}'",))
    assert told(checks, "templates") == {"problem"}
    assert "sv/digest.txt" in words(checks, "templates")


def test_a_year_without_known_holidays(config):
    checks = findings(config, now=datetime(2300, 6, 1, tzinfo=UTC))
    assert told(checks, "calendar") == {"problem"}
    assert "policy.calendar.closed_days" in words(checks, "calendar")
    assert told(findings(config), "calendar") == {"ok"}


@pytest.mark.parametrize(
    ("now", "found"),
    [(datetime(1970, 1, 2, tzinfo=UTC), "believes it is 1970"), (datetime(2100, 1, 2, tzinfo=UTC), "differ")],
)
def test_a_wrong_clock(config, now, found):
    checks = findings(config, now=now)
    assert told(checks, "clock") == {"problem"}
    assert found in words(checks, "clock")


def test_duties_without_people_deputies_or_anybody_present(config, tmp_path):
    change(config, 'mail_officers = ["eva"]', "mail_officers = []")
    people = tmp_path / "people.toml"
    change(people, 'name = "Karin Ek"', 'name = "Karin Ek"\nabsences = [{ from = "2026-01-01", back = "2199-01-01" }]')
    found = words(findings(config), "roles")
    assert "nobody stands in ks.mail_officers" in found
    assert "everybody in roles.head_of_administration is away today" in found
    assert "ks.registrars has one name" in found


def test_mailboxes_without_owners_and_people_without_mailboxes(config, tmp_path):
    with config.open("a", encoding="utf-8") as file:
        file.write('\n[[mailboxes]]\naddress = "bo@by.example"\nserver = "post"\nrole = "personal"\n')
    (tmp_path / "mail" / "bo@by.example" / "new").mkdir(parents=True)
    checks = findings(config)
    assert "bo@by.example" in words(checks, "mailboxes")
    assert "eva, karin" in words(checks, "people")


def test_calendars_that_cannot_be_read(config, tmp_path):
    change(tmp_path / "people.toml", 'name = "Karin Ek"', 'name = "Karin Ek"\ncalendar = "karin.ics"')
    assert "cannot read the calendar" in words(findings(config), "calendars")
    calendar = tmp_path / "karin.ics"
    calendar.write_text("not a calendar", encoding="utf-8")
    assert "export it again" in words(findings(config), "calendars")
    calendar.write_text("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nEND:VCALENDAR\n", encoding="utf-8")
    assert told(findings(config), "calendars") == {"ok"}


def test_a_unit_without_an_authority_mailbox(config):
    change(config, 'role = "authority"', 'role = "function"')
    assert "without an authority mailbox: ks" in words(findings(config), "mailboxes")


# --- the command ------------------------------------------------------------------------------------------------------


def test_json_and_exit_codes(config, tmp_path):
    ran = run("doctor", "--json", "--config", config)
    assert ran.status == 0
    assert ran.json["ok"] is True
    assert {frozenset(check) for check in ran.json["checks"]} == {frozenset({"name", "status", "message", "remedy"})}
    shutil.rmtree(tmp_path / "mail")
    ran = run("doctor", "--json", "--config", config)
    assert (ran.status, ran.json["ok"]) == (1, False)
    assert run("doctor", "--config", tmp_path / "missing.toml").status == 2
    config.write_text("operator = it")
    assert run("doctor", "--config", config).status == 2


def test_plain_lines_in_a_pipe_with_the_remedy_below(config, tmp_path):
    shutil.rmtree(tmp_path / "mail" / "kommunen@by.example")
    lines = run("doctor", "--config", config, "--lang", "en").out.splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith("PROBLEM   mailbox kommunen@by.example"))
    assert lines[place + 1].strip().startswith("-> ")
    assert "\x1b" not in "".join(lines)
