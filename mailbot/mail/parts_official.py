"""The organisation's own official signature in a mail: exact, or with fields that somebody edited."""

import re
from collections.abc import Iterable

from mailbot.mail import parts_patterns as patterns
from mailbot.mail.parts_lines import Lines

#: name, title, department and closing may stand above the first line that everybody's signature has
_LINES_ABOVE = 10
#: telephones and addresses of the web below the last one
_LINES_BELOW = 6
_LONGEST_LINE = 120
_DIGIT = re.compile(r"\d")
_NOT_WORDS = re.compile(r"[\W_]+")


def fold(text: str) -> str:
    """What is left of a line when numbers, case, spaces and punctuation may have been edited."""
    return _NOT_WORDS.sub(" ", _DIGIT.sub("0", text.lower())).strip()


def folded(own_lines: Iterable[str]) -> frozenset[str]:
    """Lines of the official signature, for `official_block`; those without letters tell nothing."""
    return frozenset(found for line in own_lines if len(found := fold(line)) > 3)


def official_block(lines: Lines, start: int, end: int, own: frozenset[str]) -> tuple[int, int] | None:
    """First line and the line after the official signature among lines start..end; None when it is not there.

    One own line proves nothing ("Bjurholms kommun" may stand in a letter): it needs a second one near it, or the line
    of asterisks or a closing phrase above.
    """
    hits = [i for i in range(start, end) if lines.low[i] and _is_own(lines.low[i], own)]
    if not hits:
        return None
    last = hits[-1]
    near = [i for i in hits if last - i <= _LINES_ABOVE]
    begin = _head(lines, near[0], start)
    if begin is None:
        if len(near) < 2:
            return None
        begin = _labels_above(lines, near[0], start)
    return begin, _labels_below(lines, last, end)


def _is_own(low: str, own: frozenset[str]) -> bool:
    return len(low) <= _LONGEST_LINE and fold(low) in own


def _head(lines: Lines, first: int, start: int) -> int | None:
    """The line of asterisks, or else the closing phrase, from which only short lines lead to `first`."""
    closing = None
    for index in range(first - 1, max(start, first - _LINES_ABOVE) - 1, -1):
        low = lines.low[index]
        if patterns.ASTERISKS.fullmatch(low):
            return index
        if closing is not None and low:
            return closing
        if patterns.CLOSING.match(low) and len(low) <= 60:
            closing = index
        elif low and not _is_label(low):
            return closing
    return closing


def _labels_above(lines: Lines, first: int, start: int) -> int:
    """Without a closing phrase: the lines that touch the first own one from above."""
    index = first
    while index > start and first - index < _LINES_ABOVE and lines.low[index - 1] and _is_label(lines.low[index - 1]):
        index -= 1
    return index


def _labels_below(lines: Lines, last: int, end: int) -> int:
    """Telephones, addresses and the like below the last own line; a sentence is new text again."""
    stop = index = last + 1
    while index < min(end, last + 1 + _LINES_BELOW):
        low = lines.low[index]
        if low and not (_is_label(low) or patterns.CONTACT.search(low)):
            break
        index += 1
        if low:
            stop = index
    return stop


def _is_label(low: str) -> bool:
    return len(low) <= 80 and low.count(" ") <= 8 and low[-1] not in ".!?"
