"""Sets of UIDs as ranges: a hundred thousand messages of a folder are a handful of them."""

import base64
import binascii
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Self

#: RFC 3501 section 9: a UID is a 32-bit number
MAX_UID = 2**32 - 1
#: a longer text is compressed
_PLAIN_CHARACTERS = 200
_MAX_DECODED_OCTETS = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class UidSet:
    """`ranges` are inclusive, rising, and do not touch."""

    ranges: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, uids: Iterable[int]) -> Self:
        return cls._joined((uid, uid) for uid in sorted(uids))

    @classmethod
    def from_sequence_set(cls, text: str) -> Self:
        """What RFC 3501 calls a sequence-set ("1:4,7"). ValueError when it is none."""
        pairs = (part.partition(":") for part in text.split(",") if part)
        ends = ((int(first), int(last or first)) for first, _, last in pairs)
        return cls._joined(sorted((min(pair), max(pair)) for pair in ends))

    @classmethod
    def _joined(cls, rising: Iterable[tuple[int, int]]) -> Self:
        joined: list[tuple[int, int]] = []
        for first, last in rising:
            if joined and first <= joined[-1][1] + 1:
                if last > joined[-1][1]:
                    joined[-1] = (joined[-1][0], last)
            else:
                joined.append((first, last))
        return cls(tuple(joined))

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.ranges)

    def __bool__(self) -> bool:
        return bool(self.ranges)

    def __iter__(self) -> Iterator[int]:
        return chain.from_iterable(range(first, last + 1) for first, last in self.ranges)

    def __contains__(self, uid: int) -> bool:
        position = bisect_right(self.ranges, (uid, MAX_UID)) - 1
        return position >= 0 and uid <= self.ranges[position][1]

    @property
    def highest(self) -> int:
        """0 for an empty set."""
        return self.ranges[-1][1] if self.ranges else 0

    def union(self, other: "UidSet") -> "UidSet":
        if not self or not other:
            return self or other
        return self._joined(sorted((*self.ranges, *other.ranges)))

    def minus(self, other: "UidSet") -> "UidSet":
        """What is in this set and not in the other."""
        left: list[tuple[int, int]] = []
        others = iter(other.ranges)
        hole = next(others, None)
        for start, last in self.ranges:
            first = start
            while hole is not None and hole[0] <= last:
                if hole[1] >= first:
                    if hole[0] > first:
                        left.append((first, hole[0] - 1))
                    first = hole[1] + 1
                if hole[1] > last:
                    break
                hole = next(others, None)
            if first <= last:
                left.append((first, last))
        return UidSet(tuple(left))

    def below(self, uid: int) -> "UidSet":
        return UidSet(tuple((first, min(last, uid - 1)) for first, last in self.ranges if first < uid))

    def from_(self, uid: int) -> "UidSet":
        return UidSet(tuple((max(first, uid), last) for first, last in self.ranges if last >= uid))

    def sequence_set(self) -> str:
        """As commands take it (RFC 3501): "1:4,7"."""
        return ",".join(str(first) if first == last else f"{first}:{last}" for first, last in self.ranges)

    def encode(self) -> str:
        """A short text without spaces: differences between the ends of the ranges, compressed when there are many."""
        ends = list(chain.from_iterable(self.ranges))
        text = ",".join(str(end - before) for before, end in zip([0, *ends], ends, strict=False))
        if len(text) <= _PLAIN_CHARACTERS:
            return text or "-"
        return "z" + base64.b64encode(zlib.compress(text.encode(), 6)).decode()

    @classmethod
    def decode(cls, text: str) -> Self:
        """What `encode` wrote. ValueError when this is not."""
        if text.startswith("z"):
            try:
                unpacked = zlib.decompressobj().decompress(
                    base64.b64decode(text[1:], validate=True), _MAX_DECODED_OCTETS
                )
            except (binascii.Error, zlib.error) as error:
                raise ValueError("damaged set of UIDs") from error
            text = unpacked.decode("ascii")
        ends: list[int] = []
        position = 0
        for step in [] if text == "-" else text.split(","):
            position += int(step)
            ends.append(position)
        if len(ends) % 2 or ends != sorted(ends):
            raise ValueError("damaged set of UIDs")
        return cls(tuple(zip(ends[::2], ends[1::2], strict=True)))
