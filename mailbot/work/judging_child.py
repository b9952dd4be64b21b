"""A child process that judges mail (see judging_children.py): pickled requests on standard input, answers on output.

It ends when its input does, so it never outlives the worker.
"""

import gc
import pickle
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from mailbot.mail.body import Body
from mailbot.mail.message import Message
from mailbot.policy.model import Decision, Facts
from mailbot.policy.profile import Policy
from mailbot.work.judging_steps import judge

_LENGTH = struct.Struct("!Q")
#: allocations between two looks for cyclic garbage, as in the worker
_COLLECT_EVERY = 20_000


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every message that the child will judge."""

    policy: Policy
    own_lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Question:
    """One message, whole."""

    raw: bytes
    #: its header block
    message: Message
    facts: Facts


@dataclass(frozen=True, slots=True)
class Request:
    """Messages to judge as of `now`."""

    now: datetime
    questions: Sequence[Question]


@dataclass(frozen=True, slots=True)
class Judged:
    """The decision, and what reading further added to the header block; None: nothing."""

    decision: Decision
    body: Body | None
    size: int
    defects: tuple[str, ...]


def send(stream: BinaryIO, what: object) -> None:
    """Write one frame: the length of a pickle, and the pickle."""
    octets = pickle.dumps(what, pickle.HIGHEST_PROTOCOL)
    stream.write(_LENGTH.pack(len(octets)) + octets)
    stream.flush()


def receive(stream: BinaryIO) -> object:
    """Read one frame. EOFError when there is none any more."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    octets = stream.read(length)
    if len(octets) < length:
        raise EOFError
    return pickle.loads(octets)  # noqa: S301 - written by the other end of our own pipe


def answer(terms: Terms, question: Question, now: datetime) -> Judged | None:
    """None for whatever is not plain: the worker then judges that message itself, and tells what is wrong with it."""
    try:
        judged = judge(question.message, question.facts, terms.policy, now, lambda _: question.raw, terms.own_lines)
    except Exception:  # told by the worker, which meets it too
        return None
    if judged is None or judged[0].headers != question.message.headers:
        return None
    message, decision = judged
    return Judged(decision, message.body, message.size, message.defects)


def main() -> None:
    """Answer until the input ends."""
    gc.set_threshold(_COLLECT_EVERY)
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    try:
        terms = receive(requests)
        assert isinstance(terms, Terms)
        while True:
            request = receive(requests)
            assert isinstance(request, Request)
            send(answers, [answer(terms, question, request.now) for question in request.questions])
    except (EOFError, BrokenPipeError):
        return


if __name__ == "__main__":
    # Under its own name, so that what is pickled here is known by the same name there.
    from mailbot.work.judging_child import main as run

    run()
