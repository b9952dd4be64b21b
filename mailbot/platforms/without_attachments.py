"""A large message without the content of its attachments: its text, and the names of what came along.

For servers whose MIME is all or nothing, and which give header, text and attachments one by one as well.
"""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from mailbot.mail.left_out import LEFT_OUT

#: messages up to this size are fetched whole: that is one question less
WHOLE_UP_TO_OCTETS = 512_000

_CRLF = b"\r\n"
_CONTENT_FIELD = re.compile(rb"(?im)^(?:content-[!-9;-~]*|mime-version):[^\n]*\n(?:[ \t][^\n]*\n)*")
_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+", re.IGNORECASE)
_BASE64_LINE = 76


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftBehind:
    """An attachment as the server names it."""

    name: str
    content_type: str
    is_inline: bool
    #: a message within the message
    is_message: bool


def rebuilt(header: bytes, text: str, *, is_html: bool, attachments: Iterable[LeftBehind]) -> bytes:
    """A message with this header block, its text, and its attachments left out."""
    boundary = b"=_mailbot_" + base64.b16encode(header[-16:]).lower()
    pieces = [_CONTENT_FIELD.sub(b"", header).rstrip(_CRLF), _CRLF, b"MIME-Version: 1.0", _CRLF]
    pieces += [b'Content-Type: multipart/mixed; boundary="', boundary, b'"', _CRLF, _CRLF]
    for part in (_body(text, is_html=is_html), *map(_attachment, attachments)):
        pieces += [b"--", boundary, _CRLF, part, _CRLF]
    return b"".join([*pieces, b"--", boundary, b"--", _CRLF])


def _body(text: str, *, is_html: bool) -> bytes:
    encoded = base64.b64encode(text.encode("utf-8", "surrogatepass"))
    lines = (encoded[start : start + _BASE64_LINE] for start in range(0, len(encoded), _BASE64_LINE))
    kind = b"text/html" if is_html else b"text/plain"
    head = b"Content-Type: " + kind + b"; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head + _CRLF.join(lines)


def _attachment(one: LeftBehind) -> bytes:
    kind = one.content_type.lower() if _MEDIA_TYPE.fullmatch(one.content_type) else "application/octet-stream"
    # RFC 2231: whatever stands in a file name cannot end the field
    name = quote(one.name, safe="", errors="replace")
    return (
        f"Content-Type: {'message/rfc822' if one.is_message else kind}\r\n"
        f"Content-Disposition: {'inline' if one.is_inline else 'attachment'}; filename*=UTF-8''{name}\r\n\r\n"
    ).encode("ascii") + LEFT_OUT
