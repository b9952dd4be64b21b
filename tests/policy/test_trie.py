"""The tree finds what trying every pattern at every word finds."""

from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from mailbot.policy.trie import GAP_WORDS, Choice, Node, Runs


class Word(NamedTuple):
    text: str
    sentence: int


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


@given(st.lists(patterns, min_size=1, max_size=6), texts)
def test_as_trying_each_pattern_at_each_word(many: list[Runs], words: list[Word]) -> None:
    root: Node[int] = Node()
    for number, runs in enumerate(many):
        root.add(runs, number, number)
    expected = [
        (number, first, min(found))
        for first, word in enumerate(words)
        for number, runs in enumerate(many)
        if (found := ends(runs, words, first, word.sentence))
    ]
    assert list(root.find(words)) == expected


def test_many_gaps_in_a_long_sentence_stay_linear() -> None:
    """However a place was reached, it is gone on from once."""
    root: Node[str] = Node()
    one = (Choice(exact=frozenset({"a"})),)
    root.add((one,) * 6 + ((Choice(exact=frozenset({"b"})),),), 0, "never")
    assert list(root.find([Word("a", 0)] * 3000)) == []
