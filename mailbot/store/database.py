"""One engine per database, and transactions that mean the same on SQLite and PostgreSQL.

Writers take turns: SQLite by BEGIN IMMEDIATE, PostgreSQL by an advisory lock held to the end of the transaction. So
what a writer has read stays true until it commits, and no two of them open the same obligation.
"""

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Engine,
    Row,
    Select,
    Table,
    bindparam,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, NoSuchModuleError, OperationalError

from mailbot.errors import MailbotError, TransientError, UserError
from mailbot.store.bulk import insert_for, insert_rows

if TYPE_CHECKING:
    from mailbot.store.journal import Journal

#: "mb" and a number: which advisory locks are mailbot's (PostgreSQL has one name space of them per database)
WRITER_LOCK = 0x6D62_0001
DAEMON_LOCK = 0x6D62_0002

_WRITES = "mailbot_writes"
#: stands for the values of an IN (...), which are given with the query: a query that holds hundreds of them keeps them
#: until Python next looks for cycles, long after it has been asked
SOME: BindParameter[Any] = bindparam("some", expanding=True)
_SHORT_LISTS = 500
#: rows fetched at once where a query may find very many
_ROWS_AT_ONCE = 200


def parse_url(url: str) -> URL:
    """`url` with mailbot's drivers; UserError when it names no database that mailbot can use."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise UserError(
            "paths.database is not a database URL; an example: sqlite:////var/lib/mailbot/mailbot.db"
        ) from None
    if parsed.drivername in {"postgres", "postgresql"}:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise UserError("paths.database names no file; an example: sqlite:////var/lib/mailbot/mailbot.db")
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise UserError(f"paths.database: {parsed.get_backend_name()} is not supported; use sqlite or postgresql")
    return parsed


def sqlite_path(url: str) -> Path | None:
    """The file of an SQLite database, or None for a database server."""
    parsed = parse_url(url)
    return Path(str(parsed.database)) if parsed.get_backend_name() == "sqlite" else None


def create_file(path: Path) -> None:
    """An empty database file that only the service may read (it will hold personal data)."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return
    except FileNotFoundError:
        raise UserError(f"the folder {path.parent} does not exist; create it, owned by the service user") from None
    except PermissionError:
        raise UserError(f"{path} cannot be created: the folder is not writable for this user") from None


