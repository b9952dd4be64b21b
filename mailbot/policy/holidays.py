"""The holidays of Sweden and Norway, computed from the laws that name them.

A dozen rules for each country. The package `holidays` knows the same days (tests hold the two together, year by year),
but loads the calendars of the whole world: 11 MiB and a tenth of a second for a worker that needs these two.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Final

_Day = Callable[[int], date | None]
#: how the day is found in a year, its name in the country's own language, and in English
_Rule = tuple[_Day, str, str]

_SATURDAY = 5
_A_WEEK = 7
#: Gregorian Easters that dateutil computes
_YEARS_WITH_EASTER = range(1583, 4100)


def _fixed(month: int, day: int) -> _Day:
    return lambda year: date(year, month, day)


def _from_easter(days: int) -> _Day:
    """So many days after Easter Sunday."""

    def find(year: int) -> date | None:
        from dateutil.easter import easter

        return easter(year) + timedelta(days=days) if year in _YEARS_WITH_EASTER else None

    return find


def _saturday_from(month: int, day: int, *, shift: int = 0) -> _Day:
    """The Saturday of the week that begins on that day, or a day before or after it."""

    def find(year: int) -> date:
        first = date(year, month, day)
        return first + timedelta(days=(_SATURDAY - first.weekday()) % _A_WEEK + shift)

    return find


_NEW_YEAR, _EPIPHANY, _MAY_DAY = _fixed(1, 1), _fixed(1, 6), _fixed(5, 1)
_CHRISTMAS, _BOXING_DAY = _fixed(12, 25), _fixed(12, 26)
_GOOD_FRIDAY, _EASTER, _EASTER_MONDAY = _from_easter(-2), _from_easter(0), _from_easter(1)
_ASCENSION, _PENTECOST, _WHIT_MONDAY = _from_easter(39), _from_easter(49), _from_easter(50)

#: lag (1989:253) om allmänna helgdagar; the eves that lag (1930:173) 2 § equates with Sunday
_SWEDEN: Final[tuple[_Rule, ...]] = (
    (_NEW_YEAR, "Nyårsdagen", "New Year's Day"),
    (_EPIPHANY, "Trettondedag jul", "Epiphany"),
    (_GOOD_FRIDAY, "Långfredagen", "Good Friday"),
    (_EASTER, "Påskdagen", "Easter Sunday"),
    (_EASTER_MONDAY, "Annandag påsk", "Easter Monday"),
    (_MAY_DAY, "Första maj", "May Day"),
    (_ASCENSION, "Kristi himmelsfärdsdag", "Ascension Day"),
    (_PENTECOST, "Pingstdagen", "Pentecost"),
    (_saturday_from(6, 20, shift=-1), "Midsommarafton", "Midsummer Eve"),
    (_saturday_from(6, 20), "Midsommardagen", "Midsummer Day"),
    (_saturday_from(10, 31), "Alla helgons dag", "All Saints' Day"),
    (_fixed(12, 24), "Julafton", "Christmas Eve"),
    (_CHRISTMAS, "Juldagen", "Christmas Day"),
    (_BOXING_DAY, "Annandag jul", "Second Day of Christmas"),
    (_fixed(12, 31), "Nyårsafton", "New Year's Eve"),
)
#: the national day took the place of Whit Monday (lag 2004:1320)
_NATIONAL_DAY_SINCE = 2005
_NATIONAL_DAY = (_fixed(6, 6), "Nationaldagen", "National Day")
_SWEDISH_WHIT_MONDAY = (_WHIT_MONDAY, "Annandag pingst", "Pentecost Monday")

#: helligdagsloven (1995-02-24-12) § 2 and lov om 1 og 17 mai (1947-04-26-1), which know no eves
_NORWAY: Final[tuple[_Rule, ...]] = (
    (_NEW_YEAR, "Første nyttårsdag", "New Year's Day"),
    (_from_easter(-3), "Skjærtorsdag", "Maundy Thursday"),
    (_GOOD_FRIDAY, "Langfredag", "Good Friday"),
    (_EASTER, "Første påskedag", "Easter Sunday"),
    (_EASTER_MONDAY, "Andre påskedag", "Easter Monday"),
    (_MAY_DAY, "Arbeidernes dag", "Labor Day"),
    (_fixed(5, 17), "Grunnlovsdag", "Constitution Day"),
    (_ASCENSION, "Kristi himmelfartsdag", "Ascension Day"),
    (_PENTECOST, "Første pinsedag", "Pentecost"),
    (_WHIT_MONDAY, "Andre pinsedag", "Pentecost Monday"),
    (_CHRISTMAS, "Første juledag", "Christmas Day"),
    (_BOXING_DAY, "Andre juledag", "Second Day of Christmas"),
)


def holidays_of(country: str, year: int, language: str) -> Mapping[date, str]:
    """Day -> name of every holiday in `year`, in the country's own language, or in English.

    Two holidays on one day share it: "Andre pinsedag, Grunnlovsdag". Raises KeyError for any country but SE and NO.
    """
    days: dict[date, list[str]] = {}
    for find, own, english in _RULES[country](year):
        if (day := find(year)) is not None:
            days.setdefault(day, []).append(english if language == "en" else own)
    return {day: ", ".join(sorted(names)) for day, names in days.items()}


def _swedish(year: int) -> tuple[_Rule, ...]:
    return (*_SWEDEN, _NATIONAL_DAY if year >= _NATIONAL_DAY_SINCE else _SWEDISH_WHIT_MONDAY)


def _norwegian(_: int) -> tuple[_Rule, ...]:
    return _NORWAY


_RULES: Final[Mapping[str, Callable[[int], tuple[_Rule, ...]]]] = {"SE": _swedish, "NO": _norwegian}
