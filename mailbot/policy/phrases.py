"""Phrases from a data file, found in a text in one pass over its words.

A phrase is written as a registrar would write it, in small letters:

    orolig* för          a word beginning with "orolig", then "för"
    *missbruk            a word ending in "missbruk"
    barn .. blåmärken    both words in this order, at most eight words between them, in the same sentence

`expand` writes out choices: "(min|vår) granne" stands for two phrases, "(strängt|) förtroligt" too.

The text is split into words once and each word is looked up, so the cost grows with the text and not with the number
of phrases times the text.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
_SENTENCE_END = re.compile(r"[.!?](?=\s)|\n\s*\n")
#: words that ".." may jump over
_GAP_WORDS = 8
#: what one phrase with choices may grow into; more is a slip of the pen
_MOST_VARIANTS = 400
#: a wildcard word is looked up by this many letters, so it must have them
_STEM_LETTERS = 3

Label = TypeVar("Label")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text, lower case, with its place and the number of its sentence."""

    text: str
    start: int
    end: int
    sentence: int


@dataclass(frozen=True, slots=True)
class Found(Generic[Label]):
    """A phrase found in characters start <= i < end, within sentence number `sentence`."""

    label: Label
    start: int
    end: int
    sentence: int


def words(text: str) -> tuple[Word, ...]:
    """The words of `text` in order."""
    found: list[Word] = []
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    sentence = 0
    for match in _WORD.finditer(text):
        while sentence < len(ends) and match.start() >= ends[sentence]:
            sentence += 1
        found.append(Word(match.group().lower(), match.start(), match.end(), sentence))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Pattern:
    """One word of a phrase; `gap` says that other words may stand before it."""

    text: str
    open_start: bool
    open_end: bool
    gap: bool

    def matches(self, word: str) -> bool:
        if self.open_start and self.open_end:
            return self.text in word
        if self.open_start:
            return word.endswith(self.text)
        return word.startswith(self.text) if self.open_end else word == self.text


@dataclass(frozen=True, slots=True)
class Phrases(Generic[Label]):
    """Compiled phrases, each with a label of the caller's choice."""

    by_word: Mapping[str, Sequence[tuple[tuple[_Pattern, ...], Label]]]
    by_beginning: Mapping[str, Sequence[tuple[tuple[_Pattern, ...], Label]]]
    by_ending: Mapping[str, Sequence[tuple[tuple[_Pattern, ...], Label]]]
    count: int = field(default=0)

    def find(self, text_words: Sequence[Word]) -> Iterator[Found[Label]]:
        """Every phrase found, in the order of their beginnings."""
        for index, word in enumerate(text_words):
            for candidates in (
                self.by_word.get(word.text, ()),
                self.by_beginning.get(word.text[:_STEM_LETTERS], ()),
                self.by_ending.get(word.text[-_STEM_LETTERS:], ()),
            ):
                for patterns, label in candidates:
                    last = _match(patterns, text_words, index)
                    if last is not None:
                        yield Found(label, word.start, text_words[last].end, word.sentence)


def compile_phrases(labelled: Mapping[str, Label]) -> Phrases[Label]:
    """Phrases -> labels, ready to search. Raises ValueError for a phrase without words or with too short a stem."""
    by_word: dict[str, list[tuple[tuple[_Pattern, ...], Label]]] = {}
    by_beginning: dict[str, list[tuple[tuple[_Pattern, ...], Label]]] = {}
    by_ending: dict[str, list[tuple[tuple[_Pattern, ...], Label]]] = {}
    for phrase, label in labelled.items():
        patterns = _patterns(phrase)
        first = patterns[0]
        if first.open_start and first.open_end:
            raise ValueError(f"phrase {phrase!r}: the first word may have one asterisk only")
        if first.open_start:
            by_ending.setdefault(first.text[-_STEM_LETTERS:], []).append((patterns, label))
        elif first.open_end:
            by_beginning.setdefault(first.text[:_STEM_LETTERS], []).append((patterns, label))
        else:
            by_word.setdefault(first.text, []).append((patterns, label))
    return Phrases(by_word, by_beginning, by_ending, len(labelled))


def _patterns(phrase: str) -> tuple[_Pattern, ...]:
    patterns: list[_Pattern] = []
    gap = False
    for part in phrase.lower().split():
        if part == "..":
            gap = True
            continue
        text = part.strip("*")
        if not _WORD.fullmatch(text) or ("*" in part and len(text) < _STEM_LETTERS):
            raise ValueError(f"phrase {phrase!r}: {part!r} is not a word, or too short for an asterisk")
        patterns.append(_Pattern(text, part.startswith("*"), part.endswith("*"), gap and bool(patterns)))
        gap = False
    if not patterns:
        raise ValueError(f"phrase {phrase!r} has no words")
    return tuple(patterns)


def _match(patterns: Sequence[_Pattern], text_words: Sequence[Word], index: int) -> int | None:
    """The index of the last word matched when the phrase begins at `index`; the nearest word fills each gap."""
    if not patterns[0].matches(text_words[index].text):
        return None
    sentence = text_words[index].sentence
    for pattern in patterns[1:]:
        reach = index + 2 + (_GAP_WORDS if pattern.gap else 0)
        for candidate in range(index + 1, min(reach, len(text_words))):
            word = text_words[candidate]
            if word.sentence != sentence:
                return None
            if pattern.matches(word.text):
                index = candidate
                break
        else:
            return None
    return index


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
