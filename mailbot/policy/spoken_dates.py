"""Days as people write them, in Swedish, Norwegian and English at once: "2026-07-20", "20/7", "v. 31", "i morgon".

What was understood is always read back with its weekday before it counts, so a generous reading does no harm.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import MAXYEAR, MINYEAR, date, timedelta

_MONTHS = (
    ("januari", "januar", "january"),
    ("februari", "februar", "february"),
    ("mars", "march"),
    ("april",),
    ("maj", "mai", "may"),
    ("juni", "june"),
    ("juli", "july"),
    ("augusti", "august"),
    ("september",),
    ("oktober", "october"),
    ("november",),
    ("december", "desember"),
)
_WEEKDAYS = (
    ("mandag", "monday"),
    ("tisdag", "tirsdag", "tuesday"),
    ("onsdag", "wednesday"),
    ("torsdag", "thursday"),
    ("fredag", "friday"),
    ("lordag", "saturday"),
    ("sondag", "sunday"),
)
_RELATIVE = {
    "idag": 0,
    "today": 0,
    "imorgon": 1,
    "imorgen": 1,
    "tomorrow": 1,
    "overmorgon": 2,
    "overmorgen": 2,
    "iovermorgon": 2,
    "iovermorgen": 2,
    "dayaftertomorrow": 2,
}
_NEXT = {"nasta", "neste", "next"}
#: words that carry no date
_FILLERS = {"den", "the", "pa", "on", "fran", "fra", "from", "och", "med", "of", "kommande", "forsta"}
_WEEK = r"(?:v|vecka|uke|week|w)\.?"
_SPAN = re.compile(r"(?:om|in) (\d{1,3}) (dag|dagar|dager|days?|vecka|veckor|uke|uker|weeks?)")
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th|:e|:a|\.)(?= |$)")
_LONGEST = 60
#: the 29th of February comes back within eight years (1896 to 1904)
_YEARS_AHEAD = 9


def read_day(text: str, *, today: date, not_before: date | None = None) -> date | None:
    """The day that `text` means; None when it cannot be read.

    A day without a year is the first such day on or after `not_before` (today, or for a return the day of departure).
    A week means its Monday. Words like "i morgon" count from `today`.
    """
    said = _plain(text)
    if not said or len(said) > _LONGEST:
        return None
    not_before = not_before or today
    try:
        if (relative := _relative(said, today)) is not None:
            return relative
        for reader in (_iso, _numbers, _week, _named_month, _weekday):
            found = reader(said, not_before)
            if found is not None:
                return found
    except (ValueError, OverflowError):
        return None
    return None


def read_week(text: str, *, not_before: date) -> str | None:
    """The ISO week that "v. 53", "53" or "2026-W53" means, as "2026-W53"; None when it cannot be read."""
    said = _plain(text)
    try:
        monday = _week(f"v. {said}" if said.isdigit() else said, not_before - timedelta(days=6))
    except (ValueError, OverflowError):
        return None
    if monday is None:
        return None
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02}"


def _plain(text: str) -> str:
    """Lower case without accents, one space between words: å and ä as a, ö and ø as o."""
    folded = text.strip().lower().replace("ø", "o").replace("æ", "a")
    letters = "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
    return " ".join(letters.replace(",", " ").split())


def _iso(said: str, not_before: date) -> date | None:
    """2026-07-20, 20260720, 26-07-20 (as the policy writes it), 2026-W30, 2026-W30-1."""
    if match := re.fullmatch(r"(\d{2})-(\d{1,2})-(\d{1,2})", said):
        century = not_before.year // 100 * 100
        return date(century + int(match[1]), int(match[2]), int(match[3]))
    if match := re.fullmatch(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", said):
        return date(int(match[1]), int(match[2]), int(match[3]))
    if match := re.fullmatch(r"(\d{4})(\d\d)(\d\d)", said):
        return date(int(match[1]), int(match[2]), int(match[3]))
    if match := re.fullmatch(r"(\d{4})-?w(\d{1,2})(?:-([1-7]))?", said):
        return date.fromisocalendar(int(match[1]), int(match[2]), int(match[3] or 1))
    return None


def _numbers(said: str, not_before: date) -> date | None:
    """20/7, 20/7 2026, 20.7., 20.07.2026; the day first, as in all three countries' everyday writing."""
    match = re.fullmatch(r"(\d{1,2})(?:/|\.) ?(\d{1,2})\.?(?:[ /.-](\d{4}|\d{2}))?", said)
    return _day_of_year(int(match[1]), int(match[2]), match[3], not_before) if match else None


