"""Norwegian words counted as Swedish ones."""

from importlib.resources import files

import pytest

from mailbot.policy import kindred
from mailbot.policy.spelling import tokenise

NORWEGIAN = "Jeg er ikke enig i vedtaket, og søker om ny behandling. Hvor får vi innsyn?"


def test_norwegian_words_are_counted_as_swedish_ones() -> None:
    words = kindred.in_swedish(tokenise(NORWEGIAN), "nb")
    assert words[:7] == ["jag", "är", "inte", "överens", "i", "beslutet", "och"]


@pytest.mark.parametrize("language", ["sv", "en", None])
def test_other_languages_stay_as_they_are(language: str | None) -> None:
    assert kindred.in_swedish(tokenise(NORWEGIAN), language) == tokenise(NORWEGIAN)


def test_the_table_holds_single_words_in_the_spelling_that_is_looked_up() -> None:
    text = files("mailbot.policy").joinpath("signals", "kindred.txt").read_text("utf-8")
    table = kindred.parse(text.splitlines())
    assert len(table) > 5_000
    for norwegian, swedish in table.items():
        assert tokenise(norwegian) == [norwegian]
        assert tokenise(swedish) == [swedish]
        assert norwegian != swedish


@pytest.mark.parametrize("lines", [["ikke"], ["ikke inte alls"], ["ikke inte", "ikke ej"]])
def test_a_line_that_is_no_pair_is_refused(lines: list[str]) -> None:
    with pytest.raises(ValueError, match="kindred words"):
        kindred.parse(lines)
