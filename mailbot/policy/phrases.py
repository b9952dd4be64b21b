"""Phrases from a data file, found in a text in one pass over its words.

A phrase is written as a registrar would write it, in small letters:

    orolig* för          a word beginning with "orolig", then "för"
    *missbruk            a word ending in "missbruk"
    barn .. blåmärken    both words in this order, at most eight words between them, in the same sentence

`expand` writes out choices: "(min|vår) granne" stands for two phrases, "(strängt|) förtroligt" too.

The text is split into words once (`words.py`) and each word is looked up, so the cost grows with the text and not with
the number of phrases times the text.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from mailbot.policy.trie import Runs, Tree, plant
from mailbot.policy.vocabulary import STEM_LETTERS, Choice
from mailbot.policy.words import WORD, Text

#: what one phrase with choices may grow into; more is a slip of the pen
_MOST_VARIANTS = 400

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
    #: one word or stem of each phrase, the longest
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
    return Phrases(Tree(root), len(labelled), frozenset(map(_anchor, labelled)))


def _anchor(phrase: str) -> str:
    return max((word.strip("*") for word in phrase.lower().split() if word != ".."), key=len)


def _runs(phrase: str) -> Runs:
    runs: list[list[Choice]] = [[]]
    for part in phrase.lower().split():
        if part == "..":
            if runs[-1]:
                runs.append([])
            continue
        text = part.strip("*")
        if not WORD.fullmatch(text) or ("*" in part and len(text) < STEM_LETTERS):
            raise ValueError(f"phrase {phrase!r}: {part!r} is not a word, or too short for an asterisk")
        runs[-1].append(_choice(text, part.startswith("*"), part.endswith("*")))
    if not runs[-1]:
        runs.pop()
    if not runs:
        raise ValueError(f"phrase {phrase!r} has no words")
    if runs[0][0].inside:
        raise ValueError(f"phrase {phrase!r}: the first word may have one asterisk only")
    return tuple(tuple(run) for run in runs)


def _choice(text: str, open_start: bool, open_end: bool) -> Choice:
    if open_start:
        return Choice(inside=(text,)) if open_end else Choice(ends=(text,))
    return Choice(starts=(text,)) if open_end else Choice(exact=frozenset({text}))


def expand(phrase: str) -> tuple[str, ...]:
    """`phrase` with every "(a|b)" written out; a choice may be empty, hold several words, or choices again.

    Raises ValueError for brackets that do not match or for more variants than anyone means.
    """
    # For every open bracket: its finished choices, and the variants of the choice being read.
    levels: list[tuple[list[str], list[str]]] = [([], [""])]
    for part in re.split(r"([()|])", phrase):
        finished, current = levels[-1]
        if part == "(":
            levels.append(([], [""]))
        elif part == "|":
            levels[-1] = (finished + current, [""])
        elif part == ")" and len(levels) > 1:
            levels.pop()
            outer_finished, outer = levels[-1]
            levels[-1] = (outer_finished, [before + choice for before in outer for choice in finished + current])
        elif part == ")":
            raise ValueError(f"phrase {phrase!r}: a bracket is closed that was not opened")
        else:
            levels[-1] = (finished, [before + part for before in current])
        if len(levels[-1][1]) > _MOST_VARIANTS:
            raise ValueError(f"phrase {phrase!r} stands for more than {_MOST_VARIANTS} phrases; write several lines")
    if len(levels) > 1:
        raise ValueError(f"phrase {phrase!r}: a bracket is not closed")
    variants = levels[0][0] + levels[0][1]
    return tuple(dict.fromkeys(" ".join(variant.split()) for variant in variants))
