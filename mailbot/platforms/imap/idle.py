"""Waiting for new mail in an inbox (IDLE, RFC 2177), so that an authority mailbox is read when something arrives."""

import time
from collections.abc import Callable

from mailbot.platforms.imap.connection import ImapConnection, LostConnection

#: RFC 2177: servers may hang up after half an hour of silence
_RENEW_SECONDS = 28 * 60
_NEWS = frozenset({b"EXISTS", b"EXPUNGE", b"VANISHED"})


class Waiting:
    """One connection that does nothing but wait. `monotonic` is a clock in seconds that never goes back."""

    def __init__(self, connection: ImapConnection, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Opens the inbox. Refused when the server does not offer IDLE: then poll."""
        self._connection = connection
        self._monotonic = monotonic
        connection.examine(b"INBOX")

    @staticmethod
    def is_offered(connection: ImapConnection) -> bool:
        return "IDLE" in connection.capabilities

    def wait(self, timeout_seconds: float) -> bool:
        """Whether something changed in the inbox within that time. LostConnection when the link is dead.

        A server that never notices is no reason to look less often: poll as well.
        """
        deadline = self._monotonic() + timeout_seconds
        while (left := deadline - self._monotonic()) > 0:
            if self._idle(min(left, _RENEW_SECONDS)):
                return True
        return False

    def close(self) -> None:
        self._connection.close()

    def _idle(self, seconds: float) -> bool:
        connection = self._connection
        client = connection.client
        with connection.errors("IDLE"):
            client.idle()
            news = self._news(self._monotonic() + seconds)
            _, last = client.idle_done()
        return news or any(_is_news(line) for line in last)

    def _news(self, deadline: float) -> bool:
        """Listen until something happens or the time is over."""
        connection = self._connection
        while (left := deadline - self._monotonic()) > 0:
            lines = connection.client.idle_check(timeout=left)
            # imapclient (issue 565) answers BYE once and then nothing, at once, for ever.
            if any(line[:1] == (b"BYE",) for line in lines) or (not lines and self._monotonic() < deadline - 0.01):
                connection.usable = False
                raise LostConnection(f"{connection.endpoint} hung up while mailbot waited for mail")
            if any(_is_news(line) for line in lines):
                return True
        return False


def _is_news(line: tuple[object, ...]) -> bool:
    """Mail that came or went; not flags, nor the server's "still here"."""
    return not _NEWS.isdisjoint(line[:2])
