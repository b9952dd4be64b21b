"""Tables become dataclasses; every problem is named by its key path and says what to do."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from mailbot.errors import UserError
from mailbot.settings import checked, structure, within


@dataclass(frozen=True, slots=True, kw_only=True)
class Cat:
    kind: Literal["cat"]
    lives: int = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Dog:
    kind: Literal["dog", "hound"]
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    from_: date
    back: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    address: str
    rooms: int = field(default=1, metadata=within(1, 40))
    rent: float = 0.0
    heated: bool = False
    built_on: date = date(1900, 1, 1)
    opens: tuple[time, ...] = ()
    zone: ZoneInfo | None = None
    plan: Path | None = None
    state: Literal["sold", "let", ""] = ""
    leaves: tuple[Leave, ...] = ()
    animals: Mapping[str, Cat | Dog] = field(default_factory=dict)
    weights: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    names: tuple[str, ...] = field(
        default=(), metadata=checked(lambda names: "write each name once" if len(set(names)) < len(names) else None)
    )


FULL = """
address = "Storgatan 1"
rooms = 4
rent = 3
heated = true
built_on = 1931-05-06
opens = ["07:00", 12:30:00]
zone = "Europe/Oslo"
plan = "/srv/plan.pdf"
state = "let"
names = ["a", "b"]
leaves = [{ from = "2026-12-01" }, { from = 2026-12-02, back = "2026-12-03" }]

[animals.tom]
kind = "cat"

[animals.rex]
kind = "hound"
name = "Rex"

