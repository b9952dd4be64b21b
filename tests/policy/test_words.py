"""A text as words: where they stand, and what stands between them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.policy.words import Text, split

#: the signs that decide where words, clauses and sentences end
marked = st.text(st.sampled_from("aÅ1-'’_.!? \n\r,:(–"), max_size=60)


@given(st.one_of(st.text(max_size=300), marked))
def test_words_stand_where_they_say(text: str) -> None:
    found = [(match.group().lower(), *match.span()) for match in re.finditer(r"[^\W_]+(?:[-'’][^\W_]+)*", text)]
    words = split(text)
    assert list(zip(words.words, words.starts, words.ends, strict=True)) == found


@given(marked)
def test_a_sentence_ends_at_a_mark_with_a_blank_behind_or_at_an_empty_line(text: str) -> None:
    ends = [match.end() for match in re.finditer(r"[.!?](?=\s)|\n\s*\n", text)]
    words = split(text)
    assert words.sentences == [sum(end <= start for end in ends) for start in words.starts]


@given(marked)
def test_clauses_are_parted_by_marks_and_line_breaks(text: str) -> None:
    words = split(text)
    for index in range(len(words.words) - 1):
        between = text[words.ends[index] : words.starts[index + 1]]
        assert words.parted(index) is any(mark in between for mark in ",.!?:;\n–(-/")
        assert words.clause_before(index + 1, frozenset()) is words.parted(index)


@pytest.mark.parametrize(
    ("text", "asking"),
    [
        ("Vad kostar det?", {0}),
        ("Så är det. Kan ni svara? Tack!", {1}),
        ('Var ligger "Stugan" ?', {0}),
        ("Det är så.", set()),
        ("Hit          ?", set()),
        ("?", set()),
    ],
)
def test_which_sentences_ask(text: str, asking: set[int]) -> None:
    assert split(text).asking == asking


def test_separators_without_end_are_not_remembered() -> None:
    text = "".join(f"a{' ' * number}\n" for number in range(1, 6_000))
    assert len(Text(text).words) == 5_999
