"""What folders there are and how they stand, read from the answers of LIST, STATUS and NAMESPACE."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mailbot.platforms.imap.syntax import Value, number, text


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderState:
    """What STATUS and EXAMINE tell; 0 where the server tells nothing."""

    uidvalidity: int
    uidnext: int
    messages: int


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of LIST; `name` is in the server's own spelling, as bytes."""

    name: bytes
    separator: str
    #: attributes, lower case, with their backslash
    attributes: frozenset[str]


def listed(values: Sequence[Value]) -> Listed:
    attributes, separator, *rest = values
    words = attributes if isinstance(attributes, tuple) else ()
    return Listed(
        # RFC 5258 section 6, RFC 9051 6.3.9.7: a list may follow the name, asked for or not
        name=_name([each for each in rest if not isinstance(each, tuple)]),
        separator=text(separator),
        attributes=frozenset(text(word).lower() for word in words),
    )


def status(values: Sequence[Value]) -> tuple[bytes, FolderState]:
    *name, items = values
    pairs = items if isinstance(items, tuple) else ()
    told = {text(key).upper(): number(value) for key, value in zip(pairs[::2], pairs[1::2], strict=False)}
    state = FolderState(
        uidvalidity=told.get("UIDVALIDITY", 0), uidnext=told.get("UIDNEXT", 0), messages=told.get("MESSAGES", -1)
    )
    return _name(name), state


def _name(values: Sequence[Value]) -> bytes:
    """The name of a folder. GNU mailutils says "a b" without the quotes, which come as two values."""
    return b" ".join(each if isinstance(each, bytes) else b"NIL" for each in values)


def namespace(value: Value) -> list[tuple[bytes, str]]:
    """One of the three lists of NAMESPACE: its prefixes with their separators."""
    entries = value if isinstance(value, tuple) else ()
    return [
        (entry[0], text(entry[1]))
        for entry in entries
        if isinstance(entry, tuple) and len(entry) >= 2 and isinstance(entry[0], bytes)
    ]


def mark_of(flags: "Value | None") -> Literal["replied", "forwarded"] | None:
    """What the flags of a message say; the case of flags does not matter (RFC 3501 2.3.2, RFC 5788 3)."""
    told = {text(each).lower() for each in flags} if isinstance(flags, tuple) else set()
    return "replied" if "\\answered" in told else "forwarded" if "$forwarded" in told else None
