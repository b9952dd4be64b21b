"""Messages without the content of attachments that nobody will read: an attachment of 40 MB never enters memory.

In place of such content stands LEFT_OUT, so that it is never taken for an empty file. What is fetched of a message
otherwise is its text, and documents within an Allowance.
"""

from dataclasses import dataclass
from typing import Final

from mailbot.mail.body import is_text
from mailbot.mail.documents import form
from mailbot.mail.headers import read_block, skip_leading
from mailbot.mail.mime import Octets, Part, walk

#: stands for content that was left where it lies. Whoever sends a file of just these words has it looked at by a person
LEFT_OUT: Final = b"(left out by mailbot)"
#: of one text; what is longer is a log file or an attack, and is judged by its beginning
_TEXT_OCTETS = 4_100_000
#: parts up to this size stay whatever they are: signatures, calendar entries, reports of machines
_SMALL = 65_536
_HEADER_OCTETS = 2 * 1024 * 1024
_UNREADABLE = frozenset({"picture", "sound"})


@dataclass(slots=True)
class Allowance:
    """What may still be taken of the documents of one message, in octets as they are transferred."""

    each: int
    together: int

    def takes(self, filename: str | None, content_type: str, octets: int) -> bool:
        """Whether this attachment is a document that may be read; it is counted then."""
        if form(filename, content_type) in _UNREADABLE or octets > min(self.each, self.together):
            return False
        self.together -= octets
        return True


def is_left_out(raw: bytes, start: int, end: int) -> bool:
    """Whether the content between these offsets of `raw` stands for some that was left out."""
    return end - start == len(LEFT_OUT) and raw[start:end] == LEFT_OUT


def reduced(raw: Octets, allowance: Allowance) -> bytes:
    """A message with its text, small parts and what `allowance` takes; everything else is left out."""
    head = raw[:_HEADER_OCTETS]
    block = read_block(head, skip_leading(head))
    pieces: list[bytes] = []
    position = 0
    for part in walk(raw, block.headers, block.body_start).parts:
        end = _kept_until(part, allowance)
        if end < part.end and part.start >= position:
            pieces += [raw[position:end], LEFT_OUT if end == part.start else b""]
            position = part.end
    return b"".join([*pieces, raw[position : len(raw)]])


def _kept_until(part: Part, allowance: Allowance) -> int:
    if is_text(part):
        return min(part.end, part.start + _TEXT_OCTETS)
    octets = part.end - part.start
    small = octets <= _SMALL
    return part.end if small or allowance.takes(part.filename, part.content_type, octets) else part.start
