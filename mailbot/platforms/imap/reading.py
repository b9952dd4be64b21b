"""How to ask for messages: many at once, never too much at once, and so that one bad message harms no other."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from mailbot.platforms.imap.session import LostConnection, Refused
from mailbot.platforms.imap.syntax import FetchItems
from mailbot.platforms.imap.uids import UidSet

#: messages in one FETCH: with a slow line between, a command costs as much as hundreds of messages
HEADER_WINDOW = 500
#: numbers in one command: any server takes lines of 8000 octets (RFC 2683 3.2.1.5)
_SET_OCTETS = 7_000
#: of a header block; a longer one is an attack
HEADER_OCTETS = 256 * 1024
#: in one answer, which imaplib holds in memory
_WINDOW_OCTETS = 2 * 1024 * 1024
#: a message up to this size is fetched whole: cheaper than to ask for its parts
WHOLE_OCTETS = 128 * 1024
_FIRST_AHEAD, _MOST_AHEAD = 8, 256
_AHEAD_OCTETS = 1024 * 1024

Fetch = Callable[[UidSet], dict[int, FetchItems]]


def fetch_gently(
    fetch: Fetch, is_there: Callable[[int], bool], uids: Sequence[int]
) -> tuple[dict[int, FetchItems], frozenset[int]]:
    """What the server gives of `uids`, and those it cannot give although they are there.

    Some servers refuse a whole FETCH, or hang up, because of one message they cannot read. Halving finds it. The
    error is raised when the trouble lies elsewhere.
    """
    wanted = UidSet.of(uids)
    try:
        if len(uids) == 1 or len(wanted.sequence_set()) < _SET_OCTETS:
            return fetch(wanted), frozenset()
    except (Refused, LostConnection):
        if len(uids) == 1:
            return _fetch_alone(fetch, is_there, uids[0])
    middle = len(uids) // 2
    found, unreadable = fetch_gently(fetch, is_there, uids[:middle])
    more, also = fetch_gently(fetch, is_there, uids[middle:])
    return {**found, **more}, unreadable | also


def _fetch_alone(
    fetch: Fetch, is_there: Callable[[int], bool], uid: int
) -> tuple[dict[int, FetchItems], frozenset[int]]:
    """Once more: a single failure may be the network's."""
    try:
        return fetch(UidSet.of([uid])), frozenset()
    except (Refused, LostConnection):
        # All else works, so it is this message.
        return {}, frozenset([uid] if is_there(uid) else [])


def header_windows(uids: Sequence[int], sizes: Mapping[int, int]) -> Iterator[list[int]]:
    """Pieces of `uids` whose header blocks fit into one answer even if they are as long as their messages."""
    window: list[int] = []
    octets = 0
    for uid in uids:
        octets += min(sizes.get(uid, 0), HEADER_OCTETS)
        if window and (len(window) == HEADER_WINDOW or octets > _WINDOW_OCTETS):
            yield window
            window, octets = [], min(sizes.get(uid, 0), HEADER_OCTETS)
        window.append(uid)
    if window:
        yield window


@dataclass(slots=True)
class ReadAhead:
    """Small messages of the batch that is being judged, fetched before they are asked for.

    Who reads one message in full usually reads the next: on a slow line one command for each would take longest. As
    long as what was fetched is used, more is fetched the next time; what nobody asks for makes it less.
    """

    folder_id: str = ""
    #: by delivery id, in the order in which they will be read
    sizes: Mapping[str, int] = field(default_factory=dict)
    #: of the batch before, which may be read to the end while this one is begun
    _before: Mapping[str, int] = field(default_factory=dict)
    _positions: Mapping[str, int] = field(default_factory=dict)
    #: None: has vanished
    _held: dict[str, bytes | None] = field(default_factory=dict)
    _unused: set[str] = field(default_factory=set)
    _ahead: int = _FIRST_AHEAD

    def begin(self, folder_id: str, sizes: Mapping[str, int]) -> None:
        """A new batch of arrivals, with their sizes in the order in which they will be read."""
        self._before = self.sizes if folder_id == self.folder_id else {}
        self.folder_id, self.sizes = folder_id, sizes
        self._positions = {delivery_id: position for position, delivery_id in enumerate(sizes)}
        self._held.clear()
        self._unused.clear()

    def size(self, folder_id: str, delivery_id: str) -> int | None:
        """The size of a message of this batch or the one before; None for any other."""
        return self.sizes.get(delivery_id, self._before.get(delivery_id)) if folder_id == self.folder_id else None

    def holds(self, delivery_id: str) -> bool:
        return delivery_id in self._held

    def take(self, delivery_id: str) -> bytes | None:
        self._unused.discard(delivery_id)
        return self._held.get(delivery_id)

    def plan(self, delivery_id: str) -> list[str]:
        """What to fetch now that this message of the batch is asked for: itself, and small ones that follow."""
        if self._held:
            mostly_used = len(self._unused) * 4 <= len(self._held)
            self._ahead = min(self._ahead * 2, _MOST_AHEAD) if mostly_used else max(self._ahead // 2, 1)
        if delivery_id not in self._positions:
            return [delivery_id]
        wanted, octets = [delivery_id], self.sizes[delivery_id]
        for following, size in islice(self.sizes.items(), self._positions[delivery_id] + 1, None):
            if len(wanted) > self._ahead or octets + size > _AHEAD_OCTETS:
                break
            if size <= WHOLE_OCTETS:
                wanted.append(following)
                octets += size
        return wanted

    def hold(self, messages: Mapping[str, bytes | None]) -> None:
        """Keep these in place of those before."""
        self._held = dict(messages)
        self._unused = set(messages)
