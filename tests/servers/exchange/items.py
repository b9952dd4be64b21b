"""Items as XML: what a shape asks for, and drafts made from MIME."""

from base64 import b64decode, b64encode
from collections.abc import Iterator
from email import message_from_bytes, policy
from typing import Any

from lxml import etree

from tests.servers.exchange.organisation import Box, Folder, Item, Organisation
from tests.servers.exchange.xml import MESSAGES, TYPES, Failed, T, all_of, instant, parsed, text_of

Element = etree._Element
_TRANSPORT_HEADERS = "0x7d"
_LAST_VERB = (0x1081, 0x1082)


def item_id(item: Item) -> Element:
    return T.ItemId(Id=item.id, ChangeKey=f"CQAAA{item.change_key:04d}")


def find(box: Box, wanted: Element) -> Item:
    found = box.items.get(wanted.get("Id", ""))
    if found is None:
        raise Failed("ErrorItemNotFound")
    return found


def element(box: Box, item: Item, shape: Element) -> Element:
    """The item with the asked properties, in the order of the schema."""
    asked = {each.get("FieldURI") for each in all_of(shape, ".//t:FieldURI")}
    if text_of(shape, "t:IncludeMimeContent") == "true":
        asked.add("item:MimeContent")
    if text_of(shape, "t:BaseShape") != "IdOnly":
        raise Failed("ErrorInvalidRequest")  # nothing but what is asked for
    parts: list[Element] = []
    if "item:MimeContent" in asked:
        parts.append(T.MimeContent(b64encode(item.raw).decode(), CharacterSet="UTF-8"))
    parts.append(item_id(item))
    parts += [value for name, value in _item_properties(item) if name in asked]
    parts += _extended(item, shape)
    if item.start is not None:
        return T.CalendarItem(*parts, *_appointment(item, asked))
    return T.Message(*parts, *(value for name, value in _message_properties(item) if name in asked))


def _item_properties(item: Item) -> Iterator[tuple[str, Element]]:
    """In the order of the schema; those that are not there are left out."""
    header = message_from_bytes(item.header, policy=policy.default)
    attachments = list(_attachments(item))
    yield "item:ParentFolderId", T.ParentFolderId(Id=item.folder, ChangeKey="AQAAAA==")
    yield "item:ItemClass", T.ItemClass(item.item_class)
    yield "item:Subject", T.Subject(_xml_text(item.subject))
    yield "item:Body", _body(item)
    if attachments:
        yield "item:Attachments", T.Attachments(*attachments)
    if item.has_date:
        yield "item:DateTimeReceived", T.DateTimeReceived(instant(item.received_at))
    yield "item:Size", T.Size(str(len(item.raw)))
    if item.categories:
        yield "item:Categories", T.Categories(*(T.String(each) for each in item.categories))
    if header["In-Reply-To"]:
        yield "item:InReplyTo", T.InReplyTo(str(header["In-Reply-To"]))
    yield "item:IsDraft", T.IsDraft("true" if item.is_draft else "false")
    yield "item:DateTimeSent", T.DateTimeSent(instant(item.received_at))
    if item.created_at is not None:
        yield "item:DateTimeCreated", T.DateTimeCreated(instant(item.created_at))
    yield "item:HasAttachments", T.HasAttachments("true" if attachments else "false")


def _message_properties(item: Item) -> Iterator[tuple[str, Element]]:
    header = message_from_bytes(item.header, policy=policy.default)
    for field, make in (("To", T.ToRecipients), ("Cc", T.CcRecipients)):
        if header[field]:
            yield f"message:{field}Recipients", make(*_mailboxes(header[field]))
    if header["From"]:
        yield "message:From", T.From(*_mailboxes(header["From"]))
    yield "message:InternetMessageId", T.InternetMessageId(item.message_id)
    yield "message:IsRead", T.IsRead("true" if item.is_read else "false")
    if header["References"]:
        yield "message:References", T.References(str(header["References"]))
    if header["Reply-To"]:
        yield "message:ReplyTo", T.ReplyTo(*_mailboxes(header["Reply-To"]))


def _mailboxes(field: Any) -> list[Element]:
    return [
        T.Mailbox(T.Name(one.display_name or one.addr_spec), T.EmailAddress(one.addr_spec)) for one in field.addresses
    ]