def _relative(said: str, today: date) -> date | None:
    joined = said.replace(" ", "").removeprefix("the").rstrip(".")
    if joined in _RELATIVE:
        return today + timedelta(days=_RELATIVE[joined])
    if match := _SPAN.fullmatch(said):
        days = int(match[1]) * (1 if match[2].startswith("da") else 7)
        return today + timedelta(days=days)
    if said in {f"{word} {week}" for word in _NEXT for week in ("vecka", "uke", "week")}:
        return today + timedelta(days=7 - today.weekday())
    return None


def _week(said: str, not_before: date) -> date | None:
    """v. 31, vecka 31, uke 31 2026, v. 1/2027, "tisdag v. 31", "v. 31 tisdag"."""
    weekday, rest = _without_weekday(said)
    match = re.fullmatch(rf"{_WEEK} ?(\d{{1,2}})(?:[ /-](\d{{4}}|\d{{2}}))?", rest)
    if match is None:
        match = re.fullmatch(r"(\d{4})-?w(\d{1,2})", rest)
        if match is None:
            return None
        return date.fromisocalendar(int(match[1]), int(match[2]), (weekday or 0) + 1)
    number = int(match[1])

    def in_year(year: int) -> date:
        return date.fromisocalendar(year, number, (weekday or 0) + 1)

    if match[2]:
        return in_year(_full_year(match[2], not_before))
    return _first(in_year, not_before)


def _named_month(said: str, not_before: date) -> date | None:
    """20 juli, den 20:e juli 2026, July 20; a weekday beside it is only checked."""
    weekday, rest = _without_weekday(_ORDINAL.sub(r"\1", said))
    words = [word for word in rest.split() if word not in _FILLERS]
    months = [number for word in words if (number := _named(word, _MONTHS)) is not None]
    numbers = [word for word in words if word.isdigit()]
    if len(months) != 1 or len(words) != len(numbers) + 1 or not 1 <= len(numbers) <= 2:
        return None
    day, *year = sorted(numbers, key=len) if len(set(map(len, numbers))) > 1 else numbers
    found = _day_of_year(int(day), months[0] + 1, year[0] if year else None, not_before)
    return found if found is not None and weekday in (None, found.weekday()) else None


def _weekday(said: str, not_before: date) -> date | None:
    """måndag: the next one after that day; "nästa fredag": the one of the week after."""
    weekday, rest = _without_weekday(said)
    words = [word for word in rest.split() if word not in _FILLERS]
    if weekday is None or not set(words) <= _NEXT:
        return None
    if words:
        return not_before + timedelta(days=7 - not_before.weekday() + weekday)
    return not_before + timedelta(days=(weekday - not_before.weekday() - 1) % 7 + 1)


def _without_weekday(said: str) -> tuple[int | None, str]:
    """The weekday that `said` names (0 = Monday), and the other words."""
    rest, weekday = [], None
    for word in said.split():
        found = _named(word, _WEEKDAYS) if _named(word, _MONTHS) is None else None
        if found is not None and weekday is None:
            weekday = found
        else:
            rest.append(word)
    return weekday, " ".join(rest)


def _named(word: str, names: tuple[tuple[str, ...], ...]) -> int | None:
    """Which of `names` the word is, or begins (three letters at least)."""
    bare = word.rstrip(".")
    if len(bare) < 3 or not bare.isalpha():
        return None
    found = [number for number, forms in enumerate(names) if any(form.startswith(bare) for form in forms)]
    return found[0] if len(found) == 1 else None


def _day_of_year(day: int, month: int, year: str | None, not_before: date) -> date | None:
    if year is not None:
        return date(_full_year(year, not_before), month, day)
    return _first(lambda wanted: date(wanted, month, day), not_before)


def _full_year(year: str, not_before: date) -> int:
    return int(year) if len(year) == 4 else not_before.year // 100 * 100 + int(year)


def _first(in_year: Callable[[int], date], not_before: date) -> date | None:
    """The first year's day that exists and is not before `not_before`."""
    for year in _years(not_before):
        try:
            found = in_year(year)
        except ValueError:
            continue
        if found >= not_before:
            return found
    return None


def _years(start: date) -> Iterator[int]:
    return (year for year in range(start.year, start.year + _YEARS_AHEAD) if MINYEAR <= year <= MAXYEAR)
