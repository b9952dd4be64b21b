"""Content-Transfer-Encoding (RFC 2045 section 6): damage costs octets, never raises."""

import binascii
import re
from typing import Final

#: identity encodings need no decoding; anything else that is unknown is left as it stands
IDENTITY: Final = frozenset({"7bit", "8bit", "binary"})
KNOWN: Final = IDENTITY | {"base64", "quoted-printable"}

_NOT_BASE64 = bytes(sorted(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")))
#: the look-behind keeps it linear: a run of blanks is tried once, at its beginning
_BLANKS_BEFORE_BREAK = re.compile(rb"(?<![ \t])[ \t]++(?=\r?\n)")


def decode(data: bytes | memoryview, encoding: str) -> bytes:
    """The octets that `data` stands for."""
    if encoding == "base64":
        return decode_base64(data)
    if encoding == "quoted-printable":
        return decode_quoted_printable(bytes(data))
    return bytes(data)


def decode_base64(data: bytes | memoryview) -> bytes:
    """Base64 with foreign characters ignored (RFC 2045 6.8) and missing padding supplied."""
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        pass
    letters = bytes(data).translate(None, _NOT_BASE64)
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def decode_quoted_printable(data: bytes) -> bytes:
    """Quoted-printable; "=" that introduces nothing stays, line ends stay as they were."""
    return binascii.a2b_qp(_BLANKS_BEFORE_BREAK.sub(b"", data))


def decoded_size(raw: bytes, start: int, end: int, encoding: str) -> int:
    """Octets of raw[start:end] after decoding; estimated without decoding it (attachments may be 50 MB)."""
    length = end - start
    if encoding == "quoted-printable":
        return max(0, length - 2 * raw.count(b"=", start, end))
    if encoding != "base64" or length == 0:
        return length
    first_break = raw.find(b"\n", start, end)
    if first_break >= 0:
        line_end = 2 if raw[first_break - 1 : first_break] == b"\r" else 1
        line = first_break + 1 - start
        shorter_last_line = length % line > 0 and raw[end - 1 : end] == b"\n"
        length -= line_end * (length // line + shorter_last_line)
    tail = raw[max(start, end - 8) : end].strip()
    return max(0, length * 3 // 4 - (len(tail) - len(tail.rstrip(b"="))))
