"""Sending as the service mailbox: a draft first, so that an attempt whose answer was lost can be looked up."""

import base64
from contextlib import suppress

from mailbot.errors import MailbotError, PermanentError, TransientError
from mailbot.platforms.ews.failures import EwsRefusal, NotThere
from mailbot.platforms.ews.folders import distinguished
from mailbot.platforms.ews.session import EwsSession, NoAnswer
from mailbot.platforms.ews.xml import Element, M, T, each, first, identifier, item_ids, shape, text
from mailbot.platforms.sending import CannotCarry, Fate, OutgoingMail, Receipt, SenderUnavailable

#: drafts and sent mails looked through where the server cannot search
_NEWEST = 500
_COPIES = 10
_TOO_LARGE = frozenset({"ErrorMessageSizeExceeded", "ErrorAttachmentSizeLimitExceeded", "ErrorQuotaExceeded"})


class Unclear(Exception):
    """The answer to the request that sends was lost: the mail may have gone."""


class EwsSender:
    """Sender of the service mailbox. The server files what it sends in Sent by itself, in the same step.

    Exchange takes sender and recipients from the header, and tells refused ones later by a bounce.
    """

    def __init__(self, session: EwsSession) -> None:
        self._session = session
        #: the server was seen to take a draft away when it sends it, as Exchange does
        self._takes_drafts = False

    def prepare(self, mail: OutgoingMail) -> str | None:
        """A draft; one that an earlier attempt left behind is used again."""
        try:
            return self._find("drafts", mail.message_id) or self._create(mail)
        except EwsRefusal as refusal:
            if refusal.code in _TOO_LARGE:
                raise CannotCarry(f"the mail is too large for {self._session.host}", "too_large") from None
            raise SenderUnavailable(str(refusal)) from refusal
        except (TransientError, PermanentError) as trouble:
            raise SenderUnavailable(str(trouble)) from trouble

    def _create(self, mail: OutgoingMail) -> str:
        message = T.Message(
            T.MimeContent(base64.b64encode(mail.raw).decode("ascii"), CharacterSet="UTF-8"),
            T.ExtendedProperty(our_id(), T.Value(mail.message_id)),
        )
        request = M.CreateItem(
            M.SavedItemFolderId(distinguished("drafts")), M.Items(message), MessageDisposition="SaveOnly"
        )
        return identifier(self._session.one("CreateItem", request), "m:Items/*/t:ItemId")

    def send(self, mail: OutgoingMail, handle: str | None) -> Receipt:
        try:
            self._send(handle or self._prepared(mail))
        except NotThere:
            # The draft is gone: it was sent and the answer lost, or somebody threw it away.
            if self.fate(mail.message_id, None) != "sent":
                self._send(self._prepared(mail))
        except NoAnswer as lost:
            raise Unclear(str(lost)) from lost
        with suppress(MailbotError):  # the mail has gone, whatever becomes of its copies
            self._tidy(mail.message_id)
        return Receipt()

    def _prepared(self, mail: OutgoingMail) -> str:
        handle = self.prepare(mail)
        assert handle is not None, "a draft has an id"
        return handle

    def _send(self, draft: str) -> None:
        # Sending wants to know which version of the draft is meant, and that changes when anybody looks into Drafts.
        answer = self._session.one("GetItem", M.GetItem(shape("item:IsDraft"), item_ids(draft)))
        found = first(answer, "m:Items/*/t:ItemId")
        assert found is not None, "an item has an id"
        self._session.one(
            "SendItem",
            M.SendItem(
                M.ItemIds(T.ItemId(Id=draft, ChangeKey=found.get("ChangeKey", ""))),
                M.SavedItemFolderId(distinguished("sentitems")),
                SaveItemToFolder="true",
            ),
        )

    def fate(self, message_id: str, handle: str | None) -> Fate:
        """In Sent: sent. Still a draft: not sent. Neither: it may be on its way through the outbox."""
        if self._find("sentitems", message_id):
            return "sent"
        drafts = self._all("drafts", message_id)
        if len(drafts) > 1:  # we make one; the other is the copy of what was sent, see `_tidy`
            return "sent"
        return "not_sent" if drafts or handle is None else "unknown"

    def _tidy(self, message_id: str) -> None:
        """Exchange moves a draft that it sends to Sent. Other makes of server leave it, and lay the copy beside it or
        into Sent. Nothing is touched where a lone draft may still be on its way out."""
        if self._takes_drafts:
            return
        drafts = self._all("drafts", message_id)
        self._takes_drafts = not drafts
        if not drafts:
            return
        if not self._find("sentitems", message_id):
            if len(drafts) == 1:
                return
            sent, *drafts = drafts
            self._session.one("MoveItem", M.MoveItem(M.ToFolderId(distinguished("sentitems")), item_ids(sent)))
        for draft in drafts:
            self._session.one("DeleteItem", M.DeleteItem(item_ids(draft), DeleteType="HardDelete"))

    def _find(self, folder: str, message_id: str) -> str:
        """The id of an item with our Message-ID, "" when there is none."""
        return next(iter(self._all(folder, message_id)), "")

    def _all(self, folder: str, message_id: str) -> list[str]:
        """The ids of the items with our Message-ID."""
        try:
            found = self._items(folder, _COPIES, _with_message_id(message_id))
        except EwsRefusal:  # servers of another make cannot search by every property: look at the newest ones
            found = [item for item in self._items(folder, _NEWEST) if _has_message_id(item, message_id)]
        return [identifier(item) for item in found]

    def _items(self, folder: str, most: int, *condition: Element) -> list[Element]:
        newest_first = T.FieldOrder(T.FieldURI(FieldURI="item:DateTimeCreated"), Order="Descending")
        request = M.FindItem(
            shape("message:InternetMessageId", our_id()),
            M.IndexedPageItemView(MaxEntriesReturned=str(most), Offset="0", BasePoint="Beginning"),
            *condition,
            M.SortOrder(newest_first),
            M.ParentFolderIds(distinguished(folder)),
            Traversal="Shallow",
        )
        return list(each(self._session.one("FindItem", request), "m:RootFolder/t:Items/*"))

    def file(self, mail: OutgoingMail) -> None:
        """The server has done it."""

    def close(self) -> None:
        self._session.close()


def our_id() -> Element:
    """Our Message-ID once more, as a property that stays whatever transport does to the header."""
    return T.ExtendedFieldURI(
        DistinguishedPropertySetId="PublicStrings", PropertyName="mailbot-message-id", PropertyType="String"
    )


def _with_message_id(message_id: str) -> Element:
    return M.Restriction(
        T.Or(
            *(
                T.IsEqualTo(uri, T.FieldURIOrConstant(T.Constant(Value=message_id)))
                for uri in (our_id(), T.FieldURI(FieldURI="message:InternetMessageId"))
            )
        )
    )


def _has_message_id(item: Element, message_id: str) -> bool:
    values = (text(item, "t:InternetMessageId"), text(item, "t:ExtendedProperty/t:Value"))
    return message_id in values
