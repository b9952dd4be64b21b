"""Message identifiers (RFC 5322 3.6.4): always with angle brackets, never with white space."""

import re
from collections.abc import Iterable

#: RFC 5322 2.1.1 limits a line to 998 octets; a longer identifier is not one
MAX_LENGTH = 998
#: the oldest (where the thread began) and the newest; a thread of 10,000 is a loop or an attack
KEPT_FIRST, KEPT_LAST = 20, 80

_BRACKETED = re.compile(r"<([^<>]++)>")
_SPACES = re.compile(r"\s+")


def message_id(text: str | None) -> str | None:
    """The identifier in a Message-ID field, brackets supplied; None when there is none or it is unusable."""
    if text is None:
        return None
    found = identifiers(text)
    if found:
        return found[0]
    bare = text.strip(" <>")
    usable = bare and " " not in bare and len(bare) <= MAX_LENGTH - 2
    return f"<{bare}>" if usable else None


def identifiers(text: str) -> tuple[str, ...]:
    """The identifiers in an In-Reply-To or References field, each once, in order, prose left out; at most 100."""
    found = [_SPACES.sub("", match) for match in _BRACKETED.findall(text)]
    if not found:
        found = [word for word in text.replace(",", " ").split() if "@" in word[1:-1] and not set('<>"();') & set(word)]
    usable = (f"<{item}>" for item in found if item and len(item) <= MAX_LENGTH - 2)
    return _bounded(usable)


def _bounded(items: Iterable[str]) -> tuple[str, ...]:
    unique = tuple(dict.fromkeys(items))
    if len(unique) <= KEPT_FIRST + KEPT_LAST:
        return unique
    return unique[:KEPT_FIRST] + unique[-KEPT_LAST:]
