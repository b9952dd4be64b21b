"""Reading what IMAP servers answer (RFC 3501 section 9), as imaplib hands it over.

imaplib gives the lines of an answer and its literals as bytes and (bytes, bytes). Strings may come as atoms, quoted or
as literals, and NIL stands for none: all of that reads alike here. Recursion would let a server choose the depth of
our stack, so nested lists are built with a list of our own.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

Value: TypeAlias = "bytes | tuple[Value, ...] | None"
#: what imaplib returns: lines, and lines that end in "{n}" together with the n octets that follow
Piece: TypeAlias = bytes | tuple[bytes, bytes]
FetchItems: TypeAlias = dict[bytes, Value]

_TOKEN = re.compile(
    rb"\s*(?:"
    rb"(?P<open>\()"
    rb"|(?P<close>\))"
    rb'|"(?P<quoted>(?:[^"\\]|\\.)*)"'
    # what a FETCH names may hold spaces and parentheses; in names of folders brackets mean nothing
    rb"|(?P<atom>(?i:BODY|BINARY|BINARY\.SIZE)\[[^\]]*\](?:<\d+>)?(?=[\s)]|$)|[^\s()\"]+)"
    rb")",
    re.DOTALL,
)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_LITERAL = re.compile(rb"~?\{\d+\+?\}$")
_CODE = re.compile(r"\[([A-Za-z][A-Za-z0-9-]*)[ \]]")


def parse_all(answer: Iterable[Piece | None]) -> Iterator[tuple[Value, ...]]:
    """Each untagged response of one kind as its values. ValueError when one is no IMAP."""
    pieces: list[Piece] = []
    for piece in answer:
        if piece is None:
            continue
        pieces.append(piece)
        if isinstance(piece, bytes):
            yield _parse(pieces)
            pieces = []


def fetched(answer: Iterable[Piece | None]) -> Iterator[tuple[int, FetchItems]]:
    """UID and items of each FETCH response; names in upper case.

    A message may have several: its answer in pieces, or news about its flags. News without a UID is left out.
    """
    for values in parse_all(answer):
        for value in values:
            if isinstance(value, tuple):
                items = {name.upper(): item for name, item in _pairs(value) if isinstance(name, bytes)}
                uid = items.get(b"UID")
                if isinstance(uid, bytes) and uid.isdigit():
                    yield int(uid), items


def section(items: FetchItems, name: bytes) -> bytes | None:
    """The octets of `name` ("BODY[HEADER]"), also when only their beginning was asked for; None for NIL or nothing."""
    value = items.get(name, items.get(name + b"<0>"))
    return value if isinstance(value, bytes) else None


def number(value: Value) -> int:
    """A number; 0 for anything else."""
    return int(value) if isinstance(value, bytes) and value.isdigit() else 0


def text(value: Value) -> str:
    """A string that should be ASCII; anything else in it becomes a question mark, NIL the empty string."""
    return value.decode("ascii", "replace") if isinstance(value, bytes) else ""


def response_code(line: str) -> str:
    """The response code of a status line ("NO [NONEXISTENT] ..."), upper case; empty without one."""
    match = _CODE.search(line)
    return match[1].upper() if match else ""


def _pairs(values: Sequence[Value]) -> Iterator[tuple[Value, Value]]:
    return zip(values[::2], values[1::2], strict=False)


def _parse(pieces: Sequence[Piece]) -> tuple[Value, ...]:
    stack: list[list[Value]] = [[]]
    for piece in pieces:
        line, literal = piece if isinstance(piece, tuple) else (piece, None)
        _read_line(line if literal is None else _LITERAL.sub(b"", line), stack)
        if literal is not None:
            stack[-1].append(literal)
    if len(stack) != 1:
        raise ValueError("a list is not closed")
    return tuple(stack[0])


def _read_line(line: bytes, stack: list[list[Value]]) -> None:
    """Append the values of one line to the innermost open list."""
    end = 0
    for match in _TOKEN.finditer(line):
        if match.start() != end:
            break
        end = match.end()
        kind = match.lastgroup
        if kind == "open":
            stack.append([])
        elif kind == "close":
            if len(stack) == 1:
                raise ValueError("a list is closed that was never opened")
            done = tuple(stack.pop())
            stack[-1].append(done)
        elif kind == "quoted":
            quoted = match["quoted"]
            stack[-1].append(_ESCAPED.sub(rb"\1", quoted) if b"\\" in quoted else quoted)
        else:
            atom = match["atom"]
            stack[-1].append(None if atom.upper() == b"NIL" else atom)
    if line[end:].strip():
        raise ValueError("an answer that cannot be read")
