"""How makes of server answer FETCH; of structures none is known here, so no message may be large."""

from collections.abc import Iterator
from datetime import datetime

from tests.servers.manners import Manners

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: not asked for by anybody, and told all the same (RFC 3501 7.4.2: "a server may send FETCH unsolicited")
_UNASKED = (b"FLAGS (\\Seen $MDNSent)", b"MODSEQ (624140003)", b'X-GM-LABELS ("\\\\Important" "a \\"b\\" (c")')


def told(number: int, uid: int, raw: bytes, came_at: datetime, asked: str, manners: Manners) -> bytes:
    """The answer for one message: a line, or several."""
    items = [item for item in _items(raw, came_at, asked.upper()) if _name(item) not in manners.missing]
    items = [item.partition(b" ")[0] + b" NIL" if _name(item) in manners.nil else item for item in items]
    if not manners.scattered:
        parts = [b"UID %d" % uid, *items]
        return _line(number, parts[::-1] if manners.backwards else parts)
    lines = [b"* %d FETCH (FLAGS (\\Recent))\r\n" % number]
    for item in (*items, *_UNASKED):
        parts = [b"UID %d" % uid, item]
        lines.append(_line(number, parts[::-1] if manners.backwards else parts))
    return b"".join(lines[::-1])


def nothing_but_nil(number: int, uid: int, asked: str) -> bytes:
    """RFC 2180 4.1.3: the message is gone, and the session has not been told yet."""
    empty = [item.partition(b" ")[0] + b" NIL" for item in _items(b"", datetime.min, asked.upper())]
    return _line(number, [b"UID %d" % uid, *empty])


def _line(number: int, parts: list[bytes]) -> bytes:
    return b"* %d FETCH (" % number + b" ".join(parts) + b")\r\n"


def _name(item: bytes) -> str:
    return item.partition(b" ")[0].decode()


def _items(raw: bytes, came_at: datetime, asked: str) -> Iterator[bytes]:
    if "INTERNALDATE" in asked:
        month = _MONTHS[came_at.month - 1]
        yield f'INTERNALDATE "{came_at:%d}-{month}-{came_at:%Y %H:%M:%S %z}"'.encode()
    if "RFC822.SIZE" in asked:
        yield b"RFC822.SIZE %d" % len(raw)
    if "FLAGS" in asked:
        yield b"FLAGS ()"
    head, end, _ = raw.partition(b"\r\n\r\n")
    fields = ("[HEADER.FIELDS (MESSAGE-ID)]", "[HEADER.FIELDS (RECEIVED DATE)]")
    for section, value in (("[HEADER]", head + end), *((each, head + end) for each in fields), ("[]", raw)):
        if f"BODY.PEEK{section}" in asked:
            yield f"BODY{section} {{{len(value)}}}\r\n".encode() + value
