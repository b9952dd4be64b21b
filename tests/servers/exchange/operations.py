"""What each operation of Exchange Web Services does to the mailboxes, as its documentation page says.

https://learn.microsoft.com/exchange/client-developer/web-service-reference/ews-operations-in-exchange
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from lxml import etree

from tests.servers.exchange import items, settings
from tests.servers.exchange.organisation import Box, Folder, Organisation
from tests.servers.exchange.xml import MESSAGES, TYPES, Failed, M, SoapFault, T, all_of, text_of

if TYPE_CHECKING:
    from tests.servers.exchange.server import Faults

__all__ = ["Box", "Call", "answer"]

Element = etree._Element


@dataclass
class Call:
    organisation: Organisation
    impersonated: Box | None
    request: Element
    faults: "Faults"

    @property
    def box(self) -> Box:
        if self.impersonated is None:  # the service account has no mailbox of its own
            raise SoapFault("ErrorMissingEmailAddress")
        return self.impersonated

    def folder(self, element: Element) -> Folder:
        """The folder of a FolderId or DistinguishedFolderId."""
        wanted = element.get("Id")
        if etree.QName(element).localname == "DistinguishedFolderId":
            found = [each for each in self.box.folders.values() if each.distinguished == wanted]
        else:
            found = [self.box.folders[wanted]] if wanted in self.box.folders else []
        if not found:
            raise Failed("ErrorFolderNotFound")
        return found[0]


def answer(name: str, call: Call) -> Element:
    if (code := call.faults.codes.get(name)) is not None:
        return _failed(name, code)
    return _OPERATIONS[name](call)


def _failed(name: str, code: str) -> Element:
    response = etree.Element(f"{{{MESSAGES}}}{name}Response", nsmap={"m": MESSAGES, "t": TYPES})
    if name in ("GetInboxRules", "UpdateInboxRules"):
        response.set("ResponseClass", "Error")
        response.append(M.MessageText("failed"))
        response.append(M.ResponseCode(code))
        return response
    message = _error(name, code)
    if name in ("GetUserOofSettings", "SetUserOofSettings"):
        message.tag = f"{{{MESSAGES}}}ResponseMessage"
        response.append(message)
    else:
        response.append(M.ResponseMessages(message))
    return response


def _error(name: str, code: str) -> Element:
    message = etree.Element(f"{{{MESSAGES}}}{name}ResponseMessage", ResponseClass="Error")
    message.append(M.MessageText("failed"))
    message.append(M.ResponseCode(code))
    message.append(M.DescriptiveLinkKey("0"))
    if name in ("GetItem", "CreateItem", "MoveItem", "UpdateItem"):
        message.append(M.Items())
    if name == "GetFolder":
        message.append(M.Folders())
    return message


def _success(name: str, *content: Element) -> Element:
    message = etree.Element(f"{{{MESSAGES}}}{name}ResponseMessage", ResponseClass="Success")
    message.extend([M.ResponseCode("NoError"), *content])
    return message


def _each(name: str, one: Callable[[Element], list[Element]], elements: list[Element]) -> Element:
    """One response message for each element, failed or not."""
    response = etree.Element(f"{{{MESSAGES}}}{name}Response", nsmap={"m": MESSAGES, "t": TYPES})
    messages = M.ResponseMessages()
    for element in elements:
        try:
            messages.append(_success(name, *one(element)))
        except Failed as problem:
            messages.append(_error(name, problem.code))
    response.append(messages)
    return response


# --- folders ---


def _folder_element(call: Call, folder: Folder) -> Element:
    kinds = {"IPF.Appointment": T.CalendarFolder, "IPF.Contact": T.ContactsFolder, "IPF.Task": T.TasksFolder}
    make = kinds.get(folder.item_class, T.Folder)
    children = sum(each.parent == folder.id for each in call.box.folders.values())
    present = list(call.box.in_folder(folder.id))
    parts = [T.FolderId(Id=folder.id, ChangeKey="AQAAAA==")]
    if folder.parent:
        parts.append(T.ParentFolderId(Id=folder.parent, ChangeKey="AQAAAA=="))
    parts += [
        T.FolderClass(folder.item_class),
        T.DisplayName(folder.name),
        T.TotalCount(str(len(present))),
        T.ChildFolderCount(str(children)),
    ]
    if make in (T.Folder, T.TasksFolder):
        parts.append(T.UnreadCount(str(sum(not each.is_read for each in present))))
    return make(*parts)


def _get_folder(call: Call) -> Element:
    wanted = list(call.request.find(f"{{{MESSAGES}}}FolderIds"))
    return _each("GetFolder", lambda one: [M.Folders(_folder_element(call, call.folder(one)))], wanted)


def _below(call: Call, folder: Folder) -> Iterator[Folder]:
    for each in call.box.folders.values():
        if each.parent == folder.id:
            yield each
            yield from _below(call, each)


def _find_folder(call: Call) -> Element:
    def found(parent: Element) -> list[Element]:
        below = [_folder_element(call, each) for each in _below(call, call.folder(parent))]
        offset, most = 0, len(below)
        paging = call.request.find(f"{{{MESSAGES}}}IndexedPageFolderView")
        if paging is not None:
            offset, most = int(paging.get("Offset")), int(paging.get("MaxEntriesReturned", len(below)))
        page = below[offset : offset + most]
        end = offset + len(page)
        root = M.RootFolder(T.Folders(*page), IndexedPagingOffset=str(end))
        root.set("TotalItemsInView", str(len(below)))
        root.set("IncludesLastItemInRange", "true" if end >= len(below) else "false")
        return [root]

    return _each("FindFolder", found, list(call.request.find(f"{{{MESSAGES}}}ParentFolderIds")))


# --- changes ---


def _sync_folder_items(call: Call) -> Element:
    if call.faults.no_extended and call.request.find(f".//{{{TYPES}}}ExtendedFieldURI") is not None:
        if call.faults.no_extended == "fault":
            raise SoapFault("SOAP:Client")
        return _failed("SyncFolderItems", call.faults.no_extended)

    def changes(wanted: Element) -> list[Element]:
        folder = call.folder(wanted)
        state = text_of(call.request, "m:SyncState")
        epoch, since = folder.epoch, 0
        if state:
            epoch, since = map(int, b64decode(state).decode().split(":"))
        if epoch != folder.epoch:
            raise Failed("ErrorInvalidSyncStateData")
        most = int(text_of(call.request, "m:MaxChangesReturned") or 512)
        if most > 512:
            raise Failed("ErrorInvalidSyncStateData")
        numbers = {item_id: number for number, _, item_id in folder.log}
        found, _ = call.organisation.changes(folder, since)
        if not state:
            found = [each for each in found if each[0] != "delete"]
        page = found[:most]
        reached = numbers[page[-1][1]] if page else since
        shape = call.request.find(f"{{{MESSAGES}}}ItemShape")
        elements = [_change(call, kind, item_id, shape) for kind, item_id in page]
        return [
            M.SyncState(b64encode(f"{folder.epoch}:{reached}".encode()).decode()),
            M.IncludesLastItemInRange("true" if len(page) == len(found) else "false"),
            M.Changes(*elements),
        ]

    return _each("SyncFolderItems", changes, [call.request.find(f"{{{MESSAGES}}}SyncFolderId")[0]])


def _change(call: Call, kind: str, item_id: str, shape: Element) -> Element:
    if kind == "delete":
        return T.Delete(T.ItemId(Id=item_id))
    item = call.box.items[item_id]
    if kind == "read":
        return T.ReadFlagChange(items.item_id(item), T.IsRead("true" if item.is_read else "false"))
    make = T.Create if kind == "create" else T.Update
    return make(items.element(call.box, item, shape))


# --- items ---


def _get_item(call: Call) -> Element:
    shape = call.request.find(f"{{{MESSAGES}}}ItemShape")
    given = count(1)

    def one(wanted: Element) -> list[Element]:
        if next(given) > call.faults.most_items:
            raise Failed("ErrorServerBusy")
        item = items.find(call.box, wanted)
        wants_mime = text_of(shape, "t:IncludeMimeContent") == "true"
        code = call.faults.items.get(item.id)
        if item.id in call.faults.no_mime and wants_mime:
            code = "ErrorMimeContentConversionFailed"
        if code is not None:
            raise Failed(code)
        return [M.Items(items.element(call.box, item, shape))]

    return _each("GetItem", one, list(call.request.find(f"{{{MESSAGES}}}ItemIds")))


def _find_item(call: Call) -> Element:
    shape = call.request.find(f"{{{MESSAGES}}}ItemShape")

    def found(parent: Element) -> list[Element]:
        folder = call.folder(parent)
        if call.faults.cannot_search and call.request.find(f"{{{MESSAGES}}}Restriction") is not None:
            raise Failed("ErrorUnsupportedQueryFilter")
        present = [each for each in call.box.in_folder(folder.id) if items.matches(call.request, each)]
        present.sort(key=lambda each: each.start or each.received_at)
        root = M.RootFolder(T.Items(*(items.element(call.box, each, shape) for each in present)))
        root.set("IndexedPagingOffset", str(len(present)))
        root.set("TotalItemsInView", str(len(present)))
        root.set("IncludesLastItemInRange", "true")
        return [root]

    return _each("FindItem", found, list(call.request.find(f"{{{MESSAGES}}}ParentFolderIds")))


def _create_item(call: Call) -> Element:
    disposition = call.request.get("MessageDisposition")
    target = call.request.find(f"{{{MESSAGES}}}SavedItemFolderId")
    folder = call.folder(target[0]) if target is not None else call.box.distinguished("drafts")

    def one(element: Element) -> list[Element]:
        if disposition != "SaveOnly":
            raise Failed("ErrorInvalidRequest")  # drafts only: what goes out is sent by SendItem
        item = items.create(call.organisation, call.box, folder, element)
        return [M.Items(T.Message(items.item_id(item)))]

    return _each("CreateItem", one, list(call.request.find(f"{{{MESSAGES}}}Items")))


def _send_item(call: Call) -> Element:
    saved = call.request.find(f"{{{MESSAGES}}}SavedItemFolderId")

    def one(wanted: Element) -> list[Element]:
        item = items.find(call.box, wanted)
        if not item.is_draft:
            raise Failed("ErrorCannotUseItemIdForItemId")
        if not wanted.get("ChangeKey"):
            raise Failed("ErrorChangeKeyRequired")
        if call.faults.sends_copies_into:
            into = call.box.distinguished(call.faults.sends_copies_into).id
            values = {"properties": dict(item.properties), "transported": False}
            call.organisation.put(call.box, into, item.raw, call.organisation.now(), **values)
            call.organisation.submit(call.box, item)
            return []
        item.is_draft = False
        call.organisation.move(call.box, item, call.folder(saved[0]).id)
        call.organisation.submit(call.box, item)
        return []

    response = _each("SendItem", one, list(call.request.find(f"{{{MESSAGES}}}ItemIds")))
    if call.faults.silent_send:
        for code in response.iter(f"{{{MESSAGES}}}ResponseCode"):
            code.getparent().remove(code)
    return response


def _move_item(call: Call) -> Element:
    folder = call.folder(call.request.find(f"{{{MESSAGES}}}ToFolderId")[0])

    def one(wanted: Element) -> list[Element]:
        moved = call.organisation.move(call.box, items.find(call.box, wanted), folder.id)
        return [M.Items(T.Message(items.item_id(moved)))]

    return _each("MoveItem", one, list(call.request.find(f"{{{MESSAGES}}}ItemIds")))


def _delete_item(call: Call) -> Element:
    def one(wanted: Element) -> list[Element]:
        item = items.find(call.box, wanted)
        if call.request.get("DeleteType") == "MoveToDeletedItems":
            call.organisation.move(call.box, item, call.box.distinguished("deleteditems").id)
        else:
            call.organisation.delete(call.box, item)
        return []

    return _each("DeleteItem", one, list(call.request.find(f"{{{MESSAGES}}}ItemIds")))


def _subscribe(call: Call) -> Element:
    wanted = list(call.request.find(f"{{{MESSAGES}}}StreamingSubscriptionRequest/{{{TYPES}}}FolderIds"))
    return _each("Subscribe", lambda one: [M.SubscriptionId(f"sub-{call.folder(one).id}")], wanted)


def streamed(event: str) -> Element:
    """https://learn.microsoft.com/exchange/client-developer/web-service-reference/getstreamingevents-operation"""
    status = M.ConnectionStatus("Closed" if event == "Closed" else "OK")
    content = [status]
    if event not in ("Closed", "StatusEvent"):
        item, folder = T.ItemId(Id="aXRlbQ==", ChangeKey="Q1E="), T.ParentFolderId(Id="Zm9sZGVy", ChangeKey="Q1E=")
        told = getattr(T, event)(T.TimeStamp("2026-11-30T07:00:00Z"), item, folder)
        content.insert(0, M.Notifications(T.Notification(T.SubscriptionId("sub"), told)))
    response = etree.Element(f"{{{MESSAGES}}}GetStreamingEventsResponse", nsmap={"m": MESSAGES, "t": TYPES})
    response.append(M.ResponseMessages(_success("GetStreamingEvents", *content)))
    return response


