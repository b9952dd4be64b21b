"""The small capabilities that mailbot asks of a mail system or directory.

A platform (`maildir/`, `imap/`, `ews/`, `graph/` ...) implements those it has; the contract classes in
`tests/platforms` hold all of them to the same behaviour. Here stands what reads and sorts mail; the others stand in
`sending`, `replies` and `people`. Terms:

* folder id, delivery id, cursor, handle: opaque strings that only the platform understands. A delivery id may change
  when a message moves; `Mailbox.changes` then reports the old id as gone and the new one as arrived.
* cursor: how far one folder has been read. It is stored in the same transaction as the results.
* handle: what a platform returns for mail it has prepared but not yet sent (a draft id), so that an unclear outcome can
  be looked up after a crash.

Every method may raise TransientError (try again later) or PermanentError (a person must act). Instances are used by
one thread at a time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

FolderRole = Literal["inbox", "sent", "drafts", "trash", "junk", "other"]


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder; `name` is for people, `id` for the platform."""

    id: str
    name: str
    role: FolderRole


@dataclass(frozen=True, slots=True)
class Arrival:
    """A delivery that is new since the cursor."""

    delivery_id: str
    #: when the server took it in, aware UTC
    internal_date: datetime
    #: it is so small that `fetch` gives all of it, whatever is asked
    comes_whole: bool = False


@dataclass(frozen=True, slots=True)
class AnswerMark:
    """A mail program's note on a message that somebody replied to it or passed it on: evidence, never proof."""

    delivery_id: str
    kind: Literal["replied", "forwarded"]
    #: aware UTC; None where the platform keeps no time
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """One batch of what happened in a folder; committing `cursor` makes it done."""

    arrived: tuple[Arrival, ...]
    #: delivery ids that are no longer in this folder
    gone: tuple[str, ...]
    cursor: str
    #: the platform lost its memory of this folder (changed UIDVALIDITY, expired delta token): everything present is
    #: listed again as arrived, and what is not listed is gone; set on the first batch of such a listing only
    reset: bool = False
    #: what the listing tells by the way, of arrivals of this batch and of deliveries known before
    marks: tuple[AnswerMark, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """How much of attached documents is fetched, in octets as they are transferred (base64 makes 3 octets 4)."""

    each: int
    together: int


class Mailbox(Protocol):
    """Reading one mailbox without leaving a trace (invariant 5)."""

    def folders(self) -> Sequence[Folder]:
        """All folders that hold mail. Exactly one has the role "inbox"; any other role may be absent."""
        ...

    def changes(self, folder: Folder, cursor: str | None, *, limit: int = 500) -> Iterator[Changes]:
        """What changed after `cursor` (None: everything is new), in batches of at most `limit` arrivals.

        Each batch is oldest first, and so are the batches where a server can list that way.
        Yields at least one batch; the last batch's cursor means "nothing newer". A reader may stop after any batch
        and continue later from its cursor. Servers that also tell of changed flags repeat deliveries under the id they
        had: the caller knows those. TransientError may come after good batches (a few messages cannot be read
        at present): commit each batch as it comes. Of a folder that does not exist any more everything is gone; a
        platform that cannot name what was there yields an empty batch with `reset`.
        """
        ...

    def marks(self, folder: Folder, delivery_ids: Sequence[str]) -> Sequence[AnswerMark]:
        """Which of these bear a mark, where listings do not tell of new ones; empty where they do."""
        ...

    def fetch_headers(self, folder: Folder, delivery_ids: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
        """The raw header block of each delivery, in the order asked; None when it has vanished meanwhile."""
        ...

    def fetch(
        self,
        folder: Folder,
        delivery_id: str,
        *,
        with_attachments: bool = False,
        documents: DocumentLimits | None = None,
    ) -> bytes | None:
        """The raw message, or None when it has vanished.

        Without attachments a platform may leave out the content of attachment parts (their MIME headers stay). With
        `documents` those that somebody could read, within these limits, are there; of what is left out then,
        mail/left_out.py stands in its place, so that it is never taken for an empty file.
        """
        ...

    def close(self) -> None: ...


@runtime_checkable
class TellsStanding(Protocol):
    """A mailbox whose list of folders already tells how they stand."""

    def is_unchanged(self, folder: Folder, cursor: str | None) -> bool:
        """Whether nothing came or went after `cursor`, as `folders` told; False when that was not told. Asks nobody."""
        ...


class Filing(Protocol):
    """Sorting the mail of one mailbox: only where an administrator has asked for it, as it needs the right to write.

    Each names a delivery that may have vanished meanwhile; the same again does no harm.
    """

    def categorise(self, delivery_id: str, category: str) -> bool:
        """Add a category to those that people have given it; False when it has vanished."""
        ...

    def move(self, delivery_id: str, to: Folder) -> str | None:
        """Into another folder of the same mailbox; the id it has there, None when it has vanished."""
        ...

    def discard(self, delivery_id: str) -> bool:
        """Into the trash, where its owner can take it back; False when it has vanished."""
        ...

    def close(self) -> None: ...


class Watch(Protocol):
    """Waiting for news in one inbox, on a connection that does nothing else."""

    def wait(self, timeout_seconds: float) -> bool:
        """Whether something came or went within that time. TransientError when the link is dead."""
        ...

    def interrupt(self) -> None:
        """The only method for another thread: a `wait` that is under way ends soon, with TransientError."""
        ...

    def close(self) -> None: ...