class Database:
    """The engine and its transactions. Threads may share one."""

    def __init__(self, url: str, *, lock_timeout_seconds: float = 30.0) -> None:
        self.url = parse_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        try:
            # Parameters are personal data: SQLAlchemy must not print them in error texts (invariant 6).
            self.engine: Engine = create_engine(
                self.url, hide_parameters=True, connect_args=self._connect_args(lock_timeout_seconds)
            )
        except (NoSuchModuleError, ModuleNotFoundError):
            raise UserError("PostgreSQL needs its driver: pip install 'mailbot[postgres]'") from None
        #: how many transactions have changed something: who watches sees that something is achieved
        self.commits = 0
        #: where this process writes down what people decide; None: it decides nothing in a person's name
        self.journal: Journal | None = None
        #: runs at the end of every writing transaction, before its commit
        self.before_commit: Callable[[Connection], None] = lambda _: None
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)

    def _connect_args(self, lock_timeout_seconds: float) -> dict[str, object]:
        if self.is_sqlite:
            return {"timeout": lock_timeout_seconds}
        return {"options": f"-c lock_timeout={int(lock_timeout_seconds * 1000)} -c timezone=UTC"}

    def dispose(self) -> None:
        self.engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database and changes nothing."""
        with self._translated(), self.engine.connect() as connection, connection.begin():
            yield connection

    def all(self, query: Select[Any]) -> Sequence[Row[Any]]:
        """Everything that `query` finds, in a transaction of its own."""
        with self.read() as connection:
            return connection.execute(query).all()

    def each(self, query: Select[Any]) -> Iterator[Row[Any]]:
        """What `query` finds, a few rows in memory at a time; the transaction ends with the last one."""
        with self.read() as connection:
            yield from connection.execute(query, execution_options={"yield_per": _ROWS_AT_ONCE})

    @contextmanager
    def write(self, *, in_turn: bool = True) -> Iterator[Connection]:
        """A transaction that commits at its end, or leaves nothing behind.

        `in_turn` False spares PostgreSQL the writers' lock, where row locks are enough.
        Raises TransientError when the database stays locked.
        """
        with self._translated(), self.engine.connect() as plain:
            connection = plain.execution_options(**{_WRITES: True})
            with connection.begin():
                if in_turn and not self.is_sqlite:
                    connection.execute(select(func.pg_advisory_xact_lock(WRITER_LOCK)))
                yield connection
                self.before_commit(connection)
            self.commits += 1

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise _translate(error, self.url) from error


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver must not open transactions by itself; _begin_sqlite does, with the right kind of BEGIN.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")
    # With NORMAL a power cut could undo a committed "this mail is being sent", and the mail would go out twice.
    connection.execute("PRAGMA synchronous=FULL")
    # KiB for each connection, half of the default: what is not here is in the cache of the file system.
    connection.execute("PRAGMA cache_size=-1000")
    connection.execute("PRAGMA foreign_keys=ON")
    # INSERT OR REPLACE on the audit trail must meet its triggers too.
    connection.execute("PRAGMA recursive_triggers=ON")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _translate(error: DBAPIError, url: URL) -> MailbotError | DBAPIError:
    name = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite":
        words = str(error.orig).lower()
        return next((kind(text.format(name)) for word, kind, text in _SQLITE_TROUBLE if word in words), error)
    if isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated:
        return TransientError(f"the database {name} does not answer or is locked; try again")
    return error


#: words of SQLite's errors, who must act, and what they are told
_SQLITE_TROUBLE: tuple[tuple[str, type[TransientError | UserError], str], ...] = (
    ("locked", TransientError, "the database {} is locked by another process; try again"),
    ("busy", TransientError, "the database {} is locked by another process; try again"),
    ("disk is full", TransientError, "the disk under the database {} is full"),
    ("disk i/o error", TransientError, "the disk under the database {} reports an error, or is full"),
    ("readonly", UserError, "the database {} cannot be written; check the owner and mode of the file and its folder"),
    ("unable to open", UserError, "the database {} cannot be opened; check the owner and mode of its folder"),
    ("malformed", UserError, "the database {} is damaged; restore the last backup (`mailbot db check` tells more)"),
    ("not a database", UserError, "{} is no database; check paths.database, or restore the last backup"),
)


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert `rows`, leaving out those whose unique key exists already; how many were new."""
    if not rows:
        return 0
    statement = insert_for(connection.dialect.name, table).on_conflict_do_nothing()
    # Counted by what comes back: drivers disagree about the row count of many inserts in one.
    returning = statement.returning(*table.primary_key)
    return len(connection.execute(returning, list(rows)).all())


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert `rows`; a row whose primary key exists replaces the columns given."""
    insert_rows(connection, table, rows, on_conflict="replace")


def find(connection: Connection, query: Select[Any], values: Sequence[str]) -> Iterator[Any]:
    """The rows of `query`, in which SOME stands for `values`. A query that is kept is compiled once."""
    for piece in chunks(values):
        yield from connection.execute(query, {"some": piece})


def find_values(connection: Connection, query: Select[Any], values: Iterable[str]) -> set[str]:
    """What `query`, which selects one column, finds for `values`; each is asked for once."""
    return {found for (found,) in find(connection, query, sorted(set(values)))}


def chunks(values: Sequence[str], size: int = _SHORT_LISTS) -> Iterator[Sequence[str]]:
    """`values` in pieces short enough for one IN (...)."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
