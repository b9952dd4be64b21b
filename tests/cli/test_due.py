"""`mailbot due` as a person and a script use it."""

import json

import pytest
from click.testing import CliRunner

from mailbot.cli.due import due
from mailbot.cli.main import main
from mailbot.errors import UserError


@pytest.fixture(autouse=True)
def unconfigured(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MAILBOT_CONFIG", raising=False)


def run(*args: str) -> str:
    result = CliRunner().invoke(due, args, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def answer(*args: str) -> dict[str, object]:
    return json.loads(run(*args, "--json"))


def test_json_has_the_fields_of_the_contract():
    assert answer("2026-05-13T09:00") == {
        "received_at": "2026-05-13T09:00:00+02:00",
        "profile": "bjurholm",
        "starts_on": "2026-05-13",
        "due_on": "2026-05-19",
        "document_due_on": "2026-05-13",
        "warn_on": "2026-05-18",
        "days": [
            {"date": "2026-05-13", "counts": False, "why": "kom in"},
            {"date": "2026-05-14", "counts": False, "why": "Kristi himmelsfärdsdag"},
            {"date": "2026-05-15", "counts": True, "why": "arbetsdag 1"},
            {"date": "2026-05-16", "counts": False, "why": "lördag"},
            {"date": "2026-05-17", "counts": False, "why": "söndag"},
            {"date": "2026-05-18", "counts": True, "why": "arbetsdag 2"},
            {"date": "2026-05-19", "counts": True, "why": "arbetsdag 3"},
        ],
    }


@pytest.mark.parametrize(
    "args, due_on",
    [
        (["2026-03-09 10:00"], "2026-03-12"),
        (["2026-03-09", "10:00"], "2026-03-12"),
        (["2026-03-09"], "2026-03-12"),
        (["2026-07-01T22:15Z"], "2026-07-07"),
        (["2026-07-01T22:15:00+00:00"], "2026-07-07"),
        (["2026-07-01T23:15+01:00"], "2026-07-07"),
        (["2026-12-23T11:00", "--profile", "askim"], "2026-12-29"),
        (["2027-05-14T10:00", "--profile", "hattfjelldal"], "2027-05-20"),
        # 02:30 does not exist on 2026-03-29, and comes twice on 2026-10-25
        (["2026-03-29T02:30"], "2026-04-01"),
        (["2026-10-25T02:30"], "2026-10-28"),
        (["2026-03-09T10:00", "--profile", "boras"], None),
    ],
)
def test_due_on(args, due_on):
    assert answer(*args)["due_on"] == due_on


def test_a_profile_without_a_clock_still_tells_about_documents():
    got = answer("2026-03-14T10:00", "--profile", "boras")
    assert (got["days"], got["warn_on"], got["document_due_on"]) == ([], None, "2026-03-16")
    assert run("2026-03-14T10:00", "--profile", "boras").splitlines()[0] == "Borås Stad har ingen svarstid."


def test_people_get_a_table_of_days():
    lines = run("2026-12-23", "11:00").splitlines()
    assert lines[0].split() == ["datum", "veckodag", "räknas", "varför"]
    assert "2026-12-24  tors              Julafton" in lines
    assert "2026-12-28  mån       ja      arbetsdag 1" in lines
    assert "Svar senast 2026-12-30 (Bjurholms kommun). Varning 2026-12-29." in lines


def test_the_language_can_be_chosen():
    assert "Answer due 2026-12-30 (Bjurholms kommun). Warning on 2026-12-29." in run("2026-12-23", "--lang", "en")
    assert "Christmas Eve" in run("2026-12-23", "--lang", "en")
    assert "Svar senest 2026-12-29" in run("2026-12-23", "--profile", "askim")


@pytest.mark.parametrize(
    "args, text",
    [
        (["yesterday"], "write for example 2026-03-09T10:00"),
        (["9999-12-31T23:00"], "out of range"),
        (["2026-03-09", "--profile", "bjurhlm"], "did you mean 'bjurholm'?"),
    ],
)
def test_mistakes_are_told_with_the_remedy(args, text):
    with pytest.raises(UserError, match=text):
        CliRunner().invoke(due, args, catch_exceptions=False)


def test_mistakes_end_in_exit_code_2(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["mailbot", "due", "yesterday"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    assert "2026-03-09T10:00" in capsys.readouterr().err


CONFIG = """
operator = "it@vindeln.example"
[organisation]
name = "Vindelns kommun"
timezone = "Europe/Helsinki"
domains = ["vindeln.example"]
[policy.reply]
working_days = 1
[paths]
database = "sqlite:///mailbot.db"
people = "people.toml"
[[units]]
id = "ks"
name = "Kommunstyrelsen"
registrars = ["eva"]
mail_officers = ["eva"]
[roles]
head_of_administration = ["eva"]
administrators = ["eva"]
[servers.post]
kind = "maildir"
path = "/var/mail/{address}"
[[mailboxes]]
address = "kommunen@vindeln.example"
server = "post"
role = "authority"
[[mailboxes]]
address = "mailbot@vindeln.example"
server = "post"
role = "service"
"""
PEOPLE = """
[[people]]
id = "eva"
name = "Eva Ek"
email = "eva@vindeln.example"
"""


def test_the_rules_and_the_zone_of_a_configuration_count(tmp_path):
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "people.toml").write_text(PEOPLE)
    assert answer("2026-03-09T10:00")["due_on"] == "2026-03-10"
    assert answer("2026-03-09T22:30Z")["received_at"] == "2026-03-10T00:30:00+02:00"
    named = answer("2026-03-09T10:00", "--config", str(tmp_path / "config.toml"))
    assert named["due_on"] == "2026-03-10"
    assert answer("2026-03-09T10:00", "--profile", "bjurholm")["due_on"] == "2026-03-12"


def test_a_configuration_that_was_named_but_is_missing_is_not_passed_over(tmp_path):
    with pytest.raises(UserError, match="there is no configuration file"):
        CliRunner().invoke(due, ["2026-03-09", "--config", "missing.toml"], catch_exceptions=False)