def _convert_id(call: Call) -> Element:
    """exchangelib asks this first, to learn the server's version."""
    return _each(
        "ConvertId", lambda _: _raise(Failed("ErrorInvalidIdMalformed")), all_of(call.request, "m:SourceIds/*")
    )


def _raise(problem: Exception) -> list[Element]:
    raise problem


def _update_item(call: Call) -> Element:
    def one(change: Element) -> list[Element]:
        item = items.find(call.box, change[0])
        field = change.find(f"{{{TYPES}}}Updates/{{{TYPES}}}SetItemField")
        if field.find(f"{{{TYPES}}}FieldURI").get("FieldURI") != "item:Categories":
            raise Failed("ErrorInvalidPropertySet")
        item.categories = tuple(str(each.text) for each in field.iter(f"{{{TYPES}}}String"))
        item.change_key += 1
        call.organisation.note(call.box, item.folder, "update", item.id)
        return [M.Items(T.Message(items.item_id(item)))]

    return _each("UpdateItem", one, list(call.request.find(f"{{{MESSAGES}}}ItemChanges")))


_OPERATIONS: dict[str, Callable[[Call], Element]] = {
    "ConvertId": _convert_id,
    "CreateItem": _create_item,
    "DeleteItem": _delete_item,
    "FindFolder": _find_folder,
    "FindItem": _find_item,
    "GetFolder": _get_folder,
    "GetItem": _get_item,
    "MoveItem": _move_item,
    "SendItem": _send_item,
    "Subscribe": _subscribe,
    "SyncFolderItems": _sync_folder_items,
    "GetUserOofSettingsRequest": settings.get_oof,
    "SetUserOofSettingsRequest": settings.set_oof,
    "GetInboxRules": settings.get_rules,
    "UpdateItem": _update_item,
    "UpdateInboxRules": settings.update_rules,
    "GetMailTips": settings.get_mail_tips,
    "ResolveNames": settings.resolve_names,
    "GetUserConfiguration": settings.get_configuration,
    "CreateUserConfiguration": settings.create_configuration,
    "UpdateUserConfiguration": settings.update_configuration,
}
