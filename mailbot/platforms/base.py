"""The small capabilities that mailbot asks of a mail system or directory.

A platform (`maildir/`, `imap/`, `ews/`, `graph/` ...) implements those it has; the contract classes in
`tests/platforms` hold all of them to the same behaviour. Terms:

* folder id, delivery id, cursor, handle: opaque strings that only the platform understands. A delivery id may change
  when a message moves; `Mailbox.changes` then reports the old id as gone and the new one as arrived.
* cursor: how far one folder has been read. It is stored in the same transaction as the results.
* handle: what a platform returns for mail it has prepared but not yet sent (a draft id), so that an unclear outcome can
  be looked up after a crash.

Every method may raise TransientError (try again later) or PermanentError (a person must act). Instances are used by
one thread at a time.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol, runtime_checkable

from mailbot.errors import PermanentError, TransientError
from mailbot.platforms.own_rules import ConflictReason

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


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMail:
    """Finished RFC 5322 bytes with their envelope (RFC 5321)."""

    message_id: str
    raw: bytes
    #: empty string: the null reverse-path, as RFC 3834 wants it for automatic replies
    envelope_from: str
    recipients: tuple[str, ...]


Fate = Literal["sent", "not_sent", "unknown"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """One recipient whom the server refused for good, and its words (without mail content)."""

    recipient: str
    reason: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The mail was taken, by everybody but those in `refused` and `deferred` (a partial refusal)."""

    refused: tuple[Refusal, ...] = ()
    #: recipients whom the server refuses for now: the mail goes to them, and to nobody else, later
    deferred: tuple[Refusal, ...] = ()
    #: False: the copy in Sent is made by `Sender.file`, once it is on record that the mail was taken
    filed: bool = True


class SenderUnavailable(TransientError):
    """Nothing can be sent at present, whatever the mail: no connection, a refused login, an untrusted certificate.

    `saw_mail`: the server had taken this mail's envelope before it said so. Most likely it says the same of any other
    mail; but a filter that cannot digest this one answers so too, each time.
    """

    def __init__(self, message: str, *, retry_after_seconds: float | None = None, saw_mail: bool = False) -> None:
        super().__init__(message, retry_after_seconds=retry_after_seconds)
        self.saw_mail = saw_mail


class DestinationTrouble(TransientError):
    """One destination takes no mail at present: an address, or a whole domain; other mail is not affected."""

    def __init__(self, message: str, destination: str) -> None:
        super().__init__(message)
        self.destination = destination


class CannotCarry(PermanentError):
    """This server cannot take the mail without altering it; the reason is a fixed word for templates."""

    def __init__(self, message: str, reason: Literal["too_large", "eight_bit", "line_ends"]) -> None:
        super().__init__(message)
        self.reason = reason


class Sender(Protocol):
    """Sending from the service mailbox; what was sent lies in its Sent folder exactly once."""

    def prepare(self, mail: OutgoingMail) -> str | None:
        """Everything that can still be undone: a draft, or a dialogue up to its last word. A handle, or None.

        The caller records the handle before `send`. An attempt without a recorded handle has sent nothing.
        """
        ...

    def send(self, mail: OutgoingMail, handle: str | None) -> Receipt:
        """Send now; nobody refused: an empty Receipt, some: they are in it, all: PermanentError.

        TransientError and PermanentError promise that it was *not* sent; any other exception is unclear.
        """
        ...

    def fate(self, message_id: str, handle: str | None) -> Fate:
        """What became of an attempt whose answer was lost: looked up by handle, or by Message-ID in Sent."""
        ...

    def file(self, mail: OutgoingMail) -> None:
        """Lay a copy of sent mail into Sent unless one is there; for receipts that are not `filed`."""
        ...

    def close(self) -> None: ...


