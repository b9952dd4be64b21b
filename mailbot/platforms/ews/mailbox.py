"""Reading a mailbox over Exchange Web Services without leaving a trace in it."""

import base64
import binascii
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mailbot.errors import PermanentError
from mailbot.platforms.base import AnswerMark, Arrival, Changes, DocumentLimits, Folder
from mailbot.platforms.ews import marks, reduced, written_here
from mailbot.platforms.ews.cursor import EwsCursor
from mailbot.platforms.ews.failures import BadMessage, Busy, EwsRefusal, LostState, MayNotImpersonate, NotThere
from mailbot.platforms.ews.folders import find_folders
from mailbot.platforms.ews.session import EwsSession, Fault
from mailbot.platforms.ews.xml import Element, M, T, each, first, identifier, instant, item_ids, shape, text
from mailbot.platforms.without_attachments import WHOLE_UP_TO_OCTETS

#: the most that SyncFolderItems gives at once
_LISTING_PAGE = 512
_HEADERS_AT_ONCE = 50
_LISTED = ("item:DateTimeReceived", "item:Size", "item:DateTimeCreated")
_END_OF_HEADER = b"\r\n\r\n"


@dataclass(slots=True)
class _Listing:
    """What a sync told: new items as (seconds, id, size), what is gone, marks by id, and the state it leads to."""

    new: dict[str, tuple[float, str, int]] = field(default_factory=dict)
    gone: dict[str, None] = field(default_factory=dict)
    marks: dict[str, AnswerMark] = field(default_factory=dict)
    state: str = ""


