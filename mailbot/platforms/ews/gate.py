"""When a server may be asked: a refused password is not tried again, and a busy server is left alone as it wishes."""

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from mailbot.platforms.ews.failures import AccountRefused
from mailbot.platforms.pacing import Pacing

#: directories lock accounts for some ten to thirty minutes after a few wrong passwords
_REFUSED_SECONDS = 900.0
#: what we wait when the server only says that it is busy
_BUSY_SECONDS = 60.0
#: no server keeps us away for longer than this
_LONGEST_SECONDS = 1800.0


class Gate:
    """For all threads of one server. `monotonic` is a clock in seconds that never goes back.

    Until the service account has been let in once, one request is made at a time: many mailboxes read side by side
    would else try a wrong password once each, and lock the account. Afterwards one at a time to each mailbox.
    """

    def __init__(self, server: str, monotonic: Callable[[], float]) -> None:
        self._server = server
        self._monotonic = monotonic
        self._pacing = Pacing(at_a_time=1, per_second=math.inf, monotonic=monotonic)
        self._first = threading.Lock()
        self._let_in = False
        self._refused_until = 0.0

    @contextmanager
    def request(self, mailbox: str) -> Iterator[None]:
        """Around every request. Raises AccountRefused, or AskedToWait with the wait that is left."""
        with ExitStack() as turn:
            if not self._let_in:
                turn.enter_context(self._first)
            if self._refused_until > self._monotonic():
                raise self.refusal()
            turn.enter_context(self._pacing.turn([mailbox]))
            yield

    def refusal(self) -> AccountRefused:
        return AccountRefused(
            f"{self._server} refuses the service account; check user, auth and secret "
            "(`mailbot secret set`), and whether the account is locked. It is not tried again for a quarter of an hour"
        )

    def let_in(self) -> None:
        self._let_in = True

    def was_refused(self) -> None:
        self._refused_until = self._monotonic() + _REFUSED_SECONDS
        self._let_in = False

    def was_busy(self, mailbox: str, seconds: float | None) -> float:
        """Exchange counts an impersonated request against the mailbox's owner, so only that mailbox has to wait."""
        wait = min(seconds or _BUSY_SECONDS, _LONGEST_SECONDS)
        self._pacing.leave_alone(mailbox, wait)
        return wait
