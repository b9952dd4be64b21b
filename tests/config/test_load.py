"""Finding and reading the files, and what the configuration means then."""

import os
from datetime import date, time
from pathlib import Path

import pytest

from mailbot.config.load import find, load
from mailbot.errors import UserError
from tests.config.base import CONFIG, write


def test_an_explicit_file_goes_before_the_variable_and_the_usual_places(tmp_path, monkeypatch):
    named, variable, here = (tmp_path / name for name in ("named.toml", "variable.toml", "config.toml"))
    for path in (named, variable, here):
        path.touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAILBOT_CONFIG", str(variable))
    assert find(named) == named
    assert find(None) == variable
    monkeypatch.delenv("MAILBOT_CONFIG")
    assert find(None) == Path("config.toml")


def test_a_named_file_that_is_missing_is_never_replaced_by_another(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").touch()
    with pytest.raises(UserError, match=r"no configuration file nowhere\.toml; `mailbot config init`"):
        find(Path("nowhere.toml"))
    monkeypatch.setenv("MAILBOT_CONFIG", "nowhere.toml")
    with pytest.raises(UserError, match=r"named by \$MAILBOT_CONFIG"):
        find(None)


def test_without_any_file_the_remedy_is_the_interview(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MAILBOT_CONFIG", raising=False)
    monkeypatch.setattr("mailbot.config.load.USUAL_PLACES", (Path("config.toml"),))
    with pytest.raises(UserError, match="`mailbot config init` writes one"):
        find(None)


def test_values_and_defaults(tmp_path):
    config = load(write(tmp_path))
    assert (config.mode, config.start_from) == ("observe", None)
    assert config.schedule.passes == (time(7), time(12, 30))
    assert config.policy.name == "bjurholm"
    assert config.zone.key == "Europe/Stockholm"
    assert [config.reads_headers_only(mailbox) for mailbox in config.mailboxes] == [False, True, False]
    assert config.people[1].absences[0].back == date(2026, 8, 3)
    assert config.people[1].is_away_on(date(2026, 8, 2))
    assert not config.people[1].is_away_on(date(2026, 8, 3))


def test_relative_paths_count_from_the_folder_of_the_configuration(tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    config = load(write(tmp_path))
    assert config.paths.database == f"sqlite:///{tmp_path}/mailbot.db"
    assert config.paths.people == f"{tmp_path}/people.toml"
    assert config.paths.secrets == f"{tmp_path}/secrets"
    assert config.paths.templates == ""
    assert config.servers["post"].folder("eva@by.example") == tmp_path / "mail" / "eva@by.example"


def test_policy_overrides_reach_the_profile(tmp_path):
    config = load(write(tmp_path, CONFIG + "\n[policy.reply]\nworking_days = 1\n"))
    assert config.policy.reply.working_days == 1


def test_a_profile_of_ones_own_lies_beside_the_configuration(tmp_path):
    (tmp_path / "own.toml").write_text('name = "own"\ntitle = "Egna regler"\n', encoding="utf-8")
    config = load(write(tmp_path, CONFIG.replace('name = "Byns', 'profile = "own.toml"\nname = "Byns')))
    assert config.policy.title == "Egna regler"


def test_addresses_are_in_lower_case_and_found_in_any(tmp_path):
    config = load(write(tmp_path, CONFIG.replace("kommunen@by.example", "Kommunen@By.example")))
    assert config.mailboxes[0].address == "kommunen@by.example"
    found = config.mailbox("KOMMUNEN@by.example")
    assert found is not None
    assert found.unit == "ks"
    assert config.own_addresses == {mailbox.address for mailbox in config.mailboxes}


def test_the_owner_of_a_personal_mailbox_is_found_by_address(tmp_path):
    config = load(write(tmp_path))
    owners = [config.owner(mailbox) for mailbox in config.mailboxes]
    assert [owner and owner.id for owner in owners] == [None, "eva", None]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"operator = it@by.example\n", "config.toml: Invalid value (at line 1, column 12)"),
        (b'a = "x"\na = "y"\n', "line 2"),
        (b'name = """\n\n', "(line 3)"),
        (b'a = 1\nb = "Bj\xf6rn"\n', "line 2: not UTF-8; save the file in UTF-8"),
        (b"a = " + b"[" * 5000, "config.toml: "),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(tmp_path, text, problem):
    path = write(tmp_path)
    path.write_bytes(text)
    with pytest.raises(UserError) as caught:
        load(path)
    assert problem in caught.value.problems[0]


def test_a_byte_order_mark_is_no_mistake(tmp_path):
    path = write(tmp_path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load(path).operator == "it@by.example"


def test_a_missing_people_file_is_told_together_with_the_rest(tmp_path):
    path = write(tmp_path, CONFIG.replace('operator = "it@by.example"', 'operator = "it"'))
    (tmp_path / "people.toml").unlink()
    with pytest.raises(UserError) as caught:
        load(path)
    keys = [problem.partition(":")[0] for problem in caught.value.problems]
    assert keys == ["paths.people", "operator"]  # and nobody is called unknown


def test_a_mistake_in_the_syntax_of_the_people_file_is_told_with_the_rest(tmp_path):
    with pytest.raises(UserError) as caught:
        load(write(tmp_path, CONFIG.replace('"it@by.example"', '"it"'), "[[people]\n"))
    assert [problem.partition(":")[0] for problem in caught.value.problems] == ["people.toml", "operator"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_names_the_remedy(tmp_path):
    path = write(tmp_path)
    path.chmod(0)
    with pytest.raises(UserError) as caught:
        load(path)
    assert "sudo -u mailbot" in caught.value.problems[0]
