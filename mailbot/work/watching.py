"""Waking the daemon when mail arrives: one thread for each authority mailbox, and for
mailbot's own, whose server tells (IMAP IDLE).

Polling goes on behind it: a server may stop telling without a word.
"""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue

from mailbot.config.model import MailboxSettings
from mailbot.errors import MailbotError
from mailbot.log import get_logger
from mailbot.platforms.base import Watch
from mailbot.work.context import Context

log = get_logger(__name__)

_WAIT_SECONDS = 28 * 60
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 15.0, 1800.0
_END_SECONDS = 5


class Bell:
    """Wakes the daemon: something has come, or it is to end. Safe in threads and in signal handlers."""

    def __init__(self) -> None:
        # an Event must not be set by a signal handler of the thread that waits for it; this queue may
        self._rings: SimpleQueue[str] = SimpleQueue()
        self.stopping = False
        self.reloading = False

    def ring(self, mailbox: str) -> None:
        """Something has changed in this mailbox."""
        self._rings.put(mailbox)

    def stop(self) -> None:
        self.stopping = True
        self._rings.put("")

    def reload(self) -> None:
        """Somebody asks that the configuration be read again."""
        self.reloading = True
        self._rings.put("")

    def take_reload(self) -> bool:
        """Whether somebody has asked since this was last called."""
        asked, self.reloading = self.reloading, False
        return asked

    def wait(self, seconds: float) -> frozenset[str]:
        """The mailboxes with news, as soon as there is one; none when the time is over, at `stop` or `reload`."""
        rung: set[str] = set()
        try:
            rung.add(self._rings.get(timeout=max(seconds, 0)))
            while True:
                rung.add(self._rings.get_nowait())
        except Empty:
            return frozenset(rung - {""})


class Watcher:
    """Watches one mailbox until `end`. `pause` waits that many seconds, and returns true at once when all is over."""

    def __init__(
        self,
        open_watch: Callable[[MailboxSettings], Watch | None],
        mailbox: MailboxSettings,
        bell: Bell,
        *,
        pause: Callable[[float], bool] | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._open_watch, self._mailbox, self._bell, self._jitter = open_watch, mailbox, bell, jitter
        self._ended = threading.Event()
        self._pause = pause or self._ended.wait
        self._watch: Watch | None = None
        self._failures = 0

    def run(self) -> None:
        """Until `end`, or until the server turns out to offer nothing to wait for."""
        while not self._ended.is_set():
            try:
                offered = self._watch_once()
            except (MailbotError, OSError) as trouble:
                offered = True
                if not self._ended.is_set():
                    log.info("watch_lost", mailbox=self._mailbox.address, error=type(trouble).__name__)
            except Exception:  # a defect of ours: polling reads the mailbox all the same
                log.exception("watch_failed", mailbox=self._mailbox.address)
                offered = True
            if not offered or self._pause(self._next_pause_seconds()):
                return

    def _watch_once(self) -> bool:
        """Ring for everything that comes until the link breaks; false where nothing is offered."""
        watch = self._open_watch(self._mailbox)
        if watch is None:
            return False
        self._watch = watch
        try:
            if self._failures:  # what came while nobody was watching
                self._bell.ring(self._mailbox.address)
            while not self._ended.is_set():
                if watch.wait(_WAIT_SECONDS):
                    self._bell.ring(self._mailbox.address)
                self._failures = 0
        finally:
            self._watch = None
            watch.close()
        return True

    def _next_pause_seconds(self) -> float:
        """Doubles up to a limit, with jitter, so that not all come back at the same moment."""
        pause = min(_FIRST_PAUSE_SECONDS * 2.0 ** min(self._failures, 10), _LONGEST_PAUSE_SECONDS)
        self._failures += 1
        return pause * (0.75 + 0.5 * self._jitter())

    def end(self) -> None:
        """From another thread."""
        self._ended.set()
        watch = self._watch
        if watch is not None:
            watch.interrupt()


@contextmanager
def watching(context: Context, bell: Bell) -> Iterator[None]:
    """Every authority mailbox, and mailbot's own, is watched while this lasts, and rings `bell`."""
    mailboxes = [mailbox for mailbox in context.config.mailboxes if mailbox.role in ("authority", "service")]
    watchers = [Watcher(context.open_watch, mailbox, bell) for mailbox in mailboxes]
    threads = [threading.Thread(target=one.run, name="watcher", daemon=True) for one in watchers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for watcher in watchers:
            watcher.end()
        for thread in threads:
            thread.join(_END_SECONDS)
