"""What the words of a mail are to the patterns of the signal files: looked up once per word, and remembered.

A place of a pattern names words by spelling, beginning, ending or what they hold; each such name is an *atom*. All
words that answer to the same atoms share a `Symbol`, and most words, answering to none, have none. So a text becomes a
row of symbols, and patterns are followed without looking at letters again (`trie.py`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from typing import Final, Literal, get_args

#: a wildcard word is looked up by this many letters, so it must have them
STEM_LETTERS = 3
#: words and symbols remembered: some thousand words come again and again, and endless others once
_MOST_KEPT = 8_000
#: longer words are looked up anew each time
_LONGEST_KEPT = 32

_Way = Literal["exact", "starts", "ends", "inside"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One place of a pattern: any of these words, or a word that begins, ends or is made up so."""

    exact: frozenset[str] = frozenset()
    starts: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()


class Symbol:
    """The atoms that a word answers to. Equal to itself alone, which makes it a quick key."""

    __slots__ = ("atoms",)

    def __init__(self, atoms: frozenset[int]) -> None:
        self.atoms = atoms


class _Atoms:
    """Every atom, found by the letters of a word."""

    def __init__(self) -> None:
        self.numbers: dict[_Way, dict[str, int]] = {way: {} for way in get_args(_Way)}
        self._next = count()
        self._exact = self.numbers["exact"]
        self._starts: dict[str, list[tuple[str, int]]] = {}
        self._ends: dict[str, list[tuple[str, int]]] = {}
        self._inside: list[tuple[str, int]] = []

    def add(self, way: _Way, letters: str) -> int:
        number = self.numbers[way][letters] = next(self._next)
        if way == "starts":
            self._starts.setdefault(letters[:STEM_LETTERS], []).append((letters, number))
        elif way == "ends":
            self._ends.setdefault(letters[-STEM_LETTERS:], []).append((letters, number))
        elif way == "inside":
            self._inside.append((letters, number))
        return number

    def of(self, word: str) -> frozenset[int]:
        """What `word` (lower case) answers to."""
        found = [self._exact[word]] if word in self._exact else []
        found += [atom for start, atom in self._starts.get(word[:STEM_LETTERS], ()) if word.startswith(start)]
        found += [atom for end, atom in self._ends.get(word[-STEM_LETTERS:], ()) if word.endswith(end)]
        found += [atom for part, atom in self._inside if part in word]
        return frozenset(found)


class Known(dict[str, Symbol | None]):
    """Words met lately, each with its symbol."""

    def __init__(self, atoms: _Atoms) -> None:
        super().__init__()
        self._atoms = atoms
        self._symbols: dict[frozenset[int], Symbol] = {}

    def __missing__(self, word: str) -> Symbol | None:
        atoms = self._atoms.of(word)
        symbol = self._symbols.setdefault(atoms, Symbol(atoms)) if atoms else None
        if len(word) <= _LONGEST_KEPT:
            for kept in (self, self._symbols):
                if len(kept) >= _MOST_KEPT:
                    kept.clear()
            self[word] = symbol
        return symbol


class Vocabulary:
    """The atoms of all patterns that were ever compiled. Threads may read and compile at the same time."""

    def __init__(self) -> None:
        self._atoms = _Atoms()
        #: replaced when atoms are added: what was looked up before may answer to more now
        self.known = Known(self._atoms)

    def atoms(self, choice: Choice) -> tuple[int, ...]:
        """The numbers of the atoms that `choice` is made of."""
        names: list[tuple[_Way, Iterable[str]]] = [
            ("exact", sorted(choice.exact)), ("starts", choice.starts), ("ends", choice.ends), ("inside", choice.inside)
        ]  # fmt: skip
        return tuple(self._number(way, letters) for way, spellings in names for letters in spellings)

    def _number(self, way: _Way, letters: str) -> int:
        number = self._atoms.numbers[way].get(letters)
        if number is None:
            number = self._atoms.add(way, letters)
            self.known = Known(self._atoms)
        return number


VOCABULARY: Final = Vocabulary()
