import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.policy.patterns import written_out
from mailbot.policy.phrases import compile_phrases
from mailbot.policy.words import split
from tests.support.growth import grows_linearly


def found(phrase, text):
    return [text[hit.start : hit.end] for hit in compile_phrases({phrase: phrase}).find(split(text))]


@pytest.mark.parametrize(
    "phrase, text, hits",
    [
        ("orolig för", "Jag är Orolig för henne.", ["Orolig för"]),
        ("orolig för", "Jag är oroligare för henne.", []),
        ("orolig* för", "De är oroliga\nför henne.", ["oroliga\nför"]),
        ("*missbruk", "Alkoholmissbruk och missbruk", ["Alkoholmissbruk", "missbruk"]),
        ("*missbruk", "missbrukare", []),
        ("barn .. blåmärken", "Ett barn har stora blåmärken.", ["barn har stora blåmärken"]),
        ("barn .. blåmärken", "Ett barn. Inga blåmärken.", []),
        ("barn .. blåmärken", "barn " + "ett " * 9 + "blåmärken", []),
        ("barn .. blåmärken", "barn " + "ett " * 8 + "blåmärken", ["barn " + "ett " * 8 + "blåmärken"]),
        ("e-post", "Min e-post är borta", ["e-post"]),
        ("en en", "en en en", ["en en", "en en"]),
        ("osl 26", "OSL 26:1", ["OSL 26"]),
        ("min|vår* granne", "Min granne, våra granne, din granne", ["Min granne", "våra granne"]),
    ],
)
def test_how_phrases_match(phrase, text, hits):
    assert found(phrase, text) == hits


@pytest.mark.parametrize("phrase", ["", "..", "*", "ab* c", "§ 13", "*mitt*"])
def test_phrases_that_cannot_be_looked_up_are_refused(phrase):
    with pytest.raises(ValueError):
        compile_phrases({phrase: 1})


@pytest.mark.parametrize(
    "phrase, variants",
    [
        ("min granne", ["min granne"]),
        ("(min|vår) granne", ["min|vår granne"]),
        ("(strängt|) förtroligt", ["strängt förtroligt", " förtroligt"]),
        ("a (b (c|d)|e) f", ["a e f", "a b c|d f"]),
        ("ansök(an|er)", ["ansökan", "ansöker"]),
    ],
)
def test_choices_are_written_out(phrase, variants):
    assert written_out(phrase) == variants


@pytest.mark.parametrize("phrase", ["(a", "a)", "(a|b", "x(a|b)" * 9])
def test_choices_that_make_no_sense_are_refused(phrase):
    with pytest.raises(ValueError):
        written_out(phrase)


def test_a_text_is_only_passed_over_when_no_spelling_of_a_phrase_stands_in_it():
    phrases = compile_phrases({"en *granne*|husdjur* stör": 1})
    assert phrases.may_stand_in("Ett husdjur")
    assert not phrases.may_stand_in("Ett barn stör")


def test_a_long_text_is_searched_in_linear_time():
    phrases = compile_phrases({"barn .. barn .. barn": 1, "*arn": 2, "bar*": 3})
    assert sum(1 for _ in phrases.find(split("barn " * 6_000))) > 6_000

    def work_of(size):
        text = split("barn " * size)
        return lambda: sum(1 for _ in phrases.find(text))

    assert grows_linearly(work_of, 6_000)


@given(st.lists(st.sampled_from(("barn", "*arn", "orolig*", "för")), min_size=1, max_size=3), st.text("barnoligföå .A"))
def test_a_text_that_cannot_hold_a_phrase_holds_none(parts, text):
    phrases = compile_phrases({" .. ".join(parts): 1})
    assert phrases.may_stand_in(text) or not list(phrases.find(split(text)))
    assert phrases.may_stand_in("BARN, oroliga FÖR")
