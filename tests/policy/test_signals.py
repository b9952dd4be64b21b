"""The pattern language and the signal files."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbot.errors import UserError
from mailbot.mail.message import parse
from mailbot.policy import reading, signals
from mailbot.policy.model import Facts
from mailbot.policy.patterns import Patterns, compile_patterns, problem_of
from mailbot.policy.profile import load_policy
from mailbot.policy.trie import Tree
from mailbot.policy.words import split
from tests.support.growth import grows_linearly

POLICY = load_policy("bjurholm")


def found(pattern: str, text: str) -> list[str]:
    words = split(text)
    matches = Patterns(Tree(compile_patterns([(pattern, None)]))).find(words, frozenset({"och"}))
    return [text[words.starts[first] : words.ends[last]] for _, first, last in matches]


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("överklag*", "Jag överklagar härmed", ["överklagar"]),
        ("överklag*", "Jag klagar", []),
        ("*bidrag", "Vårt föreningsbidrag dröjer", ["föreningsbidrag"]),
        ("ansök(an|ningar)", "Alla ANSÖKNINGAR kom", ["ANSÖKNINGAR"]),
        ("inte nöjd .. beslut*", "Jag är inte nöjd med ert senaste beslut.", ["inte nöjd med ert senaste beslut"]),
        ("inte nöjd .. beslut*", "Jag är inte nöjd. Ett beslut kom.", []),
        ("beslut .. fel", "beslut " + "ord " * 9 + "fel", []),
        ("^ skicka", "Skicka den", ["Skicka"]),
        ("^ skicka", "Jag ska skicka den", []),
        ("^ skicka", "Läs och skicka den, eller strunta i det", ["skicka"]),
        ("^ skicka", "Hej,\nskicka den", ["skicka"]),
        ("hur länge ?", "Hur länge ska vi vänta?", ["Hur länge"]),
        ("hur länge ?", "Så är det. Hur länge som helst.", []),
        ("(vi|jag) (vill (gärna|) ha|önskar)", "jag vill ha och vi önskar", ["jag vill ha", "vi önskar"]),
        ("en (gång|gång till)", "en gång till", ["en gång", "en gång till"]),
        ("vill\nha", "vi vill\nha", ["vill\nha"]),
    ],
)
def test_pattern(pattern: str, text: str, expected: list[str]) -> None:
    assert sorted(found(pattern, text)) == sorted(expected)


@pytest.mark.parametrize("pattern", ["", "..", "a ..", "(a", "a)", "år*", "*mitt*", "50 %", "(a|b" * 3])
def test_unreadable_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        compile_patterns([(pattern, None)])
    assert problem_of(pattern)


def test_too_many_variants_are_refused() -> None:
    with pytest.raises(ValueError, match="several lines"):
        compile_patterns([("(a b|c d|e f|g h) " * 6, None)])


@settings(deadline=None)  # the first text pays for compiling the files
@given(st.text(max_size=200))
def test_any_text_can_be_searched(text: str) -> None:
    for language in signals.SHIPPED:
        loaded = signals.load(language)
        list(loaded.text.find(split(text), loaded.joints))


@pytest.mark.parametrize("language", ["sv", "nb", "nn", "da", "en", "fi", None])
def test_every_language_has_signals(language: str | None) -> None:
    assert signals.load(language).lines >= 80


def hits_of(text: str, subject: str = "Hej", policy=POLICY) -> dict[str, float]:
    raw = f"From: a@mejl.example\nSubject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n{text}".encode()
    read = reading.read(parse(raw), Facts())
    return {hit.rule: hit.points for hit in signals.hits(read, policy) if hit.kind == "appeal"}


def test_a_negation_switches_a_line_off_and_a_hedge_halves_it() -> None:
    plain = hits_of("Det är min mening att överklaga beslutet, det ska ni veta.")
    negated = hits_of("Det är min mening att inte överklaga beslutet, det ska ni veta.")
    hedged = hits_of("Det är min mening att eventuellt överklaga beslutet, det ska ni veta.")
    assert plain["sv.appeal.överklag*"] == 1.0
    assert negated["sv.appeal.överklag*"] == 0.0
    assert hedged["sv.appeal.överklag*"] == 0.5


def test_a_profile_adds_and_switches_off_lines() -> None:
    own = load_policy("bjurholm", {"signals": {"sv": {"appeal": {"överklag*": 0.0, "morr*": 2.5}}}})
    rules = hits_of("Jag har skäl att överklaga och att morra över det ni har gjort mot mig.", policy=own)
    assert "sv.appeal.överklag*" not in rules
    assert rules["sv.appeal.morr*"] == 2.5


def test_every_unreadable_line_of_a_profile_is_named() -> None:
    with pytest.raises(UserError) as caught:
        signals.load("sv", {"sv": {"appeal": {"år*": 1.0, "(a": 1.0}}})
    assert len(caught.value.problems) == 2
    assert "år*" in str(caught.value)


def test_evidence_points_at_the_words() -> None:
    text = "Hej!\n\n> gammalt\n\nJag håller inte med om det ni kommit fram till."
    raw = f"From: a@mejl.example\nSubject: x\nContent-Type: text/plain; charset=utf-8\n\n{text}".encode()
    message = parse(raw)
    assert message.body
    hits = signals.hits(reading.read(message, Facts()), POLICY)
    shown = {message.body.text[hit.evidence.start : hit.evidence.end] for hit in hits if hit.kind == "disagreement"}
    assert "håller inte med" in shown


def test_time_grows_with_the_text_and_not_faster() -> None:
    loaded = signals.load("sv")

    def work_of(size):
        text = split("jag vill inte att ni skickar " * (size // 6))
        return lambda: sum(1 for _ in loaded.text.find(text, loaded.joints))

    assert grows_linearly(work_of, 6_000)
