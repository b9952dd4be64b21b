"""The cursor of a Maildir folder: when it was last looked at, and which messages were known then.

A Maildir keeps no journal, so the only way to tell new from old and to notice what has gone is to remember the names.
They live in the cursor because nothing may be written into people's mailboxes and the cursor is committed together with
the results. They are kept in compressed blocks, about 20 octets a name: a batch appends one block, only a deletion (or
too many small blocks) rewrites them all.
"""

import base64
import binascii
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

_VERSION = "maildir1"
_MAX_BLOCKS = 64
#: the one character besides NUL that no file name contains
_SEPARATOR = "/"


class Stamp(NamedTuple):
    """Modification times (ns) of new/ and cur/: equal stamps mean that no name was added, removed or changed."""

    new: int
    cur: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MaildirCursor:
    inode: int
    stamp: Stamp
    #: an equal stamp proves that nothing changed; false while more could happen within the same tick of the clock
    settled: bool
    blocks: tuple[str, ...] = ()

    @classmethod
    def decode(cls, text: str) -> Self | None:
        """The cursor that `encode` wrote, or None when this is none (of this version)."""
        version, *fields = text.split(" ")
        try:
            inode, new, cur, settled, *blocks = fields
            numbers = int(inode), int(new), int(cur), int(settled)
        except ValueError:
            return None
        if version != _VERSION:
            return None
        return cls(inode=numbers[0], stamp=Stamp(*numbers[1:3]), settled=bool(numbers[3]), blocks=tuple(blocks))

    def encode(self) -> str:
        return " ".join(map(str, (_VERSION, self.inode, *self.stamp, int(self.settled), *self.blocks)))

    def known(self) -> set[str] | None:
        """Unique parts of all messages known so far; None when the text was damaged."""
        names: set[str] = set()
        try:
            for block in self.blocks:
                names.update(zlib.decompress(base64.b64decode(block, validate=True)).decode().split(_SEPARATOR))
        except (binascii.Error, zlib.error, UnicodeDecodeError):
            return None
        return names

    def with_known(self, names: Iterable[str]) -> Self:
        """The same with exactly these names, in one block."""
        return replace(self, blocks=_pack(names))

    def with_more(self, names: Iterable[str]) -> Self:
        """The same with these names besides those known."""
        return replace(self, blocks=self.blocks + _pack(names))

    @property
    def is_scattered(self) -> bool:
        return len(self.blocks) >= _MAX_BLOCKS


def _pack(names: Iterable[str]) -> tuple[str, ...]:
    joined = _SEPARATOR.join(sorted(names))
    return (base64.b64encode(zlib.compress(joined.encode(), 6)).decode(),) if joined else ()
