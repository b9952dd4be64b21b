"""RFC 2047 encoded words in header fields, read as mail readers read them rather than as the grammar wants them.

The standard library's `decode_header` raises on damaged base64 and decodes each word alone, so that a character cut in
two by a careless sender is lost; both happen daily.
"""

import binascii
import re

from mailbot.mail import charset
from mailbot.mail.transfer import decode_base64

#: Some senders leave question marks in the text as they are ("=?utf-8?q?Hur_d=C3=A5??="); how many and how far apart is
#: bounded, so that the search stays linear on "=?a?q?=?a?q?...".
ENCODED_WORD = rb"=\?([^?\s*]{1,60})(?:\*[^?\s]{0,60})?\?([bBqQ])\?([^?]*+(?>(?:\?(?!=)[^?\s]{0,80}+){0,8}))\?="

_WORD = re.compile(ENCODED_WORD)
_FOLD = re.compile(rb"\r*\n|\r")


def decode_field(raw: bytes) -> str:
    """One header field body as text: unfolded (RFC 5322 2.2.3), encoded words decoded, one line, no controls."""
    if b"\n" in raw or b"\r" in raw:
        raw = _FOLD.sub(b"", raw)
    if b"=?" not in raw:
        if raw.isascii():
            return charset.one_line(raw.decode("ascii"))
        return charset.one_line(charset.decode(raw)[0])
    return charset.one_line(_decode_words(raw))


def _decode_words(raw: bytes) -> str:
    out: list[str] = []
    pending: list[bytes] = []
    pending_charset = ""
    position = 0
    for word in _WORD.finditer(raw):
        between = raw[position : word.start()]
        position = word.end()
        declared = word[1].decode("ascii", "replace").lower()
        adjacent = bool(pending) and not between.strip()
        if pending and not (adjacent and declared == pending_charset):
            out.append(charset.decode(b"".join(pending), pending_charset)[0])
            pending.clear()
        if not adjacent:  # white space between two encoded words is not displayed (RFC 2047 6.2)
            out.append(charset.decode(between)[0])
        pending_charset = declared
        pending.append(_decode_word(word[2], word[3]))
    if pending:
        out.append(charset.decode(b"".join(pending), pending_charset)[0])
    out.append(charset.decode(raw[position:])[0])
    return "".join(out)


def _decode_word(encoding: bytes, text: bytes) -> bytes:
    if encoding in b"bB":
        return decode_base64(text)
    return binascii.a2b_qp(text, header=True)
