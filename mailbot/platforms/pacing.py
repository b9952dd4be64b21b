"""Being a good guest of a server that is asked by HTTP (Microsoft Graph, Exchange Web Services).

One `Pacing` serves all threads and mailboxes of a server. A mailbox that the server asks to be left alone is left alone
at once, without a request: whoever reads it goes on to the next one, and nobody waits for it.
"""

import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isnan

from mailbot.errors import TransientError

#: of a first, second, ... failed attempt of one request; then the caller is told
_WAITS = (1.0, 3.0)
#: a server that asks for more than this is left alone, and its mailbox read with the next pass
_PATIENCE_SECONDS = 6.0
_LONGEST_WAIT_SECONDS = 3600.0


class AskedToWait(TransientError):
    """The server wants to be left alone for a while, as to this mailbox or altogether; nothing was asked."""


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """What a Retry-After field says (RFC 9110 10.2.3): seconds, or a date; None where it says nothing usable."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            at = parsedate_to_datetime(value)
        except ValueError:
            return None
        seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    return None if isnan(seconds) else min(max(seconds, 0.0), _LONGEST_WAIT_SECONDS)


@dataclass(slots=True)
class Pacing:
    """At most `at_a_time` requests to one mailbox, and `per_second` to the server from all threads together.

    `monotonic` is a clock in seconds that never goes back.
    """

    at_a_time: int
    per_second: float
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random
    _running: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    #: mailbox ("" = all of them) -> when it may be asked again
    _not_before: dict[str, float] = field(default_factory=dict)
    #: when the next request of the budget is due
    _next_at: float = 0.0
    _free: threading.Condition = field(default_factory=threading.Condition)

    @contextmanager
    def turn(self, mailboxes: Sequence[str], requests: int = 1) -> Iterator[None]:
        """Inside, `requests` run at a time, each towards one of `mailboxes`. AskedToWait while one is left alone."""
        slots = min(requests, self.at_a_time)
        keys = sorted({mailbox.lower() for mailbox in mailboxes})
        with self._free:
            self._require(keys)
            self._free.wait_for(lambda: all(self._running[key] + slots <= self.at_a_time for key in keys))
            self._require(keys)
            for key in keys:
                self._running[key] += slots
            wait = self._booked(requests)
        try:
            if wait > 0:
                self.sleep(wait)
            yield
        finally:
            with self._free:
                for key in keys:
                    self._running[key] -= slots
                    if not self._running[key]:
                        del self._running[key]
                self._free.notify_all()

    def leave_alone(self, mailbox: str, seconds: float) -> None:
        """The server asked for it; `mailbox` may be empty for all of them."""
        with self._free:
            until = self.monotonic() + seconds
            self._not_before[mailbox.lower()] = max(until, self._not_before.get(mailbox.lower(), 0.0))

    def is_left_alone(self, mailbox: str) -> bool:
        with self._free:
            return self._wait_of(mailbox.lower()) > 0 or self._wait_of("") > 0

    def pause(self, attempt: int, asked_seconds: float | None) -> float | None:
        """How long to wait before the next attempt (0 = the first has failed); None: give up for now.

        What the server asked for is waited in full and never less. The jitter keeps many mailboxes from coming back at
        the same moment.
        """
        if attempt >= len(_WAITS):
            return None
        wait = _WAITS[attempt] * (0.5 + self.jitter())
        if asked_seconds is not None:
            wait = asked_seconds + self.jitter() * 0.25
        return wait if wait <= _PATIENCE_SECONDS else None

    def _require(self, keys: Sequence[str]) -> None:
        wait = max(self._wait_of(key) for key in (*keys, ""))
        if wait > 0:
            raise AskedToWait(f"the server asked to be left alone for {wait:.0f} s more", retry_after_seconds=wait)

    def _wait_of(self, key: str) -> float:
        wait = self._not_before.get(key, 0.0) - self.monotonic()
        if wait <= 0:
            self._not_before.pop(key, None)
        return wait

    def _booked(self, requests: int) -> float:
        """Seconds until the budget has room; room that was not used for a second is lost."""
        now = self.monotonic()
        start = max(self._next_at, now - 1.0)
        self._next_at = start + requests / self.per_second
        return max(start - now, 0.0)
