"""A large message without the content of its attachments: its text and the names of what came along.

MIME from Exchange is all or nothing; header, body and attachments can be asked for one by one.
"""

import base64
import re
from collections.abc import Iterator
from urllib.parse import quote

from mailbot.mail.left_out import LEFT_OUT
from mailbot.platforms.ews.xml import Element, each, first, text

#: messages up to this size are fetched whole: that is one question less
WHOLE_UP_TO_OCTETS = 512_000
#: item:Body in the form in which it was written
FIELDS = ("item:Body", "item:Attachments")

_CRLF = b"\r\n"
_CONTENT_FIELD = re.compile(rb"(?im)^(?:content-[!-9;-~]*|mime-version):[^\n]*\n(?:[ \t][^\n]*\n)*")
_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+", re.IGNORECASE)
_BASE64_LINE = 76


def rebuilt(header: bytes, item: Element) -> bytes:
    """A message with this header block, the item's body, and its attachments left out."""
    boundary = b"=_mailbot_" + base64.b16encode(header[-16:]).lower()
    pieces = [_CONTENT_FIELD.sub(b"", header).rstrip(_CRLF), _CRLF, b"MIME-Version: 1.0", _CRLF]
    pieces += [b'Content-Type: multipart/mixed; boundary="', boundary, b'"', _CRLF, _CRLF]
    for part in (_body(item), *_attachments(item)):
        pieces += [b"--", boundary, _CRLF, part, _CRLF]
    return b"".join([*pieces, b"--", boundary, b"--", _CRLF])


def _body(item: Element) -> bytes:
    body = first(item, "t:Body")
    is_html = body is not None and body.get("BodyType") == "HTML"
    encoded = base64.b64encode((body.text or "").encode() if body is not None else b"")
    lines = (encoded[start : start + _BASE64_LINE] for start in range(0, len(encoded), _BASE64_LINE))
    kind = b"text/html" if is_html else b"text/plain"
    head = b"Content-Type: " + kind + b"; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head + _CRLF.join(lines)


def _attachments(item: Element) -> Iterator[bytes]:
    for attachment in each(item, "t:Attachments/*"):
        is_message = attachment.tag.endswith("}ItemAttachment")
        named = text(attachment, "t:ContentType")
        kind = named if _MEDIA_TYPE.fullmatch(named) else "application/octet-stream"
        # RFC 2231: whatever stands in a file name cannot end the field
        name = quote(text(attachment, "t:Name"), safe="")
        yield (
            f"Content-Type: {'message/rfc822' if is_message else kind.lower()}\r\n"
            f"Content-Disposition: {'inline' if text(attachment, 't:IsInline') == 'true' else 'attachment'}; "
            f"filename*=UTF-8''{name}\r\n\r\n"
        ).encode("ascii") + LEFT_OUT
