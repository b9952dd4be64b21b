"""The MIME structure of a message (RFC 2045-2046) as offsets into its octets; nothing is copied or decoded here.

The walker is our own. The standard library's parser builds a list of all lines and a string of every attachment
(200-2,500 MB for one of 40 MB), recurses once per nested container and asks every open container about every line, so
that 5,000 nested containers take time squared or end in RecursionError. Here every delimiter line is found once with
`bytes.find` and looked up in a dictionary of the open boundaries: one pass, no recursion, bounded depth.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from mailbot.mail.headers import HeaderBlock, Headers, read_block
from mailbot.mail.parameters import Structured, parse_structured, safe_filename
from mailbot.mail.transfer import KNOWN

#: containers within containers beyond this are one opaque attachment
MAX_DEPTH = 100
#: parts beyond this are one opaque attachment
MAX_PARTS = 10_000
#: RFC 2046 5.1.1 allows 70 characters; some programs write more
_MAX_BOUNDARY = 250
#: of the header block of a part in a message that is not held in memory
_MAX_PART_HEADER = 256 * 1024


class Octets(Protocol):
    """A message that may lie elsewhere than in memory."""

    def __len__(self) -> int: ...

    def __getitem__(self, where: slice, /) -> bytes: ...

    def find(self, what: bytes, start: int, /) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One leaf; `start` and `end` are the offsets of its encoded content."""

    #: "type/subtype" in lower case
    content_type: str
    parameters: Mapping[str, str]
    #: "inline", "attachment", another word, or "" when there was none
    disposition: str
    filename: str | None
    content_id: bool
    transfer_encoding: str
    #: index of the innermost container; None for a message of one part
    container: int | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Container:
    """One multipart. `alternative` is the index of the outermost multipart/alternative it lies in (or is)."""

    content_type: str
    parameters: Mapping[str, str]
    alternative: int | None


@dataclass(frozen=True, slots=True)
class Structure:
    """All leaves and containers in the order they stand, and what was wrong with the structure."""

    parts: tuple[Part, ...]
    containers: tuple[Container, ...]
    defects: frozenset[str]


@dataclass(slots=True)
class _Open:
    """A container whose closing delimiter has not been seen."""

    index: int
    boundary: bytes
    start: int
    parts: int = 0


@dataclass(slots=True)
class _Entity:
    """A leaf whose end has not been seen."""

    headers: Headers
    content_type: Structured
    start: int


