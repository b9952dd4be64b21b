"""Topics of words, one spelling for both languages, and the shape of a mail."""

import pytest

from mailbot.policy.reading import read
from mailbot.policy.shape import shape
from mailbot.policy.spelling import one_spelling, tokenise
from mailbot.policy.topics import topics_of
from tests.policy.mails import FACTS, mail


@pytest.mark.parametrize(
    ("word", "topic"),
    [
        ("deklarationen", "tax"),
        ("selvmeldingen", "tax"),
        ("potthål", "road"),
        ("bekymringsmelding", "worry"),
        ("søknad", "application"),
        ("blåmärken", "harm"),
        ("rotavdrag", "tax"),  # by its ending
    ],
)
def test_words_of_both_languages_have_topics(word: str, topic: str) -> None:
    assert topic in topics_of(one_spelling(word))


def test_a_word_that_nobody_listed_has_none() -> None:
    assert topics_of("xyzzy") == ()


def test_both_languages_share_a_spelling_and_characters_keep_their_place() -> None:
    assert one_spelling("SØKNAD ÆRLIG Idé") == "söknad ärlig ide"
    assert tokenise("Søker 25 000 kr?") == ["söker", "#", "#", "kr", "?"]
    assert tokenise("ett två tre", most=2) == ["ett", "två"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Nu 30 % rabatt till den 5 maj!", {"holds per cent", "holds date", "exclamations"}),
        (
            "Hej Anna! Kan ni komma klockan 14?",
            {"greets by name", "asks first", "asks last", "holds hour", "says you all"},
        ),
        ("Jag betalade 4 500 kr den 3/2 och 200 kr den 4/2.", {"holds money", "holds more than one money", "says I"}),
        ("Se https://nyhet.example och ring 070-123 45 67.", {"holds link", "holds telephone"}),
    ],
)
def test_the_shape_of_a_mail(text: str, shown: set[str]) -> None:
    found = {name for name, value in shape(read(mail(text), FACTS)) if value}
    assert shown <= found


def test_the_shape_of_nothing() -> None:
    assert {name: value for name, value in shape(read(mail(""), FACTS)) if value}.keys() <= {
        "recipients",
        "subject words",
        "no subject",
        "longest sentence",
        "sentences",
    }
