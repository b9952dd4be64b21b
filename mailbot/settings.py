"""TOML tables become frozen dataclasses; every problem at once, each with its key path and the remedy."""

import re
import types
from collections.abc import Callable, Mapping
from dataclasses import Field, is_dataclass
from datetime import date, datetime, time
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

from cattrs import ClassValidationError, Converter, IterableValidationError
from cattrs.gen import make_dict_structure_fn, override

from mailbot.errors import UserError
from mailbot.problems import Wrong, fields_of, key_of, sentences, shown

T = TypeVar("T")
Hook = Callable[[Any, Any], Any]


def structure(table: Mapping[str, Any], cls: type[T], *, where: str = "") -> T:
    """`table` as an instance of the dataclass `cls`.

    Raises UserError whose `problems` name each wrong key by its path below `where` ("mailboxes[2].role"): unknown keys
    with the nearest known name, wrong types with what is expected, missing keys with an example. A field named with a
    trailing underscore (`from_`) stands for the key without it. Values that are instances already are kept.
    """
    try:
        return _CONVERTER.structure(table, cls)
    except (ClassValidationError, IterableValidationError, Wrong) as error:
        problems = list(sentences(error, where, cls))
    raise UserError("these settings need to be put right:", problems)


Check = Callable[[Any], str | None]


def within(lowest: float, highest: float) -> dict[str, Check]:
    """Field metadata: the numbers that `structure` accepts, both ends included."""
    return checked(lambda value: None if lowest <= value <= highest else f"write a number from {lowest} to {highest}")


def checked(check: Check) -> dict[str, Check]:
    """Field metadata: `check` gets the structured value and returns None, or the remedy as a short imperative."""
    return {"check": check}


