"""Connections that are kept between passes: logging in costs a server more than everything an idle mailbox needs."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from mailbot.errors import PermanentError
from mailbot.platforms.imap.connection import ImapConnection

Connect = Callable[[], ImapConnection]


@dataclass(frozen=True, slots=True)
class Leased:
    connection: ImapConnection
    #: it was kept from an earlier pass, so the server may have hung up meanwhile
    kept: bool


class ConnectionPool:
    """Keeps at most `keep` idle connections, one for each key, and drops those not used for longest.

    For all threads. A connection belongs to one of them between `lease` and `give_back`.
    """

    def __init__(self, keep: int = 200) -> None:
        self._keep = keep
        self._idle: OrderedDict[str, ImapConnection] = OrderedDict()
        self._lock = threading.Lock()

    def lease(self, key: str, connect: Connect) -> Leased:
        with self._lock:
            kept = self._idle.pop(key, None)
        return Leased(kept, kept=True) if kept is not None else Leased(connect(), kept=False)

    def give_back(self, key: str, connection: ImapConnection) -> None:
        """Keep it for the next lease, unless something went wrong on it."""
        surplus: list[ImapConnection] = []
        with self._lock:
            if connection.usable and self._keep:
                if (older := self._idle.pop(key, None)) is not None:
                    surplus.append(older)
                self._idle[key] = connection
            else:
                surplus.append(connection)
            while len(self._idle) > self._keep:
                surplus.append(self._idle.popitem(last=False)[1])
        for each in surplus:
            each.close()

    def close(self) -> None:
        """Log out everywhere."""
        with self._lock:
            idle = list(self._idle.values())
            self._idle.clear()
        for each in idle:
            each.close()


class RefusedLogins:
    """Remembers that a server refused an identity, so that a wrong password is not tried for every mailbox again.

    Directories lock accounts after a few failures. `monotonic` is a clock in seconds that never goes back.
    """

    def __init__(self, monotonic: Callable[[], float], *, wait_seconds: float = 900) -> None:
        self._monotonic = monotonic
        self._wait_seconds = wait_seconds
        self._refused: dict[str, tuple[float, PermanentError]] = {}
        self._lock = threading.Lock()

    def connect(self, identity: str, connect: Connect) -> ImapConnection:
        """`connect()`, unless this identity was refused a short while ago: the same PermanentError again."""
        with self._lock:
            until, error = self._refused.get(identity, (0.0, None))
        if error is not None and self._monotonic() < until:
            raise PermanentError(str(error))
        try:
            connection = connect()
        except PermanentError as refusal:
            with self._lock:
                self._refused[identity] = self._monotonic() + self._wait_seconds, refusal
            raise
        with self._lock:
            self._refused.pop(identity, None)
        return connection
