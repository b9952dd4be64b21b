"""A large message of Graph without the content of its attachments (see `without_attachments`).

Graph tells no size of a message but in a MAPI property, and MIME from it is all or nothing.
"""

from mailbot.platforms.graph.answers import Json
from mailbot.platforms.graph.headers import SELECT as HEADERS
from mailbot.platforms.graph.headers import extended, header_of
from mailbot.platforms.without_attachments import WHOLE_UP_TO_OCTETS, LeftBehind, rebuilt

#: PidTagMessageSize (MS-OXPROPS 2.796)
SIZE = "Integer 0x0e08"
#: of the message, and of its attachments; the latter without their content
SELECT = f"{HEADERS},body"
ATTACHMENTS = "id,name,contentType,isInline,size"


def size_of(message: Json) -> int:
    """In octets, as Exchange keeps it; 0 where it is not told."""
    told = extended(message, SIZE)
    return int(told) if told.isdigit() else 0


def is_large(message: Json) -> bool:
    return size_of(message) > WHOLE_UP_TO_OCTETS


def without_attachments(message: Json, attachments: Json) -> bytes:
    """A message with the header block and the body of `message`, and the named attachments left out."""
    body = message.get("body") or {}
    is_html = str(body.get("contentType") or "").lower() == "html"
    left = [_left(each) for each in attachments.get("value") or ()]
    return rebuilt(header_of(message), str(body.get("content") or ""), is_html=is_html, attachments=left)


def _left(attachment: Json) -> LeftBehind:
    return LeftBehind(
        name=str(attachment.get("name") or ""),
        content_type=str(attachment.get("contentType") or ""),
        is_inline=attachment.get("isInline") is True,
        is_message=str(attachment.get("@odata.type") or "").endswith("itemAttachment"),
    )
