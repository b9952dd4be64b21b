"""What a ManageSieve server says (RFC 5804), from octets to values; no network here."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

#: one answer may hold a script; nobody's is larger
MAX_ANSWER_OCTETS = 8_000_000
#: RFC 5804 section 4: longest quoted string that a client may send
_MAX_QUOTED_OCTETS = 1024
_LITERAL = re.compile(rb"\{(\d{1,10})\+?\}\r?\n")
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ATOM = re.compile(rb'[^\s(){"]+')


class Nonsense(ValueError):
    """The octets are no ManageSieve."""


@dataclass(frozen=True, slots=True)
class Atom:
    """A bare word, in upper case."""

    word: str


#: a string as octets, a bare word, or what stands in parentheses
Token = bytes | Atom | tuple["Token", ...]


def next_line(buffer: bytes) -> tuple[tuple[Token, ...], bytes] | None:
    """The first complete line (literals included) and what follows it; None: more must be read."""
    tokens: list[Token] = []
    position = 0
    while True:
        while buffer[position : position + 1] in (b" ", b"\t"):
            position += 1
        if buffer[position : position + 1] == b"\n":
            return tuple(tokens), buffer[position + 1 :]
        if buffer[position : position + 2] == b"\r\n":
            return tuple(tokens), buffer[position + 2 :]
        found = _token(buffer, position)
        if found is None:
            if len(buffer) > MAX_ANSWER_OCTETS:
                raise Nonsense("endless answer")
            return None
        token, position = found
        tokens.append(token)


def _token(buffer: bytes, position: int) -> tuple[Token, int] | None:
    """None: it is not complete yet."""
    first = buffer[position : position + 1]
    if first == b"{":
        return _literal(buffer, position)
    if first == b'"':
        quoted = _QUOTED.match(buffer, position)
        return (re.sub(rb"\\(.)", rb"\1", quoted[1], flags=re.DOTALL), quoted.end()) if quoted else None
    if first == b"(":
        return _parenthesised(buffer, position + 1)
    atom = _ATOM.match(buffer, position)
    if atom is None:
        if first and first != b"\r":
            raise Nonsense("unexpected character")
        return None
    # The word may go on in what has not been read yet.
    return (Atom(atom[0].decode("ascii", "replace").upper()), atom.end()) if atom.end() < len(buffer) else None


def _literal(buffer: bytes, position: int) -> tuple[bytes, int] | None:
    head = _LITERAL.match(buffer, position)
    if head is None:
        if b"\n" in buffer[position : position + 16]:
            raise Nonsense("no literal")
        return None
    end = head.end() + int(head[1])
    if int(head[1]) > MAX_ANSWER_OCTETS:
        raise Nonsense("literal too large")
    return (buffer[head.end() : end], end) if len(buffer) >= end else None


def _parenthesised(buffer: bytes, position: int) -> tuple[Token, int] | None:
    """A response code: words and strings, never nested."""
    tokens: list[Token] = []
    while True:
        while buffer[position : position + 1] == b" ":
            position += 1
        if buffer[position : position + 1] == b")":
            return tuple(tokens), position + 1
        if buffer[position : position + 1] == b"(":
            raise Nonsense("nested response code")
        found = _token_in_code(buffer, position)
        if found is None:
            return None
        token, position = found
        tokens.append(token)


def _token_in_code(buffer: bytes, position: int) -> tuple[Token, int] | None:
    if buffer[position : position + 1] in (b"\r", b"\n"):
        raise Nonsense("unfinished response code")
    return _token(buffer, position)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Everything up to and including OK, NO or BYE."""

    status: str
    #: response code in upper case ("QUOTA/MAXSIZE"), or empty
    code: str = ""
    code_argument: bytes = b""
    text: str = ""
    lines: Sequence[tuple[Token, ...]] = field(default_factory=tuple)


def answer_from(line: tuple[Token, ...], before: Sequence[tuple[Token, ...]]) -> Answer | None:
    """The answer that `line` ends; None when it is one of its data lines."""
    if not line or not isinstance(line[0], Atom) or line[0].word not in ("OK", "NO", "BYE"):
        return None
    code, argument, text = "", b"", b""
    for token in line[1:]:
        if isinstance(token, tuple) and token and isinstance(token[0], Atom):
            code = token[0].word
            argument = next((each for each in token[1:] if isinstance(each, bytes)), b"")
        elif isinstance(token, bytes):
            text = token
    return Answer(
        status=line[0].word,
        code=code,
        code_argument=argument,
        text=text.decode("utf-8", "replace"),
        lines=tuple(before),
    )


def capabilities(answer: Answer) -> dict[str, str]:
    """Name in upper case -> value (RFC 5804 1.7); empty for those without one."""
    found: dict[str, str] = {}
    for line in answer.lines:
        words = [each.decode("utf-8", "replace") for each in line if isinstance(each, bytes)]
        if words:
            found[words[0].upper()] = words[1] if len(words) > 1 else ""
    return found


def scripts(answer: Answer) -> tuple[list[str], str | None]:
    """The names that LISTSCRIPTS tells, and the active one."""
    names: list[str] = []
    active = None
    for line in answer.lines:
        if line and isinstance(line[0], bytes):
            name = line[0].decode("utf-8", "surrogateescape")
            names.append(name)
            if Atom("ACTIVE") in line[1:]:
                active = name
    return names, active


def quoted(value: str | bytes) -> bytes:
    """A string as a client sends it: quoted where that can carry it, else a literal (RFC 5804 section 4)."""
    raw = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
    if len(raw) <= _MAX_QUOTED_OCTETS and not any(octet < 0x20 or octet == 0x7F for octet in raw):
        return b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
    return b"{%d+}\r\n" % len(raw) + raw
