"""TOML tables become frozen dataclasses; every problem at once, each with its key path and the remedy."""

import re
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, fields, is_dataclass
from datetime import date, datetime, time
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

from cattrs import (
    AttributeValidationNote,
    ClassValidationError,
    Converter,
    ForbiddenExtraKeysError,
    IterableValidationError,
    IterableValidationNote,
)
from cattrs.gen import make_dict_structure_fn, override

from mailbot.errors import UserError

T = TypeVar("T")
Hook = Callable[[Any, Any], Any]

_NO_VALUE_SHOWN = 60


class _Wrong(ValueError):
    """A value that does not fit; the text says what is wrong and what to do, `key` which key of the table it is."""

    def __init__(self, text: str, key: str = "") -> None:
        super().__init__(text)
        self.key = key


def structure(table: Mapping[str, Any], cls: type[T], *, where: str = "") -> T:
    """`table` as an instance of the dataclass `cls`.

    Raises UserError whose `problems` name each wrong key by its path below `where` ("mailboxes[2].role"): unknown keys
    with the nearest known name, wrong types with what is expected, missing keys with an example. A field named with a
    trailing underscore (`from_`) stands for the key without it. Values that are instances already are kept.
    """
    try:
        return _CONVERTER.structure(table, cls)
    except (ClassValidationError, IterableValidationError, _Wrong) as error:
        problems = list(_problems(error, where, cls))
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


def key_of(field_name: str) -> str:
    """The TOML key of a dataclass field: `from_` is written `from`."""
    return field_name.removesuffix("_")


# --- problems -----------------------------------------------------------------------------------------------------


def _problems(error: Exception, path: str, cls: Any) -> Iterator[str]:
    """Walk cattrs' tree of errors; `cls` is the type that was being built at `path`."""
    match error:
        case ClassValidationError():
            owner = error.cl
            noted, other = error.group_exceptions()
            for inner, note in noted:
                yield from _problems(inner, _below(path, note), note.type)
            for inner in other:
                yield from _problems(inner, path, owner)
        case IterableValidationError():
            for inner, item in error.group_exceptions()[0]:
                yield from _problems(inner, _below(path, item), item.type)
        case ForbiddenExtraKeysError():
            yield from (_unknown_key(path, key, error.cl) for key in sorted(error.extra_fields, key=str))
        case KeyError():
            yield f"{path}: is missing; add {_example(path.rpartition('.')[2], cls)}"
        case _Wrong(key=key) if key:
            yield f"{path}.{key}: {error}" if path else f"{key}: {error}"
        case ValueError():
            yield f"{path}: {error}" if path else str(error)
        case _:
            raise error


def _below(path: str, note: AttributeValidationNote | IterableValidationNote) -> str:
    if isinstance(note, IterableValidationNote) and isinstance(note.index, int):
        return f"{path}[{note.index}]"
    name = key_of(note.name) if isinstance(note, AttributeValidationNote) else _quoted_key(str(note.index))
    return f"{path}.{name}" if path else name


def _quoted_key(key: str) -> str:
    """Keys that TOML would want in quotes are shown so."""
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else f'"{key}"'


def _unknown_key(path: str, key: str, cls: type) -> str:
    known = [key_of(field.name) for field in _fields(cls)]
    near = get_close_matches(str(key), known, n=1, cutoff=0.6)
    remedy = f"did you mean '{near[0]}'?" if near else f"known here: {', '.join(known)}"
    place = f"{path}.{_quoted_key(key)}" if path else _quoted_key(key)
    return f"{place}: unknown key '{key}', {remedy}"


def _example(key: str, cls: Any) -> str:
    if is_dataclass(cls):
        return f"a table [{key}]"
    samples: dict[Any, str] = {
        str: '"..."', int: "1", float: "1.0", bool: "true", date: '"2026-12-01"', time: '"07:00"',
        datetime: "2026-12-01T07:00:00", ZoneInfo: '"Europe/Stockholm"', Path: '"/path/to/file"',
    }  # fmt: skip
    value = samples.get(cls, '["..."]' if get_origin(cls) is tuple else "...")
    if get_origin(cls) is Literal:
        value = " or ".join(_shown(choice) for choice in get_args(cls))
    return f"{key} = {value}"


