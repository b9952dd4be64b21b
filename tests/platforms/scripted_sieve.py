"""A ManageSieve server that says exactly what a test tells it to."""

import re
import socket
import ssl
from collections.abc import Mapping

from mailbot.platforms.imap.login import Login
from mailbot.platforms.imap.sieve_connection import SieveConnection
from mailbot.platforms.imap.transport import Endpoint, Tls
from tests.servers.listener import Listener

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


class ScriptedSieve(Listener):
    """`answers` go by command, before the USUAL ones."""

    def __init__(
        self,
        answers: Mapping[str, bytes] | None = None,
        *,
        greeting: bytes = OFFER + b"OK\r\n",
        tls: ssl.SSLContext | None = None,
        greeting_in_tls: bytes = OFFER + b"OK\r\n",
    ) -> None:
        super().__init__()
        self._answers = {**USUAL, **(answers or {})}
        self._greeting, self._tls, self._greeting_in_tls = greeting, tls, greeting_in_tls
        #: names of commands, of all connections
        self.commands: list[str] = []

    def connect(self, login: Login, *, tls: Tls = "none", context: ssl.SSLContext | None = None) -> SieveConnection:
        return SieveConnection(Endpoint(host="localhost", port=self.port, tls=tls, context=context), login)

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
                self._connections.append(connection)
                connection.do_handshake()
                reader = connection.makefile("rb")
                connection.sendall(self._greeting_in_tls)
