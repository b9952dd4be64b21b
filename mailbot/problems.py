"""What is wrong with a table of settings, in sentences: key path, what is wrong, what to do."""

from collections.abc import Iterator, Mapping
from dataclasses import Field, fields, is_dataclass
from datetime import date, datetime, time
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args, get_origin
from zoneinfo import ZoneInfo

from cattrs import (
    AttributeValidationNote,
    ClassValidationError,
    ForbiddenExtraKeysError,
    IterableValidationError,
    IterableValidationNote,
)

_LONGEST_VALUE = 60


class Wrong(ValueError):
    """A value that does not fit; the text says what is wrong and what to do, `key` which key of the table it is."""

    def __init__(self, text: str, key: str = "") -> None:
        super().__init__(text)
        self.key = key


def sentences(error: Exception, path: str, cls: Any) -> Iterator[str]:
    """One sentence per problem in cattrs' tree of errors; `cls` is the type that was being built at `path`."""
    match error:
        case ClassValidationError():
            owner = error.cl
            noted, other = error.group_exceptions()
            for inner, note in noted:
                yield from sentences(inner, _below(path, note), note.type)
            for inner in other:
                yield from sentences(inner, path, owner)
        case IterableValidationError():
            for inner, item in error.group_exceptions()[0]:
                yield from sentences(inner, _below(path, item), item.type)
        case ForbiddenExtraKeysError():
            yield from (_unknown_key(path, key, error.cl) for key in sorted(error.extra_fields, key=str))
        case KeyError():
            yield f"{path}: is missing; add {_example(path.rpartition('.')[2], cls)}"
        case Wrong(key=key) if key:
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
    known = [key_of(field.name) for field in fields_of(cls)]
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
        value = " or ".join(shown(choice) for choice in get_args(cls))
    return f"{key} = {value}"


def shown(value: object) -> str:
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
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 3] + "..."


def key_of(field_name: str) -> str:
    """The TOML key of a dataclass field: `from_` is written `from`."""
    return field_name.removesuffix("_")


def fields_of(cls: Any) -> tuple[Field[Any], ...]:
    """`dataclasses.fields` of a class that is only known to be some dataclass."""
    return fields(cls)