# --- values ---------------------------------------------------------------------------------------------------------


def _shown(value: object) -> str:
    """A value as TOML writes it, shortened."""
    match value:
        case bool():
            text = str(value).lower()
        case str():
            text = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case Mapping():
            text = "a table"
        case list() | tuple():
            text = "a list"
        case _:
            text = str(value)
    return text if len(text) <= _NO_VALUE_SHOWN else text[: _NO_VALUE_SHOWN - 3] + "..."


def _text(value: Any, _: Any) -> str:
    if isinstance(value, str):
        return value
    raise _Wrong(f'is {_shown(value)}, but a text is expected; write it in quotes, as in "..."')


def _whole_number(value: Any, _: Any) -> int:
    # bool is a subclass of int, and `working_days = true` is surely a mistake
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _Wrong(f"is {_shown(value)}, but a whole number is expected; write it without quotes, as in 3")


def _number(value: Any, _: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
        return float(value)
    raise _Wrong(f"is {_shown(value)}, but a number is expected; write it without quotes, as in 2.5")


def _flag(value: Any, _: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise _Wrong(f"is {_shown(value)}, but true or false is expected; write it without quotes")


def _datetime(value: Any, _: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    raise _Wrong(f"is {_shown(value)}, but a date and time is expected; write it as 2026-12-01T07:00:00")


def _date(value: Any, _: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise _Wrong(f'is {_shown(value)}, but a date is expected; write it as "2026-12-01"')


def _time(value: Any, _: Any) -> time:
    if isinstance(value, time) and value.tzinfo is None:
        return value
    if isinstance(value, str) and re.fullmatch(r"\d\d:\d\d(:\d\d)?", value, re.ASCII):
        try:
            return time.fromisoformat(value)
        except ValueError:
            pass
    raise _Wrong(f'is {_shown(value)}, but a local time of day is expected; write it as "07:00"')


def _zone(value: Any, _: Any) -> ZoneInfo:
    if isinstance(value, ZoneInfo):
        return value
    if remedy := zone_remedy(_text(value, str)):
        raise _Wrong(f"is {_shown(value)}; {remedy}")
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
        hint = f" (did you mean {_shown(near[0])}?)" if near else ""
        raise _Wrong(f"is {_shown(value)}; write {' or '.join(map(_shown, choices))}{hint}")

    return choose


def _tuple_hook(cls: Any, converter: Converter) -> Hook:
    item = get_args(cls)[0]
    sequence: Any = types.GenericAlias(list, (item,))
    collect = converter.get_structure_hook(sequence)

    def items(value: Any, _: Any) -> tuple[Any, ...]:
        # a text is iterable too, and "anna" must not become a, n, n, a
        if not isinstance(value, list | tuple):
            shape = "[[...]] tables" if is_dataclass(item) else '["..."]'
            raise _Wrong(f"is {_shown(value)}, but a list is expected; write {shape}")
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
    raise _Wrong(f"is {_shown(value)}, but a table is expected; write key = value lines below [...]")


def _class_hook(cls: type, converter: Converter) -> Hook:
    hints = get_type_hints(cls)
    overrides: dict[str, Any] = {}
    for field in _fields(cls):
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
            raise _Wrong(remedy if isinstance(result, tuple) else f"is {_shown(value)}; {remedy}")
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
            raise _Wrong(f"is missing; add {tag} = {' or '.join(map(_shown, by_tag))}", tag)
        try:
            member = by_tag[choose(table[tag], None)]
        except _Wrong as wrong:
            raise _Wrong(str(wrong), tag) from None
        return converter.structure(table, member)

    return pick


def _tag(members: list[type]) -> str:
    common = [f.name for f in _fields(members[0]) if all(_is_literal(get_type_hints(m).get(f.name)) for m in members)]
    if not common:
        raise TypeError(f"no Literal field tells {', '.join(m.__name__ for m in members)} apart")
    return common[0]


def _fields(cls: Any) -> tuple[Field[Any], ...]:
    return fields(cls)


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
