"""Many rows in one statement: what recording a batch of mail does most.

SQLAlchemy builds the parameters of each row anew, which took a third of the time of recording. Here it compiles the
statement once and gives the processors of its column types, and the rows go to the driver. A driver that names its
parameters (PostgreSQL's) still gets them from SQLAlchemy.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.dialects import sqlite

from mailbot.store.columns import Instant

_OnConflict = Literal["fail", "skip", "replace"]
_Processor = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Plan:
    sql: str
    #: names of columns in the order of the parameters, with what turns a value into the driver's
    columns: Sequence[tuple[str, _Processor | None, bool]]

    def parameters(self, rows: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
        # "now" stands in every row, several times
        instants: dict[Any, Any] = {}

        def processed(value: Any, process: _Processor, is_instant: bool) -> Any:
            if not is_instant:
                return process(value)
            if value not in instants:
                instants[value] = process(value)
            return instants[value]

        return [
            tuple(
                [
                    row[name] if process is None else processed(row[name], process, is_instant)
                    for name, process, is_instant in self.columns
                ]
            )
            for row in rows
        ]


def insert_rows(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, on_conflict: _OnConflict = "fail"
) -> None:
    """Insert `rows`, which all name the same columns. Where the primary key exists: "skip" leaves out the new row
    (also for any other unique key), "replace" puts the values given in place of the old ones."""
    if not rows:
        return
    names = tuple(rows[0])
    if connection.dialect.positional:
        plan = _plan(connection.dialect, table, names, on_conflict)
        connection.exec_driver_sql(plan.sql, plan.parameters(rows))
    else:
        connection.execute(_statement(connection.dialect.name, table, names, on_conflict), list(rows))


@lru_cache(maxsize=64)
def _plan(dialect: Dialect, table: Table, names: tuple[str, ...], on_conflict: _OnConflict) -> _Plan:
    compiled = _statement(dialect.name, table, names, on_conflict).compile(dialect=dialect, column_keys=list(names))
    columns = []
    for name in compiled.positiontup:
        kind = table.c[name].type
        columns.append((name, kind.dialect_impl(dialect).bind_processor(dialect), isinstance(kind, Instant)))
    return _Plan(str(compiled), columns)


def _statement(dialect: str, table: Table, names: Sequence[str], on_conflict: _OnConflict) -> Any:
    statement = insert_for(dialect, table)
    if on_conflict == "skip":
        return statement.on_conflict_do_nothing()
    if on_conflict == "replace":
        keys = [column.name for column in table.primary_key]
        changed = {name: statement.excluded[name] for name in names if name not in keys}
        return statement.on_conflict_do_update(index_elements=keys, set_=changed)
    return statement


def insert_for(dialect: str, table: Table) -> Any:
    """An INSERT that knows ON CONFLICT; the dialect that is not used stays unloaded."""
    if dialect == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)
