"""Children that judge mail while the worker fetches and records: a first reading of a large mailbox uses every core.

Only batches with much to judge are worth it; a day's mail is judged in the worker. Whatever a child does not answer
(it died, hangs, or met something odd) is judged in the worker, so a child decides nothing about what is lost. What a
child answers is what the worker would have found: both run `judging_steps.judge`.
"""

import os
import queue
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, count, islice, repeat
from typing import Any, cast

from mailbot.log import get_logger
from mailbot.work.judging_child import Question, Request, ToJudge, ToRead
from mailbot.work.judging_processes import Child, Stem
from mailbot.work.judging_steps import Head, Place, Terms

log = get_logger(__name__)

#: fewer messages in a round are judged sooner in the worker: a child needs half a second to start
WORTH_IT = 100
#: messages in one request; once children run, fewer are judged sooner in the worker
CHUNK = 16
#: a header block is worth the help of children as this part of a whole message
HEADERS_FOR_ONE = 2
#: header blocks to read in one request
_BLOCKS = 64
#: requests that a child holds: it begins the next without waiting for the worker, whose threads take turns
_IN_HAND = 2
_MOST_CHILDREN = 4

#: Heads to header blocks, Judged to questions; None for what is left to the worker
Answers = Sequence[Any]


@dataclass(order=True, slots=True)
class _Task:
    """A request and its answers to be; None ends the thread that takes it."""

    urgency: int
    number: int
    request: Request | None = field(compare=False)
    answers: "Future[Answers]" = field(compare=False, default_factory=Future)

    def leave_to_worker(self) -> None:
        if self.request is not None and not self.answers.done():
            self.answers.set_result([None] * len(self.request))


class Children:
    """One child for each core, whichever mailboxes they work for, and a thread for each that speaks with it."""

    def __init__(self, terms: Terms, number: int) -> None:
        """OSError when no process can be started."""
        self.terms = terms
        self._numbers = count()
        self._stem = Stem(terms)
        try:
            self._children = [self._stem.child(next(self._numbers)) for _ in range(number)]
        except OSError:
            self._stem.close()
            raise
        self._tasks: queue.PriorityQueue[_Task] = queue.PriorityQueue()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._speak, args=(index,), name=f"judging-{index}", daemon=True)
            for index in range(number)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def stem(self) -> int:
        """The process id of their parent."""
        return self._stem.process.pid

    def submit(self, now: datetime, questions: Sequence[Question], *, urgent: bool = False) -> "Future[Answers]":
        """One answer for each question, None for what is left to the worker. `urgent` ones are answered before all
        others: the worker waits for them."""
        return self._asked(ToJudge(now, questions), urgent=urgent)

    def read(self, place: Place, now: datetime, blocks: Sequence[tuple[bytes, datetime]]) -> "Heads":
        """Header blocks, each with its internal date, are read."""
        pieces = [blocks[start : start + _BLOCKS] for start in range(0, len(blocks), _BLOCKS)]
        return Heads([(len(piece), self._asked(ToRead(place, now, piece), urgent=True)) for piece in pieces])

    def _asked(self, request: Request, *, urgent: bool) -> "Future[Answers]":
        task = _Task(0 if urgent else 1, next(self._numbers), request)
        self._tasks.put(task)
        return task.answers

    def close(self) -> None:
        """Nobody waits for an answer any more."""
        self._closed = True
        for _ in self._threads:
            self._tasks.put(_Task(-1, next(self._numbers), None))
        for child in self._children:
            child.end()
        for thread in self._threads:
            thread.join()
        for child in self._children:
            child.close()
        self._stem.close()

    def _speak(self, index: int) -> None:
        """Keep one child busy until nothing more is asked. Every task gets an answer: the worker waits for it."""
        asked: deque[_Task] = deque()
        try:
            while self._converse(index, asked):
                for task in asked:
                    task.leave_to_worker()
                asked.clear()
                if not self._replaced(index):
                    self._refuse()
                    return
        except Exception as error:
            log.warning("judging_child_lost", error=type(error).__name__)
            for task in asked:
                task.leave_to_worker()
            self._refuse()

    def _converse(self, index: int, asked: deque[_Task]) -> bool:
        """Ask, and hand on the answers. True when the child has failed, False when all is asked and nobody waits."""
        while True:
            if len(asked) < _IN_HAND and (task := self._next(wait=not asked)) is not None:
                if task.request is None:
                    return False
                asked.append(task)
                with suppress(OSError, ValueError):  # whether it is heard is seen by the answer
                    self._children[index].ask(task.request)
                continue
            answers = _answers(self._children[index])
            if answers is None:
                return True
            asked.popleft().answers.set_result(answers)

    def _next(self, *, wait: bool) -> _Task | None:
        try:
            return self._tasks.get(block=wait)
        except queue.Empty:
            return None

    def _replaced(self, index: int) -> bool:
        if self._closed:
            return False
        self._children[index].close()
        try:
            self._children[index] = self._stem.child(next(self._numbers))
        except OSError as error:
            log.warning("judging_child_not_started", error=type(error).__name__)
            return False
        return True

    def _refuse(self) -> None:
        """There is no child any more on this side: the worker judges what comes here."""
        while (task := self._tasks.get()).request is not None:
            task.leave_to_worker()


@dataclass(frozen=True, slots=True)
class Heads:
    """What header blocks say; None for what is left to the worker. Whoever takes one waits for it."""

    _pieces: "Sequence[tuple[int, Future[Answers]]]"

    def __iter__(self) -> Iterator[Head | None]:
        for size, answers in self._pieces:
            yield from islice(chain(answers.result(), repeat(None)), size)


def _answers(child: Child) -> Answers | None:
    """To its oldest request that has none; None when it has failed."""
    try:
        return cast("Answers", child.answers())
    except Exception as error:
        log.warning("judging_child_lost", error=type(error).__name__)
        return None


def cores() -> int:
    """How many processes may run at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


class _Rounds:
    """The children of this process, as long as somebody reads mailboxes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._number = 0
        #: messages of this round that children could judge
        self._messages = 0
        self._children: Children | None = None

    def children(self, terms: Terms, messages: int) -> Children | None:
        most = min(cores(), _MOST_CHILDREN)
        with self._lock:
            if self._number == 0 or most < 2 or messages < CHUNK:
                return None
            self._messages += messages
            if self._children is None and self._messages >= WORTH_IT:
                self._children = _started(terms, most)
            if self._children is None or self._children.terms != terms:
                return None
            return self._children

    def begin(self) -> None:
        with self._lock:
            self._number += 1

    def end(self) -> None:
        with self._lock:
            self._number -= 1
            if self._number:
                return
            ended, self._children, self._messages = self._children, None, 0
        if ended is not None:
            ended.close()


def _started(terms: Terms, number: int) -> Children | None:
    try:
        return Children(terms, number)
    except OSError as error:
        log.warning("judging_child_not_started", error=type(error).__name__)
        return None


_rounds = _Rounds()


def children_for(terms: Terms, messages: int) -> Children | None:
    """The children of this round, started when that pays; None where the worker judges these `messages` itself."""
    return _rounds.children(terms, messages)


@contextmanager
def for_a_while() -> Iterator[None]:
    """A round over mailboxes: children are kept from batch to batch, and ended with it, as they take memory."""
    _rounds.begin()
    try:
        yield
    finally:
        _rounds.end()
