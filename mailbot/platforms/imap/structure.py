"""Fetching the text of a large message without its attachments.

BODYSTRUCTURE tells what parts there are; the text parts and all MIME headers are fetched, and put together again with
the boundaries of the original. Attachments are there with their headers; content that is not asked for is left out
(mail/left_out.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mailbot.mail.body import is_text
from mailbot.mail.headers import read_block, skip_leading
from mailbot.mail.left_out import LEFT_OUT, Allowance, is_left_out
from mailbot.mail.mime import walk
from mailbot.mail.parameters import parse_structured, safe_filename
from mailbot.platforms.imap.syntax import FetchItems, Value, number, section, text

#: of one text part; what is longer is a log file or an attack, and is judged by its beginning
_TEXT_OCTETS = 4_000_000
_ALL_TEXT_OCTETS = 8_000_000
#: reports of machines and calendar entries are judged by their first fields
_REPORT_OCTETS = 65_536
_REPORTS = frozenset(
    {
        "message/delivery-status", "message/disposition-notification", "message/feedback-report",
        "text/rfc822-headers", "text/calendar",
    }
)  # fmt: skip
#: of a message beside its parts: delimiters, and what stands before the first and after the last
_UNTOLD_OCTETS = 64 * 1024
#: sections in one FETCH
_SECTIONS = 60
_CRLF = b"\r\n"


@dataclass(frozen=True, slots=True)
class Entity:
    """One part of a message as BODYSTRUCTURE tells it. `section` is its number ("1.2"), "" for the message itself."""

    section: str
    depth: int
    is_multipart: bool
    content_type: str
    disposition: str
    octets: int


def entities(structure: Value) -> list[Entity]:
    """All parts, in the order in which they stand. ValueError when this is no BODYSTRUCTURE."""
    found: list[Entity] = []
    waiting: list[tuple[Value, str, int]] = [(structure, "", 0)]
    while waiting:
        value, number_, depth = waiting.pop()
        if not isinstance(value, tuple) or not value:
            raise ValueError("no BODYSTRUCTURE")
        if isinstance(value[0], tuple):
            children = _leading_parts(value)
            found.append(Entity(number_, depth, True, "multipart", "", 0))
            prefix = f"{number_}." if number_ else ""
            waiting += [(child, f"{prefix}{n}", depth + 1) for n, child in reversed(list(enumerate(children, 1)))]
        else:
            found.append(_leaf(value, number_, depth))
    return found


def _leading_parts(value: Sequence[Value]) -> list[Value]:
    """The parts of a multipart: all lists before its subtype."""
    end = next((position for position, each in enumerate(value) if not isinstance(each, tuple)), len(value))
    return list(value[:end])


def _leaf(value: Sequence[Value], number_: str, depth: int) -> Entity:
    main, sub = text(value[0]).lower(), text(value[1] if len(value) > 1 else None).lower()
    content_type = f"{main}/{sub}"
    # RFC 3501 7.4.2: after the seven basic fields text has lines, message/rfc822 envelope, structure and lines
    at = 9 if main == "text" else 11 if content_type in ("message/rfc822", "message/global") else 8
    disposition = value[at] if len(value) > at else None
    kind = text(disposition[0]).lower() if isinstance(disposition, tuple) and disposition else ""
    return Entity(number_, depth, False, content_type, kind, number(value[6]) if len(value) > 6 else 0)


def octets_wanted(entity: Entity) -> int:
    """How much of a part's content is text that rules read; 0 for attachments."""
    if entity.content_type in _REPORTS:
        return _REPORT_OCTETS
    return _TEXT_OCTETS if _is_text(entity) else 0


def _is_text(entity: Entity) -> bool:
    return entity.content_type.startswith("text/") and entity.disposition != "attachment"


