"""Whose board a mail is for: it may come to the municipality's common mailbox and belong in another unit's diary.

Only what is plain counts: a case number of that unit, or its name where people write whom they turn to. Everything else
stays with the unit of the mailbox, whose registrar can pass it on.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from mailbot.mail.message import Message

#: whom a letter is to stands at its top
_FIRST_LINES = 8
_LOOK_AT = 20_000
_TO = re.compile(
    r"^\W*(?:till|til|to|att|attn|vidare till|adressat|mottagare|mottaker)\b\W*(?P<whom>.{3,120})", re.IGNORECASE
)
_SEPARATORS = re.compile(r"[\W_]+")


def unit_meant(message: Message, names: Mapping[str, str], patterns: Mapping[str, str], *, own: str) -> str:
    """The unit id of the board that the mail is for; `own`, the unit of the mailbox, unless another is plain.

    `names` and `patterns` (of diary numbers) are by unit id. Several others, or one beside the own, are not plain.
    """
    new = message.body.joined("new")[:_LOOK_AT] if message.body else ""
    by_number = {unit for unit, pattern in patterns.items() if pattern and _finds(pattern, f"{message.subject}\n{new}")}
    if by_number:
        return _only(by_number, own)
    addressed = _addressed(message.subject, new)
    return _only({unit for unit, name in names.items() if _names(addressed, name)}, own)


def _only(units: set[str], own: str) -> str:
    return next(iter(units)) if len(units) == 1 and own not in units else own


def _finds(pattern: str, text: str) -> bool:
    return _compiled(pattern).search(text) is not None


def _addressed(subject: str, new: str) -> str:
    """The words in which a mail says whom it is to: its subject, and "Till ..." at its top."""
    lines = [line for line in new.split("\n") if line.strip()][:_FIRST_LINES]
    whom = (found["whom"] for line in lines if (found := _TO.match(line)))
    return _plain("\n".join((subject, *whom)))


def _names(addressed: str, name: str) -> bool:
    plain = _plain(name)
    return len(plain) > 3 and re.search(rf" {re.escape(plain)}s? ", f" {addressed} ") is not None


def _plain(text: str) -> str:
    """Lower case words with single spaces: "Miljö- och byggnämnden" -> "miljö och byggnämnden"."""
    return _SEPARATORS.sub(" ", text.casefold()).strip()


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{pattern})(?!\d)")