@dataclass(slots=True)
class _Walker:
    raw: Octets
    parts: list[Part] = field(default_factory=list)
    containers: list[Container] = field(default_factory=list)
    stack: list[_Open] = field(default_factory=list)
    levels: dict[bytes, int] = field(default_factory=dict)
    leaf: _Entity | None = None
    seen: int = 0
    defects: set[str] = field(default_factory=set)

    def enter(self, headers: Headers, start: int) -> None:
        """A new entity begins: a container is opened, anything else is a leaf until the next delimiter."""
        content_type = self._content_type(headers)
        boundary = content_type.parameters.get("boundary", "").encode()[:_MAX_BOUNDARY]
        if content_type.value.startswith("multipart/"):
            if len(self.stack) >= MAX_DEPTH:
                self.defects.add("depth")
            elif not boundary or boundary in self.levels:
                self.defects.add("boundary")
                content_type = Structured("text/plain", content_type.parameters)  # a person can still read it
            else:
                self._open(content_type, boundary, start)
                return
        self.leaf = _Entity(headers, content_type, start)

    def _content_type(self, headers: Headers) -> Structured:
        content_type = parse_structured(headers.raw("content-type"))
        main, slash, sub = content_type.value.partition("/")
        if main and slash and sub:
            return content_type
        inner = self.containers[self.stack[-1].index].content_type if self.stack else ""
        default = "message/rfc822" if inner == "multipart/digest" else "text/plain"  # RFC 2046 5.1.5, RFC 2045 5.2
        return Structured(default, content_type.parameters)

    def _open(self, content_type: Structured, boundary: bytes, start: int) -> None:
        index = len(self.containers)
        alternative = self.containers[self.stack[-1].index].alternative if self.stack else None
        if alternative is None and content_type.value == "multipart/alternative":
            alternative = index
        self.containers.append(Container(content_type.value, content_type.parameters, alternative))
        self.levels[boundary] = len(self.stack)
        self.stack.append(_Open(index, boundary, start))

    def run(self, position: int) -> None:
        """Visit every delimiter line from `position` (the line break before the first body line)."""
        while self.stack:
            position = self.raw.find(b"\n--", position)
            if position < 0:
                break
            line = self.raw[position + 3 : position + 5 + _MAX_BOUNDARY]
            line_end = line.find(b"\n")
            token = (line if line_end < 0 else line[:line_end]).rstrip(b" \t\r")
            level, closing = self.levels.get(token), False
            if level is None and token.endswith(b"--"):
                level, closing = self.levels.get(token[:-2]), True
            if level is None:
                position += 3
                continue
            self._leave(level, position)
            after = len(self.raw) if line_end < 0 else position + 3 + line_end + 1
            if closing:
                self._pop(position)
                position = after - 1
            else:
                position = self._next_part(after)
        self._end_leaf(len(self.raw))
        while self.stack:
            self.defects.add("boundary")
            self._pop(len(self.raw))

    def _next_part(self, start: int) -> int:
        """Read the header block of a part; the position from which its end is to be looked for."""
        self.seen += 1
        self.stack[-1].parts += 1
        block = _part_header(self.raw, start)
        if block.broken:
            self.defects.add("header_line")
        if self.seen > MAX_PARTS:
            self.defects.add("parts")
            self.leaf = _Entity(Headers(), Structured("application/octet-stream"), start)
            return len(self.raw)
        self.enter(block.headers, block.body_start)
        return max(start, block.body_start) - 1

    def _leave(self, level: int, end: int) -> None:
        """A delimiter of the container at `level` ends whatever is open inside it."""
        self._end_leaf(end)
        while len(self.stack) > level + 1:
            self.defects.add("boundary")
            self._pop(end)

    def _pop(self, end: int) -> None:
        closed = self.stack.pop()
        del self.levels[closed.boundary]
        if closed.parts == 0:  # its delimiter never came: what stands there is still somebody's text
            self.defects.add("boundary")
            self.leaf = _Entity(Headers(), Structured("text/plain"), closed.start)
            self._end_leaf(end, closed.index)

    def _end_leaf(self, end: int, container: int | None = None) -> None:
        leaf, self.leaf = self.leaf, None
        if leaf is None:
            return
        if container is None and self.stack:
            container = self.stack[-1].index
        if end < len(self.raw) and self.raw[end - 1 : end] == b"\r":
            end -= 1
        encoding = self._transfer_encoding(leaf)
        disposition = parse_structured(leaf.headers.raw("content-disposition"))
        name = disposition.parameters.get("filename") or leaf.content_type.parameters.get("name")
        self.parts.append(
            Part(
                content_type=leaf.content_type.value,
                parameters=leaf.content_type.parameters,
                disposition=disposition.value,
                filename=safe_filename(name),
                content_id=leaf.headers.raw("content-id") is not None,
                transfer_encoding=encoding,
                container=container,
                start=leaf.start,
                end=max(leaf.start, end),
            )
        )

    def _transfer_encoding(self, leaf: _Entity) -> str:
        raw = leaf.headers.raw("content-transfer-encoding") or b"7bit"
        encoding = raw[:60].partition(b"(")[0].strip(b' \t\r\n;"').decode("ascii", "replace").lower() or "7bit"
        if encoding in KNOWN:
            return encoding
        self.defects.add("transfer_encoding")
        return "binary"


def _part_header(raw: Octets, start: int) -> HeaderBlock:
    if isinstance(raw, bytes):
        return read_block(raw, start)
    block = read_block(raw[start : start + _MAX_PART_HEADER])
    return replace(block, body_start=start + block.body_start)


def walk(raw: Octets, headers: Headers, body_start: int) -> Structure:
    """The structure of a message whose header block ends at `body_start`. Line ends in `raw` are LF or CRLF."""
    walker = _Walker(raw)
    walker.enter(headers, body_start)
    walker.run(max(0, body_start - 1))
    return Structure(tuple(walker.parts), tuple(walker.containers), frozenset(walker.defects))
