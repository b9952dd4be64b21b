"""The child process that reads documents, kept for the next mail; a new one when it has died or was given up.

An idle reader is lent to one mail at a time. Whatever a document does to the process that reads it, only that mail's
process is lost (mailbot/mail/documents_child.py).
"""

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

#: kept while nothing is to be read; more are started when several mailboxes meet documents at once
_MOST_IDLE = 2
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Document:
    """One document: its number among the attachments, its form, its octets."""

    number: int
    form: str
    content: bytes


class DocumentReader:
    """One child process and the pipes to it."""

    def __init__(self) -> None:
        # An empty environment: no secret of ours is within reach of a parser that a stranger's file has taken over.
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-m", "mailbot.mail.documents_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to, self._from = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._to, False)
        os.set_blocking(self._from, False)
        self.owner = os.getpid()
        self.usable = True

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def read(self, documents: Sequence[Document], *, seconds: int, megabytes: int) -> list[dict[str, str]]:
        """One answer for each document that was got through, in order; unusable afterwards when there are fewer.

        `seconds` of processor time and `megabytes` of memory for all together; at most three times as long is waited.
        """
        until = time.monotonic() + 3 * seconds
        answers: list[dict[str, str]] = []
        self.usable = False
        try:
            self._write({"seconds": seconds, "megabytes": megabytes, "documents": len(documents)}, b"", until)
            for document in documents:
                self._write({"form": document.form, "size": len(document.content)}, document.content, until)
                answers.append(json.loads(self._line(until)))
        except (OSError, ValueError):  # it died, hangs, or answers with nonsense
            return answers
        self.usable = True
        return answers

    def _write(self, told: dict[str, object], content: bytes, until: float) -> None:
        for octets in (memoryview(json.dumps(told).encode() + b"\n"), memoryview(content)):
            rest = octets
            while rest:
                _wait(self._to, select.POLLOUT, until)
                rest = rest[os.write(self._to, rest[:_CHUNK]) :]

    def _line(self, until: float) -> bytes:
        pieces: list[bytes] = []
        while not pieces or not pieces[-1].endswith(b"\n"):
            _wait(self._from, select.POLLIN, until)
            piece = os.read(self._from, _CHUNK)
            if not piece:
                raise BrokenPipeError
            pieces.append(piece)
        return b"".join(pieces)

    def close(self) -> None:
        """End the process and whatever it started. A process that was forked from its owner leaves it alone."""
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        if self.owner == os.getpid():
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def _wait(descriptor: int, event: int, until: float) -> None:
    poll = select.poll()
    poll.register(descriptor, event)
    if not poll.poll(max(0.0, until - time.monotonic()) * 1000):
        raise TimeoutError


_idle: list[DocumentReader] = []
_lock = threading.Lock()


@contextmanager
def lent() -> Iterator[DocumentReader]:
    """A reader for one mail; it is kept for the next when it has come through."""
    reader = _taken() or DocumentReader()
    try:
        yield reader
    finally:
        with _lock:
            keep = reader.usable and len(_idle) < _MOST_IDLE
            if keep:
                _idle.append(reader)
        if not keep:
            reader.close()


def _taken() -> DocumentReader | None:
    with _lock:
        while _idle:
            reader = _idle.pop()
            if reader.owner == os.getpid() and reader.is_alive():
                return reader
            reader.close()  # it has died, or is that of the process that this one was forked from
    return None


@atexit.register
def close_idle() -> None:
    """End the readers that wait for work."""
    while reader := _taken():
        reader.close()
