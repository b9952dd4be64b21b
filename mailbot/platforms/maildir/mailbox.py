"""Reading a Maildir (https://cr.yp.to/proto/maildir.html) with Maildir++ sub-folders, without leaving a trace in it."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from mailbot.errors import MailbotError, TransientError
from mailbot.mail.left_out import Allowance, reduced
from mailbot.platforms.base import AnswerMark, Arrival, Changes, DocumentLimits, Folder
from mailbot.platforms.maildir import names
from mailbot.platforms.maildir.cursor import MaildirCursor, Stamp
from mailbot.platforms.maildir.folder import Listing, OpenFolder, opened, trouble
from mailbot.platforms.maildir.octets import FileOctets

#: A directory's time is that of its last change, but only as fine as the file system keeps it (milliseconds on ext4,
#: two seconds on FAT, and NFS clients and servers disagree): within this time an equal stamp proves nothing.
_SETTLING_SECONDS = 10
_HEADER_BLOCK_OCTETS = 16 * 1024
_MAX_HEADER_OCTETS = 2 * 1024 * 1024
#: a file up to this size is read whole: cheaper than to look for its parts first
_WHOLE_OCTETS = 1024 * 1024
_NO_DOCUMENTS = DocumentLimits(0, 0)
_MAX_LOOKUPS = 3


class _Found(NamedTuple):
    """A message not seen before; sorts oldest first."""

    mtime_ns: int
    delivery_id: str


class MaildirMailbox:
    """One Maildir as a Mailbox.

    Folder ids are directory names ("INBOX" for the top). A delivery id is the unique part of the file name, the same
    through all changes of flags. `clock` gives seconds since the epoch; it is only compared with file times.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._root = path
        self._clock = clock
        self._listing: Listing | None = None

    def folders(self) -> Sequence[Folder]:
        with opened(self._root, names.INBOX):
            pass  # says what is wrong when this is no Maildir
        try:
            with os.scandir(self._root) as entries:
                directories = sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
        except OSError as error:
            raise trouble(self._root, error) from error
        subfolders = [self._subfolder(directory) for directory in directories]
        return [Folder(names.INBOX, names.INBOX, "inbox"), *filter(None, subfolders)]

    def _subfolder(self, directory: str) -> Folder | None:
        folder_id = names.storable(directory)
        try:
            with opened(self._root, folder_id) as folder:
                if folder is None:
                    return None
        except MailbotError:
            pass  # it exists; `changes` will say what is wrong with it
        name = names.folder_name(directory)
        return Folder(folder_id, name, names.folder_role(name))

    def changes(self, folder: Folder, cursor: str | None, *, limit: int = 200) -> Iterator[Changes]:
        """What changed since `cursor`. An unchanged folder costs two stat calls, a changed one a directory listing.

        Files that may not be read are left out and asked for again next time; TransientError says so after the last
        batch, so that they never stand in the way of the others.
        """
        memory = MaildirCursor.decode(cursor) if cursor is not None else None
        with opened(self._root, folder.id) as there:
            if there is None:
                yield Changes(arrived=(), gone=_all_known(memory), cursor=_NOTHING.encode())
                return
            now = self._clock()
            stamp = there.stamp()
            if memory is not None and memory.settled and (memory.inode, memory.stamp) == (there.inode, stamp):
                yield Changes(arrived=(), gone=(), cursor=cursor or "")
                return
            known = memory.known() if memory is not None and memory.inode in (there.inode, _NOTHING.inode) else None
            gone = self._relist(there, known or set())
            found, unreadable = self._examine(there, (known or set()) - gone)
        base = MaildirCursor(inode=there.inode, stamp=stamp, settled=False, blocks=memory.blocks if memory else ())
        if known is None or gone or base.is_scattered:
            base = base.with_known((known or set()) - gone)
        settled = not unreadable and now - max(stamp) / 1e9 >= _SETTLING_SECONDS
        reset = cursor is not None and known is None
        yield from _batches(found, tuple(sorted(gone)), base, limit=limit, settled=settled, reset=reset)
        if unreadable:
            raise TransientError(
                f"{unreadable} message(s) in {there.path} may not be read: the user that mailbot runs as needs access"
            )

    def _relist(self, there: OpenFolder, known: set[str]) -> set[str]:
        """List the folder; which of `known` are gone."""
        self._listing = there.listing()
        gone = known - self._listing.paths.keys()
        if gone and not self._listing.exact:
            # A name that changes during the listing may be left out of it. Left out twice: gone. (Should that ever be
            # wrong, the message arrives anew with the next listing, and is recognised by its content.)
            self._listing = there.listing()
            gone -= self._listing.paths.keys()
        return gone

    def _examine(self, there: OpenFolder, known: set[str]) -> tuple[list[_Found], int]:
        """All listed messages not in `known`, oldest first, and how many of them may not be read."""
        assert self._listing is not None
        found: list[_Found] = []
        unreadable = 0
        for delivery_id, path in self._listing.paths.items():
            if delivery_id in known:
                continue
            status = there.stat(path)
            if status is None:
                continue
            if there.is_readable(path):
                found.append(_Found(status.st_mtime_ns, delivery_id))
            else:
                unreadable += 1
        found.sort()
        return found, unreadable

    def marks(self, folder: Folder, delivery_ids: Sequence[str]) -> Sequence[AnswerMark]:
        with opened(self._root, folder.id) as there:
            if there is None:
                return ()
            self._listing = there.listing()
            paths = {each: self._listing.paths.get(each, "") for each in delivery_ids}
        found = ((each, names.mark(path)) for each, path in paths.items())
        return [AnswerMark(each, kind) for each, kind in found if kind is not None]

    def fetch_headers(self, folder: Folder, delivery_ids: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
        with opened(self._root, folder.id) as there:
            for delivery_id in delivery_ids:
                yield delivery_id, self._read(there, delivery_id, _read_header_block)

    def fetch(
        self,
        folder: Folder,
        delivery_id: str,
        *,
        with_attachments: bool = False,
        documents: DocumentLimits | None = None,
    ) -> bytes | None:
        limits = documents or _NO_DOCUMENTS
        reader = _read_all if with_attachments else lambda descriptor: _read_reduced(descriptor, limits)
        with opened(self._root, folder.id) as there:
            return self._read(there, delivery_id, reader)

    def _read(self, there: OpenFolder | None, delivery_id: str, reader: Callable[[int], bytes]) -> bytes | None:
        """The file may have moved from new to cur or got other flags since it was listed: look it up again."""
        if there is None:
            return None
        for _ in range(_MAX_LOOKUPS):
            listing = self._listing
            if listing is not None and listing.folder_id == there.folder_id:
                path = listing.paths.get(delivery_id)
                content = there.read(path, reader) if path is not None else None
                if content is not None:
                    return content
                if path is None and listing.exact and listing.stamp == there.stamp():
                    return None
            self._listing = there.listing()
        return None

    def close(self) -> None:
        self._listing = None


#: stands for a folder that is not there (yet, or any more)
_NOTHING = MaildirCursor(inode=0, stamp=Stamp(0, 0), settled=False)


def _all_known(memory: MaildirCursor | None) -> tuple[str, ...]:
    return tuple(sorted((memory.known() if memory else None) or ()))


def _batches(
    found: Sequence[_Found], gone: tuple[str, ...], base: MaildirCursor, *, limit: int, settled: bool, reset: bool
) -> Iterator[Changes]:
    cursor = base
    for start in range(0, len(found) or 1, limit):
        batch = found[start : start + limit]
        cursor = cursor.with_more(message.delivery_id for message in batch)
        if start + limit >= len(found):
            cursor = MaildirCursor(inode=base.inode, stamp=base.stamp, settled=settled, blocks=cursor.blocks)
        arrived = tuple(Arrival(m.delivery_id, _instant(m.mtime_ns)) for m in batch)
        first = start == 0
        yield Changes(arrived=arrived, gone=gone if first else (), cursor=cursor.encode(), reset=reset and first)


def _instant(mtime_ns: int) -> datetime:
    """A file's time of modification, which is when it was delivered: nobody writes to a delivered message."""
    try:
        return datetime.fromtimestamp(mtime_ns / 1e9, UTC)
    except (OverflowError, ValueError):
        return datetime.fromtimestamp(0, UTC)  # a time that no calendar has


def _read_header_block(descriptor: int) -> bytes:
    """Up to and with the empty line after the header, reading little beyond it; at most 2 MiB."""
    raw = b""
    while len(raw) < _MAX_HEADER_OCTETS:
        block = os.read(descriptor, _HEADER_BLOCK_OCTETS if not raw else len(raw))
        searched = max(len(raw) - 3, 0)
        raw += block
        end = _header_end(raw, searched)
        if end is not None or not block:
            return raw[:end]
    return raw[:_MAX_HEADER_OCTETS]


def _header_end(raw: bytes, searched: int) -> int | None:
    if raw.startswith((b"\n", b"\r\n")):
        return raw.index(b"\n") + 1
    ends = [at + len(mark) for mark in (b"\n\n", b"\n\r\n") if (at := raw.find(mark, searched)) >= 0]
    return min(ends, default=None)


def _read_reduced(descriptor: int, limits: DocumentLimits) -> bytes:
    """A large file without its attachments, but for documents within `limits`."""
    octets = FileOctets(descriptor)
    if len(octets) <= _WHOLE_OCTETS or b"\n" not in octets[:_MAX_HEADER_OCTETS]:  # an old Macintosh ends lines with CR
        return _read_all(descriptor)
    return reduced(octets, Allowance(limits.each, limits.together))


def _read_all(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        return file.read()
