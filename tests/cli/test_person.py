"""`mailbot person`: the directory as people and scripts see it."""

from datetime import date

import pytest

from tests.config.base import write
from tests.config.running import run
from tests.support.command import mailbot


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


def test_who_is_ill_says_so_and_the_deputy_acts(town, monkeypatch):
    for who, arguments, told in (
        ("lars", ("away", "--at", "2026-05-18T06:40"), "Lars Lind är borta från 2026-05-18, åter 2026-05-19"),
        ("lars", ("back", "--at", "2026-05-18T10:00"), "Lars Lind är tillbaka."),
        ("lars", ("back", "--at", "2026-05-18T10:01"), "hade inte anmält"),
        ("karin", ("away", "lars", "--from", "2026-05-20", "--back", "2026-05-25"), "åter 2026-05-25"),
    ):
        monkeypatch.setenv("SUDO_USER", who)
        answer = mailbot("person", *arguments, "--config", town.config_path)
        assert answer.status == 0 and told in answer.out, answer.err
    with town.open() as context:
        assert [notice.from_on.day for notice in context.store.away_notices.list(date(2026, 5, 18))] == [20]


@pytest.mark.parametrize(
    ("who", "arguments", "told"),
    [
        ("anna", ("away", "lars"), "you may not"),
        ("lars", ("away", "--from", "2026-05-20", "--back", "2026-05-20"), "is not after"),
        ("lars", ("away", "--back", "fredag"), "is no date"),
        ("lars", ("away", "nobody"), "person list"),
        ("root", ("away",), "name the person"),
    ],
)
def test_who_may_not_or_cannot_be_understood(town, monkeypatch, who, arguments, told):
    monkeypatch.setenv("SUDO_USER", who)
    answer = mailbot("person", *arguments, "--config", town.config_path)
    assert answer.status == 2 and told in answer.err
