"""The small pattern language of the signal files, compiled so that searching costs no more for a long list of lines.

    överklag*  *bidrag       a word beginning or ending so (at least three letters)
    (vi|jag) vill            either; may hold several words, nothing at all, and further brackets
    barn .. blåmärken        at most eight words between, in the same sentence
    ^ skicka                 the pattern begins a sentence or a clause
    hur länge ?              the sentence ends with a question mark

All patterns stand in one tree (`trie.py`), so that searching costs time in the length of the text and hardly in the
number of patterns.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Generic, NamedTuple, TypeVar

from mailbot.policy.trie import Node, Runs, Tree, plant
from mailbot.policy.vocabulary import STEM_LETTERS, Choice
from mailbot.policy.words import WORD, Text

Label = TypeVar("Label")

#: what brackets with several words may grow into; more is a slip of the pen
_MOST_VARIANTS = 500


class Line(NamedTuple, Generic[Label]):
    """What a pattern asks beside its words, and what it stands for."""

    at_start: bool
    asking: bool
    label: Label


@dataclass(frozen=True, slots=True)
class Patterns(Generic[Label]):
    """Compiled patterns, all in one tree."""

    tree: Tree[Line[Label]]

    def find(self, text: Text, joints: frozenset[str] = frozenset()) -> Iterator[tuple[Label, int, int]]:
        """(label, first word, last word) of every pattern found; a clause begins behind a word of `joints` as it does
        behind a comma."""
        for line, first, last in self.tree.find(text):
            if line.asking and text.sentences[first] not in text.asking:
                continue
            if not line.at_start or text.clause_before(first, joints):
                yield line.label, first, last


def compile_patterns(lines: Iterable[tuple[str, Label]], first_number: int = 0) -> Node[Line[Label]]:
    """The tree of (pattern, label) pairs; several can be searched as one when their numbers do not meet.

    Raises ValueError that says what is wrong with which pattern.
    """
    return plant(_numbered(lines, first_number))


def problem_of(pattern: str) -> str | None:
    """What is wrong with `pattern`; None when it can be compiled."""
    try:
        list(_numbered([(pattern, None)], 0))
    except ValueError as error:
        return str(error)
    return None


def _numbered(lines: Iterable[tuple[str, Label]], first_number: int) -> Iterator[tuple[Runs, int, Line[Label]]]:
    numbers = count(first_number)
    for pattern, label in lines:
        bare = pattern.lower().strip()
        line = Line(bare.startswith("^"), bare.endswith("?"), label)
        for runs in _alternatives(bare.lstrip("^").rstrip("?")):
            yield runs, next(numbers), line


def _alternatives(pattern: str) -> Iterator[Runs]:
    """The sequences that `pattern` stands for. Brackets of single words stay one place and cost nothing."""
    for variant in dict.fromkeys(written_out(pattern)):
        runs: list[tuple[Choice, ...]] = []
        for run in re.split(r"(?<!\S)\.\.(?!\S)", variant):
            places = run.split()
            if not places:
                raise ValueError(f"{pattern!r}: words are missing before or after '..', or altogether")
            runs.append(tuple(_choice(place.split("|"), pattern) for place in places))
        yield tuple(runs)


def _choice(spellings: Sequence[str], pattern: str) -> Choice:
    exact, starts, ends = set(), [], []
    for spelling in spellings:
        stem = spelling.strip("*")
        if not WORD.fullmatch(stem) or ("*" in spelling and len(stem) < STEM_LETTERS):
            raise ValueError(f"{pattern!r}: {spelling!r} is not a word, or too short for an asterisk")
        if spelling.startswith("*") and spelling.endswith("*"):
            raise ValueError(f"{pattern!r}: {spelling!r} may have one asterisk only")
        if spelling.startswith("*"):
            ends.append(stem)
        elif spelling.endswith("*"):
            starts.append(stem)
        else:
            exact.add(spelling)
    return Choice(frozenset(exact), tuple(starts), tuple(ends))


def written_out(pattern: str) -> list[str]:
    """`pattern` with brackets written out, save that whole words to choose from become "a|b".

    Raises ValueError for brackets that do not match, or for more variants than anyone means.
    """
    # per open bracket: the finished choices, and the choice being read
    levels: list[tuple[list[str], list[str]]] = [([], [""])]
    parts = re.split(r"([()|])", pattern)
    for position, part in enumerate(parts):
        done, current = levels[-1]
        if part == "(":
            levels.append(([], [""]))
        elif part == "|":
            levels[-1] = ([*done, *current], [""])
        elif part == ")":
            if len(levels) == 1:
                raise ValueError(f"{pattern!r}: a bracket is closed that was not opened")
            levels.pop()
            outer_done, outer = levels[-1]
            choices = _joined([*done, *current], _stands_alone(outer, parts[position + 1]))
            levels[-1] = (outer_done, [before + choice for before in outer for choice in choices])
        else:
            levels[-1] = (done, [before + part for before in current])
        if len(levels[-1][1]) > _MOST_VARIANTS:
            raise ValueError(f"{pattern!r}: more than {_MOST_VARIANTS} variants; write it as several lines")
    if len(levels) > 1:
        raise ValueError(f"{pattern!r}: a bracket is not closed")
    return levels[0][0] + levels[0][1]


def _stands_alone(before: Sequence[str], after: str) -> bool:
    """Whether a bracket is a place of its own, not part of a word ("ansök(an|ningar)")."""
    return all(not text or text.endswith(" ") for text in before) and (not after or after.startswith(" "))


def _joined(choices: Sequence[str], alone: bool) -> list[str]:
    """Choices of a single word gathered as "a|b"; the others as they are."""
    if not alone:
        return list(choices)
    single = [choice.strip() for choice in choices if len(choice.split()) == 1]
    return [*(["|".join(single)] if single else []), *(choice for choice in choices if len(choice.split()) != 1)]
