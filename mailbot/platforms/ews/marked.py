"""Probes and what came of them in a mailbox on Exchange: found by a header field, and deleted."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime

from mailbot.platforms.ews.failures import NotThere
from mailbot.platforms.ews.folders import find_folders
from mailbot.platforms.ews.mailbox import EwsMailbox
from mailbot.platforms.ews.session import EwsSession
from mailbot.platforms.ews.xml import Element, M, T, each, identifier, item_ids, shape, written

#: probes and answers that lie in one folder at the same time
_MOST = 100

_KNOWN_FIELDS = {"message-id": "message:InternetMessageId", "in-reply-to": "item:InReplyTo"}


class EwsMarkedMail:
    """MarkedMail of one mailbox. The server searches; of other people's mail nothing is asked for."""

    def __init__(self, session: EwsSession) -> None:
        self._session = session
        self._mailbox = EwsMailbox(session)

    def find(self, field: str, value: str, since: datetime) -> Sequence[bytes]:
        found = (self._mailbox.whole(item) for item in self._matching(field, value, since))
        return [raw for raw in found if raw]

    def remove(self, field: str, value: str, since: datetime) -> int:
        removed = 0
        for item in list(self._matching(field, value, since)):
            with suppress(NotThere):
                self._session.one("DeleteItem", M.DeleteItem(item_ids(item), DeleteType="HardDelete"))
                removed += 1
        return removed

    def _matching(self, field: str, value: str, since: datetime) -> Iterator[str]:
        """Ids in all folders of mail, the trash as well."""
        folders = [folder.id for folder in find_folders(self._session)]
        request = M.FindItem(
            shape(),
            M.IndexedPageItemView(MaxEntriesReturned=str(_MOST), Offset="0", BasePoint="Beginning"),
            _marked(field, value, since),
            M.ParentFolderIds(*(T.FolderId(Id=one) for one in folders)),
            Traversal="Shallow",
        )
        for answer in self._session.ask("FindItem", request):
            with suppress(NotThere):  # a folder that has gone meanwhile
                self._session.require(answer)
                yield from (identifier(item) for item in each(answer, "m:RootFolder/t:Items/*"))

    def close(self) -> None:
        self._session.close()


def _marked(field: str, value: str, since: datetime) -> Element:
    """Header fields that Exchange has no property for are named ones (MS-OXPROPS, PS_INTERNET_HEADERS)."""
    known = _KNOWN_FIELDS.get(field.lower())
    named = {"DistinguishedPropertySetId": "InternetHeaders", "PropertyName": field, "PropertyType": "String"}
    uri = T.FieldURI(FieldURI=known) if known else T.ExtendedFieldURI(**named)
    return M.Restriction(
        T.And(
            T.IsEqualTo(uri, T.FieldURIOrConstant(T.Constant(Value=value))),
            T.IsGreaterThanOrEqualTo(
                T.FieldURI(FieldURI="item:DateTimeReceived"), T.FieldURIOrConstant(T.Constant(Value=written(since)))
            ),
        )
    )
