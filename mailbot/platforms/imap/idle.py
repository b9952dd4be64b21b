"""Waiting for new mail in an inbox (IDLE, RFC 2177), so that an authority mailbox is read when something arrives.

imapclient's own `idle_check` is not used: when the server has hung up it answers with nothing, at once, for ever
(its issue 565), and it waits for the socket although what it waits for has already been read into a buffer.
"""

import re
import select
import ssl
import time
from collections.abc import Callable

from mailbot.platforms.imap.connection import ImapConnection
from mailbot.platforms.imap.session import LostConnection
from mailbot.platforms.imap.transport import READ_SECONDS

#: RFC 2177: servers may hang up after half an hour of silence
_RENEW_SECONDS = 28 * 60
#: mail that came or went; not flags, nor the server's "still here"
_NEWS = ("EXISTS", "EXPUNGE", "VANISHED")
_LINE = re.compile(rb"\* (?:\d+ )?(?P<word>[A-Za-z]+)")


class Waiting:
    """One connection that does nothing but wait. `monotonic` is a clock in seconds that never goes back."""

    def __init__(self, connection: ImapConnection, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Opens the inbox."""
        self._connection = connection
        self._monotonic = monotonic
        connection.examine(b"INBOX")

    @staticmethod
    def is_offered(connection: ImapConnection) -> bool:
        """Whether the server can tell; where it cannot, poll."""
        return "IDLE" in connection.capabilities

    def wait(self, timeout_seconds: float) -> bool:
        """Whether mail came or went in the inbox within that time. LostConnection when the link is dead.

        Servers may tell late or not at all (Dovecot when the machine's inotify instances run out): poll as well.
        """
        deadline = self._monotonic() + timeout_seconds
        while (left := deadline - self._monotonic()) > 0:
            if self._idle(self._monotonic() + min(left, _RENEW_SECONDS)):
                return True
        return False

    def close(self) -> None:
        self._connection.close()

    def _idle(self, deadline: float) -> bool:
        """One IDLE, until there is news or the time is over."""
        imap = self._connection.client._imap
        with self._connection.errors("IDLE"):
            for word in _NEWS:
                imap.response(word)
            tag = imap._command("IDLE")
            # None is the continuation; what has changed since may be told before it
            while imap._get_response() is not None:
                if imap.tagged_commands[tag]:
                    typ, _ = imap._command_complete("IDLE", tag)
                    raise imap.error(typ)
            told = self._listen(deadline)
            imap.send(b"DONE\r\n")
            imap._command_complete("IDLE", tag)
            return told or any(imap.response(word)[1] != [None] for word in _NEWS)

    def _listen(self, deadline: float) -> bool:
        while (line := self._next_line(deadline)) is not None:
            match = _LINE.match(line)
            word = match["word"].decode().upper() if match else ""
            if word == "BYE":
                self._connection.usable = False
                raise LostConnection(f"{self._connection.endpoint} hung up while mailbot waited for mail")
            if word in _NEWS:
                return True
        return False

    def _next_line(self, deadline: float) -> bytes | None:
        """The next line, or None when the time is over. The end of the stream raises (imaplib's abort)."""
        imap = self._connection.client._imap
        while True:
            if self._peek():
                return bytes(imap._get_line())
            left = deadline - self._monotonic()
            if left <= 0:
                return None
            # Readable, but nothing to read: the end. (None: TLS had something to say to itself.)
            if self._readable(left) and self._peek() == b"":
                return bytes(imap._get_line())

    def _readable(self, seconds: float) -> bool:
        poller = select.poll()
        poller.register(self._connection.client.socket(), select.POLLIN)
        return bool(poller.poll(seconds * 1000))

    def _peek(self) -> bytes | None:
        """What can be read at once, without taking it; empty at the end of the stream too."""
        client = self._connection.client
        sock = client.socket()
        sock.setblocking(False)
        try:
            return bytes(client._imap.file.peek(1))
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        finally:
            sock.settimeout(READ_SECONDS)
