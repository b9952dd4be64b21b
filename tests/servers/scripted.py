"""An IMAP server that says exactly what a test tells it to: old, odd, hostile or broken."""

import socket
import ssl
from collections.abc import Callable, Mapping

from tests.servers.listener import Listener

#: instead of an answer: hang up
DROP = b"\0drop"
#: no tagged line yet: the client's next line ends the command (DONE)
STAY = b"\0stay"

#: what to say to a command that begins like the key; TAG stands for the command's tag. Without a tagged line "OK" is
#: added. A function gets the command line and the number of times it was asked before.
Answer = bytes | Callable[[str, int], bytes]

USUAL: Mapping[str, Answer] = {
    "CAPABILITY": b"* CAPABILITY IMAP4rev1\r\n",
    "LOGIN": b"",
    "LOGOUT": b"* BYE see you\r\n",
    "NOOP": b"",
    "CLOSE": b"",
    'LIST "" "*"': b'* LIST () "/" INBOX\r\n',
    "STATUS": b"* STATUS INBOX (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 7)\r\n",
    "EXAMINE": b"* 2 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 3] ok\r\n",
    "UID SEARCH": b"* SEARCH 1 2\r\n",
    "UID FETCH 1:2 (INTERNALDATE RFC822.SIZE)": (
        b'* 1 FETCH (UID 1 INTERNALDATE "25-Nov-2024 07:00:00 +0000" RFC822.SIZE 20)\r\n'
        b'* 2 FETCH (UID 2 INTERNALDATE "25-Nov-2024 07:01:00 +0000" RFC822.SIZE 20)\r\n'
    ),
}


class ScriptedImap(Listener):
    """`answers` go before the USUAL ones."""

    def __init__(
        self,
        answers: Mapping[str, Answer] | None = None,
        *,
        greeting: bytes = b"* OK ready\r\n",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__()
        self.answers = {**USUAL, **(answers or {})}
        self._greeting = greeting
        self._tls = tls
        #: command lines without their tags, of all connections
        self.commands: list[str] = []

    def _serve(self, connection: socket.socket) -> None:
        connection.sendall(self._greeting)
        reader = connection.makefile("rb")
        while line := reader.readline():
            tag, _, command = line.decode("utf-8", "replace").rstrip("\r\n").partition(" ")
            earlier = self.commands.count(command)
            self.commands.append(command)
            answer = self._answer(command, earlier)
            if DROP in answer:
                connection.sendall(answer.partition(DROP)[0])
                reader.close()
                return
            answer = answer.replace(b"TAG", tag.encode())
            if STAY in answer:
                connection.sendall(answer.replace(STAY, b""))
                reader.readline()
                answer = b""
            if f"{tag} ".encode() not in answer:
                answer += f"{tag} OK done\r\n".encode()
            connection.sendall(answer)
            if command == "STARTTLS" and self._tls is not None:
                reader.close()
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._connections.append(connection)
                reader = connection.makefile("rb")
        reader.close()

    def _answer(self, command: str, earlier: int) -> bytes:
        fitting = [key for key in self.answers if command.upper().startswith(key.upper())]
        if not fitting:
            return b"TAG BAD not in the script\r\n"
        answer = self.answers[max(fitting, key=len)]
        return answer(command, earlier) if callable(answer) else answer
