"""The header block of a message: fields in order, decoded on demand.

The reader is our own because the standard library's builds an object per field and, with `policy.default`, parses
each one fully: 20 times the cost of finding the fields, of which rules look at a handful (docs/performance.md).
"""

import pickle
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from mailbot.mail.encoded_words import decode_field

#: octets of one field that are looked at; a field of megabytes is an attack or an accident
MAX_FIELD_OCTETS = 256 * 1024
_MAX_NAME = 200

#: RFC 5322 2.2: printable ASCII but the colon, then the body with its folded lines. "--" begins a MIME delimiter.
_FIELD = re.compile(rb"(?!--)([!-9;-~]++)[ \t]*+:([^\n]*+(?>(?:\n[ \t][^\n]*+)*))(?:\n|\Z)")
_BLANK_LINE = re.compile(rb"\r*+(?:\n|\Z)")
_NO_FIELD = re.compile(rb"[^\n]*+(?>(?:\n[ \t][^\n]*+)*)(?:\n|\Z)")
#: what a mail store or a careless program puts before the first field
_LEADING = re.compile(rb"\A(?:\xef\xbb\xbf)?[\r\n]*+(?:>?From [^\n]*+\n)?[\r\n]*+")
#: a field that plainly belongs to a mail header, unlike "Note: ..." in a text whose blank line is missing
_MAIL_FIELD = re.compile(
    rb"(?:from|to|cc|bcc|sender|reply-to|subject|date|received|return-path|message-id|in-reply-to|references"
    rb"|mime-version|auto-submitted|precedence|delivered-to|authentication-results|dkim-signature"
    rb"|content-[a-z-]{1,40}|list-[a-z-]{1,40}|x-[a-z-]{1,60})[ \t]*:",
    re.IGNORECASE,
)


class Headers:
    """Header fields of one message. Lookup ignores case (RFC 5322 1.2.2); the first field of a name wins."""

    __slots__ = ("_decoded", "_fields", "_index", "_names", "_packed")
    _packed: bytes

    def __init__(self, fields: Sequence[tuple[str, bytes]] = ()) -> None:
        """`fields`: names in lower case with their raw bodies, folds and all, top to bottom."""
        self._fields = tuple(fields)
        self._index: dict[str, list[bytes]] = {}
        self._decoded: dict[str, str | None] = {}  # many rules ask for the same few fields
        for name, body in self._fields:
            self._index.setdefault(name, []).append(body)
        self._names = frozenset(self._index)

    def __reduce__(self) -> tuple[Callable[[bytes], "Headers"], tuple[bytes]]:
        return _sealed, (getattr(self, "_packed", None) or pickle.dumps(self._fields),)

    def __getattr__(self, name: str) -> object:
        """A sealed one is asked for the first time."""
        if name == "_packed":
            raise AttributeError(name)
        Headers.__init__(self, pickle.loads(self._packed))  # noqa: S301 - written by the other end of our own pipe
        return object.__getattribute__(self, name)

    def get(self, name: str) -> str | None:
        """Decoded (RFC 2047), unfolded value of the first field called `name`, without control characters."""
        if name in self._decoded:
            return self._decoded[name]
        bodies = self._index.get(name.lower())
        value = self._decoded[name] = None if bodies is None else decode_field(bodies[0][:MAX_FIELD_OCTETS])
        return value

    def get_all(self, name: str) -> tuple[str, ...]:
        """Every field called `name`, top to bottom."""
        return tuple(decode_field(body[:MAX_FIELD_OCTETS]) for body in self._index.get(name.lower(), ()))

    def raw(self, name: str) -> bytes | None:
        """The octets after the colon of the first field called `name`, still folded and encoded."""
        bodies = self._index.get(name.lower())
        return None if bodies is None else bodies[0]

    def raw_all(self, name: str) -> tuple[bytes, ...]:
        """The octets of every field called `name`, top to bottom."""
        return tuple(self._index.get(name.lower(), ()))

    def count(self, name: str) -> int:
        """How many fields are called `name`."""
        return len(self._index.get(name.lower(), ()))

    def names(self) -> frozenset[str]:
        """All field names present, in lower case."""
        return self._names

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """Names in lower case and raw bodies, top to bottom."""
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._fields == other._fields

    def __hash__(self) -> int:
        return hash(self._fields)

    def __repr__(self) -> str:
        # Never the content: a repr ends up in logs and tracebacks.
        return f"<Headers: {len(self._fields)} fields>"


def _sealed(packed: bytes) -> Headers:
    """Header fields from another process. Most are handed on, or never asked for: taking them apart can wait."""
    headers = Headers.__new__(Headers)
    headers._packed = packed
    return headers


@dataclass(frozen=True, slots=True)
class HeaderBlock:
    """A header block as read: its fields, where the body begins, and whether a line in it was no field."""

    headers: Headers
    body_start: int
    broken: bool


def skip_leading(raw: bytes) -> int:
    """Where the header block begins: after a byte order mark, blank lines and the "From " line of an mbox."""
    match = _LEADING.match(raw)
    return match.end() if match else 0


def read_block(raw: bytes, start: int = 0) -> HeaderBlock:
    """The header block that begins at `start` and ends at a blank line, at the first line of a body, or at the end.

    A line that is no field is skipped when a mail field follows it (a subject folded without its white space), else
    it is where a body begins whose blank line is missing. Line ends are LF or CRLF.
    """
    fields: list[tuple[str, bytes]] = []
    position, length, broken = start, len(raw), False
    while position < length:
        field = _FIELD.match(raw, position)
        if field is not None:
            fields.append((_lower_name(field[1][:_MAX_NAME]), field[2].rstrip(b"\r")))
            position = field.end()
            continue
        blank = _BLANK_LINE.match(raw, position)
        if blank is not None:
            return HeaderBlock(Headers(fields), blank.end(), broken)
        broken = True
        line = _NO_FIELD.match(raw, position)
        after = line.end() if line else length
        if raw.startswith(b"--", position) or not _MAIL_FIELD.match(raw, after):
            break
        position = after
    return HeaderBlock(Headers(fields), position, broken)


@lru_cache(maxsize=1024)
def _lower_name(name: bytes) -> str:
    return name.decode("ascii").lower()
