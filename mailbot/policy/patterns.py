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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Generic, NamedTuple, TypeVar

from mailbot.policy.phrases import Word, words
from mailbot.policy.trie import STEM_LETTERS, Choice, Node, Runs

Label = TypeVar("Label")

#: what brackets with several words may grow into; more is a slip of the pen
_MOST_VARIANTS = 500
_CLAUSE_MARKS = frozenset(",.!?:;\n–(-/")
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Text:
    """A text made ready for searching."""

    text: str
    words: tuple[Word, ...]
    #: numbers of the sentences that end with a question mark
    asking: frozenset[int]

    def clause_before(self, index: int, joints: frozenset[str]) -> bool:
        """Whether a sentence or clause begins at word `index`: after a mark, a line break or a joining word."""
        if index == 0:
            return True
        before = self.words[index - 1]
        return before.text in joints or self.parted(index - 1)

    def parted(self, index: int) -> bool:
        """Whether a punctuation mark or line break stands between word `index` and the next."""
        between = self.text[self.words[index].end : self.words[index + 1].start]
        return between != " " and not _CLAUSE_MARKS.isdisjoint(between)


def prepare(text: str) -> Text:
    """`text` split into words and sentences, once for all patterns."""
    text_words = words(text)
    asking: set[int] = set()
    if "?" in text:
        ends = [word.start for word in text_words[1:]] + [len(text)]
        for word, end in zip(text_words, ends, strict=False):
            if text.find("?", word.end, min(end, word.end + 8)) >= 0:
                asking.add(word.sentence)
    return Text(text, text_words, frozenset(asking))


class _Line(NamedTuple, Generic[Label]):
    """What a pattern asks beside its words, and what it stands for."""

    at_start: bool
    asking: bool
    label: Label


@dataclass(frozen=True, slots=True)
class Match(Generic[Label]):
    """A pattern found: from word `first` to word `last`, both included."""

    label: Label
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Patterns(Generic[Label]):
    """Compiled patterns, all in one tree."""

    root: Node[_Line[Label]]

    def find(self, text: Text, joints: frozenset[str] = frozenset()) -> Iterator[Match[Label]]:
        """Every pattern found; a clause begins behind a word of `joints` as it does behind a comma."""
        for line, first, last in self.root.find(text.words):
            if line.asking and text.words[first].sentence not in text.asking:
                continue
            if not line.at_start or text.clause_before(first, joints):
                yield Match(line.label, first, last)


def compile_patterns(lines: Sequence[tuple[str, Label]]) -> Patterns[Label]:
    """(pattern, label) pairs, ready to search. Raises ValueError that says what is wrong with which pattern."""
    root: Node[_Line[Label]] = Node()
    numbers = count()
    for pattern, label in lines:
        bare = pattern.lower().strip()
        line = _Line(bare.startswith("^"), bare.endswith("?"), label)
        for runs in _alternatives(bare.lstrip("^").rstrip("?")):
            root.add(runs, next(numbers), line)
    return Patterns(root)


def _alternatives(pattern: str) -> Iterator[Runs]:
    """The sequences that `pattern` stands for. Brackets of single words stay one place and cost nothing."""
    for variant in dict.fromkeys(_written_out(pattern)):
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
        if not _WORD.fullmatch(stem) or ("*" in spelling and len(stem) < STEM_LETTERS):
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


def _written_out(pattern: str) -> list[str]:
    """`pattern` with brackets written out, save that whole words to choose from become "a|b"."""
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
