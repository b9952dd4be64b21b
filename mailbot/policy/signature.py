"""Is a mail's ending the official one? (Bjurholm p. 4: "All e-post ska därför avslutas med en brevfot")

The official signature comes rendered from its template as lines; here it is only compared, so that a municipality's
own template needs no rule of its own.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Literal

State = Literal["right", "outdated", "wrong_order", "foreign", "missing"]
Field = Literal[
    "delimiter", "closing", "name", "title", "department", "organisation", "address", "phone", "mobile", "line"
]

#: lines alike to this degree are one field that was edited
_ALIKE = 0.6
#: longer blocks are no signature, and comparing takes the product of both
_MOST_LINES = 60
_LONGEST_LINE = 200
_LABEL = re.compile(r"(tel|tfn|telefon|växel|phone|tlf|mobil|mob|mobile|direkt)\b\.?\s*:?", re.IGNORECASE)
_DELIMITER = re.compile(r"[*_=~#+-]{2,}")
_SPACES = re.compile(r"\s+")
_DIGITS = re.compile(r"\d")
_PHONE = re.compile(r"\+?\d[\d ()/-]{5,}\d")
_CLOSING = re.compile(
    r"(?:med |de )?(?:vänlig|vennlig|venlig|venleg|bäst|beste|hjärtlig|varm|kind|best|warm|yours|ystävällis|mvh\b"
    r"|hilsen|hälsn|regards|sincerely)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the official signature and what it tells."""

    field: Field
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """`expected` None: a line too many. `found` None: a line that is not there."""

    field: Field
    expected: str | None
    found: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a mail's signature is, and every way in which it differs from the official one."""

    state: State
    differences: tuple[Difference, ...] = ()


def official(lines: Sequence[str], values: Mapping[Field, str]) -> tuple[Line, ...]:
    """The lines of the rendered template with the field each tells; `values` are what the template was filled with."""
    return tuple(Line(_field(text, values), text) for text in _filled(lines))


def _field(text: str, values: Mapping[Field, str]) -> Field:
    if _DELIMITER.fullmatch(text):
        return "delimiter"
    exact: Field | None = next((field for field, value in values.items() if value and value == text), None)
    if exact is not None:
        return exact
    if _CLOSING.match(text):
        return "closing"
    within: Field | None = next((field for field, value in values.items() if value and value in text), None)
    return within or "line"


def compare(found: str, expected: Sequence[Line], *, complete: bool = True) -> Comparison:
    """The signature `found` in a mail ("" for none) against the official one.

    With `complete` False only a few official lines are known (no configuration): further lines are not held against it.
    """
    lines = _filled(found.split("\n"))[:_MOST_LINES]
    if not lines:
        return Comparison("missing")
    wanted = [line.text for line in expected]
    if lines == wanted:
        return Comparison("right")
    if not _is_ours(lines, expected):
        return Comparison("missing" if _is_bare(lines) else "foreign")
    differences = tuple(_differences(lines, expected, complete))
    if differences:
        return Comparison("outdated", differences)
    return Comparison("right" if _in_order(lines, wanted) else "wrong_order")


def _in_order(lines: Sequence[str], wanted: Sequence[str]) -> bool:
    places = [lines.index(text) for text in wanted]
    return all(before <= after for before, after in pairwise(places))


def _filled(lines: Sequence[str]) -> list[str]:
    """Lines with words, white space as a reader sees it."""
    return [text for line in lines if (text := _SPACES.sub(" ", line[:_LONGEST_LINE]).strip())]


def _is_ours(lines: Sequence[str], expected: Sequence[Line]) -> bool:
    """Somebody signs officially who names the organisation, or the person and something else of the block."""
    text = "\n".join(lines).lower()
    by_field = {line.field: line.text.lower() for line in expected}
    organisation, name = by_field.get("organisation"), by_field.get("name")
    named = name is not None and name in text
    own_lines = sum(line in {one.text for one in expected} for line in lines)
    if named:
        return len(lines) > 2 or own_lines > 2
    # a colleague's block has the organisation, but another name
    return organisation is not None and organisation in text and _first_name_in(name, text)


def _first_name_in(name: str | None, text: str) -> bool:
    return name is None or any(part in text.split() for part in name.split())


def _is_bare(lines: Sequence[str]) -> bool:
    """Only a closing and a name: the person signed, the signature is missing."""
    return len(lines) <= 2 or (len(lines) == 3 and _DELIMITER.fullmatch(lines[0]) is not None)


def _differences(lines: Sequence[str], expected: Sequence[Line], complete: bool) -> Iterator[Difference]:
    """Fields that were edited or left out, in the official order, then lines too many."""
    left = list(lines)
    missing: list[Line] = []
    for line in expected:
        if line.text in left:
            left.remove(line.text)
        else:
            missing.append(line)
    for line in missing:
        nearest = _nearest(line, left)
        if nearest is not None:
            left.remove(nearest)
        yield Difference(line.field, line.text, nearest)
    if complete:
        for text in left:
            yield Difference("line", None, text)


def _nearest(line: Line, candidates: Sequence[str]) -> str | None:
    """The line that most probably is this field in an older or edited form."""
    best, best_degree = None, 0.0
    for text in candidates:
        degree = _likeness(line, text)
        if degree > best_degree:
            best, best_degree = text, degree
    return best if best_degree >= _ALIKE else None


def _likeness(line: Line, text: str) -> float:
    if line.field == "delimiter" or _DELIMITER.fullmatch(text):
        return float(line.field == "delimiter" and _DELIMITER.fullmatch(text) is not None)
    if line.field == "closing":
        return 1.0 if _CLOSING.match(text) else 0.0
    if line.field in ("phone", "mobile"):
        if not _PHONE.search(text):
            return 0.0
        return 1.0 if _label(line.text) == _label(text) else _ALIKE
    return SequenceMatcher(None, _DIGITS.sub("0", line.text.lower()), _DIGITS.sub("0", text.lower())).ratio()


def _label(text: str) -> str:
    match = _LABEL.match(text)
    return match[1].lower()[:3] if match else ""


def is_visible(organisation: str, *texts: str) -> bool:
    """Bjurholm p. 4: "Det ska framgå att e-postmeddelandet kommer från Bjurholms kommun"."""
    name = _SPACES.sub(" ", organisation).strip().lower()
    return not name or any(name in _SPACES.sub(" ", text).lower() for text in texts)


def mended(found: str, expected: Sequence[Line], *, complete: bool = True) -> str:
    """The ending as it should stand. Where not everything official is known, other lines are kept in their order."""
    wanted = [line.text for line in expected]
    if complete:
        return "\n".join(wanted) + "\n"
    kept = list(_filled(found.split("\n")))
    for difference in _differences(kept.copy(), expected, True):
        if difference.expected is not None and difference.found in kept:
            kept.remove(difference.found)
    kept = [text for text in kept if text not in wanted and not _DELIMITER.fullmatch(text) and not _CLOSING.match(text)]
    after_name = [text for text in kept if not _is_contact(text)]
    place = next((i for i, line in enumerate(expected) if line.field == "organisation"), len(wanted))
    contacts = [text for text in kept if _is_contact(text)]
    return "\n".join([*wanted[:place], *after_name, *wanted[place:], *contacts]) + "\n"


def _is_contact(text: str) -> bool:
    return bool(_PHONE.search(text) or "@" in text or "www." in text or re.search(r"\d{3} ?\d{2}|\d+\s*[A-D]?,", text))
