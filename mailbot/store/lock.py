"""One daemon per database."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import func, select

from mailbot.errors import UserError
from mailbot.store.database import DAEMON_LOCK, Database, sqlite_path


class AlreadyRunning(UserError):
    """Another daemon, or another pass, works on this database."""


@contextmanager
def exclusive(url: str) -> Iterator[None]:
    """Be the only daemon on this database until the block ends, or the process does.

    Raises AlreadyRunning when another one runs. The commands of people do not need it.
    """
    path = sqlite_path(url)
    with _server_lock(url) if path is None else _file_lock(Path(f"{path}.lock")):
        yield


@contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UserError(f"{path} cannot be opened ({error.strerror}); check the owner of the folder") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
            raise AlreadyRunning(f"another mailbot (process {holder}) runs on this database; stop it first") from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        # The file stays when the lock goes: deleting it would let two processes lock two files of the same name.
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _server_lock(url: str) -> Iterator[None]:
    database = Database(url)
    try:
        # The lock belongs to this connection and goes with it, also when the process is killed.
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if not connection.execute(select(func.pg_try_advisory_lock(DAEMON_LOCK))).scalar_one():
                raise AlreadyRunning("another mailbot runs on this database; stop it first")
            yield
    finally:
        database.dispose()
