"""A text as words, split once for all who look for something in it.

A word is letters and digits, hyphens and apostrophes inside included. What stands between two words (a blank, mostly)
decides where sentences and clauses end; the same few separators come again and again, so each is looked at once.
"""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import Final

from mailbot.policy.vocabulary import VOCABULARY, Known, Symbol

WORD: Final = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
_SPLIT = re.compile(f"({WORD.pattern})")
_SENTENCE_END = re.compile(r"[.!?](?=\s)|\n\s*\n")
_CLAUSE_MARKS = frozenset(",.!?:;\n–(-/")
#: a question mark belongs to a word when it follows this closely
_MARK_FOLLOWS = 8

#: separators longer than this, and more of them than this, are not remembered: hostile mail could invent any number
_LONGEST_KEPT = 24
_MOST_KEPT = 4_096
#: shorter texts are subjects and names
_SHORT = 300


@dataclass(frozen=True, slots=True)
class _Separator:
    """What stands before, between or after words."""

    #: how many sentences end in it
    ends: int
    #: it parts clauses
    parts: bool
    #: it makes a question of what stands before it
    asks: bool


class _Separators(dict[str, _Separator]):
    """Separators, remembered."""

    def __missing__(self, text: str) -> _Separator:
        separator = _Separator(
            ends=len(_SENTENCE_END.findall(text)),
            parts=text != " " and not _CLAUSE_MARKS.isdisjoint(text),
            asks="?" in text[:_MARK_FOLLOWS],
        )
        if len(text) <= _LONGEST_KEPT:
            if len(self) >= _MOST_KEPT:
                self.clear()
            self[text] = separator
        return separator


_SEPARATORS: Final = _Separators()


class Text:
    """A text split into words. Lists run parallel: word number `i` is characters starts[i] <= c < ends[i]."""

    def __init__(self, text: str) -> None:
        parts = _SPLIT.split(text)
        offsets = list(accumulate(map(len, parts)))
        separators = list(map(_SEPARATORS.__getitem__, parts[0::2]))
        #: lower case
        self.words: list[str] = list(map(str.lower, parts[1::2]))
        self.starts: list[int] = offsets[0:-1:2]
        self.ends: list[int] = offsets[1::2]
        #: number of the sentence that each word stands in
        self.sentences: list[int] = list(accumulate([separator.ends for separator in separators[:-1]]))
        self._separators = separators
        self._symbols: list[Symbol | None] = []
        self._looked_up_in: Known | None = None

    @property
    def symbols(self) -> list[Symbol | None]:
        """What each word is to the patterns; None for most."""
        known = VOCABULARY.known
        if self._looked_up_in is not known:
            # in this order, as another thread may have the same text in hand
            self._symbols, self._looked_up_in = list(map(known.__getitem__, self.words)), known
        return self._symbols

    @cached_property
    def asking(self) -> frozenset[int]:
        """Numbers of the sentences that end with a question mark."""
        behind = zip(self.sentences, self._separators[1:], strict=True)
        return frozenset(sentence for sentence, separator in behind if separator.asks)

    def parted(self, index: int) -> bool:
        """Whether a punctuation mark or line break stands between word `index` and the next."""
        return self._separators[index + 1].parts

    def clause_before(self, index: int, joints: frozenset[str]) -> bool:
        """Whether a sentence or clause begins at word `index`: after a mark, a line break or a joining word."""
        return index == 0 or self.words[index - 1] in joints or self._separators[index].parts


def split(text: str) -> Text:
    """`text` as words; several rules ask for the same text."""
    return _short(text) if len(text) < _SHORT else _long(text)


# Apart, so that the many subjects and names of a mail do not push out its text.
_short = lru_cache(maxsize=8)(Text)
_long = lru_cache(maxsize=4)(Text)
