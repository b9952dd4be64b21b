"""The least that can fetch mail: a socket that throws away what it reads. Everything else is measured against it."""

import socket
from types import TracebackType

_CHUNK = 1 << 20
_LAST_LINE = 4096


class BareClient:
    """Logs in without TLS on the loopback interface; commands are written by hand, answers are not parsed."""

    def __init__(self, port: int, user: str, password: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray(_CHUNK)
        self._number = 0
        self._read_until(b"\r\n")
        self.ask(f'LOGIN "{user}" "{password}"')

    def ask(self, command: str) -> int:
        """How many octets came back."""
        self._number += 1
        tag = f"B{self._number}"
        self._socket.sendall(f"{tag} {command}\r\n".encode())
        return self._read_until(f"{tag} OK".encode())

    def _read_until(self, end: bytes) -> int:
        octets, tail = 0, b""
        while True:
            count = self._socket.recv_into(self._buffer)
            if not count:
                raise RuntimeError("the server hung up")
            octets += count
            # the tagged answer is the last line; the one to LOGIN lists what the server can do
            tail = (tail + bytes(self._buffer[max(0, count - _LAST_LINE) : count]))[-_LAST_LINE:]
            if end in tail and tail.endswith(b"\r\n"):
                return octets

    def __enter__(self) -> "BareClient":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
