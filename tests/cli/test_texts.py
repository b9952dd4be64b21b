"""The terminal speaks three languages: every key in each, with the same placeholders, and every key used exists."""

import re
import string
from pathlib import Path

import click
import pytest

from mailbot.cli.language import LANGUAGES, catalogue
from tests.support.command import mailbot

PACKAGE = Path(__file__).parents[2] / "mailbot" / "cli"


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_every_text_stands_in_every_language_with_the_same_placeholders(language: str) -> None:
    english, other = catalogue("en"), catalogue(language)
    assert other.keys() == english.keys()
    assert {key: placeholders(text) for key, text in other.items()} == {
        key: placeholders(text) for key, text in english.items()
    }


def test_every_key_that_a_command_names_exists() -> None:
    known = catalogue("en")
    named = {
        (path.name, key)
        for path in PACKAGE.glob("*.py")
        for key in re.findall(r'say\([\w.()]+(?:\([^)]*\))?, "([a-z_]+\.[a-z_]+)"', path.read_text(encoding="utf-8"))
    }
    assert len(named) > 10
    assert not {(name, key) for name, key in named if key not in known}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--lang", "sv", "due", "2026-05-13"), "Avbrutet; inget har ändrats.\n"),
        (("due", "2026-05-13", "--lang=nb"), "Avbrutt; ingenting er endret.\n"),
        (("--lang", "sv", "due", "2026-05-13", "--lang", "en"), "Aborted; nothing was changed.\n"),
    ],
)
def test_who_breaks_off_is_told_so_in_their_language(
    arguments: tuple[str, ...], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise click.Abort

    monkeypatch.setattr("mailbot.cli.due.due.invoke", interrupted)
    answer = mailbot(*arguments)
    assert (answer.status, answer.err) == (130, told)
