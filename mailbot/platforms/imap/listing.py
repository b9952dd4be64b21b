"""What is new in a folder: when each message came, and how large it is."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from mailbot.platforms.imap.dates import seconds_of, stamped
from mailbot.platforms.imap.syntax import FetchItems, number

#: RFC 3501 section 9: a size is a 32-bit number
_LARGEST = 2**32 - 1


@dataclass(slots=True)
class Listing:
    """New messages, packed: there may be a hundred thousand. `now`: the time for those that nothing dates."""

    now: int
    uids: "array[int]" = field(default_factory=lambda: array("I"))
    seconds: "array[int]" = field(default_factory=lambda: array("q"))
    sizes: "array[int]" = field(default_factory=lambda: array("I"))
    #: messages the server cannot tell about
    unreadable: int = 0

    def add(self, uid: int, items: FetchItems) -> None:
        seconds = seconds_of(items.get(b"INTERNALDATE"))
        if seconds is None:
            seconds = stamped(items)
        if seconds is None:  # as old as the message before it
            seconds = self.seconds[-1] if self.seconds else self.now
        self.uids.append(uid)
        self.seconds.append(seconds)
        self.sizes.append(min(number(items.get(b"RFC822.SIZE")), _LARGEST))

    def oldest_first(self) -> Sequence[int]:
        """Positions by date. UIDs mostly rise with the dates."""
        positions = range(len(self.uids))
        if all(map(int.__le__, self.seconds, islice(self.seconds, 1, None))):
            return positions
        return array("I", sorted(positions, key=self.seconds.__getitem__))
