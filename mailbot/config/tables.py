"""Tables of a settings file as they are written, with the key path that problems are told by."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One table and where it stands. Values of another type than asked for count as absent."""

    where: str
    table: Table

    @classmethod
    def of(cls, raw: Table, key: str) -> "Entry":
        inner = raw.get(key)
        return cls(key, inner if isinstance(inner, Mapping) else {})

    def text(self, key: str) -> str:
        value = self.table.get(key)
        return value if isinstance(value, str) else ""

    def list_of(self, key: str, kinds: tuple[type, ...]) -> list[Any]:
        value = self.table.get(key)
        return [item for item in value if isinstance(item, kinds)] if isinstance(value, list) else []

    def texts(self, key: str) -> list[tuple[str, str]]:
        """The texts of a list, each with its own key path."""
        value = self.table.get(key)
        items: Iterable[tuple[int, object]] = enumerate(value) if isinstance(value, list) else ()
        return [(f"{self.at(key)}[{index}]", item) for index, item in items if isinstance(item, str)]

    def at(self, key: str) -> str:
        return f"{self.where}.{key}" if self.where else key

    def empty(self, *keys: str) -> Iterator[str]:
        """A problem for each of the keys whose text is there but blank."""
        for key in keys:
            value = self.table.get(key)
            if isinstance(value, str) and not value.strip():
                yield self.problem(key, "is empty, but a text is needed here")

    def problem(self, key: str, text: str) -> str:
        return f"{self.at(key)}: {text}"


def entries(raw: Table, key: str) -> list[Entry]:
    """The [[key]] tables."""
    found = raw.get(key)
    tables = enumerate(found) if isinstance(found, list) else ()
    return [Entry(f"{key}[{index}]", table) for index, table in tables if isinstance(table, Mapping)]


def named(raw: Table, key: str) -> dict[str, Table]:
    """The [key.NAME] tables; a NAME that is no table counts as an empty one."""
    found = raw.get(key)
    items = found.items() if isinstance(found, Mapping) else ()
    return {name: table if isinstance(table, Mapping) else {} for name, table in items}


def repeated(found: Iterable[tuple[str, str]], what: str) -> Iterator[str]:
    """A problem for each further occurrence of a value, whatever its letter case; `found` are key paths and values."""
    first: dict[str, str] = {}
    for path, value in found:
        earlier = first.setdefault(value.lower(), path)
        if value and earlier != path:
            yield f"{path}: the {what} '{value}' stands at {earlier} already; keep one"
