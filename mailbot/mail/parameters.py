"""Content-Type and Content-Disposition: a value and its parameters (RFC 2045 5.1, RFC 2183, RFC 2231)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from mailbot.mail.charset import decode, one_line
from mailbot.mail.encoded_words import decode_field

#: a field longer than this is cut: 10,000 parts with such fields must stay cheap
_MAX_OCTETS = 16 * 1024
_MAX_FILENAME = 200
_PARAMETER = re.compile(rb";\s*+([^\s=;\"]++)\s*+=\s*+(?:\"((?>(?:[^\"\\]++|\\.)*))(?:\"|\Z)|([^;]*+))", re.DOTALL)
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_QUOTED_PAIR = re.compile(rb"\\([\\\"])")
_FOLD = re.compile(rb"\r*\n")


@dataclass(frozen=True, slots=True)
class Structured:
    """A value in lower case ("text/plain", "attachment") with its parameters, decoded, names in lower case."""

    value: str
    parameters: Mapping[str, str] = field(default_factory=dict)


_ABSENT = Structured("")
_COMMON_OCTETS = 120


def parse_structured(raw: bytes | None) -> Structured:
    """One Content-Type or Content-Disposition field; the first parameter of a name wins."""
    if raw is None:
        return _ABSENT
    return _parse_common(raw) if len(raw) <= _COMMON_OCTETS else _parse(raw)


def _parse(raw: bytes) -> Structured:
    raw = _FOLD.sub(b"", raw[:_MAX_OCTETS])
    value, semicolon, _ = raw.partition(b";")
    text = b"".join(value.partition(b"(")[0].split()).decode("ascii", "replace").lower()
    if not semicolon:
        return Structured(text)
    simple: dict[str, str] = {}
    extended: dict[str, dict[int, tuple[bool, bytes]]] = {}
    for match in _PARAMETER.finditer(raw, len(value)):
        name = match[1].decode("ascii", "replace").lower()
        octets = match[3].strip() if match[2] is None else _QUOTED_PAIR.sub(rb"\1", match[2])
        if "*" in name:
            base, index, encoded = _section(name)
            extended.setdefault(base, {}).setdefault(index, (encoded, octets))
        else:
            simple.setdefault(name, one_line(decode(octets)[0]))
    # RFC 2231 4: of "filename" and "filename*" the extended form is the better one
    simple.update({name: _assembled(sections) for name, sections in extended.items()})
    return Structured(text, simple)


#: "text/plain; charset=utf-8" comes thousands of times
_parse_common = lru_cache(maxsize=512)(_parse)


def _section(name: str) -> tuple[str, int, bool]:
    """ "filename*1*" -> ("filename", 1, True); "filename*" -> ("filename", 0, True)."""
    base, _, rest = name.partition("*")
    encoded = rest == "" or rest.endswith("*")
    digits = rest.removesuffix("*")
    return base, int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 5 else 0, encoded


def _assembled(sections: dict[int, tuple[bool, bytes]]) -> str:
    """RFC 2231 3-4: sections in the order of their numbers, charset and language named by the first."""
    charset: str | None = None
    octets: list[bytes] = []
    for position, (encoded, part) in enumerate(sections[index] for index in sorted(sections)):
        if encoded and position == 0 and part.count(b"'") >= 2:
            declared, _, part = part.split(b"'", 2)  # noqa: PLW2901 - the charset prefix is not part of the value
            charset = declared.decode("ascii", "replace") or None
        octets.append(_PERCENT.sub(_octet, part) if encoded else part)
    return one_line(decode(b"".join(octets), charset)[0])


def _octet(match: re.Match[bytes]) -> bytes:
    return bytes((int(match[1], 16),))


def safe_filename(name: str | None) -> str | None:
    """The last path component (RFC 2183 2.3), at most 200 characters, extension kept; None when nothing is left."""
    if not name:
        return None
    if "=?" in name:  # against RFC 2047 5 (3), and the most common way of all to write a filename
        name = decode_field(name.encode("utf-8"))
    name = one_line(name.replace("\\", "/").rpartition("/")[2]).strip(" .") or ""
    if len(name) > _MAX_FILENAME:
        stem, dot, extension = name.rpartition(".")
        tail = f"{dot}{extension}" if stem and len(extension) <= 10 else ""
        name = name[: _MAX_FILENAME - len(tail)] + tail
    return name or None