class EwsMailbox:
    """Mailbox behind one session, which goes back with `close`. Mail older than `since` (aware) is never listed.

    `list_folders` gives the folders where they were asked for a short while ago.
    """

    def __init__(
        self,
        session: EwsSession,
        *,
        since: datetime | None = None,
        list_folders: Callable[[EwsSession], Sequence[Folder]] = find_folders,
        give_back: Callable[[], None] = lambda: None,
    ) -> None:
        self._session = session
        self._list_folders = list_folders
        self._since = since.timestamp() if since else 0.0
        self._give_back = give_back
        #: of those whose headers were fetched last, the octets of messages whose attachments are worth leaving behind
        self._large: dict[str, int] = {}
        self._asks_marks = True

    def folders(self) -> Sequence[Folder]:
        return self._list_folders(self._session)

    def changes(self, folder: Folder, cursor: str | None, *, limit: int = 500) -> Iterator[Changes]:
        """SyncFolderItems, page by page until nothing is left; then by date, as it gives items in its own order."""
        at, reset = EwsCursor.parse(cursor), False
        try:
            listing = self._listing(folder.id, at.state)
        except LostState:
            at, reset = EwsCursor(), True
            listing = self._listing(folder.id, "")
        except NotThere:
            yield Changes(arrived=(), gone=(), cursor=str(EwsCursor()), reset=True)
            return
        until = at.until or listing.state
        waiting = [one for one in sorted(listing.new.values()) if at.is_finished or one[:2] > (at.seconds, at.item)]
        gone = tuple(listing.gone)
        told = [mark for item, mark in listing.marks.items() if item not in listing.new]
        for start in range(0, len(waiting) or 1, limit):
            batch = waiting[start : start + limit]
            is_last = start + limit >= len(waiting)
            after = EwsCursor(until) if is_last else EwsCursor(at.state, until, *batch[-1][:2])
            told += [listing.marks[item] for _, item, _ in batch if item in listing.marks]
            yield Changes(
                arrived=tuple(map(_arrival, batch)), gone=gone, cursor=str(after), reset=reset, marks=tuple(told)
            )
            gone, reset, told = (), False, []

    def _listing(self, folder_id: str, state: str) -> _Listing:
        listing, is_last = _Listing(state=state), False
        while not is_last:
            answer = self._synced(folder_id, listing.state)
            for change in each(answer, "m:Changes/*"):
                self._note(change, listing)
            before, listing.state = listing.state, text(answer, "m:SyncState")
            # A server that stands still would be asked for ever.
            is_last = text(answer, "m:IncludesLastItemInRange") != "false" or listing.state == before
        return listing

    def _synced(self, folder_id: str, state: str) -> Element:
        """One page. A server that does not take the properties of marks lists without: evidence must not hide mail."""
        request = M.SyncFolderItems(M.SyncFolderId(T.FolderId(Id=folder_id)))
        request.insert(0, shape(*_LISTED, *(marks.fields() if self._asks_marks else ())))
        if state:
            request.append(M.SyncState(state))
        request.append(M.MaxChangesReturned(str(_LISTING_PAGE)))
        try:
            return self._session.one("SyncFolderItems", request)
        except (LostState, NotThere, MayNotImpersonate):
            raise
        except (EwsRefusal, Fault):
            if not self._asks_marks:
                raise
            self._asks_marks = False
            return self._synced(folder_id, state)

    def _note(self, change: Element, listing: _Listing) -> None:
        """Read flags, categories and edits are people's affair; a draft that is filled in stays the same delivery."""
        kind = change.tag.rpartition("}")[2]
        if kind == "Delete":
            item = identifier(change)
            if listing.new.pop(item, None) is None:
                listing.gone[item] = None
            return
        item = identifier(change, "*/t:ItemId")
        if not item:
            return
        if kind in ("Create", "Update") and (mark := marks.mark_of(item, change)) is not None:
            listing.marks[item] = mark
        if kind == "Create":
            # What a program laid there was never received; what has no date at all is never taken for old.
            dates = (instant(text(change, f"*/t:{name}")) for name in ("DateTimeReceived", "DateTimeCreated"))
            at = next((one for one in dates if one is not None), None)
            seconds = at.timestamp() if at else self._since
            if seconds >= self._since:
                listing.new[item] = (seconds, item, _number(text(change, "*/t:Size")))

    def marks(self, folder: Folder, delivery_ids: Sequence[str]) -> Sequence[AnswerMark]:  # noqa: ARG002
        """A reply changes the item, so that the next listing tells of it."""
        return ()

    def fetch_headers(self, folder: Folder, delivery_ids: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:  # noqa: ARG002
        """As they came over the Internet; mail that never did has one made of its properties.

        Empty when the server cannot give a message that is there.
        """
        for start in range(0, len(delivery_ids), _HEADERS_AT_ONCE):
            yield from self._headers(delivery_ids[start : start + _HEADERS_AT_ONCE])

    def _headers(self, wanted: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
        found = self._present(wanted, shape("item:Size", "item:HasAttachments", transport_headers()))
        self._large = {
            item: _number(text(answer, "t:Size"))
            for item, answer in found.items()
            if answer is not None and _is_large(answer)
        }
        headers = {item: _transport_header(answer) for item, answer in found.items()}
        without = [item for item, header in headers.items() if header is None]
        if without:
            here = self._present(without, shape(*written_here.FIELDS))
            made = {item: b"" if each is None else written_here.header_of(each) for item, each in here.items()}
            headers |= dict.fromkeys(without) | made
        for item in wanted:
            yield item, headers.get(item)

    def _present(self, wanted: Sequence[str], asked: Element) -> dict[str, Element | None]:
        """The items that are still there; None for those that the server cannot give.

        Servers of another make answer only so many at once, and are busy for the others.
        """
        found: dict[str, Element | None] = {}
        waiting = list(wanted)
        while waiting:
            request = M.GetItem(deepcopy(asked), item_ids(*waiting))
            later = []
            for item, answer in zip(waiting, self._session.each("GetItem", request, len(waiting)), strict=True):
                try:
                    self._session.require(answer)
                except NotThere:
                    continue
                except BadMessage:
                    found[item] = None
                    continue
                except Busy:
                    if item == waiting[0]:
                        raise
                    later.append(item)
                    continue
                element = first(answer, "m:Items/*")
                if element is not None:
                    found[item] = element
            waiting = later
        return found

    def fetch(
        self,
        folder: Folder,  # noqa: ARG002
        delivery_id: str,
        *,
        with_attachments: bool = False,
        documents: DocumentLimits | None = None,
    ) -> bytes | None:
        """The MIME as Exchange writes it; of large messages only the text, where attachments are not asked for.

        Documents come with the whole message or, where that is larger than all of them may be, not at all.
        """
        size = self._large.get(delivery_id)
        if size is None or with_attachments or (documents and size <= documents.together):
            raw = self.whole(delivery_id)
            # What Exchange cannot write as MIME can often be read all the same; it is no original to pass on.
            return raw if raw != b"" or with_attachments else self._reduced(delivery_id)
        reduced_to_text = self._reduced(delivery_id)
        return self.whole(delivery_id) if reduced_to_text == b"" else reduced_to_text

    def _reduced(self, item: str) -> bytes | None:
        """Header and text; empty where the server cannot give them, or never had a header."""
        present = self._present([item], shape(*reduced.FIELDS, transport_headers(), body=True))
        if item not in present:
            return None
        found = present[item]
        header = _transport_header(found)
        return b"" if found is None or not header else reduced.without_attachments(header, found)

    def whole(self, item: str) -> bytes | None:
        """An item as MIME, wherever it lies; None when it has vanished, empty when the server cannot give it."""
        try:
            answer = self._session.one("GetItem", M.GetItem(shape(mime=True), item_ids(item)))
        except NotThere:
            return None
        except BadMessage:
            return b""
        content = text(answer, "m:Items/*/t:MimeContent")
        try:
            return base64.b64decode(content)
        except binascii.Error:
            raise PermanentError(f"{self._session.host} gave a message that cannot be decoded") from None

    def close(self) -> None:
        self._give_back()


def transport_headers() -> Element:
    """PidTagTransportMessageHeaders: the header block as it came; mail from within the organisation has none."""
    return T.ExtendedFieldURI(PropertyTag="0x7d", PropertyType="String")


def _transport_header(item: Element | None) -> bytes | None:
    """None where the item never had one; empty for an item that the server cannot give."""
    if item is None:
        return b""
    value = text(item, "t:ExtendedProperty/t:Value").strip("\r\n")
    if not value.strip():
        return None
    # Exchange decodes the octets of the header as it can; UTF-8 (RFC 6532) is what they most likely were.
    return "\r\n".join(value.splitlines()).encode("utf-8", "surrogateescape") + _END_OF_HEADER


def _is_large(item: Element) -> bool:
    return _number(text(item, "t:Size")) > WHOLE_UP_TO_OCTETS and text(item, "t:HasAttachments") == "true"


def _arrival(item: tuple[float, str, int]) -> Arrival:
    seconds, delivery_id, _ = item
    return Arrival(delivery_id=delivery_id, internal_date=datetime.fromtimestamp(seconds, UTC))


def _number(written: str) -> int:
    return int(written) if written.isdigit() else 0
