"""Which days are working days, and why the others are not (requirements section 3).

There are two calendars: the reply clock stands still on every closed day, but the daily check of the authority mailbox
goes on when only the municipality itself has closed (JO 2668-2000: vacation and bridge days do not suspend the duty).
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, timedelta
from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, cast

from mailbot.policy.profile import CalendarRules, is_closed_day

if TYPE_CHECKING:
    from holidays import HolidayBase

_ONE_DAY = timedelta(days=1)
_SATURDAY = 5

_CLASSES = {"SE": ("holidays.countries.sweden", "Sweden"), "NO": ("holidays.countries.norway", "Norway")}

# Lag (1930:173) 2 § equates midsommarafton, julafton and nyårsafton with Sunday: the library files them under
# "de_facto". In Norway helligdagsloven knows no such eves; a municipality that closes lists them in closed_days.
_CATEGORIES = {"SE": ("public", "de_facto"), "NO": ("public",)}

# `holidays` would otherwise follow the host's LANG. Where it lacks a language the country's own names are used.
_NAMES = {
    ("SE", "sv"): "sv",
    ("SE", "nb"): "sv",
    ("SE", "en"): "en_US",
    ("NO", "nb"): "no",
    ("NO", "sv"): "no",
    ("NO", "en"): "en_US",
}

_WEEKEND = {"sv": ("lördag", "söndag"), "nb": ("lørdag", "søndag"), "en": ("Saturday", "Sunday")}
_BRIDGE_DAY = {"sv": "klämdag", "nb": "inneklemt dag", "en": "bridge day"}
_LOCAL_DAY = {"sv": "stängt enligt eget beslut", "nb": "stengt etter eget vedtak", "en": "closed by local decision"}


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """The working days of one municipality. Days are local dates; knows nothing of clocks and zones."""

    rules: CalendarRules

    def is_working_day(self, day: date) -> bool:
        """Whether the reply clock counts `day`."""
        return self._is_open_by_law(day) and not self._is_closed_locally(day)

    def is_mailbox_check_day(self, day: date) -> bool:
        """Whether somebody must check the authority mailbox on `day` (Bjurholm p. 4, "varje arbetsdag")."""
        if self.rules.closed_days_suspend_mailbox_check:
            return self.is_working_day(day)
        return self._is_open_by_law(day)

    def why_closed(self, day: date, language: str) -> str | None:
        """The name of the holiday, the weekday of a weekend, or that the municipality closed; None on working days."""
        if self.is_working_day(day):
            return None
        if holiday := self._holidays(day, language).get(day):
            return holiday
        if day.weekday() >= _SATURDAY:
            return _WEEKEND.get(language, _WEEKEND["en"])[day.weekday() - _SATURDAY]
        words = _LOCAL_DAY if is_closed_day(day, self.rules.closed_days) else _BRIDGE_DAY
        return words.get(language, words["en"])

    def next_working_day(self, day: date) -> date:
        """The first working day after `day`."""
        return self.add_working_days(day, 1)

    def on_or_after(self, day: date) -> date:
        """`day` itself when it is a working day, else the next one."""
        return day if self.is_working_day(day) else self.next_working_day(day)

    def add_working_days(self, day: date, count: int) -> date:
        """The `count`th working day after `day`; `day` itself for 0. Raises OverflowError past 9999."""
        if count < 0:
            raise ValueError("working days are counted forwards")
        while count:
            day += _ONE_DAY
            count -= self.is_working_day(day)
        return day

    def days_from(self, first: date, last: date) -> Iterator[date]:
        """Every day from `first` to `last`, both included, closed ones too."""
        return (first + timedelta(days=number) for number in range((last - first).days + 1))

    def _is_open_by_law(self, day: date) -> bool:
        if is_closed_day(day, self.rules.open_days):
            return True
        return day.weekday() < _SATURDAY and day not in self._holidays(day, "en")

    def _is_closed_locally(self, day: date) -> bool:
        if is_closed_day(day, self.rules.open_days):
            return False
        return is_closed_day(day, self.rules.closed_days) or (
            self.rules.bridge_days_closed and self._is_bridge_day(day)
        )

    def _is_bridge_day(self, day: date) -> bool:
        """A single working day with closed days by law on both sides, such as the Friday after Ascension Day."""
        if not MINYEAR < day.year < MAXYEAR or not self._is_open_by_law(day):
            return False
        return not self._is_open_by_law(day - _ONE_DAY) and not self._is_open_by_law(day + _ONE_DAY)

    def _holidays(self, day: date, language: str) -> Mapping[date, str]:
        return _holidays_of_year(self.rules.country, day.year, language)


@cache
def _national_calendar(country: str) -> "type[HolidayBase]":
    """The class that knows one country's holidays.

    `holidays.countries` imports the calendars of all 280 countries, 7 MiB that a worker would keep, as soon as one is
    wanted (holidays/countries/__init__.py, 0.109). An empty package stands in its place meanwhile.
    """
    import holidays

    module, name = _CLASSES[country]
    whole_world = "holidays.countries"
    if whole_world in sys.modules:
        found = import_module(module)
    else:
        empty = ModuleType(whole_world)
        empty.__path__ = [str(Path(holidays.__file__).with_name("countries"))]
        sys.modules[whole_world] = empty
        try:
            found = import_module(module)
        finally:
            del sys.modules[whole_world]
    return cast("type[HolidayBase]", getattr(found, name))


@lru_cache(maxsize=256)
def _holidays_of_year(country: str, year: int, language: str) -> Mapping[date, str]:
    """Names of the holidays of one year. A year costs some 20 ms, hence the cache."""
    names = _national_calendar(country)(
        years=year,
        categories=_CATEGORIES[country],
        language=_NAMES.get((country, language), "en_US"),
        expand=False,
    )
    # two holidays on one day come as "Andre pinsedag; Grunnlovsdag"
    return {day: name.replace("; ", ", ") for day, name in names.items() if day.year == year}


def iso_week(day: date) -> str:
    """ISO 8601 week with its own year, "2026-W53"; it sorts by date as text, week numbers alone do not."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"
