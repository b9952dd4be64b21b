"""Who may connect: connections that are lent again, and logins that were refused and are not tried again at once."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from mailbot.platforms.imap.connection import ImapConnection
from mailbot.platforms.imap.login import LoginRefused
from mailbot.platforms.kept import KeptConnections

_IN_A_ROW = 3

Connect = Callable[[], ImapConnection]
#: what speaks to a server: an IMAP or ManageSieve connection
Connected = TypeVar("Connected")


@dataclass(frozen=True, slots=True)
class Leased:
    connection: ImapConnection
    #: it was kept from an earlier pass, so the server may have hung up meanwhile
    kept: bool


class ConnectionPool:
    """Lends the connections that are kept, at most `keep` of them, and makes new ones. For all threads."""

    def __init__(self, keep: int = 200) -> None:
        self._kept: KeptConnections[ImapConnection] = KeptConnections(keep)

    def lease(self, key: str, connect: Connect) -> Leased:
        kept = self._kept.take(key)
        return Leased(kept, kept=True) if kept is not None else Leased(connect(), kept=False)

    def give_back(self, key: str, connection: ImapConnection) -> None:
        """Keep it for the next lease, unless something went wrong on it."""
        if connection.usable:
            self._kept.keep(key, connection)
        else:
            connection.close()

    def close(self) -> None:
        """Log out everywhere."""
        self._kept.close()


class RefusedLogins:
    """Remembers refused logins, so that a wrong password is not tried again and again: directories lock accounts.

    A mailbox whose login was refused is left alone for a while; after three refusals in a row, so are all others that
    the same identity opens. Attempts that are still unanswered count as refused ones, until the identity has been let
    in: a hundred mailboxes read by eight workers try a wrong password three times, not ten. `monotonic` is a clock in
    seconds that never goes back.
    """

    def __init__(self, monotonic: Callable[[], float], *, wait_seconds: float = 900) -> None:
        self._monotonic = monotonic
        self._wait_seconds = wait_seconds
        self._refused: dict[str, tuple[float, LoginRefused]] = {}
        self._in_a_row: dict[str, int] = {}
        self._unanswered: Counter[str] = Counter()
        #: identities whose last answered attempt succeeded
        self._let_in: set[str] = set()
        self._lock = threading.Condition()

    def connect(self, identity: str, mailbox: str, connect: Callable[[], Connected]) -> Connected:
        """`connect()`, unless the server refused it a short while ago: then LoginRefused without asking again.

        `identity` is who logs in for several mailboxes; empty for a mailbox that logs in as itself.
        """
        with self._lock:
            self._require(identity, mailbox)
            while not self._may_try(identity):
                self._lock.wait()
                self._require(identity, mailbox)
            self._unanswered[identity] += 1
        refusal: LoginRefused | None = None
        try:
            connection = connect()
        except LoginRefused as error:
            refusal = error
            raise
        finally:
            with self._lock:
                self._unanswered[identity] -= 1
                if refusal is not None:
                    self._remember(identity, mailbox, refusal)
                self._lock.notify_all()
        with self._lock:
            self._let_in.add(identity)
            self._in_a_row.pop(identity, None)
            self._refused.pop(mailbox, None)
            self._lock.notify_all()
        return connection

    def _require(self, identity: str, mailbox: str) -> None:
        for key in (identity, mailbox):
            until, error = self._refused.get(key, (0.0, None))
            if error is not None and self._monotonic() < until:
                raise LoginRefused(str(error))

    def _may_try(self, identity: str) -> bool:
        if not identity or identity in self._let_in:
            return True
        return self._unanswered[identity] + self._in_a_row.get(identity, 0) < _IN_A_ROW

    def _remember(self, identity: str, mailbox: str, refusal: LoginRefused) -> None:
        entry = self._monotonic() + self._wait_seconds, refusal
        self._refused[mailbox] = entry
        self._let_in.discard(identity)
        self._in_a_row[identity] = self._in_a_row.get(identity, 0) + 1
        if identity and self._in_a_row[identity] >= _IN_A_ROW:
            self._refused[identity] = entry
            # one further attempt when the time is over
            self._in_a_row[identity] = _IN_A_ROW - 1