def requests(parts: Sequence[Entity]) -> Iterator[str]:
    """What to FETCH of a message with these parts, its header apart, in a few commands."""
    items: list[str] = []
    left = _ALL_TEXT_OCTETS
    for part in parts:
        if part.section:
            items.append(f"BODY.PEEK[{part.section}.MIME]")
        wanted = 0 if part.is_multipart else min(octets_wanted(part), left)
        if wanted:
            left -= min(wanted, part.octets)
            items.append(f"BODY.PEEK[{part.section or 'TEXT'}]" + (f"<0.{wanted}>" if part.octets > wanted else ""))
    for start in range(0, len(items), _SECTIONS):
        yield " ".join(items[start : start + _SECTIONS])


def document_requests(header: bytes, parts: Sequence[Entity], items: FetchItems, allowance: Allowance) -> Iterator[str]:
    """What to FETCH besides, one by one: attachments that somebody could read. `items`: the answer to `requests`."""
    for part in parts:
        is_whole = part.octets <= octets_wanted(part)
        if part.is_multipart or is_whole or (_is_text(part) and part.content_type not in _REPORTS):
            continue
        own_header = section(items, _mime(part)) or b"" if part.section else header
        if allowance.takes(_filename(own_header), part.content_type, part.octets):
            yield f"BODY.PEEK[{part.section or 'TEXT'}]"


def _mime(part: Entity) -> bytes:
    return f"BODY[{part.section}.MIME]".encode()


def _filename(header: bytes) -> str | None:
    """As the parser reads it (mail/mime.py)."""
    fields = read_block(header, 0).headers
    names = (("content-disposition", "filename"), ("content-type", "name"))
    found = (parse_structured(fields.raw(field)).parameters.get(name) for field, name in names)
    return safe_filename(next(filter(None, found), None))


def rebuilt(header: bytes, parts: Sequence[Entity], items: FetchItems) -> bytes:
    """The message as it was, without the content of attachments that are not among `items`."""
    pieces = [header]
    open_: list[tuple[bytes, int]] = []
    for part in parts:
        while open_ and open_[-1][1] >= part.depth:
            pieces.append(b"--" + open_.pop()[0] + b"--" + _CRLF)
        own_header = header
        if part.section:
            own_header = _ended(section(items, _mime(part)) or b"")
            pieces += [b"--", open_[-1][0] if open_ else b"", _CRLF, own_header]
        if part.is_multipart:
            open_.append((_boundary(own_header), part.depth))
        else:
            content = _content(part, items)
            if content is None:
                content = LEFT_OUT if part.octets and not octets_wanted(part) else b""
            pieces += [content, _CRLF if part.section else b""]
    pieces += [b"--" + boundary + b"--" + _CRLF for boundary, _ in reversed(open_)]
    return b"".join(pieces)


def is_faithful(raw: bytes, parts: Sequence[Entity], items: FetchItems, octets: int) -> bool:
    """Whether our own parser sees the same in `raw`, which was rebuilt from these parts of a message of `octets`.

    Servers differ over damaged messages. Cyrus tells of an empty text where a multipart has no boundary, or one that
    stands nowhere; others give parts without their headers, or take text for something else.
    """
    missing = sum(max(0, part.octets - len(_content(part, items) or b"")) for part in parts)
    if octets - len(raw) - missing > _UNTOLD_OCTETS:
        return False
    block = read_block(raw, skip_leading(raw))
    seen = walk(raw, block.headers, block.body_start)
    leaves = sum(not part.is_multipart for part in parts)
    if (len(seen.parts), len(seen.containers)) != (leaves, len(parts) - leaves):
        return False
    left_out = (part for part in seen.parts if is_left_out(raw, part.start, part.end))
    return not any(is_text(part) or part.content_type in _REPORTS for part in left_out)


def _content(part: Entity, items: FetchItems) -> bytes | None:
    return section(items, f"BODY[{part.section or 'TEXT'}]".encode())


def _ended(header: bytes) -> bytes:
    """A header block with the empty line that ends it."""
    if header.endswith(_CRLF + _CRLF) or header == _CRLF:
        return header
    return header + (_CRLF if not header or header.endswith(_CRLF) else _CRLF + _CRLF)


def _boundary(header: bytes) -> bytes:
    """Read by the very parser that will look for it."""
    parameters: Mapping[str, str] = parse_structured(read_block(header, 0).headers.raw("content-type")).parameters
    return parameters.get("boundary", "").encode()
