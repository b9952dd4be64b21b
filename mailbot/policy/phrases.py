"""Phrases from a data file, found in a text in one pass over its words.

A phrase is written as a registrar would write it, in small letters:

    orolig* för          a word beginning with "orolig", then "för"
    *missbruk            a word ending in "missbruk"
    barn .. blåmärken    both words in this order, at most eight words between them, in the same sentence

    min|vår granne       either word

Brackets are written out before (`patterns.written_out`).

The text is split into words once (`words.py`) and each word is looked up, so the cost grows with the text and not with
the number of phrases times the text.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from mailbot.policy.trie import Runs, Tree, plant
from mailbot.policy.vocabulary import STEM_LETTERS, Choice
from mailbot.policy.words import WORD, Text

Label = TypeVar("Label")


@dataclass(frozen=True, slots=True)
class Found(Generic[Label]):
    """A phrase found in characters start <= i < end, within sentence number `sentence`."""

    label: Label
    start: int
    end: int
    sentence: int


@dataclass(frozen=True, slots=True)
class Phrases(Generic[Label]):
    """Compiled phrases, each with a label of the caller's choice."""

    tree: Tree[Label]
    count: int
    #: one word or stem of each phrase, the longest; where that may be spelled in several ways, all of them
    anchors: frozenset[str]

    def may_stand_in(self, text: str) -> bool:
        """False when no phrase can be found in `text`: much cheaper than splitting a long text for a few phrases."""
        low = text.lower()
        return any(anchor in low for anchor in self.anchors)

    def find(self, text: Text) -> Iterator[Found[Label]]:
        """Every phrase found, in the order of their beginnings."""
        for label, first, last in self.tree.find(text):
            yield Found(label, text.starts[first], text.ends[last], text.sentences[first])


def compile_phrases(labelled: Mapping[str, Label]) -> Phrases[Label]:
    """Phrases -> labels, ready to search. Raises ValueError for a phrase without words or with too short a stem."""
    numbered = enumerate(labelled.items())
    root = plant((_runs(phrase), number, label) for number, (phrase, label) in numbered)
    return Phrases(Tree(root), len(labelled), frozenset(anchor for phrase in labelled for anchor in _anchors(phrase)))


def _anchors(phrase: str) -> list[str]:
    """The spellings of the place that is hardest to find by chance."""
    places = [part.split("|") for part in phrase.lower().split() if part != ".."]
    return [spelling.strip("*") for spelling in max(places, key=lambda spellings: min(map(len, spellings)))]


def _runs(phrase: str) -> Runs:
    runs: list[list[Choice]] = [[]]
    for part in phrase.lower().split():
        if part == "..":
            if runs[-1]:
                runs.append([])
            continue
        runs[-1].append(_choice(phrase, part.split("|")))
    if not runs[-1]:
        runs.pop()
    if not runs:
        raise ValueError(f"phrase {phrase!r} has no words")
    if runs[0][0].inside:
        raise ValueError(f"phrase {phrase!r}: the first word may have one asterisk only")
    return tuple(tuple(run) for run in runs)


def _choice(phrase: str, spellings: Sequence[str]) -> Choice:
    ways: dict[str, list[str]] = {"": [], "s": [], "e": [], "se": []}
    for spelling in spellings:
        text = spelling.strip("*")
        if not WORD.fullmatch(text) or ("*" in spelling and len(text) < STEM_LETTERS):
            raise ValueError(f"phrase {phrase!r}: {spelling!r} is not a word, or too short for an asterisk")
        ways["s" * spelling.startswith("*") + "e" * spelling.endswith("*")].append(text)
    return Choice(frozenset(ways[""]), starts=tuple(ways["e"]), ends=tuple(ways["s"]), inside=tuple(ways["se"]))
