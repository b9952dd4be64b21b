"""Waking up when mail arrives, without a server."""

import threading
from collections.abc import Callable

import pytest

from mailbot.config.model import MailboxSettings
from mailbot.errors import TransientError
from mailbot.platforms.base import Watch
from mailbot.work.watching import Bell, Watcher

MAILBOX = MailboxSettings(address="kommunen@by.example", server="post", role="authority")


class Link:
    """A watch that answers as told: true (news), false (nothing), or an exception."""

    def __init__(self, *answers: bool | Exception) -> None:
        self._answers = list(answers)
        self.closed = False

    def wait(self, timeout_seconds: float) -> bool:
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def interrupt(self) -> None: ...

    def close(self) -> None:
        self.closed = True


def pauses_of(open_watch: Callable[[MailboxSettings], Watch | None], bell: Bell, times: int) -> list[float]:
    """How long a watcher waits between its attempts; it ends after so many."""
    pauses: list[float] = []

    def pause(seconds: float) -> bool:
        pauses.append(seconds)
        return len(pauses) == times

    Watcher(open_watch, MAILBOX, bell, pause=pause, jitter=lambda: 0.5).run()
    return pauses


def test_every_news_rings_and_many_are_one_wake_up() -> None:
    bell = Bell()
    link = Link(True, False, True, TransientError("hung up"))
    pauses_of(lambda _: link, bell, 1)
    assert bell.wait(0) == {MAILBOX.address}
    assert bell.wait(0) == frozenset()
    assert link.closed


def test_a_server_that_stays_away_is_asked_less_and_less_often() -> None:
    def unreachable(_: MailboxSettings) -> Watch:
        raise TransientError("cannot be reached")

    pauses = pauses_of(unreachable, Bell(), 9)
    assert pauses == [15, 30, 60, 120, 240, 480, 960, 1800, 1800]


def test_after_a_break_what_came_meanwhile_is_read_and_the_pauses_begin_anew() -> None:
    bell = Bell()
    links = iter([Link(TransientError("hung up")), Link(False, TransientError("hung up")), Link(OSError("reset"))])
    assert pauses_of(lambda _: next(links), bell, 3) == [15, 15, 30]
    assert bell.wait(0) == {MAILBOX.address}


def test_without_an_offer_nothing_is_watched_and_a_defect_does_not_end_it() -> None:
    assert pauses_of(lambda _: None, Bell(), 1) == []

    def broken(_: MailboxSettings) -> Watch:
        raise ZeroDivisionError

    assert pauses_of(broken, Bell(), 2) == [15, 30]


@pytest.mark.parametrize("seconds", [0, 60])
def test_the_end_wakes_whoever_waits(seconds: float) -> None:
    bell = Bell()
    bell.stop()
    assert bell.wait(seconds) == frozenset()
    assert bell.stopping


def test_the_end_interrupts_a_wait_that_is_under_way() -> None:
    begun, interrupted = threading.Event(), threading.Event()

    class Silent(Link):
        def wait(self, timeout_seconds: float) -> bool:
            begun.set()
            interrupted.wait(10)
            raise TransientError("hung up")

        def interrupt(self) -> None:
            interrupted.set()

    watcher = Watcher(lambda _: Silent(), MAILBOX, Bell())
    thread = threading.Thread(target=watcher.run)
    thread.start()
    assert begun.wait(10)
    watcher.end()
    thread.join(10)
    assert not thread.is_alive()
