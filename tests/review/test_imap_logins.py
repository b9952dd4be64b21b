"""Wrong passwords must not lock the account that opens every mailbox."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from mailbot.errors import TransientError
from mailbot.platforms.imap.connection import ImapConnection
from mailbot.platforms.imap.login import LoginRefused
from mailbot.platforms.imap.pool import RefusedLogins

_WORKERS = 8


def test_workers_side_by_side_try_a_wrong_master_password_three_times() -> None:
    tries: list[int] = []
    together = threading.Barrier(_WORKERS)

    def refuse() -> ImapConnection:
        tries.append(1)
        with suppress(threading.BrokenBarrierError):  # all at once, if they may
            together.wait(0.1)
        raise LoginRefused("no")

    logins = RefusedLogins(lambda: 0.0)

    def read(number: int) -> None:
        with pytest.raises(LoginRefused):
            logins.connect("master", f"{number}", refuse)

    with ThreadPoolExecutor(_WORKERS) as pool:
        list(pool.map(read, range(50)))
    assert len(tries) == 3


def test_a_server_that_is_down_lets_everybody_try() -> None:
    tries: list[int] = []

    def fail() -> ImapConnection:
        tries.append(1)
        raise TransientError("down")

    logins = RefusedLogins(lambda: 0.0)

    def read(number: int) -> None:
        with pytest.raises(TransientError):
            logins.connect("master", f"{number}", fail)

    with ThreadPoolExecutor(_WORKERS) as pool:
        list(pool.map(read, range(50)))
    assert len(tries) == 50
