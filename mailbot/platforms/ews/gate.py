"""When a server may be asked: a refused password is not tried again, and a busy server is left alone as it wishes."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mailbot.errors import TransientError
from mailbot.platforms.ews.failures import AccountRefused

#: directories lock accounts for some ten to thirty minutes after a few wrong passwords
_REFUSED_SECONDS = 900.0
#: what we wait when the server only says that it is busy
_BUSY_SECONDS = 60.0
#: no server keeps us away for longer than this
_LONGEST_SECONDS = 1800.0


class Gate:
    """For all threads of one server. `monotonic` is a clock in seconds that never goes back.

    Until the service account has been let in once, one request is made at a time: many mailboxes read side by side
    would else try a wrong password once each, and lock the account.
    """

    def __init__(self, server: str, monotonic: Callable[[], float]) -> None:
        self._server = server
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._first = threading.Lock()
        self._let_in = False
        self._refused_until = 0.0
        self._busy_until: dict[str, float] = {}

    @contextmanager
    def request(self, mailbox: str) -> Iterator[None]:
        """Around every request. Raises AccountRefused, or TransientError with the wait that is left."""
        if self._let_in:
            self._check(mailbox)
            yield
            return
        with self._first:
            self._check(mailbox)
            yield

    def _check(self, mailbox: str) -> None:
        now = self._monotonic()
        with self._lock:
            refused, busy = self._refused_until - now, self._busy_until.get(mailbox, 0.0) - now
        if refused > 0:
            raise self.refusal()
        if busy > 0:
            raise TransientError(f"{self._server} asked to be left alone for a while", retry_after_seconds=busy)

    def refusal(self) -> AccountRefused:
        return AccountRefused(
            f"{self._server} refuses the service account; check user, auth and secret "
            "(`mailbot secret set`), and whether the account is locked. It is not tried again for a quarter of an hour"
        )

    def let_in(self) -> None:
        self._let_in = True

    def was_refused(self) -> None:
        with self._lock:
            self._let_in = False
            self._refused_until = self._monotonic() + _REFUSED_SECONDS

    def was_busy(self, mailbox: str, seconds: float | None) -> float:
        """Exchange counts an impersonated request against the mailbox's owner, so only that mailbox has to wait."""
        wait = min(seconds or _BUSY_SECONDS, _LONGEST_SECONDS)
        with self._lock:
            self._busy_until[mailbox] = self._monotonic() + wait
        return wait