def _body(item: Item) -> Element:
    found = message_from_bytes(item.raw, policy=policy.default).get_body(("html", "plain"))
    kind = "HTML" if found is not None and found.get_content_subtype() == "html" else "Text"
    return T.Body(_xml_text(found.get_content()) if found is not None else "", BodyType=kind)


def _attachments(item: Item) -> Iterator[Element]:
    for part in message_from_bytes(item.raw, policy=policy.default).iter_attachments():
        make = T.ItemAttachment if part.get_content_type() == "message/rfc822" else T.FileAttachment
        parts = [T.AttachmentId(Id="YXR0"), T.Name(part.get_filename() or "")]
        yield make(*parts, T.ContentType(part.get_content_type()), T.Size("1"), T.IsInline("false"))


def _appointment(item: Item, asked: set[str | None]) -> list[Element]:
    assert item.start is not None and item.end is not None
    values = {
        "calendar:Start": T.Start(instant(item.start)),
        "calendar:End": T.End(instant(item.end)),
        "calendar:IsAllDayEvent": T.IsAllDayEvent("true" if item.all_day else "false"),
        "calendar:LegacyFreeBusyStatus": T.LegacyFreeBusyStatus(item.free_busy),
    }
    return [value for name, value in values.items() if name in asked]


def _extended(item: Item, shape: Element) -> list[Element]:
    found = []
    for wanted in all_of(shape, ".//t:ExtendedFieldURI"):
        tag, name = wanted.get("PropertyTag"), wanted.get("PropertyName")
        value: str | None = None
        if tag and int(tag, 0) == int(_TRANSPORT_HEADERS, 0) and item.transported:
            value = item.header.decode("utf-8", "replace")
        elif tag and item.last_verb and int(tag, 0) in _LAST_VERB:
            verb, at = item.last_verb
            value = str(verb) if int(tag, 0) == _LAST_VERB[0] else instant(at)
        elif name:
            value = item.properties.get(name)
        if value is not None:
            found.append(T.ExtendedProperty(_copy(wanted), T.Value(_xml_text(value))))
    return found


def _xml_text(value: str) -> str:
    """XML 1.0 has no control characters; Exchange leaves them out too."""
    return "".join(each for each in value if each >= " " or each in "\t\r\n")


def _copy(wanted: Element) -> Element:
    return etree.fromstring(etree.tostring(wanted))


def create(organisation: Organisation, box: Box, folder: Folder, element: Element) -> Item:
    """A draft with the MIME it came with; it has not been through transport."""
    content = text_of(element, "t:MimeContent")
    if content is None:
        raise Failed("ErrorMimeContentInvalid")
    properties = {
        each.find(f"{{{TYPES}}}ExtendedFieldURI").get("PropertyName"): text_of(each, "t:Value")
        for each in all_of(element, "t:ExtendedProperty")
    }
    values: dict[str, Any] = {"is_draft": True, "transported": False, "properties": properties}
    return organisation.put(box, folder.id, b64decode(content), organisation.now(), **values)


def matches(request: Element, item: Item) -> bool:
    """A CalendarView, or conditions joined by And or Or."""
    view = request.find(f"{{{MESSAGES}}}CalendarView")
    if view is not None:
        assert item.start is not None and item.end is not None
        return item.start < parsed(view.get("EndDate")) and item.end > parsed(view.get("StartDate"))
    restriction = request.find(f"{{{MESSAGES}}}Restriction")
    return restriction is None or _holds(restriction[0], item)


def _holds(condition: Element, item: Item) -> bool:
    kind = etree.QName(condition).localname
    if kind in ("And", "Or"):
        return (all if kind == "And" else any)(_holds(one, item) for one in condition)
    wanted = condition.find(f".//{{{TYPES}}}Constant").get("Value")
    value = _value(condition[0], item)
    if kind == "IsEqualTo":
        return value == wanted
    assert kind == "IsGreaterThanOrEqualTo" and value is not None
    return parsed(value) >= parsed(wanted)


def _value(field: Element, item: Item) -> str | None:
    """What a condition asks of an item, as text."""
    name = field.get("PropertyName")
    if field.get("DistinguishedPropertySetId") == "InternetHeaders":
        return message_from_bytes(item.header)[name]
    if name is not None:
        return item.properties.get(name)
    values = {
        "message:InternetMessageId": item.message_id,
        "item:InReplyTo": message_from_bytes(item.header)["In-Reply-To"],
        "item:DateTimeReceived": instant(item.received_at),
    }
    return values[field.get("FieldURI")]
