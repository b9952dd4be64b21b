"""Many rows in one statement: what recording a batch of mail does most.

SQLAlchemy builds the parameters of each row anew, which took a third of the time of recording. Here it compiles the
statement once and gives the processors of its column types, and the rows go to the driver. A driver that names its
parameters (PostgreSQL's) still gets them from SQLAlchemy.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any, Literal

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.dialects import sqlite

_OnConflict = Literal["fail", "skip", "replace"]
_Processor = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Plan:
    sql: str
    #: the values of one row, in the order of the parameters
    values: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    #: by position, what turns a value into the driver's, where that is something else
    processors: Mapping[int, _Processor]

    def parameters(self, rows: Sequence[Mapping[str, Any]]) -> Iterable[tuple[Any, ...]]:
        """Column by column: most have few different values ("now", the name of a mailbox)."""
        columns: list[Iterable[Any]] = list(zip(*map(self.values, rows), strict=True))
        for position, process in self.processors.items():
            different = {value: process(value) for value in set(columns[position])}
            columns[position] = map(different.__getitem__, columns[position])
        return zip(*columns, strict=True)


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
        connection.exec_driver_sql(plan.sql, list(plan.parameters(rows)))
    else:
        connection.execute(_statement(connection.dialect.name, table, names, on_conflict), list(rows))


@lru_cache(maxsize=64)
def _plan(dialect: Dialect, table: Table, names: tuple[str, ...], on_conflict: _OnConflict) -> _Plan:
    compiled = _statement(dialect.name, table, names, on_conflict).compile(dialect=dialect, column_keys=list(names))
    kinds = [table.c[name].type.dialect_impl(dialect) for name in compiled.positiontup]
    processors = [kind.bind_processor(dialect) for kind in kinds]
    return _Plan(
        str(compiled),
        itemgetter(*compiled.positiontup) if len(names) > 1 else lambda row: (row[names[0]],),
        {position: process for position, process in enumerate(processors) if process is not None},
    )


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
