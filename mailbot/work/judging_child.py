"""What a child process does that reads and judges mail, and the stem that children are forked from (see
judging_processes.py): pickled requests come in by a socket of its own, and answers go out.

The stem ends its children when the worker's end is closed, so none outlives the worker.
"""

import gc
import os
import pickle
import queue
import signal
import socket
import struct
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO, NoReturn

from mailbot.mail.body import Body
from mailbot.mail.message import Message, parse_headers
from mailbot.policy.model import Decision, Facts
from mailbot.work.judging_steps import Head, Place, Terms, judge, read_head

_LENGTH = struct.Struct("!Q")
#: an order to the stem: which child
NUMBER = struct.Struct("!I")
_MAIL = b"From: Bo <bo@privat.example>\r\nSubject: Hej\r\n\r\nHej! Jag undrar en sak.\r\n"
_SOME_DAY = datetime(2026, 1, 2, tzinfo=UTC)
#: what the worker fetches and records all children wait for: on as many cores as there are children, it goes first
_BEHIND_THE_WORKER = 5
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


def _be_child(descriptor: int, terms: Terms) -> NoReturn:
    """Answer until nobody asks any more."""
    try:
        with socket.socket(fileno=descriptor) as connection, connection.makefile("wb") as answers:
            for request in _requests(connection.makefile("rb")):
                send(answers, request.answers(terms))
    finally:
        os._exit(0)  # an orderly end would wait for the reading thread, and run what the stem has to do


def _be_stem(orders: socket.socket, terms: Terms) -> None:
    """Fork a child for each number that comes with a descriptor, and end the one whose number comes alone."""
    children: dict[int, int] = {}
    while True:
        order, descriptors, _, _ = socket.recv_fds(orders, NUMBER.size, 1)
        if not order:
            break
        (number,) = NUMBER.unpack(order)
        for descriptor in descriptors:
            with suppress(OSError):  # no more processes: the worker sees that nobody answers
                children[number] = os.fork()
                if children[number] == 0:
                    orders.close()
                    _be_child(descriptor, terms)
            os.close(descriptor)
        if not descriptors and number in children:
            _end(children.pop(number))
    for process in children.values():
        _end(process)


def _end(process: int) -> None:
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)


def _load_rules(terms: Terms) -> None:
    """By judging a mail: every rule loads what it needs when it is first asked."""
    with suppress(Exception):  # told by the worker, which meets it too
        judge(parse_headers(_MAIL), Facts(), terms, _SOME_DAY, lambda _: _MAIL)
    gc.collect()
    gc.freeze()  # what children share must not be written to: looking for garbage does that


def main() -> None:
    """Load the rules by the terms on standard input, then take orders from the socket that the argument names."""
    gc.set_threshold(_COLLECT_EVERY)
    terms = receive(sys.stdin.buffer)
    assert isinstance(terms, Terms)
    with socket.socket(fileno=int(sys.argv[1])) as orders:
        os.nice(_BEHIND_THE_WORKER)
        _load_rules(terms)
        _be_stem(orders, terms)


if __name__ == "__main__":
    # Under its own name, so that what is pickled here is known by the same name there.
    from mailbot.work.judging_child import main as run

    run()
