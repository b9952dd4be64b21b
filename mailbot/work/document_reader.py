"""The child process that reads documents, kept for the next mail; a new one when it has died, was given up or is worn.

An idle reader is lent to one mail at a time (mailbot/mail/documents_child.py). It is trusted with nothing: how long it
takes, how much it answers and how large it has grown are seen from outside, and what one mail did to it ends with it.
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
from pathlib import Path

from mailbot.mail.documents import MAX_TEXT

#: kept while nothing is to be read; more are started when several mailboxes meet documents at once
_MOST_IDLE = 2
_CHUNK = 1 << 20
#: a reader ends after so many documents, or when this much memory stays with it (it begins with some 40 MB)
_MOST_DOCUMENTS = 500
_MOST_RESIDENT = 150_000_000
#: processor seconds of a reader's whole life; each mail has a limit of its own
_LIFE_SECONDS = 900
#: of one answer: a character beyond U+FFFF takes twelve octets in JSON
_MOST_ANSWER = 12 * MAX_TEXT + 1000
#: what a reader answers when it had not enough memory; what that left behind in it nobody knows
_OUT_OF_MEMORY = "too_large"


@dataclass(frozen=True, slots=True)
class Document:
    """One document: its number among the attachments, its form, its octets."""

    number: int
    form: str
    content: bytes


class DocumentReader:
    """One child process of at most `megabytes`, and the pipes to it."""

    def __init__(self, megabytes: int) -> None:
        self.megabytes = megabytes
        # An empty environment: no secret of ours is within reach of a parser that a stranger's file has taken over.
        self._process = subprocess.Popen(  # noqa: S603 - our own program, and two numbers
            [sys.executable, "-I", "-m", "mailbot.mail.documents_child", str(_LIFE_SECONDS), str(megabytes)],
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
        self._documents = 0

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def read(self, documents: Sequence[Document], *, seconds: int) -> list[dict[str, str]]:
        """One answer for each document that was got through, in order; unusable afterwards when there are fewer.

        `seconds` of processor time for all together; at most three times as long is waited.
        """
        until = time.monotonic() + 3 * seconds
        answers: list[dict[str, str]] = []
        self.usable = False
        try:
            self._write({"seconds": seconds, "documents": len(documents)}, b"", until)
            for document in documents:
                self._write({"form": document.form, "size": len(document.content)}, document.content, until)
                answers.append(json.loads(self._line(until)))
        except (OSError, ValueError):  # it died, hangs, or answers with nonsense
            return answers
        self._documents += len(documents)
        self.usable = not self._is_worn(answers)
        return answers

    def _is_worn(self, answers: Sequence[dict[str, str]]) -> bool:
        if any(one.get("unread") == _OUT_OF_MEMORY for one in answers) or self._documents >= _MOST_DOCUMENTS:
            return True
        try:  # proc(5): the second field of statm is the resident set, in pages
            resident = int(Path(f"/proc/{self._process.pid}/statm").read_text("ascii").split()[1])
        except (OSError, ValueError, IndexError):
            return True
        return resident * os.sysconf("SC_PAGE_SIZE") > _MOST_RESIDENT

    def _write(self, told: dict[str, object], content: bytes, until: float) -> None:
        for octets in (memoryview(json.dumps(told).encode() + b"\n"), memoryview(content)):
            rest = octets
            while rest:
                _wait(self._to, select.POLLOUT, until)
                rest = rest[os.write(self._to, rest[:_CHUNK]) :]

    def _line(self, until: float) -> bytes:
        pieces: list[bytes] = []
        left = _MOST_ANSWER
        while not pieces or not pieces[-1].endswith(b"\n"):
            _wait(self._from, select.POLLIN, until)
            piece = os.read(self._from, _CHUNK)
            left -= len(piece)
            if not piece or left < 0:
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
def lent(megabytes: int) -> Iterator[DocumentReader]:
    """A reader of at most `megabytes` for one mail; it is kept for the next when it has come through."""
    reader = _taken(megabytes) or DocumentReader(megabytes)
    try:
        yield reader
    finally:
        with _lock:
            keep = reader.usable and len(_idle) < _MOST_IDLE
            if keep:
                _idle.append(reader)
        if not keep:
            reader.close()


def _taken(megabytes: int | None = None) -> DocumentReader | None:
    """An idle reader, of that size where one is named."""
    with _lock:
        while _idle:
            reader = _idle.pop()
            fits = megabytes in (None, reader.megabytes)
            if fits and reader.owner == os.getpid() and reader.is_alive():
                return reader
            reader.close()  # it has died, or is that of the process that this one was forked from
    return None


@atexit.register
def close_idle() -> None:
    """End the readers that wait for work."""
    while reader := _taken():
        reader.close()