Audience = Literal["none", "known", "all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoReply:
    """An automatic reply as installed. Instants are aware UTC; `ends_at` is exclusive."""

    enabled: bool
    starts_at: datetime | None
    ends_at: datetime | None
    internal_text: str
    #: platforms with one text only install this one, and return it twice
    external_text: str
    #: which senders outside the organisation are answered
    audience: Audience = "all"
    # What platforms need that answer from a script. Others know it themselves; it is not read back, nor compared.
    #: empty = the server's own
    subject: str = field(default="", compare=False)
    #: the person's addresses and aliases: mail to any other address is not answered (RFC 5230 4.5)
    addresses: tuple[str, ...] = field(default=(), compare=False)
    #: absence and version of the text: who was answered under another one is answered anew (RFC 5230 4.7, :handle)
    version: str = field(default="", compare=False)
    #: read back only: what in the person's own rules would keep it from working
    hindered_by: ConflictReason | None = field(default=None, compare=False)


class MarkedMail(Protocol):
    """Mail of our own in a mailbox, told by a header field that only we can have written: probes, and what came of
    them. Nothing else is ever looked for, or removed."""

    def find(self, field: str, value: str, since: datetime) -> Sequence[bytes]:
        """The raw messages, in whatever folder, whose field (RFC 5322) has this value and that came after `since`."""
        ...

    def remove(self, field: str, value: str, since: datetime) -> int:
        """Delete them for good; how many. Again does no harm."""
        ...

    def close(self) -> None: ...


class AutoReplies(Protocol):
    """People's automatic replies. A mailbox has one; what it had before is kept by the caller and restored at the end.

    The order, in which a process may die at any point: `keep`, commit the token, `install`; later `restore`.
    """

    #: whether internal and external senders may get different texts
    two_texts: bool
    audiences: frozenset[Audience]

    def read(self, address: str) -> AutoReply:
        """What is installed and active now, read back from the server, be it ours or the person's own."""
        ...

    def keep(self, address: str) -> str:
        """What is there now, as an opaque token for `restore`. Changes nothing."""
        ...

    def install(self, address: str, reply: AutoReply, *, accepted: str | None = None) -> None:
        """Install, in place of what is there; the same again changes nothing. What it does not name stays as it is.

        OwnRulesConflict where the person's own rules stand against it; `accepted` is its proposal, agreed to. Platforms
        that never raise it ignore that.
        """
        ...

    def restore(self, address: str, token: str) -> None:
        """Bring back what was there at `keep`. Again does no harm; what the person has set up since then stays."""
        ...

    def shows_away(self, address: str) -> bool | None:
        """Whether the server tells senders at this moment that the person is away (Exchange: MailTips); None where it
        cannot be asked."""
        ...

    def close(self) -> None: ...


class ForwardRules(Protocol):
    """Forwarding of a copy; the original always stays (absence options B and C)."""

    #: rules act within their window only; without this the caller installs at the start and removes at the end
    windowed: bool

    def read(self, address: str) -> Sequence[str]:
        """Addresses that get a copy through rules that mailbot installed and that are active."""
        ...

    def install(
        self, address: str, forward_to: str, *, starts_at: datetime | None = None, ends_at: datetime | None = None
    ) -> str:
        """Install and return an opaque token for `remove`; a person's own rules stay as they are.

        The same address again gives the same token. Where auto-replies live in the same script, install those first.
        """
        ...

    def remove(self, address: str, token: str) -> None:
        """Remove it; again does no harm."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One member of staff as the directory knows them."""

    id: str
    name: str
    email: str
    title: str = ""
    department: str = ""
    aliases: tuple[str, ...] = ()
    phone: str = ""
    mobile: str = ""
    #: the account name on the server, for `sudo -u mailbot mailbot ...`
    login: str = ""
    #: person id
    manager: str = ""
    #: sv, nb or en; empty = the organisation's
    language: str = ""


class Directory(Protocol):
    """Who works here."""

    def people(self) -> Iterable[Person]: ...


@dataclass(frozen=True, slots=True)
class Away:
    """Absent from `from_` to the day before `back_on` (local dates)."""

    from_: date
    back_on: date
    #: False: by timed events that take up the working days
    all_day: bool = True


class Calendar(Protocol):
    """When people are away, as far as a calendar tells."""

    def absences(self, person_id: str, from_: date, to: date) -> Sequence[Away]:
        """When the calendar says out of office between `from_` and `to`, both included. PermanentError when it cannot
        be read; nothing for people without a calendar."""
        ...


class Signatures(Protocol):
    """The automatic signature, where the platform has an interface for it."""

    def read(self, address: str) -> str: ...

    def install(self, address: str, text: str, html: str) -> None: ...
