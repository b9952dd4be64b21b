"""The rows of the learned table: what each feature says about all questions.

A row is written with one character for each question (`WEIGHTS`), and where a weight is heavier than that allows, as
numbers between commas. It is kept as it is written until its feature is met for the first time: most never are, and
reading a million and a half of weights takes longer than judging a hundred mails. Then it is one whole number, so that
adding up the features of a mail is adding numbers, for all questions at once.
"""

import sys
from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from operator import add
from sys import intern
from typing import Any, Final, Literal

from mailbot.policy.features import COUPLES, OTHER, SHARED, Key, key_of, name_of

#: weights are whole numbers of so many parts
SCALE: Final = 50
#: halves, thirds and hundredths of points are whole numbers of these
_PARTS = 600
_EXACT = 1e-9
#: different values that are remembered
_MOST_VALUES = 4_096
#: heavier weights are a mistake
_HEAVIEST = 127
#: how weights are written: figures and capitals speak for an answer, small letters against it
WEIGHTS: Final = {
    **dict(enumerate(".123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")),
    **{-weight: character for weight, character in enumerate("abcdefghijklmnopqrstuvwxyz", 1)},
}
#: no weight
_WRONG: Final = -128
#: character -> weight, as octets
_READ: Final = bytes(
    {ord(character): weight for weight, character in WEIGHTS.items()}.get(octet, _WRONG) % 256 for octet in range(256)
)


class _Packing:
    """The weights of a row in one whole number: a field of bits for each question, the first in the lowest bits.

    Fields are made and read as two's complement, and added as the differences that they stand for.
    """

    def __init__(self, bits: Literal[16, 32], questions: int) -> None:
        self._bits = bits
        self._type: Literal["h", "i"] = "h" if bits == 16 else "i"
        self._octets = questions * bits // 8
        self._half = 1 << (bits - 1)
        self._halves = sum(self._half << (bits * number) for number in range(questions))
        #: so many of the heaviest rows can be added before one field spills over into the next
        self.most = self._half // _HEAVIEST - 1

    def pack(self, weights: Sequence[int]) -> int:
        """The weights of one row."""
        fields = _little_endian(array(self._type, weights))
        return (int.from_bytes(fields.tobytes(), "little") ^ self._halves) - self._halves

    def unpack(self, packed: int) -> "array[int]":
        """The field of every question in a sum of rows."""
        return _little_endian(
            array(self._type, (packed + self._halves ^ self._halves).to_bytes(self._octets, "little"))
        )

    def weights(self, rows: Iterable[int | None], question: int) -> list[int]:
        """The weight of each row for question number `question`; 0 without a row."""
        shift, mask, half, halves = self._bits * question, 2 * self._half - 1, self._half, self._halves
        return [(row + halves >> shift & mask) - half if row else 0 for row in rows]


def _little_endian(fields: "array[int]") -> "array[int]":
    if sys.byteorder == "big":
        fields.byteswap()
    return fields


#: as written, or packed
_Row = bytes | int
#: what follows on a word that is the first of no couple
_NONE: Final[dict[str, _Row]] = {}


class Rows:
    """Every row of the table, and sums of them. Threads may read the same row at the same time."""

    def __init__(self, questions: int) -> None:
        self._questions = questions
        #: of most rows: many with the same value are added
        self._narrow = _Packing(16, questions)
        #: of the few that are multiplied by their values before they are added
        self._wide = _Packing(32, questions)
        #: family -> name -> row
        self._single: dict[str, dict[Key, _Row]] = {family: {} for family in (*SHARED - COUPLES, OTHER)}
        #: family -> first -> second -> row: a fourth of the memory that the names of couples would take
        self._couples: dict[str, defaultdict[str, dict[str, _Row]]] = {family: defaultdict(dict) for family in COUPLES}

    def add(self, feature: str, weights: str) -> None:
        """The line of one feature; ValueError for too many or too few weights, and when it is met, for wrong ones."""
        if (weights.count(",") + 1 if "," in weights else len(weights)) != self._questions:
            raise ValueError(f"learned weights: {feature!r} has too many or too few weights")
        family, key = key_of(feature)
        if isinstance(key, str):
            self._single[family][key] = weights.encode()
        else:
            first, second = map(intern, key)
            self._couples[family][first][second] = weights.encode()

    def of(self, family: str, keys: Collection[Any]) -> list[int | None]:
        """The row of each key, None for what the table does not know."""
        rows = self._look_up(family, keys)
        if bytes in map(type, rows):
            for key, row in zip(keys, rows, strict=True):
                if isinstance(row, bytes):
                    self._read(family, key, row)
            rows = self._look_up(family, keys)
        return rows  # type: ignore[return-value]  # none is bytes now

    def _look_up(self, family: str, keys: Collection[Any]) -> list[_Row | None]:
        if family not in COUPLES:
            return list(map(self._single[family].get, keys))
        seconds = self._couples[family].get
        return [seconds(first, _NONE).get(second) for first, second in keys]

    def _read(self, family: str, key: Key, row: bytes) -> None:
        try:
            packed = self._packing(family).pack(_weights(row))
        except ValueError:
            raise ValueError(f"learned weights: {name_of(family, key)!r} has weights that cannot be right") from None
        if isinstance(key, str):
            self._single[family][key] = packed
        else:
            first, second = key
            self._couples[family][first][second] = packed

    def _packing(self, family: str) -> _Packing:
        return self._wide if family == OTHER else self._narrow

    def scores(self, known: Iterable[tuple[str, float, Sequence[int | None]]], sums: list[float]) -> list[float]:
        """`sums` of all questions and what family, value and rows of `known` add to them."""
        wide: dict[float, int] = {}
        for family, value, rows in known:
            found = list(filter(None, rows))
            if family == OTHER:
                unit, times = _in_parts(value)
                wide[unit] = wide.get(unit, 0) + sum(found) * times
                continue
            for start in range(0, len(found), self._narrow.most):
                fields = self._narrow.unpack(sum(found[start : start + self._narrow.most]))
                sums = _added(sums, fields, value)
        for unit, row in wide.items():
            if row:
                sums = _added(sums, self._wide.unpack(row), unit)
        return sums

    def weights(self, family: str, rows: Iterable[int | None], question: int) -> list[int]:
        """The weight of each row of `family` for question number `question`; 0 without a row."""
        return self._packing(family).weights(rows, question)


def written(weights: Sequence[int]) -> str:
    """A row of two or more weights, as it stands in the table."""
    if all(weight in WEIGHTS for weight in weights):
        return "".join(WEIGHTS[weight] for weight in weights)
    return ",".join(str(weight or "") for weight in weights)


def _weights(row: bytes) -> Sequence[int]:
    """The other way round; ValueError for what cannot be a weight."""
    weights = [int(number or b"0") for number in row.split(b",")] if b"," in row else array("b", row.translate(_READ))
    if not -_HEAVIEST <= min(weights) <= max(weights) <= _HEAVIEST:
        raise ValueError
    return weights


def _added(sums: Iterable[float], weights: Iterable[int], value: float) -> list[float]:
    return list(map(add, sums, map((value / SCALE).__mul__, weights)))


@lru_cache(maxsize=_MOST_VALUES)
def _in_parts(value: float) -> tuple[float, int]:
    """`value` as a unit and how many of it: most share one unit, so that their rows become one sum."""
    parts = round(value * _PARTS)
    return (1 / _PARTS, parts) if abs(value * _PARTS - parts) < _EXACT else (value, 1)
