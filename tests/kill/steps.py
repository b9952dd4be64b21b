"""Counting the steps by which a process changes the world, and killing it before or after any of them.

A step is a commit that changes the database, a change of the file system, or something said to a mail server. The
instruments are put in after `fork`, in the child only, which does not live to take them out.
"""

import imaplib
import io
import json
import os
import signal
import smtplib
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

_FILE_STEPS = ("rename", "replace", "unlink", "mkdir", "fsync", "fchmod", "utime")


class Steps:
    """`kill_at` is the number of the moment at which the process dies; there is one before and one after each step."""

    def __init__(self, kill_at: int | None = None, noted_in: Path | None = None) -> None:
        self.moments: list[str] = []
        self._noted_in = noted_in
        self._kill_at = kill_at
        self._changes: dict[sqlite3.Connection, int] = {}

    def install(self) -> None:
        for name in _FILE_STEPS:
            setattr(os, name, self._around(name, getattr(os, name)))
        setattr(io, "open", self._opening(io.open))  # noqa: B010
        DefaultDialect.do_commit = self._committing(DefaultDialect.do_commit)  # type: ignore[method-assign]
        for client in (smtplib.SMTP, imaplib.IMAP4, imaplib.IMAP4_SSL):
            client.send = self._saying(client.send)  # type: ignore[method-assign]

    def _moment(self, name: str) -> None:
        if len(self.moments) == self._kill_at:
            if self._noted_in is not None:
                os.write(os.open(self._noted_in, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), name.encode())
            os.kill(os.getpid(), signal.SIGKILL)
        self.moments.append(name)

    def _around(self, name: str, act: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            self._moment(f"before {name}")
            result = act(*arguments, **options)
            self._moment(f"after {name}")
            return result

        return call

    def _opening(self, opened: Callable[..., Any]) -> Callable[..., Any]:
        stepped = self._around("create", opened)

        def call(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
            act = stepped if set(mode) & set("wxa+") else opened
            return act(file, mode, *arguments, **options)

        return call

    def _committing(self, commit: Callable[..., Any]) -> Callable[..., Any]:
        stepped = self._around("commit", commit)

        def call(dialect: Any, connection: Any) -> Any:
            driver = connection.driver_connection  # what wraps it is another object each time
            known = self._changes.get(driver, 0)
            self._changes[driver] = driver.total_changes
            act = stepped if driver.total_changes != known else commit
            return act(dialect, connection)

        return call

    def _saying(self, say: Callable[..., Any]) -> Callable[..., Any]:
        def call(client: Any, line: Any) -> Any:
            words = (line if isinstance(line, bytes) else line.encode()).split()
            # IMAP commands begin with a tag; continuation data and mail have no name worth telling
            name = next((word.decode() for word in words[:2] if word.isalpha() and word.isupper()), "data")
            protocol = "smtp" if isinstance(client, smtplib.SMTP) else "imap"
            return self._around(f"{protocol} {'last line' if words == [b'.'] else name}", say)(client, line)

        return call


def in_child(work: Callable[[], object], *, noted_in: Path) -> list[str]:
    """Do `work` in a forked child; the moments it lived through."""
    status = _forked(work, None, noted_in)
    assert status == 0, noted_in.with_suffix(".log").read_text()
    return [str(each) for each in json.loads(noted_in.read_bytes())]


def killed_child(work: Callable[[], object], kill_at: int, *, noted_in: Path) -> str:
    """Do `work` in a forked child that is killed at a moment; the name of that moment."""
    status = _forked(work, kill_at, noted_in)
    assert status == -signal.SIGKILL, noted_in.with_suffix(".log").read_text()
    return noted_in.read_text()


def _forked(work: Callable[[], object], kill_at: int | None, noted_in: Path) -> int:
    """The exit code; negative: the signal that killed it."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            silence = os.open(noted_in.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(silence, 1)
            os.dup2(silence, 2)
            steps = Steps(kill_at, noted_in)
            steps.install()
            work()
            os.write(os.open(noted_in, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), json.dumps(steps.moments).encode())
            status = 0
        except BaseException:
            import traceback

            traceback.print_exc(file=sys.__stderr__)
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
