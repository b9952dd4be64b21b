"""Days that a municipality names in its rules: "2026-05-15", "12-24" every year, "easter-4" from Easter Sunday."""

import re
from datetime import date, timedelta
from functools import lru_cache

_EVERY_YEAR = re.compile(r"(\d\d)-(\d\d)", re.ASCII)
_ONE_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_FROM_EASTER = re.compile(r"easter([+-]\d{1,2})?", re.ASCII)
_A_LEAP_YEAR = 2024

#: more entries than this would leave a year with hardly any working days
_MOST_ENTRIES = 100


def day_in_year(entry: str, year: int) -> date | None:
    """The day that `entry` means in `year`; None when it has none there. Raises ValueError for what cannot be read."""
    if match := _ONE_DAY.fullmatch(entry):
        day = date.fromisoformat(entry)
        return day if day.year == year else None
    if match := _EVERY_YEAR.fullmatch(entry):
        month, number = int(match[1]), int(match[2])
        date(_A_LEAP_YEAR, month, number)
        try:
            return date(year, month, number)
        except ValueError:
            return None  # 29 February
    if match := _FROM_EASTER.fullmatch(entry):
        from dateutil.easter import easter

        return easter(year) + timedelta(days=int(match[1] or 0))
    raise ValueError(entry)


def entries_remedy(entries: tuple[str, ...]) -> str | None:
    """What to write instead when some entry cannot be read; None when all can."""
    if len(entries) > _MOST_ENTRIES:
        return f"write at most {_MOST_ENTRIES} days"
    for entry in entries:
        try:
            day_in_year(entry, _A_LEAP_YEAR)
        except ValueError:
            return (
                f'write {entry!r} as "2026-05-15", as "12-24" (every year) or as "easter-4" (days from Easter Sunday)'
            )
    return None


@lru_cache(maxsize=256)
def days_of_year(entries: tuple[str, ...], year: int) -> frozenset[date]:
    """All days that `entries` mean in `year`."""
    days = (day_in_year(entry, year) for entry in entries)
    return frozenset(day for day in days if day is not None)
