"""Identity numbers of persons in running text: Swedish and Norwegian, in every written form.

Swedish: 10 or 12 digits, "-", "+" (a hundred years or older, folkbokföringslagen 1991:481 18 §), samordningsnummer
(day + 60) and interim numbers (a letter for the first of the last four). Norwegian: fødselsnummer, D-number (day + 40),
H-number (month + 40) and the synthetic numbers of test populations (month + 40, + 65, + 80).

Valid digits alone prove little: a date with any tail passes one time in ten, timestamps and OCR numbers do so too. So
the way a number is written, and the word before it, decide as well.

python-stdnum supplies the checksums. Its `validate` is not used: it rejects samordningsnummer, interim and synthetic
numbers, and reads the clock to guess the century.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from stdnum import luhn
from stdnum.no import fodselsnummer

IdentityNumberKind = Literal[
    "personnummer", "samordningsnummer", "interimsnummer", "fodselsnummer", "d_number", "h_number", "synthetic"
]


@dataclass(frozen=True, slots=True)
class IdentityNumber:
    """A number in characters start <= i < end of the text; its digits are not kept (invariant 6)."""

    kind: IdentityNumberKind
    start: int
    end: int


# Not inside a longer number, word, path or date. A comma may stand before it, and punctuation after.
_BEFORE = r"(?<!\w)(?<!\d[./:])(?<![-/_+])"
_AFTER = r"(?!\w)(?![-/_.:+]\d)"
_HYPHEN = "-\u2010\u2011\u2012\u2013\u2212"  # the hyphens and dashes that word processors put in
_DIGITS = re.compile(r"\d+")
_SWEDISH = re.compile(
    rf"{_BEFORE}(?P<century>18|19|20)?(?P<year>\d\d)(?P<iso>-?)(?P<month>\d\d)(?P=iso)(?P<day>\d\d)"
    rf"(?P<separator>[ \xa0]?[{_HYPHEN}+][ \xa0]?|[ \xa0]?)(?P<tail>\d{{4}}|[A-Z]\d{{3}}){_AFTER}"
)
_NORWEGIAN = re.compile(
    rf"{_BEFORE}(?P<day>\d\d)(?P<mark>[ .]?)(?P<month>\d\d)(?P=mark)(?P<year>\d\d)[{_HYPHEN} \xa0]?"
    rf"(?P<tail>\d{{5}}|\d{{3}} \d\d){_AFTER}"
)

#: characters before (and, fewer, behind) a number in which a word may say what it is
_CONTEXT = 48
_CONTEXT_BEHIND = 20
_PERSON_WORD = re.compile(
    r"person-?(?:nr|nummer|nummret|numret|id)|pers\.?\s?nr|\bp-?nr|\bpnr|samordnings(?:nr|nummer)|interims?(?:nr|nummer|person)|"
    r"reservnummer|tf-nummer|id-?(?:nr|nummer)|\bfödd|fødsels-?(?:nr|nummer)|fødsels- og|fnr|f\.nr|"
    r"\b[dh]-nr|\bhnr|\b[dh]-?nummer|\bfødt|personal identity|social security|identity number|\bssn\b",
    re.IGNORECASE,
)
_OTHER_WORD = re.compile(
    r"\b(?:faktura\w*|invoice|order\w*|ordre\w*|ocr\w*|kid|artikel\w*|art|kund\w*|kunde\w*|bankgiro|plusgiro|bg|pg|konto\w*|"
    r"account|tel|tlf|telefon\w*|mobil\w*|phone|fax|faks|sms|diarie\w*|dnr|ärende(?:nr|nummer)|saks(?:nr|nummer)|ref\w*|"
    r"serie\w*|organisations\w*|org|orgnr|vat|momsreg\w*|kolli\w*|spårnings\w*|sendings\w*|försändelse\w*|version|build)"
    r"[\s.:#-]{0,4}(?:nr|nummer|no|number|id)?[\s.:#-]{0,4}$",
    re.IGNORECASE,
)
# Letters in use on interim numbers; with these and a valid check digit no further word is needed.
_INTERIM_LETTERS = frozenset("TRSUWXJKLMN")


def find(text: str) -> tuple[IdentityNumber, ...]:
    """Every identity number of a person in `text`, in order. Organisation numbers are none. Linear in the text."""
    found = sorted((*_swedish(text), *_norwegian(text)), key=lambda number: number.start)
    return tuple(found)


def _at_numbers(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """What `pattern.finditer` finds, ten times as fast: tried only where digits begin, as `_BEFORE` asks for."""
    end = 0
    for digits in _DIGITS.finditer(text):
        if digits.start() >= end and (match := pattern.match(text, digits.start())):
            end = match.end()
            yield match


def _swedish(text: str) -> Iterator[IdentityNumber]:
    for match in _at_numbers(_SWEDISH, text):
        kind = _swedish_kind(match)
        if kind and _is_meant(text, match, kind):
            yield IdentityNumber(kind, match.start(), match.end())


def _swedish_kind(match: re.Match[str]) -> IdentityNumberKind | None:
    """The kind by date and check digit alone."""
    if match["iso"] and not match["century"]:
        return None
    day = int(match["day"])
    coordination = day > 60  # samordningsnummer: the day of birth plus 60 (Skatteverket)
    if coordination:
        day -= 60
    # Of a year with two digits any century may be meant: 2000 has every leap day that could exist.
    year = int(match["century"] + match["year"]) if match["century"] else 2000 + int(match["year"])
    if not _is_date(year, int(match["month"]), day):
        return None
    tail = match["tail"]
    if tail[0].isalpha():
        return "interimsnummer"
    if not luhn.is_valid(match["year"] + match["month"] + match["day"] + tail):
        return None
    return "samordningsnummer" if coordination else "personnummer"


def _is_meant(text: str, match: re.Match[str], kind: IdentityNumberKind) -> bool:
    """Whether the writing and the words before a number say that a person is meant."""
    if _is_other(text, match):
        return False
    if _is_said_to_be_a_persons(text, match):
        return True
    separator = match["separator"].strip(" \xa0")
    if kind == "interimsnummer":
        digits = match["year"] + match["month"] + match["day"] + "1" + match["tail"][1:]
        return bool(separator) and match["tail"][0] in _INTERIM_LETTERS and luhn.is_valid(digits)
    if separator:
        return True
    # Bare digits: ten may be anything; twelve are a timestamp when they end in a time of day (YYYYMMDDhhmm).
    is_time = int(match["tail"][:2]) < 24 and int(match["tail"][2:]) < 60
    return bool(match["century"]) and not match["iso"] and not is_time


def _is_other(text: str, match: re.Match[str]) -> bool:
    """Whether the word right before says invoice, telephone, account ..."""
    return bool(_OTHER_WORD.search(text[max(0, match.start() - _CONTEXT) : match.start()]))


def _is_said_to_be_a_persons(text: str, match: re.Match[str]) -> bool:
    before = text[max(0, match.start() - _CONTEXT) : match.start()]
    behind = text[match.end() : match.end() + _CONTEXT_BEHIND]
    return bool(_PERSON_WORD.search(before) or _PERSON_WORD.search(behind))


# What is added to the month: 0, or the mark of a help number or of a test population.
_MONTH_MARKS: tuple[tuple[int, IdentityNumberKind], ...] = ((80, "synthetic"), (65, "synthetic"), (40, "h_number"))


def _norwegian(text: str) -> Iterator[IdentityNumber]:
    for match in _at_numbers(_NORWEGIAN, text):
        tail = match["tail"].replace(" ", "")
        kind = _norwegian_kind(match["day"], match["month"], match["year"], tail)
        if kind and _is_meant_norwegian(text, match, kind):
            yield IdentityNumber(kind, match.start(), match.end())


def _is_meant_norwegian(text: str, match: re.Match[str], kind: IdentityNumberKind) -> bool:
    if _is_other(text, match):
        return False
    # Of random eleven digits one in 1,700 is a fødselsnummer or D-number, but one in 400 with the rarer kinds.
    bare = match.end() - match.start() == 11
    return kind in ("fodselsnummer", "d_number") or not bare or _is_said_to_be_a_persons(text, match)


def _norwegian_kind(day: str, month: str, year: str, tail: str) -> IdentityNumberKind | None:
    """The kind when both check digits (modulus 11) hold and the marks taken off leave a date of birth."""
    digits = day + month + year + tail
    if digits[9] != fodselsnummer.calc_check_digit1(digits) or digits[10] != fodselsnummer.calc_check_digit2(digits):
        return None
    kind: IdentityNumberKind = "fodselsnummer"
    day_of_birth, month_of_birth = int(day), int(month)
    if day_of_birth > 40:
        kind, day_of_birth = "d_number", day_of_birth - 40
    for added, marked in _MONTH_MARKS:
        if month_of_birth > added:
            kind, month_of_birth = marked, month_of_birth - added
            break
    if not _is_date(2000 + int(year), month_of_birth, day_of_birth):
        return None
    return kind


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
