"""Reading a mailbox over IMAP (RFC 3501) without leaving a trace in it."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from mailbot.errors import TransientError
from mailbot.mail.left_out import Allowance
from mailbot.platforms.base import AnswerMark, Arrival, Changes, DocumentLimits, Folder
from mailbot.platforms.imap import reading, structure
from mailbot.platforms.imap.answers import FolderState, mark_of
from mailbot.platforms.imap.cursor import ImapCursor, delivery_id
from mailbot.platforms.imap.dates import STAMPS, seconds_of, utc
from mailbot.platforms.imap.folder_access import FolderAccess
from mailbot.platforms.imap.folders import RoleNames, raw_name
from mailbot.platforms.imap.listing import Listing
from mailbot.platforms.imap.pool import Connect, ConnectionPool
from mailbot.platforms.imap.syntax import FetchItems, number, section
from mailbot.platforms.imap.uids import UidSet

_LISTING_WINDOW = 1_000
#: new messages that are looked for by UID; of more all are listed, in pieces
_FEW = 20_000
_WHOLE = "BODY.PEEK[]"
#: of a UIDVALIDITY that is the time (RFC 3501 2.3.1.1); clocks differ a little
_JUST_NOW_SECONDS = 120
#: stands for a folder that is not there (yet, or any more)
_NOTHING = ImapCursor(0, 0, UidSet())


class ImapMailbox:
    """One mailbox as a Mailbox.

    Folder ids are names as the server spells them. A delivery id is UIDVALIDITY and UID. `connect` opens a connection
    to this mailbox; `close` leaves it with the pool under `key`, for the next pass. `clock` tells seconds since the
    epoch, for mail that neither the server nor its own header dates: it must not be taken for old.
    """

    def __init__(
        self,
        pool: ConnectionPool,
        key: str,
        connect: Connect,
        *,
        folder_names: RoleNames | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._access = FolderAccess(pool, key, connect)
        self._folder_names = folder_names or {}
        self._clock = clock
        self._ahead = reading.ReadAhead()

    # --- Mailbox ---

    def folders(self) -> Sequence[Folder]:
        return self._access.listed(self._folder_names)

    def changes(self, folder: Folder, cursor: str | None, *, limit: int = 200) -> Iterator[Changes]:
        """What changed since `cursor`. An unchanged folder costs one STATUS, or nothing right after `folders`.

        New mail costs a SEARCH and a FETCH of what is new; only where messages are missing are all UIDs listed.
        """
        memory = ImapCursor.decode(cursor) if cursor is not None else None
        told = self._access.state(folder)
        if told is not None and memory is not None and memory.is_current(told):
            yield Changes(arrived=(), gone=(), cursor=memory.encode())
            return
        state = self._access.examined(folder) if told is not None else None
        if told is None or state is None:
            yield _emptied(memory, _NOTHING)
            return
        if self._access.asked(lambda connection: connection.is_a_file(raw_name(folder))):
            yield _emptied(memory, ImapCursor(told.uidvalidity, told.uidnext, UidSet.of([1])))
            return
        if self._may_be_made_up(state, told, memory):
            state = self._access.asked(lambda connection: connection.settle(raw_name(folder)))
        same = memory is not None and memory.uidvalidity == state.uidvalidity
        before = memory if memory is not None and same else ImapCursor(state.uidvalidity, 0, UidSet())
        found, gone = self._compared(folder, before, state)
        listing = self._listing(folder, found.minus(before.known))
        uidnext = max(state.uidnext, told.uidnext, found.highest + 1, before.known.highest + 1)
        reset = cursor is not None and not same and memory != _NOTHING
        after = ImapCursor(state.uidvalidity, before.uidnext, before.known.minus(gone))
        yield from self._batches(folder, listing, after, gone, uidnext=uidnext, limit=limit, reset=reset)
        if listing.unreadable:
            raise TransientError(
                f"{self._access.connection().endpoint} cannot tell about {listing.unreadable} message(s) of a folder; "
                "look at the server's log"
            )

    def is_unchanged(self, folder: Folder, cursor: str | None) -> bool:
        told, memory = self._access.just_listed(folder), ImapCursor.decode(cursor) if cursor is not None else None
        return told is not None and memory is not None and memory.is_current(told)

    def marks(self, folder: Folder, delivery_ids: Sequence[str]) -> Sequence[AnswerMark]:
        r"""\Answered (RFC 3501 2.3.2) and $Forwarded (RFC 5788); IMAP keeps no time for them."""
        uids = {uid: each for each, uid in self._access.uids(folder, delivery_ids).items()} if delivery_ids else {}
        told, _ = self._access.gently(folder, sorted(uids), "FLAGS") if uids else ({}, frozenset())
        found = ((uid, mark_of(items.get(b"FLAGS"))) for uid, items in told.items() if uid in uids)
        return [AnswerMark(uids[uid], kind) for uid, kind in found if kind is not None]

    def fetch_headers(self, folder: Folder, delivery_ids: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
        uids = self._access.uids(folder, delivery_ids) if delivery_ids else {}
        sizes = {uid: self._ahead.size(folder.id, each) or 0 for each, uid in uids.items()}
        asked = iter(delivery_ids)
        for window in reading.header_windows(list(sizes), sizes):
            headers = self._headers(folder, window, sizes)
            for each in asked:
                uid = uids.get(each)
                yield each, None if uid is None else headers.get(uid)
                if uid == window[-1]:
                    break
        yield from ((each, None) for each in asked)

    def fetch(
        self,
        folder: Folder,
        delivery_id: str,
        *,
        with_attachments: bool = False,
        documents: DocumentLimits | None = None,
    ) -> bytes | None:
        """Small messages whole, and some of those that follow with them; of large ones the text, and documents within
        their limits, unless all is asked.

        Empty when the server cannot give a message that is there.
        """
        uid = self._access.uids(folder, [delivery_id]).get(delivery_id)
        if uid is None:
            return None
        size = self._ahead.size(folder.id, delivery_id)
        if size is not None and size <= reading.WHOLE_OCTETS:
            if not self._ahead.holds(delivery_id):
                wanted = self._access.uids(folder, self._ahead.plan(delivery_id))
                found = self._sections(folder, list(wanted.values()), _WHOLE)
                self._ahead.hold({each: found.get(uid) for each, uid in wanted.items()})
            return self._ahead.take(delivery_id)
        if size is None and not with_attachments:
            told, _ = self._access.gently(folder, [uid], "RFC822.SIZE")
            size = number(told[uid].get(b"RFC822.SIZE")) if uid in told else 0
        if with_attachments or (size or 0) <= reading.WHOLE_OCTETS:
            return self._sections(folder, [uid], _WHOLE).get(uid)
        return self._parts(folder, uid, size or 0, documents)

    def close(self) -> None:
        self._access.close()

    # --- what is new ---

    def _may_be_made_up(self, state: FolderState, told: FolderState, memory: ImapCursor | None) -> bool:
        """Whether the numbers may be others for whoever asks next, until somebody opens the folder for writing.

        So with servers that tell no UIDNEXT (Courier) and those that make up a UIDVALIDITY on the way (mbox files). Who
        counts changes (RFC 7162) keeps what the count is about.
        """
        if "CONDSTORE" in self._access.connection().capabilities:
            return False
        if not state.uidnext or told.uidvalidity not in (0, state.uidvalidity):
            return True
        if memory is None or memory == _NOTHING:
            return abs(self._clock() - state.uidvalidity) < _JUST_NOW_SECONDS
        return memory.uidvalidity != state.uidvalidity

    def _compared(self, folder: Folder, before: ImapCursor, state: FolderState) -> tuple[UidSet, UidSet]:
        """UIDs that may be new, and those known that are gone. The folder has just been opened."""
        connection = self._access.with_folder(folder)
        old = before.known.below(before.uidnext)
        if before.uidnext and state.messages - len(old) <= _FEW:
            # Not from UIDNEXT: it may have counted messages that the server did not show yet.
            found = connection.uids_from(old.highest + 1)
            if len(old) + len(found) == state.messages:
                return found, before.known.minus(old).minus(found)
        found = connection.all_uids(state.messages)
        return found, before.known.minus(found)

    def _listing(self, folder: Folder, uids: UidSet) -> Listing:
        listing = Listing(int(self._clock()))
        remaining = iter(uids)
        while window := list(islice(remaining, _LISTING_WINDOW)):
            found, unreadable = self._access.gently(folder, window, "INTERNALDATE RFC822.SIZE")
            undated = [uid for uid, items in found.items() if seconds_of(items.get(b"INTERNALDATE")) is None]
            for uid, items in (self._access.gently(folder, undated, STAMPS)[0] if undated else {}).items():
                found[uid].update(items)
            for uid in window:
                if uid in found:
                    listing.add(uid, found[uid])
            listing.unreadable += len(unreadable)
        return listing

    def _batches(
        self,
        folder: Folder,
        listing: Listing,
        cursor: ImapCursor,
        gone: UidSet,
        *,
        uidnext: int,
        limit: int,
        reset: bool,
    ) -> Iterator[Changes]:
        """Until the last batch the cursor says "nothing new is known to be complete from `uidnext` on"."""
        order = listing.oldest_first()
        uidvalidity, known = cursor.uidvalidity, cursor.known
        for start in range(0, len(order) or 1, limit):
            positions = order[start : start + limit]
            known = known.union(UidSet.of(listing.uids[position] for position in positions))
            is_last = start + limit >= len(order) and not listing.unreadable
            after = ImapCursor(uidvalidity, uidnext if is_last else cursor.uidnext, known)
            arrived = tuple(
                Arrival(
                    delivery_id(uidvalidity, listing.uids[each]),
                    utc(listing.seconds[each]),
                    comes_whole=0 < listing.sizes[each] <= reading.WHOLE_OCTETS,
                )
                for each in positions
            )
            sizes = (listing.sizes[each] for each in positions)
            self._ahead.begin(folder.id, dict(zip((each.delivery_id for each in arrived), sizes, strict=True)))
            yield Changes(
                arrived=arrived,
                gone=_ids(cursor, gone) if start == 0 else (),
                cursor=after.encode(),
                reset=reset and start == 0,
            )

    # --- messages ---

    def _headers(self, folder: Folder, uids: Sequence[int], sizes: Mapping[int, int]) -> dict[int, bytes]:
        """Header blocks; empty ones for messages that the server cannot give."""
        small = [uid for uid in uids if sizes[uid] <= reading.HEADER_OCTETS]
        large = [uid for uid in uids if sizes[uid] > reading.HEADER_OCTETS]
        headers = self._sections(folder, large, f"BODY.PEEK[HEADER]<0.{reading.HEADER_OCTETS}>")
        # Hoodiecrow cuts the header of the second message by what was left of the first.
        small += [uid for uid, header in headers.items() if not header]
        return headers | self._sections(folder, small, "BODY.PEEK[HEADER]")

    def _sections(self, folder: Folder, uids: Sequence[int], item: str) -> dict[int, bytes]:
        """One section of each message that is there; empty when the server cannot give it."""
        if not uids:
            return {}
        found, unreadable = self._access.gently(folder, uids, item)
        name = item.partition("<")[0].replace(".PEEK", "").encode()
        values = {uid: section(items, name) for uid, items in found.items()}
        # NIL stands for what has just been deleted (RFC 2180 section 4.1.3), or for a section without content.
        doubtful = [uid for uid, value in values.items() if value is None]
        present = self._access.gently(folder, doubtful, "FLAGS")[0] if doubtful else {}
        given = {uid: value for uid, value in values.items() if value is not None}
        return given | dict.fromkeys([*unreadable, *present], b"")

    def _parts(self, folder: Folder, uid: int, octets: int, documents: DocumentLimits | None) -> bytes | None:
        """A large message without its attachments, but for `documents`."""
        header_item = f"BODY.PEEK[HEADER]<0.{reading.HEADER_OCTETS}>"
        found, _ = self._access.gently(folder, [uid], f"BODYSTRUCTURE {header_item}")
        try:
            parts = structure.entities(found[uid].get(b"BODYSTRUCTURE"))
        except (KeyError, ValueError):  # a structure the server itself cannot make out
            return self._sections(folder, [uid], _WHOLE).get(uid)
        header = section(found[uid], b"BODY[HEADER]") or b""
        items: FetchItems = {}
        for request in structure.requests(parts):
            more, _ = self._access.gently(folder, [uid], request)
            items.update(more.get(uid, {}))
        allowance = Allowance(documents.each, documents.together) if documents else Allowance(0, 0)
        for request in structure.document_requests(header, parts, items, allowance):
            more, _ = self._access.gently(folder, [uid], request)
            items.update(more.get(uid, {}))
        rebuilt = structure.rebuilt(header, parts, items)
        if not structure.is_faithful(rebuilt, parts, items, octets):
            return self._sections(folder, [uid], _WHOLE).get(uid)
        return rebuilt


def _emptied(memory: ImapCursor | None, cursor: ImapCursor) -> Changes:
    """All that was known is gone, and there is nothing else."""
    return Changes(arrived=(), gone=_ids(memory, memory.known) if memory else (), cursor=cursor.encode())


def _ids(cursor: ImapCursor, uids: UidSet) -> tuple[str, ...]:
    return tuple(delivery_id(cursor.uidvalidity, uid) for uid in uids)
