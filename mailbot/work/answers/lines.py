"""The lines that a person wrote in an answer, each with the REF of the item it speaks of.

People write `B7KQ-2M9X KS 2026/123`, or `KS 2026/123` below the quoted line of an item, or below a line that holds
nothing but a REF. What we wrote ourselves is never taken for theirs, however a program quotes it: the digest repeats
subjects, and a subject is a stranger's words.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from typing import Any

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
    return tuple(_written(_lines_of(body), _Own(own_text)))


def own_text(raw: bytes) -> str:
    """The words of a mail of ours as programs may repeat them: its text, and its HTML, where no line is broken.

    What it forwards is not among them.
    """
    from mailbot.mail.html import to_text

    found = []
    pending: list[Any] = [message_from_bytes(raw, policy=default)]
    while pending:
        part = pending.pop()
        if part.get_content_type() == "text/plain":
            found.append(part.get_content())
        elif part.get_content_type() == "text/html":
            found.append(to_text(part.get_content()))
        elif part.get_content_maintype() == "multipart":
            pending.extend(part.iter_parts())
    return "\n".join(found)


class _Own:
    """The lines of the mail that is answered."""

    def __init__(self, text: str) -> None:
        self._lines = {_plain(line) for line in text.split("\n")} - {""}
        self.known = bool(self._lines)

    def has(self, line: str) -> bool:
        return _plain(line) in self._lines

    def is_telling(self, line: str) -> bool:
        """Whether nobody but us can have written it."""
        return len(_plain(line)) >= _TELLING and self.has(line)


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    kind: str

    @property
    def is_marked(self) -> bool:
        return self.text.startswith((">", "|"))


def _plain(line: str) -> str:
    return " ".join(_BULLET.sub("", _QUOTE_MARKS.sub("", line)).split()).casefold()


def _lines_of(body: Body) -> list[_Line]:
    """The lines that are not empty; each is of the kind of the span it begins in."""
    return [
        _Line(line.strip()[:MAX_LINE], span.kind)
        for span in body.spans
        for line in body.text[span.start : span.end].split("\n")
        if line.strip()
    ][: 4 * MAX_LINES]


def _ours_begin(lines: Sequence[_Line], own: _Own) -> int:
    """Where a program repeats our mail without any mark, as telephones do."""
    first = next((i for i, line in enumerate(lines) if line.kind == "new" and own.is_telling(line.text)), len(lines))
    while 0 < first < len(lines) and own.has(lines[first - 1].text):
        first -= 1
    return first


def _inside_quotation(lines: Sequence[_Line], number: int, own: _Own) -> bool:
    """Words put below a line of ours inside the quotation, without an empty line, or where nothing is marked at all."""
    line = lines[number]
    if line.kind != "quoted" or line.is_marked or not own.known or number == 0:
        return False
    before = lines[number - 1]
    below_ours = before.is_marked or own.has(before.text)
    return below_ours and not own.has(line.text)


def _ends_ours(lines: Sequence[_Line], number: int, own: _Own) -> bool:
    """Programs that break anew what they quote leave the last words of a line of ours on one of its own."""
    return number > 0 and own.has(f"{lines[number - 1].text} {lines[number].text}")


def _written(lines: Sequence[_Line], own: _Own) -> Iterator[Written]:
    refs: tuple[str, ...] = ()
    ours_begin = _ours_begin(lines, own)
    for number, line in enumerate(lines):
        repeats = number >= ours_begin
        new = line.kind == "new" or (bool(refs) and _inside_quotation(lines, number, own))
        ours = (repeats and own.has(line.text)) or _ends_ours(lines, number, own)
        if not new or ours or TICKET.search(line.text):
            if line.kind != "signature":
                refs = refs_in(line.text)[:1] or refs
            continue
        named = refs_in(line.text)
        words = " ".join(_REF.sub(" ", line.text).split()).strip(_EDGES)
        # Of an item as we write it, the words are a stranger's subject.
        is_item = bool(named) and _BULLET.match(line.text) is not None and (repeats or not own.known)
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
