"""The tree finds what trying every pattern at every word finds."""

from collections.abc import Sequence
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.policy import trie
from mailbot.policy.trie import GAP_WORDS, Runs, Tree, plant
from mailbot.policy.vocabulary import VOCABULARY, Choice, Symbol
from mailbot.policy.words import split


class Word(NamedTuple):
    text: str
    sentence: int


class Words:
    """Words with sentence numbers of the test's choice."""

    def __init__(self, words: Sequence[Word]) -> None:
        self.symbols: list[Symbol | None] = [VOCABULARY.known[word.text] for word in words]
        self.sentences = [word.sentence for word in words]


def matches(choice: Choice, word: str) -> bool:
    return (
        word in choice.exact
        or word.startswith(choice.starts)
        or word.endswith(choice.ends)
        or any(part in word for part in choice.inside)
    )


def ends(runs: Runs, words: Sequence[Word], begin: int, sentence: int) -> set[int]:
    """Every word at which `runs` may end when their first run begins at `begin`."""
    end = begin + len(runs[0])
    window = words[begin:end]
    if len(window) < len(runs[0]) or any(word.sentence != sentence for word in window):
        return set()
    if not all(matches(choice, word.text) for choice, word in zip(runs[0], window, strict=True)):
        return set()
    if len(runs) == 1:
        return {end - 1}
    places = range(end, min(end + GAP_WORDS + 1, len(words)))
    return {last for place in places for last in ends(runs[1:], words, place, sentence)}


letters = st.text("ab", min_size=1, max_size=4)
stems = st.text("ab", min_size=3, max_size=4)
choices = st.builds(
    Choice,
    st.frozensets(letters, min_size=1, max_size=2),
    st.lists(stems, max_size=1).map(tuple),
    st.lists(stems, max_size=1).map(tuple),
    st.lists(stems, max_size=1).map(tuple),
)
patterns = st.lists(st.lists(choices, min_size=1, max_size=2).map(tuple), min_size=1, max_size=3).map(tuple)
texts = st.lists(st.builds(Word, letters, st.integers(0, 1)), max_size=25).map(
    lambda words: sorted(words, key=lambda word: word.sentence)
)


@given(st.lists(patterns, min_size=1, max_size=6), texts, st.integers(0, 6))
def test_as_trying_each_pattern_at_each_word(many: list[Runs], words: list[Word], apart: int) -> None:
    """Whether all stand in one tree or in two that are searched together."""
    numbered = [(runs, number, number) for number, runs in enumerate(many)]
    tree = Tree(plant(numbered[:apart]), plant(numbered[apart:]))
    expected = [
        (number, first, min(found))
        for first, word in enumerate(words)
        for number, runs in enumerate(many)
        if (found := ends(runs, words, first, word.sentence))
    ]
    for _ in range(2):  # the second time by what was remembered
        assert list(tree.find(Words(words))) == expected


def test_what_is_remembered_is_bounded_and_never_changes_what_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trie, "_MOST_REMEMBERED", 20)
    tree = Tree(plant([(((Choice(starts=("ord",)), Choice(ends=("slut",))),), 0, "both")]))
    for number in range(200):
        words = Words([Word(f"ord{number}", 0), Word(f"{number}slut", 0), Word("annat", 0)])
        assert list(tree.find(words)) == [("both", 0, 1)]
        assert tree.remembered <= 20 + len(words.symbols) * 2 * trie._STATE


def test_words_seen_before_a_pattern_was_made_are_found_by_it() -> None:
    text = split("Zebrafinkar sjunger")
    assert text.symbols == [None, None]
    tree = Tree(plant([(((Choice(starts=("zebra",)),),), 0, "bird")]))
    assert list(tree.find(text)) == [("bird", 0, 0)]


def test_many_gaps_in_a_long_sentence_stay_linear() -> None:
    """However a place was reached, it is gone on from once."""
    one = (Choice(exact=frozenset({"a"})),)
    tree = Tree(plant([((one,) * 6 + ((Choice(exact=frozenset({"b"})),),), 0, "never")]))
    assert list(tree.find(Words([Word("a", 0)] * 3000))) == []
