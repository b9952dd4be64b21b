"""`mailbot person`: the directory as people and scripts see it."""

import pytest

from tests.config.base import write
from tests.config.running import run


@pytest.fixture
def config(tmp_path):
    return write(tmp_path)


def role(name, unit=None, *, deputy=False):
    return {"role": name, "unit": unit, "deputy": deputy}


def test_list_has_everybody_with_their_roles(config):
    people = run("person", "list", "--json", "--config", config).json_lines
    assert [(person["id"], person["roles"]) for person in people] == [
        ("eva", [role("registrar", "ks"), role("registrar", "mbn"), role("mail_officer", "ks")]),
        ("karin", [role("head_of_administration"), role("registrar", "ks", deputy=True)]),
        ("ida", [role("administrator")]),
    ]


def test_list_is_a_plain_table_in_a_pipe(config):
    lines = run("person", "list", "--config", config, "--lang", "en").out.splitlines()
    assert lines[0].split() == ["Id", "Name", "Title", "Department", "E-mail", "Roles"]
    assert lines[2].startswith("karin  Karin Ek")
    assert lines[2].endswith("head of administration, registrar ks (deputy)")


@pytest.mark.parametrize("who", ["eva", "EVA@by.example", "evalin"])
def test_show_finds_by_id_address_and_login(config, who):
    person = run("person", "show", who, "--json", "--config", config).json
    assert (person["id"], person["mailboxes"], person["checks"]) == ("eva", ["eva@by.example"], ["kommunen@by.example"])


def test_show_in_words(config):
    out = run("person", "show", "karin", "--config", config, "--lang", "en").out
    assert out.startswith("Karin Ek\n")
    assert "kommunchef@by.example" in out
    assert "2026-07-01 - 2026-08-03" in out


def test_an_unknown_person_is_told_with_the_nearest(config):
    ran = run("person", "show", "karim", "--config", config)
    assert ran.status == 2
    assert "did you mean 'karin'?" in ran.err


def test_nobody_yet(tmp_path):
    config = write(tmp_path, people="")
    ran = run("person", "list", "--config", config)
    assert ran.status == 2  # the roles name people who are not there


@pytest.mark.parametrize(("language", "heading"), [("sv", "Namn"), ("nb", "Navn"), ("en", "Name")])
def test_headings_speak_the_language(config, language, heading):
    assert heading in run("--lang", language, "--config", config, "person", "list").out.splitlines()[0].split()
