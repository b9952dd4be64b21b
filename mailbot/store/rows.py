"""Rows of one table, loaded once, changed in memory, and written back in bulk."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, Connection, Select, Table, bindparam, select, update

from mailbot.store.bulk import insert_rows
from mailbot.store.database import SOME, find

Values = Mapping[str, Any]


@lru_cache(maxsize=16)
def _rows_by(column: Column[str]) -> Select[Any]:
    return select(column.table).where(column.in_(SOME))


class RowSet:
    """The rows of `table` that a transaction works on, keyed by the values of the columns `key`."""

    def __init__(self, table: Table, *key: str) -> None:
        self._table = table
        self._key = key
        self._rows: dict[tuple[str, ...], dict[str, Any]] = {}
        self._new: dict[tuple[str, ...], None] = {}
        self._changed: dict[tuple[str, ...], None] = {}

    def load(self, connection: Connection, column: Column[str], values: Sequence[str]) -> None:
        """Add the stored rows whose `column` is one of `values`."""
        names = self._table.columns.keys()
        for found in find(connection, _rows_by(column), sorted(set(values))):
            row = dict(zip(names, found, strict=True))
            self._rows[tuple(row[name] for name in self._key)] = row

    def get(self, *key: str) -> Values | None:
        return self._rows.get(key)

    def __iter__(self) -> Iterator[Values]:
        return iter(list(self._rows.values()))

    def add(self, row: dict[str, Any]) -> None:
        """A row that the table does not have yet; it must hold every column."""
        key = tuple(row[name] for name in self._key)
        self._rows[key] = row
        self._new[key] = None

    def change(self, row: Values, values: Values) -> bool:
        """Put `values` into a row of this set; whether that changed anything."""
        key = tuple(row[name] for name in self._key)
        own = self._rows[key]
        if all(own[name] == value for name, value in values.items()):
            return False
        own.update(values)
        if key not in self._new:
            self._changed[key] = None
        return True

    def flush(self, connection: Connection) -> None:
        """Write what is new or changed."""
        if self._new:
            insert_rows(connection, self._table, [self._rows[key] for key in self._new])
        if self._changed:
            primary = [column.name for column in self._table.primary_key]
            statement = update(self._table).where(
                *(self._table.c[name] == bindparam(f"old_{name}") for name in primary)
            )
            rows = [
                {**self._rows[key], **{f"old_{name}": self._rows[key][name] for name in primary}}
                for key in self._changed
            ]
            values: dict[str, Any] = {
                column.name: bindparam(column.name) for column in self._table.c if column.name not in primary
            }
            connection.execute(statement.values(values), [_without(row, primary) for row in rows])
        self._new.clear()
        self._changed.clear()


def _without(row: Values, names: Sequence[str]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}
