"""A copy of the database: as a backup file, or into another database."""

import contextlib
import os
import sqlite3
import tempfile
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, func, insert, select, text

from mailbot.errors import TransientError, UserError
from mailbot.store.database import Database, sqlite_path
from mailbot.store.lineage import RESTORED
from mailbot.store.schema import require_current, upgrade
from mailbot.store.tables import audit, metadata

_PAGES_PER_STEP = 1_000
_ROWS_PER_STEP = 1_000


def backup(url: str, path: Path) -> None:
    """A consistent copy of an SQLite database at `path`, while the daemon works on; mode 0600.

    It is marked as a copy: a mailbot that finds it in the place of the database knows that it was restored.

    An older file at `path` is replaced only when the new one is complete and on disk.
    """
    source = sqlite_path(url)
    if source is None:
        raise UserError("`mailbot db backup` copies SQLite files; back PostgreSQL up with pg_dump")
    if not source.exists():
        raise UserError(f"there is no database at {source}; `mailbot db upgrade` creates it")
    try:
        if path.exists() and path.samefile(source):
            raise UserError(f"{path} is the database itself; name another file")
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.absolute().parent)  # mkstemp: 0600
    except OSError as error:
        raise UserError(f"no file can be written in {path.absolute().parent} ({error.strerror})") from None
    os.close(descriptor)
    partial = Path(name)
    try:
        _copy_pages(source, partial)
        _flush(partial)
        partial.replace(path)
        _flush(path.absolute().parent)
    except sqlite3.Error as error:
        raise TransientError(f"the backup of {source} was not finished ({error}); try again") from error
    finally:
        for leftover in (partial, Path(f"{name}-wal"), Path(f"{name}-shm")):
            leftover.unlink(missing_ok=True)


def _copy_pages(source: Path, target: Path) -> None:
    read_only = f"file:{quote(str(source.absolute()))}?mode=ro"
    with (
        contextlib.closing(sqlite3.connect(read_only, uri=True, timeout=30)) as old,
        contextlib.closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new, pages=_PAGES_PER_STEP)
        # One file, without a -wal beside it that somebody would forget to copy.
        new.execute("PRAGMA journal_mode=DELETE")
        if new.execute("SELECT 1 FROM sqlite_master WHERE name = 'installation'").fetchone():
            new.execute("INSERT OR IGNORE INTO installation (name, value) VALUES (?, '{}')", (RESTORED,))
            new.commit()
        word = new.execute("PRAGMA quick_check(1)").fetchone()[0]
        if word != "ok":
            raise UserError(f"the database {source} is damaged ({word}); the older backup stays as it was")


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def restore(url: str, backup_file: Path, now: datetime) -> Path | None:
    """Put a backup in the place of an SQLite database, marked as restored; where the old database was laid aside, or
    None where there was none. The caller holds the daemon's lock.

    UserError when the backup is damaged, older or newer than this program's, or no database of mailbot's.
    """
    target = sqlite_path(url)
    if target is None:
        raise UserError(
            "`mailbot db restore` restores SQLite files; restore PostgreSQL with pg_restore, then `mailbot db restored`"
        )
    if not backup_file.is_file():
        raise UserError(f"there is no backup {backup_file}")
    if target.exists() and backup_file.samefile(target):
        raise UserError(f"{backup_file} is the database itself; name a backup")
    partial = target.with_name(f".{target.name}.restored")
    partial.unlink(missing_ok=True)
    try:
        os.close(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        _copy_pages(backup_file, partial)
        _require_usable(partial)
        _flush(partial)
        if os.geteuid() == 0:
            owner = target.parent.stat()
            os.chown(partial, owner.st_uid, owner.st_gid)
        aside = _lay_aside(target, now)
        partial.replace(target)
        _flush(target.parent)
    except sqlite3.Error as error:
        raise UserError(f"{backup_file} cannot be used ({error}); take another backup") from error
    except OSError as error:
        raise UserError(f"{target} cannot be replaced ({error.strerror}); run this as the service account") from error
    finally:
        for leftover in (partial, Path(f"{partial}-wal"), Path(f"{partial}-shm")):
            leftover.unlink(missing_ok=True)
    return aside


def _require_usable(path: Path) -> None:
    database = Database(f"sqlite:///{path}")
    try:
        require_current(database)
    finally:
        database.dispose()


def _lay_aside(path: Path, now: datetime) -> Path | None:
    """What remains of the old database, with what belongs to it: somebody may want to see what happened."""
    aside = path.with_name(f"{path.name}.lost-{now:%Y%m%dT%H%M%S}")
    for suffix in ("-wal", "-shm", ""):
        part = Path(f"{path}{suffix}")
        if part.exists():
            part.replace(f"{aside}{suffix}")
    return aside if aside.exists() else None


def copy(from_url: str, to_url: str) -> int:
    """Copy every row into another, empty database (SQLite to PostgreSQL, or back); how many rows.

    The source is read in one state and stays as it is. UserError when the target holds anything.
    """
    source = Database(from_url)
    try:
        require_current(source)
        upgrade(to_url)
        target = Database(to_url)
        try:
            with source.read() as old, target.write() as new:
                _require_empty(new)
                return _copy_rows(old, new)
        finally:
            target.dispose()
    finally:
        source.dispose()


def _require_empty(connection: Connection) -> None:
    for table in metadata.sorted_tables:
        if connection.execute(select(table).limit(1)).first() is not None:
            raise UserError(f"the target database holds rows already (in {table.name}); copy into an empty one")


def _copy_rows(old: Connection, new: Connection) -> int:
    copied = 0
    for table in metadata.sorted_tables:
        rows = old.execution_options(yield_per=_ROWS_PER_STEP).execute(select(table)).mappings()
        for piece in rows.partitions():
            new.execute(insert(table), [dict(row) for row in piece])
            copied += len(piece)
    if new.dialect.name == "postgresql":
        # The numbers came with the rows: the counter must go on after them.
        last = new.execute(select(func.max(audit.c.id))).scalar_one()
        if last is not None:
            new.execute(text("SELECT setval(pg_get_serial_sequence('audit', 'id'), :last)"), {"last": last})
    return copied
