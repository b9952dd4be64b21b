"""Sorting the mail of a mailbox on Exchange."""

from mailbot.platforms.base import Folder
from mailbot.platforms.ews.failures import NotThere
from mailbot.platforms.ews.session import EwsSession
from mailbot.platforms.ews.xml import Element, M, T, each, first, identifier, item_ids, shape


class EwsFiling:
    """Filing of one mailbox, on a session of its own. A moved item has a new id."""

    def __init__(self, session: EwsSession) -> None:
        self._session = session

    def categorise(self, delivery_id: str, category: str) -> bool:
        """https://learn.microsoft.com/exchange/client-developer/web-service-reference/updateitem-operation"""
        answer = self._ask("GetItem", M.GetItem(shape("item:Categories"), item_ids(delivery_id)))
        item = None if answer is None else first(answer, "m:Items/*")
        if item is None:
            return False
        present = [one.text or "" for one in each(item, "t:Categories/t:String")]
        if category in present:
            return True
        found = first(item, "t:ItemId")
        values = T.Message(T.Categories(*map(T.String, (*present, category))))
        field = T.SetItemField(T.FieldURI(FieldURI="item:Categories"), values)
        changed = T.ItemChange(
            T.ItemId(Id=delivery_id, ChangeKey="" if found is None else found.get("ChangeKey", "")), T.Updates(field)
        )
        request = M.UpdateItem(M.ItemChanges(changed), MessageDisposition="SaveOnly", ConflictResolution="AutoResolve")
        return self._ask("UpdateItem", request) is not None

    def move(self, delivery_id: str, to: Folder) -> str | None:
        answer = self._ask("MoveItem", M.MoveItem(M.ToFolderId(T.FolderId(Id=to.id)), item_ids(delivery_id)))
        return None if answer is None else identifier(answer, "m:Items/*/t:ItemId")

    def discard(self, delivery_id: str) -> bool:
        request = M.DeleteItem(item_ids(delivery_id), DeleteType="MoveToDeletedItems")
        return self._ask("DeleteItem", request) is not None

    def _ask(self, operation: str, request: Element) -> Element | None:
        """None when the item has vanished."""
        try:
            return self._session.one(operation, request)
        except NotThere:
            return None

    def close(self) -> None:
        self._session.close()
