"""A submission server and the mailboxes behind it: real ones, and one that follows a script."""

import imaplib
import re
import shutil
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any

import pytest

from mailbot.platforms.imap.connection import ImapConnection
from mailbot.platforms.imap.login import Login, LoginMethod
from mailbot.platforms.imap.sender import SmtpSender
from mailbot.platforms.imap.smtp import SmtpConnection
from mailbot.platforms.imap.tls import client_context
from mailbot.platforms.imap.transport import Endpoint, Tls
from tests.platforms.contract_sender import ANNA, EVA, SERVICE, Crash
from tests.servers.certificates import Certificate
from tests.servers.dovecot import MASTER_PASSWORD, MASTER_USER, Account, Dovecot
from tests.servers.postfix import Postfix

_TLS: dict[str, Tls] = {"submission": "starttls", "submissions": "implicit", "seven": "starttls"}
_ARRIVAL_SECONDS = 20


class SmtpWorld:
    """ANNA, EVA and SERVICE with empty mailboxes on the session's Dovecot; `port` is one of Postfix's listeners."""

    refuses_at_once = True
    exactly_once = False

    def __init__(self, dovecot: Dovecot, postfix: Postfix, monkeypatch: pytest.MonkeyPatch, port: str) -> None:
        self.dovecot, self.postfix, self._monkeypatch, self.port = dovecot, postfix, monkeypatch, port
        self.accounts = {address: dovecot.add_account(address) for address in (ANNA, EVA, SERVICE)}
        for account in self.accounts.values():
            shutil.rmtree(dovecot.home(account), ignore_errors=True)
        self.context = client_context(dovecot.ca_file)
        self._opened: list[SmtpConnection | ImapConnection] = []

    def login(self, method: LoginMethod = "user") -> Login:
        account = self.accounts[SERVICE]
        user = MASTER_USER if method in ("master", "authzid") else SERVICE
        secrets = {"user": account.password, "xoauth2": self.dovecot.token(account)}
        secret = secrets.get(method, MASTER_PASSWORD)
        return Login(method=method, mailbox=SERVICE, user=user, secret=lambda: secret)

    def submission(self, login: Login | None = None) -> SmtpConnection:
        endpoint = Endpoint(
            host="localhost", port=self.postfix.ports[self.port], tls=_TLS[self.port], context=self.context
        )
        connection = SmtpConnection(endpoint, login or self.login(), greeting_name="mailbot.bjurholm.example")
        self._opened.append(connection)
        return connection

    def mailbox(self) -> ImapConnection:
        endpoint = Endpoint(host="localhost", port=self.dovecot.ports["imaps"], context=self.context)
        connection = ImapConnection(endpoint, self.login())
        self._opened.append(connection)
        return connection

    def open(self) -> SmtpSender:
        return SmtpSender(self.submission, self.mailbox)

    def received(self, address: str) -> Sequence[bytes]:
        """Once everything that Postfix has taken is delivered."""
        deadline = time.monotonic() + _ARRIVAL_SECONDS
        while self.postfix.queued() and time.monotonic() < deadline:
            time.sleep(0.02)
        return self._messages(self.accounts[address], "INBOX")

    def sent(self) -> Sequence[bytes]:
        return self._messages(self.accounts[SERVICE], "Sent")

    def _messages(self, account: Account, folder: str) -> list[bytes]:
        with self.dovecot.person(account) as person:
            answer, messages = person.select(folder, readonly=True)
            if answer != "OK" or messages == [b"0"]:
                return []
            _, answer = person.fetch("1:*", "(BODY.PEEK[])")
        return [piece[1] for piece in answer if isinstance(piece, tuple)]

    @contextmanager
    def crash_at(self, step: int) -> Iterator[None]:
        """Steps are what is said to either server: a killed process says no more, and its connections break."""
        steps = count()

        def dying(say: Callable[..., Any]) -> Callable[..., Any]:
            def call(client: Any, *arguments: Any) -> Any:
                if next(steps) == step:
                    for part in filter(None, (client.file, client.sock)):
                        part.close()
                    raise Crash
                return say(client, *arguments)

            return call

        with self._monkeypatch.context() as patch:
            patch.setattr(smtplib.SMTP, "send", dying(smtplib.SMTP.send))
            patch.setattr(imaplib.IMAP4, "send", dying(imaplib.IMAP4.send))
            patch.setattr(imaplib.IMAP4_SSL, "send", dying(imaplib.IMAP4.send), raising=False)
            try:
                yield
            except Crash:
                self.break_connections()
                raise

    def break_connections(self) -> None:
        for connection in self._opened:
            if isinstance(connection, SmtpConnection):
                connection._smtp.close()
            else:
                with suppress(OSError):
                    connection.client.shutdown()
        self._opened.clear()

    def close(self) -> None:
        self.break_connections()


_USUAL = {
    "greeting": "220 script ESMTP",
    "EHLO": "250-script\r\n250-SIZE 100000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN LOGIN XOAUTH2",
    "AUTH": "235 2.7.0 fine",
    "MAIL": "250 2.1.0 fine",
    "RCPT": "250 2.1.5 fine",
    "DATA": "354 go on",
    ".": "250 2.0.0 taken",
    "RSET": "250 2.0.0 fine",
    "QUIT": "221 bye",
}


class ScriptedSmtp:
    """Answers each line by `answers` (first word or pattern -> reply; None: hang up) and keeps what it was told.

    One connection after another, in clear on the loopback interface.
    """

    def __init__(self, answers: dict[str, str | None] | None = None, certificate: Certificate | None = None) -> None:
        self._certificate = certificate
        self.answers: dict[str, str | None] = {**_USUAL, **(answers or {})}
        self.lines: list[str] = []
        self.taken: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def connect(
        self, login: Login | None = None, tls: Tls = "none", context: ssl.SSLContext | None = None
    ) -> SmtpConnection:
        endpoint = Endpoint(host="127.0.0.1", port=self.port, tls=tls, context=context)
        return SmtpConnection(endpoint, login, greeting_name="mailbot.bjurholm.example")

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                with connection.makefile("rwb") as stream:
                    wants_tls = self._answer(stream, "greeting") and self._talk(stream)
                if wants_tls and self._certificate is not None:
                    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                    context.load_cert_chain(self._certificate.certificate, self._certificate.key)
                    secured = context.wrap_socket(connection, server_side=True)
                    with secured, secured.makefile("rwb") as stream:
                        self._talk(stream)

    def _talk(self, stream: Any) -> bool:
        """Whether TLS comes next."""
        while line := stream.readline():
            text = line.decode("utf-8").rstrip("\r\n")
            self.lines.append(text)
            word = text.split(" ")[0].upper()
            given = next(
                (key for key in self.answers if re.match(re.escape(key), text, re.IGNORECASE) and " " in key), word
            )
            if not self._answer(stream, given) or word in ("QUIT", "STARTTLS"):
                return word == "STARTTLS"
            if word == "DATA" and (self.answers["DATA"] or "").startswith("354"):
                content = b""
                while (line := stream.readline()) not in (b".\r\n", b""):
                    content += line.removeprefix(b".")
                if not line or not self._answer(stream, "."):
                    return False
                self.taken.append(content)
        return False

    def _answer(self, stream: Any, key: str) -> bool:
        answer = self.answers.get(key, "500 5.5.2 what?")
        if answer is None:
            return False
        stream.write(answer.encode() + b"\r\n")
        stream.flush()
        return True
