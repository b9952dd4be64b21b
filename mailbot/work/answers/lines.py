"""The lines that a person wrote in an answer, each with the REF of the item it speaks of.

People write `B7KQ-2M9X KS 2026/123`, or `KS 2026/123` below the quoted line of an item, or below a line that holds
nothing but a REF. What we wrote ourselves is never taken for theirs, however a program quotes it: the digest repeats
subjects, and a subject is a stranger's words.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mailbot.mail.body import Body
from mailbot.store.references import ALPHABET, TICKET

#: lines of an answer that are looked at
MAX_LINES = 500
#: characters of one line
MAX_LINE = 500

_REF = re.compile(rf"(?<![\w-])([{ALPHABET}]{{4}})-([{ALPHABET}]{{4}})(?![\w-])", re.IGNORECASE)
_BULLET = re.compile(r"^[\s>|]*[-*•·‣◦▪–—]\s*")
_QUOTE_MARKS = re.compile(r"^[\s>|]+")
_EDGES = " \t:;,.–—-=>()[]*\u00a0"
#: an own line shorter than this may well be the person's too ("Hej!")
_TELLING = 25


@dataclass(frozen=True, slots=True)
class Written:
    """One line: its words without the REF, and the items it names (or stands below)."""

    text: str
    refs: tuple[str, ...] = ()


def refs_in(text: str) -> tuple[str, ...]:
    """The references in a text, each once, in their usual form."""
    without_codes = TICKET.sub(" ", text)
    return tuple(dict.fromkeys(f"{one}-{two}".upper() for one, two in _REF.findall(without_codes)))


def written_lines(body: Body, own_text: str = "") -> tuple[Written, ...]:
    """The lines of `body` that are new. `own_text` is the text of the mail that is answered, as far as it is kept."""
    return tuple(_written(list(_marked(body)), _Own(own_text)))


class _Own:
    """The lines of the mail that is answered."""

    def __init__(self, text: str) -> None:
        self._lines = {_plain(line) for line in text.split("\n")} - {""}
        self.known = bool(self._lines)

    def has(self, line: str) -> bool:
        return _plain(line) in self._lines

    def begins_at(self, line: str) -> bool:
        plain = _plain(line)
        return len(plain) >= _TELLING and plain in self._lines


def _plain(line: str) -> str:
    return " ".join(_BULLET.sub("", _QUOTE_MARKS.sub("", line)).split()).casefold()


def _marked(body: Body) -> Iterator[tuple[str, str]]:
    """(kind, line): a line is of the kind of the span it begins in."""
    for span in body.spans:
        for line in body.text[span.start : span.end].split("\n"):
            if line.strip():
                yield span.kind, line.strip()[:MAX_LINE]


def _written(marked: list[tuple[str, str]], own: _Own) -> Iterator[Written]:
    refs: tuple[str, ...] = ()
    in_own_text = False
    for kind, line in marked[: 4 * MAX_LINES]:
        # Telephones repeat a mail without any mark: from the first long line of ours on, lines are ours unless new.
        in_own_text = in_own_text or own.begins_at(line)
        if kind != "new" or TICKET.search(line) or (in_own_text and own.has(line)):
            if kind != "signature":
                refs = refs_in(line)[:1] or refs
            continue
        named = refs_in(line)
        text = _REF.sub(" ", line) if named else line
        is_item = bool(named) and _BULLET.match(line) is not None and (not own.known or in_own_text)
        words = " ".join(text.split()).strip(_EDGES)
        if named and (is_item or not words):
            refs = named
        elif words:
            yield Written(words, named or refs)


def without_greeting(lines: Iterable[Written], greetings: frozenset[str]) -> tuple[Written, ...]:
    """Lines that say nothing ("Hej!", "Tack", "God morgon mailbot") left out."""
    return tuple(line for line in lines if not _only(line.text, greetings))


def _only(text: str, words: frozenset[str]) -> bool:
    found = re.findall(r"\w+", text.casefold())
    return bool(found) and len(found) <= 4 and all(word in words for word in found)
