"""Server programs as children of the test session: free ports, waiting until they listen, and a clean stop."""

import ctypes
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_START_SECONDS = 20
_STOP_SECONDS = 10


def free_ports(count: int, host: str = "127.0.0.1") -> list[int]:
    """Ports nobody listens on now. Another session may take one before its server starts: start again then."""
    with ExitStack() as sockets:
        found = [sockets.enter_context(socket.socket()) for _ in range(count)]
        for each in found:
            each.bind((host, 0))
        return [each.getsockname()[1] for each in found]


class Program:
    """One server in the foreground. It ends with the session, even when that is killed."""

    def __init__(self, arguments: Sequence[str], *, output: Path) -> None:
        self._output = output
        with output.open("ab") as log:
            self._process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_end_with_parent,  # noqa: PLW1509
            )

    def wait_until(self, ready: Callable[[], bool]) -> bool:
        """Whether `ready` came true; False when the program ended before."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                return False
            if ready():
                return True
            time.sleep(0.02)
        raise TimeoutError(f"{self._process.args} does not answer; see {self._output}")

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def listens(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
