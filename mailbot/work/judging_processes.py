"""The worker's side of the processes in which children read and judge mail.

One process, the stem, loads the rules, which takes half a second and most of a child's memory. Every child is forked
from it: it begins at once, and shares what was loaded. The stem has one thread and no descriptor of ours but the socket
between us, so forking it is safe; forking the worker, with its threads, connections and database, would not be.
"""

import socket
import subprocess
import sys
from contextlib import suppress
from typing import BinaryIO, cast

from mailbot.work.judging_child import NUMBER, Request, receive, send
from mailbot.work.judging_steps import Terms

#: a child that has not answered one request by then is ended
_SECONDS = 300.0
#: it ends at once, unless it is loading the rules
_STOP_SECONDS = 10.0


def _started(descriptor: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-I", "-m", "mailbot.work.judging_child", str(descriptor)],
        pass_fds=[descriptor],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # a traceback may quote mail (invariant 6)
        env={},  # so no secret of ours is within its reach
        start_new_session=True,  # so Ctrl-C is the worker's
    )


class Stem:
    """A process that has loaded the rules, or is about to. OSError when there can be none."""

    def __init__(self, terms: Terms) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            try:
                self.process = _started(theirs.fileno())
            except OSError:
                self._socket.close()
                raise
        with suppress(OSError), cast("BinaryIO", self.process.stdin) as stream:  # whether it is heard, answers show
            send(stream, terms)

    def child(self, number: int) -> "Child":
        """A new child, known by a number of its own. OSError when the stem has died."""
        ours, theirs = socket.socketpair()
        with theirs:
            child = Child(self, number, ours)
            try:
                socket.send_fds(self._socket, [NUMBER.pack(number)], [theirs.fileno()])
            except OSError:
                child.close()
                raise
        return child

    def end(self, number: int) -> None:
        """End a child, whatever it is doing. Its parent does it, so no other process can be meant."""
        with suppress(OSError):
            self._socket.sendall(NUMBER.pack(number))

    def close(self) -> None:
        """End all children. They end too when we die, and close the socket in that way."""
        self._socket.close()
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Child:
    """One child: requests and answers in turn, in frames."""

    def __init__(self, stem: Stem, number: int, connection: socket.socket) -> None:
        connection.settimeout(_SECONDS)
        self._stem, self._number, self._connection = stem, number, connection
        self._requests, self._answers = connection.makefile("wb"), connection.makefile("rb")

    def ask(self, request: Request) -> None:
        """OSError and ValueError when it cannot be asked."""
        send(self._requests, request)

    def answers(self) -> object:
        """To the oldest request that has none; waits for it. EOFError when the child has died, TimeoutError when it
        hangs."""
        return receive(self._answers)

    def end(self) -> None:
        """Whoever waits for an answer gets an EOFError, also if the stem does not hear us."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._stem.end(self._number)

    def close(self) -> None:
        """Nobody asks it or waits for it any more."""
        self.end()
        for one in (self._requests, self._answers, self._connection):
            with suppress(OSError):
                one.close()
