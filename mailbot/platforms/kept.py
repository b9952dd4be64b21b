"""Connections that are kept between passes: logging in costs a server more than everything an idle mailbox needs."""

import threading
from collections import OrderedDict
from typing import Generic, Protocol, TypeVar


class Closable(Protocol):
    """A connection or session that can be closed."""

    def close(self) -> None: ...


Connection = TypeVar("Connection", bound=Closable)


class KeptConnections(Generic[Connection]):
    """At most `most` idle connections, one for each key; those not used for longest are closed first.

    For all threads. A connection belongs to one of them between `take` and `keep`.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._idle: OrderedDict[str, Connection] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: str) -> Connection | None:
        """The one kept for `key`; the server may have hung up meanwhile."""
        with self._lock:
            return self._idle.pop(key, None)

    def keep(self, key: str, connection: Connection) -> None:
        """For the next `take`; what is too many is closed."""
        surplus: list[Connection] = []
        with self._lock:
            if (older := self._idle.pop(key, None)) is not None and older is not connection:
                surplus.append(older)
            self._idle[key] = connection
            while len(self._idle) > self._most:
                surplus.append(self._idle.popitem(last=False)[1])
        for each in surplus:
            each.close()

    def close(self) -> None:
        """Close all idle ones."""
        with self._lock:
            idle = list(self._idle.values())
            self._idle.clear()
        for each in idle:
            each.close()
