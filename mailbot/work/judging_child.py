"""A child process that reads and judges mail (see judging_children.py): pickled requests on standard input,
answers on output.

It ends when its input does, so it never outlives the worker.
"""

import gc
import os
import pickle
import queue
import struct
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from mailbot.mail.body import Body
from mailbot.mail.message import Message
from mailbot.policy.model import Decision, Facts
from mailbot.work.judging_steps import Head, Place, Terms, judge, read_head

_LENGTH = struct.Struct("!Q")
#: allocations between two looks for cyclic garbage, as in the worker
_COLLECT_EVERY = 20_000


@dataclass(frozen=True, slots=True)
class Question:
    """One message: its header block, and the whole of it where more than that may be read."""

    raw: bytes
    message: Message
    facts: Facts
    #: whether the answer is to hold the text
    wants_text: bool = False


@dataclass(frozen=True, slots=True)
class ToRead:
    """Header blocks, with the internal date of each, to be read as of `now`."""

    place: Place
    now: datetime
    blocks: Sequence[tuple[bytes, datetime]]

    def __len__(self) -> int:
        return len(self.blocks)

    def answers(self, _terms: Terms) -> "Sequence[Head | None]":
        """None where no header field can be read: the worker then looks at all of the message."""
        return [self._head(*each) for each in self.blocks]

    def _head(self, block: bytes, internal_date: datetime) -> Head | None:
        try:
            return read_head(block, self.place, internal_date, self.now)
        except Exception:  # told by the worker, which meets it too
            return None


@dataclass(frozen=True, slots=True)
class ToJudge:
    """Messages to judge as of `now`."""

    now: datetime
    questions: Sequence[Question]

    def __len__(self) -> int:
        return len(self.questions)

    def answers(self, terms: Terms) -> "Sequence[Judged | None]":
        """None for whatever is not plain: the worker then judges that message itself, and tells what is wrong."""
        return [_judged(terms, question, self.now) for question in self.questions]


Request = ToRead | ToJudge


@dataclass(frozen=True, slots=True)
class Judged:
    """The judgment; `body` only where it is wanted."""

    decision: Decision
    diary_unit: str
    body: Body | None = None


def send(stream: BinaryIO, what: object) -> None:
    """Write one frame: the length of a pickle, and the pickle."""
    octets = pickle.dumps(what, pickle.HIGHEST_PROTOCOL)
    stream.write(_LENGTH.pack(len(octets)))
    stream.write(octets)
    stream.flush()


def receive(stream: BinaryIO) -> object:
    """Read one frame. EOFError when there is none any more."""
    return _loaded(_frame(stream))


def _frame(stream: BinaryIO) -> bytes:
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    octets = stream.read(length)
    if len(octets) < length:
        raise EOFError
    return octets


def _loaded(octets: bytes) -> object:
    return pickle.loads(octets)  # noqa: S301 - written by the other end of our own pipe


def _judged(terms: Terms, question: Question, now: datetime) -> Judged | None:
    try:
        judged = judge(question.message, question.facts, terms, now, lambda _: question.raw)
    except Exception:  # told by the worker, which meets it too
        return None
    if judged is None or judged.message.headers != question.message.headers:
        return None
    return Judged(judged.decision, judged.diary_unit, judged.message.body if question.wants_text else None)


def _requests(stream: BinaryIO) -> Iterator[Request]:
    """Until the input ends. A thread reads ahead: the next request is there when one has been answered, and the worker
    never waits to be heard while it is not listening itself."""
    frames: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def read() -> None:
        try:
            while True:
                frames.put(_frame(stream))
        except (EOFError, OSError, MemoryError):
            frames.put(None)

    threading.Thread(target=read, daemon=True).start()
    while (octets := frames.get()) is not None:
        request = _loaded(octets)
        assert isinstance(request, Request)
        yield request


def main() -> None:
    """Answer until the input ends."""
    gc.set_threshold(_COLLECT_EVERY)
    answers = sys.stdout.buffer
    try:
        terms = receive(sys.stdin.buffer)
        assert isinstance(terms, Terms)
        for request in _requests(sys.stdin.buffer):
            send(answers, request.answers(terms))
    except EOFError:
        return
    except BrokenPipeError:
        os._exit(0)  # the reading thread may hold the input, which an orderly end would wait for


if __name__ == "__main__":
    # Under its own name, so that what is pickled here is known by the same name there.
    from mailbot.work.judging_child import main as run

    run()
