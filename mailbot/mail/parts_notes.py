"""Headers that Lotus Notes prints above an original: a name and a moment, then "To:", "cc:" and "Subject:".

No other program writes them so: the name stands without "From:", often on a line of its own, fields are empty, and
blank lines stand between them. One line proves nothing; a moment and the fields below it do.
"""

import re

from mailbot.mail.parts_lines import Lines

#: "Ellen Ray on 03/03/2026 10:12:00 AM", "From: Ellen Ray   03/03/2026 10:12 AM", "03/03/2026 10:12 AM"
MOMENT = re.compile(
    r"(?P<name>(?:\S.{0,100}?\s)??)(?:on\s)?\d{1,4}[/.-]\d{1,2}[/.-]\d{2,4},?\s{1,40}\d{1,2}[:.]\d\d(?:[:.]\d\d)?"
    r"(?:\s?[ap]\.?m\.?)?(?:\s[a-z]{2,5})?"
)
_MOMENT_TAIL = re.compile(r"\d[:.]\d\d(?:[:.]\d\d)?(?:\s?[ap]\.?m\.?)?(?:\s[a-z]{2,5})?$")
#: lines that may stand between the moment and "To:"
_BETWEEN = ("please respond to", "sent by", "extern", "internet", "svara till", "bitte antwort", "respond to")
_FIELD_LINES = 14
_RECIPIENT_LINES = 60
_TO = ("to:", "till:", "til:", "an:", "vastaanottaja:")
_COPY = ("cc:", "kopia:", "kopi:", "kopie:", "bcc:")
_SUBJECT = ("subject:", "ämne:", "ärende:", "emne:", "thema:", "betreff:", "aihe:", "fax to:")
#: Notes 8 writes the names of fields on lines of their own
_LONE_NAMES = frozenset(name.rstrip(":") for name in (*_TO, *_COPY, *_SUBJECT))


def notes_header(lines: Lines, index: int) -> tuple[int, int] | None:
    """First line of such a header and the line after its last field, when its moment or its "To:" is line `index`."""
    low = lines.low[index]
    if low.startswith("to:"):
        end = _fields_end(lines, index)
        above = any(lines.low[i] for i in range(max(0, index - 20), index))
        return (index, end) if end is not None and above else None
    if len(low) > 160 or not low[-1].isalnum() or not _MOMENT_TAIL.search(low):
        return None
    match = MOMENT.fullmatch(low)
    fields_at = _next_recipient(lines, index + 1) if match else None
    end = _fields_end(lines, fields_at, dated=fields_at == index + 1) if fields_at is not None else None
    if match is None or end is None:
        return None
    if low.startswith("from:"):
        return _with_company_above(lines, index), end
    return (index if match["name"] else _with_name_above(lines, index)), end


def _next_recipient(lines: Lines, index: int) -> int | None:
    """The line of "To:" below a moment; little may stand between."""
    strange = 0
    for position in range(index, min(len(lines), index + _FIELD_LINES)):
        low = lines.low[position]
        if not low:
            continue
        if _is_field(low, _TO):
            return position
        if not low.startswith(_BETWEEN):
            strange += 1
        if strange > 2:
            return None
    return None


def _fields_end(lines: Lines, index: int, *, dated: bool = False) -> int | None:
    """The line after "Subject:" of the fields that begin with "To:" at `index`.

    "cc:" must be there too, unless the fields are `dated` (a moment stands right above) and name a mailbox.
    """
    copied, end = dated and ("@" in lines.low[index] or "/" in lines.low[index]), None
    for position in range(index + 1, min(len(lines), index + _RECIPIENT_LINES)):
        low = lines.low[position]
        if _is_field(low, _COPY):
            copied = True
        elif _is_field(low, _SUBJECT):
            end = position + 1
            break
        elif low.startswith(_TO[:1]) or (not copied and _is_sentence(low)):
            return None  # another header, or a letter
    return end if copied else None


def _is_field(low: str, names: tuple[str, ...]) -> bool:
    return low.startswith(names) or (low in _LONE_NAMES and f"{low}:" in names)


def _is_sentence(low: str) -> bool:
    return low.endswith((".", "!", "?")) and low.count(" ") > 3


def _with_name_above(lines: Lines, index: int) -> int:
    """The moment stands under the name, and perhaps under "Sent by:" and the name of a company."""
    start = index
    for position in range(index - 1, max(-1, index - 4), -1):
        bare = lines.bare[position]
        if not bare or len(bare) > 80 or bare[-1] in ".!?:," or not _may_name(bare):
            break
        start = position
        if "@" in bare or not lines.low[position].startswith(("sent by", "to:")):
            break
    return start


def _with_company_above(lines: Lines, index: int) -> int:
    """Notes of some companies print their name above, indented like the rest of the header."""
    above = next((i for i in range(index - 1, max(-1, index - 4), -1) if lines.low[i]), None)
    if above is None or lines.text[lines.starts[above]] != "\t":
        return index
    return above if len(lines.bare[above]) <= 60 else index


def _may_name(bare: str) -> bool:
    words = bare.split()
    return len(words) <= 8 and all(not word[0].islower() or "@" in word or len(word) <= 3 for word in words)