def zone_remedy(name: str) -> str | None:
    """A check for texts that name a time zone."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return 'write an IANA time zone, as in "Europe/Stockholm"'
    return None


# --- values ---------------------------------------------------------------------------------------------------------


def _text(value: Any, _: Any) -> str:
    if isinstance(value, str):
        return value
    raise Wrong(f'is {shown(value)}, but a text is expected; write it in quotes, as in "..."')


def _whole_number(value: Any, _: Any) -> int:
    # bool is a subclass of int, and `working_days = true` is surely a mistake
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise Wrong(f"is {shown(value)}, but a whole number is expected; write it without quotes, as in 3")


def _number(value: Any, _: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
        return float(value)
    raise Wrong(f"is {shown(value)}, but a number is expected; write it without quotes, as in 2.5")


def _flag(value: Any, _: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise Wrong(f"is {shown(value)}, but true or false is expected; write it without quotes")


def _datetime(value: Any, _: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    raise Wrong(f"is {shown(value)}, but a date and time is expected; write it as 2026-12-01T07:00:00")


def _date(value: Any, _: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise Wrong(f'is {shown(value)}, but a date is expected; write it as "2026-12-01"')


def _time(value: Any, _: Any) -> time:
    if isinstance(value, time) and value.tzinfo is None:
        return value
    if isinstance(value, str) and re.fullmatch(r"\d\d:\d\d(:\d\d)?", value, re.ASCII):
        try:
            return time.fromisoformat(value)
        except ValueError:
            pass
    raise Wrong(f'is {shown(value)}, but a local time of day is expected; write it as "07:00"')


def _zone(value: Any, _: Any) -> ZoneInfo:
    if isinstance(value, ZoneInfo):
        return value
    if remedy := zone_remedy(_text(value, str)):
        raise Wrong(f"is {shown(value)}; {remedy}")
    return ZoneInfo(value)


def _path(value: Any, _: Any) -> Path:
    return value if isinstance(value, Path) else Path(_text(value, str))


# --- containers and classes -------------------------------------------------------------------------------------------


def _choice_hook(cls: Any, _: Converter | None = None) -> Hook:
    choices = get_args(cls)

    def choose(value: Any, _: Any) -> Any:
        # True == 1 and 1 == 1.0 in Python, not in a settings file
        if any(value == choice and type(value) is type(choice) for choice in choices):
            return value
        near = (
            get_close_matches(value, [c for c in choices if isinstance(c, str)], n=1) if isinstance(value, str) else []
        )
        hint = f" (did you mean {shown(near[0])}?)" if near else ""
        raise Wrong(f"is {shown(value)}; write {' or '.join(map(shown, choices))}{hint}")

    return choose


def _tuple_hook(cls: Any, converter: Converter) -> Hook:
    item = get_args(cls)[0]
    sequence: Any = types.GenericAlias(list, (item,))
    collect = converter.get_structure_hook(sequence)

    def items(value: Any, _: Any) -> tuple[Any, ...]:
        # a text is iterable too, and "anna" must not become a, n, n, a
        if not isinstance(value, list | tuple):
            shape = "[[...]] tables" if is_dataclass(item) else '["..."]'
            raise Wrong(f"is {shown(value)}, but a list is expected; write {shape}")
        return tuple(collect(value, sequence))

    return items


def _mapping_hook(cls: Any, converter: Converter) -> Hook:
    mapping: Any = types.GenericAlias(dict, get_args(cls))
    collect = converter.get_structure_hook(mapping)

    def entries(value: Any, _: Any) -> dict[Any, Any]:
        return cast(dict[Any, Any], collect(_table(value), mapping))

    return entries


def _table(value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    raise Wrong(f"is {shown(value)}, but a table is expected; write key = value lines below [...]")


def _class_hook(cls: type, converter: Converter) -> Hook:
    hints = get_type_hints(cls)
    overrides: dict[str, Any] = {}
    for field in fields_of(cls):
        hook = _checked_hook(field, hints[field.name], converter) if "check" in field.metadata else None
        overrides[field.name] = override(rename=key_of(field.name), struct_hook=hook)
    build: Hook = make_dict_structure_fn(cls, converter, _cattrs_forbid_extra_keys=True, **overrides)
    return lambda value, _: value if isinstance(value, cls) else build(_table(value), cls)


def _checked_hook(field: Field[Any], cls: Any, converter: Converter) -> Hook:
    inner: Hook = converter.get_structure_hook(cls)
    check: Check = field.metadata["check"]

    def structured(value: Any, _: Any) -> Any:
        result = inner(value, cls)
        if remedy := check(result):
            # of a list the remedy names the entry, the list itself says nothing
            raise Wrong(remedy if isinstance(result, tuple) else f"is {shown(value)}; {remedy}")
        return result

    return structured


def _union_hook(cls: Any, converter: Converter) -> Hook:
    """`X | None`, or dataclasses told apart by a field whose types are Literals (servers by `kind`)."""
    members = [member for member in get_args(cls) if member is not types.NoneType]
    if len(members) == 1:
        inner = converter.get_structure_hook(members[0])
        return lambda value, _: None if value is None else inner(value, members[0])
    tag = _tag(members)
    by_tag = {choice: member for member in members for choice in get_args(get_type_hints(member)[tag])}
    choose = _choice_hook(Literal[tuple(by_tag)])

    def pick(value: Any, _: Any) -> Any:
        if isinstance(value, tuple(members)):
            return value
        table = _table(value)
        if tag not in table:
            raise Wrong(f"is missing; add {tag} = {' or '.join(map(shown, by_tag))}", tag)
        try:
            member = by_tag[choose(table[tag], None)]
        except Wrong as wrong:
            raise Wrong(str(wrong), tag) from None
        return converter.structure(table, member)

    return pick


def _tag(members: list[type]) -> str:
    common = [f.name for f in fields_of(members[0]) if all(_is_literal(get_type_hints(m).get(f.name)) for m in members)]
    if not common:
        raise TypeError(f"no Literal field tells {', '.join(m.__name__ for m in members)} apart")
    return common[0]


def _is_literal(cls: Any) -> bool:
    return get_origin(cls) is Literal


def _is_union(cls: Any) -> bool:
    return get_origin(cls) in (Union, types.UnionType)


def _converter() -> Converter:
    converter = Converter(detailed_validation=True)
    values: dict[Any, Hook] = {
        str: _text, int: _whole_number, float: _number, bool: _flag,
        datetime: _datetime, date: _date, time: _time, ZoneInfo: _zone, Path: _path,
    }  # fmt: skip
    for cls, hook in values.items():
        converter.register_structure_hook(cls, hook)
    # the last registered is asked first
    containers: list[tuple[Callable[[Any], bool], Callable[[Any, Converter], Hook]]] = [
        (is_dataclass, _class_hook),
        (lambda cls: get_origin(cls) is cast(Any, tuple), _tuple_hook),
        (lambda cls: get_origin(cls) is cast(Any, Mapping), _mapping_hook),
        (_is_literal, _choice_hook),
        (_is_union, _union_hook),
    ]
    for fits, factory in containers:
        converter.register_structure_hook_factory(fits, factory)
    return converter


_CONVERTER = _converter()