[weights.sv]
"söker bidrag" = 3
"""


def test_a_whole_table():
    assert structure(tomllib.loads(FULL), House) == House(
        address="Storgatan 1",
        rooms=4,
        rent=3.0,
        heated=True,
        built_on=date(1931, 5, 6),
        opens=(time(7), time(12, 30)),
        zone=ZoneInfo("Europe/Oslo"),
        plan=Path("/srv/plan.pdf"),
        state="let",
        names=("a", "b"),
        leaves=(Leave(from_=date(2026, 12, 1)), Leave(from_=date(2026, 12, 2), back=date(2026, 12, 3))),
        animals={"tom": Cat(kind="cat"), "rex": Dog(kind="hound", name="Rex")},
        weights={"sv": {"söker bidrag": 3.0}},
    )


def test_instances_are_kept():
    leave, tom = Leave(from_=date(2026, 1, 1)), Cat(kind="cat")
    house = structure({"address": "", "leaves": (leave,), "animals": {"tom": tom}, "plan": None}, House)
    assert house.leaves[0] is leave
    assert house.animals["tom"] is tom


def problems(table: object, where: str = "") -> tuple[str, ...]:
    with pytest.raises(UserError) as caught:
        structure(table, House, where=where)
    return caught.value.problems


@pytest.mark.parametrize(
    "toml, problem",
    [
        ("adress = 'x'", "adress: unknown key 'adress', did you mean 'address'?"),
        ("", 'address: is missing; add address = "..."'),
        ("address = 3", 'address: is 3, but a text is expected; write it in quotes, as in "..."'),
        ("rooms = true", "rooms: is true, but a whole number is expected; write it without quotes, as in 3"),
        ("rooms = '4'", 'rooms: is "4", but a whole number is expected; write it without quotes, as in 3'),
        ("rooms = 4.0", "rooms: is 4.0, but a whole number is expected; write it without quotes, as in 3"),
        ("rooms = 41", "rooms: is 41; write a number from 1 to 40"),
        ("rent = nan", "rent: is nan, but a number is expected; write it without quotes, as in 2.5"),
        ("rent = false", "rent: is false, but a number is expected; write it without quotes, as in 2.5"),
        ("heated = 1", "heated: is 1, but true or false is expected; write it without quotes"),
        ("heated = 'yes'", 'heated: is "yes", but true or false is expected; write it without quotes'),
        ("built_on = '6/5 1931'", 'built_on: is "6/5 1931", but a date is expected; write it as "2026-12-01"'),
        ("built_on = '2026-W01-1'", 'built_on: is "2026-W01-1", but a date is expected; write it as "2026-12-01"'),
        ("built_on = '2026-02-30'", 'built_on: is "2026-02-30", but a date is expected; write it as "2026-12-01"'),
        (
            "built_on = 2026-02-03T10:00:00",
            'built_on: is 2026-02-03 10:00:00, but a date is expected; write it as "2026-12-01"',
        ),
        ("opens = '07:00'", 'opens: is "07:00", but a list is expected; write ["..."]'),
        (
            "opens = ['07:00', '7:00']",
            'opens[1]: is "7:00", but a local time of day is expected; write it as "07:00"',
        ),
        ("opens = ['24:00']", 'opens[0]: is "24:00", but a local time of day is expected; write it as "07:00"'),
        (
            "opens = ['07:00+02']",
            'opens[0]: is "07:00+02", but a local time of day is expected; write it as "07:00"',
        ),
        ("zone = 'Europe/Bjurholm'", 'zone: is "Europe/Bjurholm"; write an IANA time zone, as in "Europe/Stockholm"'),
        ("zone = '../etc'", 'zone: is "../etc"; write an IANA time zone, as in "Europe/Stockholm"'),
        ("state = 'lett'", 'state: is "lett"; write "sold" or "let" or "" (did you mean "let"?)'),
        ("state = 1", 'state: is 1; write "sold" or "let" or ""'),
        ("names = ['a', 'a']", "names: write each name once"),
        ("leaves = { from = 2026-01-01 }", "leaves: is a table, but a list is expected; write [[...]] tables"),
        ("leaves = ['x']", 'leaves[0]: is "x", but a table is expected; write key = value lines below [...]'),
        ("leaves = [{}]", 'leaves[0].from: is missing; add from = "2026-12-01"'),
        ("leaves = [{from=2026-01-01, from_=1}]", "leaves[0].from_: unknown key 'from_', did you mean 'from'?"),
        ("animals = 3", "animals: is 3, but a table is expected; write key = value lines below [...]"),
        ("animals.tom = {}", 'animals.tom.kind: is missing; add kind = "cat" or "dog" or "hound"'),
        ("animals.tom.kind = 'cow'", 'animals.tom.kind: is "cow"; write "cat" or "dog" or "hound"'),
        ("animals.tom = {kind = 'cat', name = 'x'}", "animals.tom.name: unknown key 'name', known here: kind, lives"),
        ("animals.'my rex'.kind = 'dog'", 'animals."my rex".name: is missing; add name = "..."'),
        ("weights.sv.x = '3'", 'weights.sv.x: is "3", but a number is expected; write it without quotes, as in 2.5'),
    ],
)
def test_each_problem_names_the_key_and_the_remedy(toml, problem):
    table = tomllib.loads(toml)
    if not problem.startswith("ad"):
        table["address"] = "x"
    assert problem in problems(table)


def test_dates_with_times_are_written_without_quotes():
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Meeting:
        at: datetime

    assert structure(tomllib.loads("at = 2026-05-11T09:00:00"), Meeting).at == datetime(2026, 5, 11, 9)
    for wrong in ("2026-05-11T09:00:00", date(2026, 5, 11)):
        with pytest.raises(UserError, match="a date and time is expected"):
            structure({"at": wrong}, Meeting)


def test_all_problems_come_at_once_below_the_place_of_the_table():
    table = {"rooms": "x", "leaves": [{"from": "x", "bakc": 1}, {"back": 1}], "pets": 1}
    assert [problem.partition(": ")[0] for problem in problems(table, where="houses[2]")] == [
        "houses[2].address",
        "houses[2].rooms",
        "houses[2].leaves[0].from",
        "houses[2].leaves[0].bakc",
        "houses[2].leaves[1].from",
        "houses[2].leaves[1].back",
        "houses[2].pets",
    ]


def test_a_value_that_is_no_table_at_all():
    assert problems(3) == ("is 3, but a table is expected; write key = value lines below [...]",)
    assert problems(3, where="house") == ("house: is 3, but a table is expected; write key = value lines below [...]",)


def test_long_values_are_shortened():
    assert len(problems({"address": "x", "state": "r" * 10_000})[0]) < 120


SCALARS = st.sampled_from(
    [
        None,
        True,
        0,
        10**30,
        0.5,
        float("nan"),
        "",
        "cat",
        "2026-01-01",
        date.max,
        datetime.min,
        time.max,
        [[]],
        {"": {}},
    ]
)
VALUES = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.sampled_from(["kind", "from", "tom"]), SCALARS)


@settings(deadline=None, phases=[Phase.generate])  # shrinking these takes minutes and tells nothing
@given(st.dictionaries(st.sampled_from([*House.__dataclass_fields__, "kind", "x"]), VALUES))
def test_any_table_is_a_house_or_a_list_of_problems(table):
    try:
        assert isinstance(structure(table, House), House)
    except UserError as error:
        assert error.problems
