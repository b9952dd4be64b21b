"""`mailbot digest` on a small municipality: print, JSON, HTML, send, and who may."""

import json

import pytest
from click.testing import CliRunner

from mailbot.cli.digest import digest
from mailbot.errors import UserError
from tests.support.town import Town
from tests.work.test_working_day import APPEAL, QUESTION

MONDAY = "2026-05-18T07:30"


@pytest.fixture
def busy_town(settled_town: Town) -> Town:
    """An appeal that waits for the registrar, and a question that nobody has answered."""
    settled_town.deliver("2026-05-11T09:00", APPEAL, subject="Mitt bygglov")
    settled_town.deliver("2026-05-12T09:00", QUESTION, subject="Simhallen", from_="Ny <ny@privat.example>")
    settled_town.run("2026-05-12T12:30")
    return settled_town


def run(town: Town, *args: str) -> str:
    result = CliRunner().invoke(digest, [*args, "--config", str(town.config_path)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def refused(town: Town, *args: str) -> str:
    with pytest.raises(UserError) as caught:
        CliRunner().invoke(digest, [*args, "--config", str(town.config_path)], catch_exceptions=False)
    return str(caught.value)


def test_the_registrars_digest_is_printed_as_the_mail_says_it(busy_town):
    text = run(busy_town, "registrar", "--at", MONDAY)
    assert text.startswith("eva@by.example: Diariet Kommunstyrelsen: ")
    assert "Mitt bygglov" in text
    assert "mailbot diary confirm" in text


def test_json_is_one_object_per_digest(busy_town):
    (line,) = run(busy_town, "officer", "--unit", "ks", "--at", MONDAY, "--json").splitlines()
    found = json.loads(line)
    assert {key: found[key] for key in ("kind", "about", "to")} == {
        "kind": "officer",
        "about": "ks",
        "to": "lars@by.example",
    }
    overdue = found["digest"]["replies"]["overdue"]["shown"]
    assert [(one["subject"], one["due_on"]) for one in overdue] == [("Mitt bygglov", "2026-05-15")]
    assert found["digest"]["today"] == "2026-05-18"


def test_html_goes_to_a_file(busy_town, tmp_path):
    path = tmp_path / "registrar.html"
    assert run(busy_town, "registrar", "--html", str(path), "--at", MONDAY) == ""
    assert "<!doctype html>" in path.read_text(encoding="utf-8")
    assert "0 digests do not fit one HTML file" in refused(busy_town, "staff", "--html", str(path), "--at", MONDAY)


def test_sending_it_leaves_once_a_day(busy_town):
    before = len(busy_town.inbox("eva@by.example"))
    assert "Skickat: 1 av 1" in run(busy_town, "registrar", "--send", "--at", MONDAY)
    assert len(busy_town.inbox("eva@by.example")) == before + 1
    assert "Skickat: 0 av 1" in run(busy_town, "registrar", "--send", "--at", "2026-05-18T08:00")
    assert len(busy_town.inbox("eva@by.example")) == before + 1


def test_only_the_operators_digest_leaves_while_observing(busy_town):
    busy_town.mode = "observe"
    busy_town.write_config()
    assert 'mode = "observe"' in refused(busy_town, "registrar", "--send", "--at", MONDAY)
    assert "Skickat: 1 av 1" in run(busy_town, "operator", "--send", "--at", MONDAY)
    assert "Vad som skulle ha hänt" in run(busy_town, "operator", "--at", MONDAY)


def test_the_language_can_be_chosen(busy_town):
    assert "De siste sju dagene" in run(busy_town, "head", "--at", MONDAY, "--lang", "nb")
    assert (
        run(busy_town, "staff", "--at", MONDAY, "--lang", "en") == "Nobody has that duty, or nobody owes an answer.\n"
    )


def test_unknown_names_are_told(busy_town):
    assert "there is no unit 'bun'; the configuration has ks" in refused(busy_town, "registrar", "--unit", "bun")
    assert "nobody in the directory has the id 'per'" in refused(busy_town, "staff", "--person", "per")


def test_people_read_their_own_digests_only(busy_town, monkeypatch):
    monkeypatch.setattr("mailbot.cli.acting.login_name", lambda: "anna")
    assert "Hej Anna Ek" in run(busy_town, "staff", "--at", MONDAY)
    assert "you may not read the digest staff of lars" in refused(
        busy_town, "staff", "--person", "lars", "--at", MONDAY
    )
    assert "you may not read the digest registrar of ks" in refused(busy_town, "registrar", "--at", MONDAY)
    monkeypatch.setattr("mailbot.cli.acting.login_name", lambda: "karin")
    assert "Mitt bygglov" in run(busy_town, "registrar", "--at", MONDAY)


def test_beside_a_working_daemon_it_is_queued_and_left_to_it(busy_town):
    with busy_town.open():
        answer = run(busy_town, "registrar", "--send", "--at", MONDAY)
    assert "I kö" in answer
    assert "Skickat: 0 av 1" not in answer
