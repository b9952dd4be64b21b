"""A ManageSieve server that says exactly what a test tells it to."""

import re
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType

from mailbot.platforms.imap.login import Login
from mailbot.platforms.imap.sieve_connection import SieveConnection
from mailbot.platforms.imap.transport import Endpoint, Tls

OFFER = b'"VERSION" "1.0"\r\n"SASL" "PLAIN"\r\n"SIEVE" "vacation include copy date relational envelope"\r\n'
USUAL: Mapping[str, bytes] = {
    "STARTTLS": b"OK\r\n",
    "AUTHENTICATE": b"OK\r\n",
    "CAPABILITY": b"NO\r\n",
    "LISTSCRIPTS": b"OK\r\n",
    "CHECKSCRIPT": b"OK\r\n",
    "PUTSCRIPT": b"OK\r\n",
    "SETACTIVE": b"OK\r\n",
    "DELETESCRIPT": b"OK\r\n",
    "GETSCRIPT": b"NO (NONEXISTENT)\r\n",
    "LOGOUT": b"OK\r\n",
}


class ScriptedSieve:
    """Listens on a loopback port while the `with` block lasts. `answers` go by command, before the USUAL ones."""

    def __init__(
        self,
        answers: Mapping[str, bytes] | None = None,
        *,
        greeting: bytes = OFFER + b"OK\r\n",
        tls: ssl.SSLContext | None = None,
        greeting_in_tls: bytes = OFFER + b"OK\r\n",
    ) -> None:
        self._answers = {**USUAL, **(answers or {})}
        self._greeting, self._tls, self._greeting_in_tls = greeting, tls, greeting_in_tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        #: names of commands, of all connections
        self.commands: list[str] = []

    def connect(self, login: Login, *, tls: Tls = "none", context: ssl.SSLContext | None = None) -> SieveConnection:
        port = self._listener.getsockname()[1]
        return SieveConnection(Endpoint(host="localhost", port=port, tls=tls, context=context), login)

    def __enter__(self) -> "ScriptedSieve":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # close() alone does not wake a thread that waits in accept()
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._thread.join(5)
        for each in self._open:  # what was taken while the others were being closed
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            with suppress(OSError), connection:
                self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        connection.sendall(self._greeting)
        reader = connection.makefile("rb")
        while line := reader.readline():
            while literal := re.search(rb"\{(\d+)\+\}\r\n\Z", line):
                line = line[: literal.start()] + reader.read(int(literal[1])) + reader.readline()
            name = line.split(b" ")[0].strip().decode("ascii", "replace").upper()
            self.commands.append(name)
            connection.sendall(self._answers.get(name, b"NO\r\n"))
            if name == "STARTTLS" and self._tls is not None:
                # Noted before the handshake: one that fails must not leave its socket open.
                connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
                self._open.append(connection)
                connection.do_handshake()
                reader = connection.makefile("rb")
                connection.sendall(self._greeting_in_tls)
