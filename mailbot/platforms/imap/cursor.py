"""The cursor of an IMAP folder: how it stood when it was last listed, and which messages were known then.

A folder has not changed when UIDVALIDITY, UIDNEXT and the number of messages are the same: nothing can arrive without
raising UIDNEXT, and then nothing can go without lowering the number (RFC 3501 2.3.1.1). One STATUS tells that on every
server, CONDSTORE or not; flags that people set never make us look. What is gone is told by comparing UIDs, kept as
ranges: QRESYNC would name it too, but together with every flag that changed.
"""

from dataclasses import dataclass
from typing import Self

from mailbot.platforms.imap.answers import FolderState
from mailbot.platforms.imap.uids import UidSet

_VERSION = "imap1"


@dataclass(frozen=True, slots=True)
class ImapCursor:
    uidvalidity: int
    #: below it everything is known; 0: not even listed
    uidnext: int
    known: UidSet

    @classmethod
    def decode(cls, text: str) -> Self | None:
        """The cursor that `encode` wrote, or None when this is none (of this version)."""
        version, *fields = text.split(" ")
        try:
            uidvalidity, uidnext, known = fields
            return cls(int(uidvalidity), int(uidnext), UidSet.decode(known)) if version == _VERSION else None
        except ValueError:
            return None

    def encode(self) -> str:
        return f"{_VERSION} {self.uidvalidity} {self.uidnext} {self.known.encode()}"

    def is_current(self, state: FolderState) -> bool:
        """Whether nothing arrived and nothing went."""
        return state == FolderState(uidvalidity=self.uidvalidity, uidnext=self.uidnext, messages=len(self.known))


def delivery_id(uidvalidity: int, uid: int) -> str:
    """A UID means something only together with the UIDVALIDITY of its folder."""
    return f"{uidvalidity}.{uid}"


def uid_of(delivery: str, uidvalidity: int) -> int | None:
    """The UID in a delivery id, or None when it is from another life of the folder."""
    before, dot, uid = delivery.partition(".")
    return int(uid) if dot and before == str(uidvalidity) and uid.isascii() and uid.isdigit() else None
