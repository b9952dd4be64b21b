"""Children that judge mail while the worker fetches more: a first reading of a large mailbox uses every core.

Only batches with much to judge are worth it; a day's mail is judged in the worker. Whatever a child does not answer
(it died, hangs, or met something odd) is judged in the worker, so a child decides nothing about what is lost. What a
child answers is what the worker would have found: both run `judging_steps.judge`.
"""

import atexit
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import BinaryIO, cast

from mailbot.log import get_logger
from mailbot.work.judging_child import Judged, Question, Request, Terms, receive, send

log = get_logger(__name__)

#: fewer messages are judged sooner in the worker: a child needs half a second to start
WORTH_IT = 100
#: messages in one request
CHUNK = 16
#: a child that has not answered one request by then is ended
_SECONDS = 300
_MOST_CHILDREN = 4


class _Child:
    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.usable = True
        # No environment, so no secret of ours is within its reach; a session of its own, so Ctrl-C is the worker's.
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-m", "mailbot.work.judging_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a traceback may quote mail (invariant 6)
            env={},
            start_new_session=True,
        )
        self._send(terms)

    def ask(self, now: datetime, questions: Sequence[Question]) -> Sequence[Judged | None]:
        """One answer for each question; none at all when the child has failed."""
        if not self.usable:
            return [None] * len(questions)
        alarm = threading.Timer(_SECONDS, self.process.kill)
        alarm.start()
        try:
            self._send(Request(now, questions))
            answers = receive(cast("BinaryIO", self.process.stdout))
        except Exception as error:
            self.usable = False
            log.warning("judging_child_lost", error=type(error).__name__)
            return [None] * len(questions)
        finally:
            alarm.cancel()
        return cast("list[Judged | None]", answers)

    def _send(self, what: object) -> None:
        with suppress(BrokenPipeError):  # then no answer comes either
            send(cast("BinaryIO", self.process.stdin), what)

    def close(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        self.process.kill()
        self.process.wait()


class Children:
    """The children that one batch may use, and the threads that speak with them."""

    def __init__(self, children: Sequence[_Child]) -> None:
        self._children = children
        self._free = list(children)
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(len(children), thread_name_prefix="judging")

    @property
    def processes(self) -> Sequence[subprocess.Popen[bytes]]:
        return [child.process for child in self._children]

    def submit(self, now: datetime, questions: Sequence[Question]) -> "Future[Sequence[Judged | None]]":
        return self._threads.submit(self._ask, now, questions)

    def _ask(self, now: datetime, questions: Sequence[Question]) -> Sequence[Judged | None]:
        with self._lock:
            child = self._free.pop()  # as many threads as children
        try:
            return child.ask(now, questions)
        finally:
            with self._lock:
                self._free.append(child)

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)


def cores() -> int:
    """How many processes may run at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


class _Pool:
    """Every child of this process: at most one for each core, whichever mailboxes they work for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[_Child] = []
        self._lent = 0

    def take(self, terms: Terms) -> list[_Child]:
        """As many as there may be more; children that know other terms are replaced."""
        most = min(cores(), _MOST_CHILDREN)
        with self._lock:
            number = most - self._lent if most > 1 else 0
            self._lent += number
            kept, self._idle = (self._idle, []) if number else ([], self._idle)
        mine = [one for one in kept[:number] if one.usable and one.terms == terms]
        for one in kept:
            if one not in mine:
                one.close()
        try:
            mine += [_Child(terms) for _ in range(number - len(mine))]
        except BaseException:
            self.give_back(mine, number)
            raise
        return mine

    def give_back(self, children: Sequence[_Child], number: int) -> None:
        with self._lock:
            self._lent -= number
            self._idle.extend(children)

    def close_idle(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for child in idle:
            child.close()


_pool = _Pool()
atexit.register(_pool.close_idle)


@contextmanager
def lent(terms: Terms) -> Iterator[Children | None]:
    """Children for one batch; None where there is one core only, or other mailboxes use them all."""
    taken = _pool.take(terms)
    if not taken:
        yield None
        return
    children = Children(taken)
    try:
        yield children
    finally:
        children.close()
        _pool.give_back(taken, len(taken))


@contextmanager
def for_a_while() -> Iterator[None]:
    """Children are kept from batch to batch, and ended with the context: between passes they would take memory."""
    try:
        yield
    finally:
        _pool.close_idle()
