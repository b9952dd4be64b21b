"""The local scheduler: passes at set times on working days, polling and listening in between, until SIGTERM.

SIGTERM and SIGINT let the step in hand finish, for a minute at most; said twice they end at once. SIGHUP reads the
configuration again. Every step may be killed without harm, so ending late is never worth a hanging shutdown.
"""

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Self

from mailbot import health
from mailbot.errors import MailbotError, UserError
from mailbot.health import Beat
from mailbot.log import get_logger
from mailbot.policy.workdays import WorkCalendar
from mailbot.systemd import Manager
from mailbot.work.context import Context
from mailbot.work.passes import PassReport, news_pass, one_pass
from mailbot.work.reading_round import BackOff, Progress, Stopped
from mailbot.work.watching import Bell, watching

log = get_logger(__name__)

_GATHER_SECONDS = 2
#: so often the clock is looked at while nothing is due: it may have been set, or the machine been asleep
_LOOK_SECONDS = 60
_GRACE_SECONDS = 60
_PULSE_SECONDS = 5


def utc_now() -> datetime:
    return datetime.now(UTC)


def serve(
    context: Context,
    bell: Bell | None = None,
    clock: Callable[[], datetime] = utc_now,
    *,
    reload: Callable[[], Context] | None = None,
    manager: Manager | None = None,
) -> None:
    """Make a pass now and then again and again, until the bell stops.

    Between passes authority mailboxes are read as soon as something arrives, where their server tells. `reload` gives a
    new context after SIGHUP, or raises UserError: then the old one is kept. Raises UserError when the database is gone.
    """
    bell = bell or stopped_by_signals()
    daemon = _Daemon(context, bell, clock, reload, manager or Manager())
    log.info("daemon_started", mode=context.config.mode, mailboxes=len(context.config.mailboxes))
    with _Pulse(daemon.manager, bell, lambda: context.store.commits, lambda: daemon.stuck_seconds) as daemon.pulse:
        daemon.manager.say("READY=1", "STATUS=first pass under way")
        while not bell.stopping:
            with watching(daemon.context, bell):
                daemon.work_until_rewired()
        daemon.manager.say("STOPPING=1", "STATUS=ending")
    log.info("daemon_stopped")


def single_pass(context: Context, now: datetime, progress: Progress = lambda _: None) -> PassReport:
    """One pass, for cron or a timer, and what monitoring is told of it. Raises Stopped after SIGTERM."""
    bell = stopped_by_signals()
    context = replace(context, stopping=lambda: bell.stopping)
    try:
        report = one_pass(context, now, progress=progress)
    except MailbotError as error:
        _tell(context, now, None, failure=type(error).__name__, wait=True)
        raise
    _tell(context, now, report, wait=True)
    return report


class _Daemon:
    """What the loop works with; `context` changes when the configuration is read again."""

    pulse: "_Pulse"

    def __init__(
        self,
        context: Context,
        bell: Bell,
        clock: Callable[[], datetime],
        reload: Callable[[], Context] | None,
        manager: Manager,
    ) -> None:
        self._bell, self._clock, self._reload, self.manager = bell, clock, reload, manager
        self._back_off = BackOff()
        self.context = self._with_bell(context)

    @property
    def stuck_seconds(self) -> float:
        return self.context.config.monitoring.stuck_minutes * 60

    def work_until_rewired(self) -> None:
        """Until the end, or until there is another context, with other mailboxes to watch."""
        while not self._bell.stopping:
            if self._bell.take_reload() and self._reloaded():
                return
            self._pass()
            self._wait()

    def _with_bell(self, context: Context) -> Context:
        return replace(context, stopping=lambda: self._bell.stopping)

    def _reloaded(self) -> bool:
        """A bad configuration is refused with all its problems in the log, and the old one kept."""
        if self._reload is None:
            return False
        self.manager.say("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            self.context = self._with_bell(self._reload())
        except MailbotError as error:
            for problem in getattr(error, "problems", ()) or (str(error),):
                log.error("configuration_refused", problem=problem)
            self.manager.say("READY=1", "STATUS=the new configuration was refused, the old one is kept; see the log")
            return False
        log.info("configuration_reloaded", mode=self.context.config.mode, mailboxes=len(self.context.config.mailboxes))
        self.manager.say("READY=1", "STATUS=configuration read again")
        return True

    def _pass(self) -> None:
        now, report, failure = self._clock(), None, ""
        if not self.context.store.is_in_place():
            _tell(self.context, now, None, failure="DatabaseGone")
            raise UserError(
                "the database was removed or replaced while mailbot ran; it ends, so that nothing is written into a "
                "file that nobody sees any more. `mailbot db restore FILE` puts a backup in its place"
            )
        try:
            report = one_pass(self.context, now, back_off=self._back_off)
        except Stopped:
            log.info("pass_interrupted")
            return
        except Exception as error:  # a locked database, a full disk, a defect of ours: the next pass tries again
            log.exception("pass_failed")
            failure = type(error).__name__
        next_at = next_pass_at(self.context, self._clock())
        _tell(self.context, now, report, failure=failure, next_pass_at=next_at)
        self.manager.say(f"STATUS={_status(report, failure)}; next pass {_local(self.context, next_at)}")

    def _wait(self) -> None:
        """Until the next pass is due, or the clock was set back; what arrives meanwhile is read at once."""
        begun = self._clock()
        due_at = next_pass_at(self.context, begun)
        while not (self._bell.stopping or self._bell.reloading):
            now = self._clock()
            if now >= due_at or now < begun - timedelta(seconds=_LOOK_SECONDS):
                return
            with self.pulse.idle():
                news = self._bell.wait(min((due_at - now).total_seconds(), _LOOK_SECONDS))
                if news and not self._bell.stopping:
                    # mail often comes in bursts
                    news |= self._bell.wait(_GATHER_SECONDS)
            if news and not self._bell.stopping:
                self._news(news)

    def _news(self, addresses: frozenset[str]) -> None:
        try:
            news_pass(self.context, self._clock(), addresses, self._back_off)
        except Stopped:
            log.info("pass_interrupted")
        except Exception:  # the next pass tries again
            log.exception("pass_failed")


class _Pulse:
    """A thread that tells the service manager that we live: while waiting, and while a pass achieves something.

    It also ends the process when the step in hand takes longer to finish than an ending may take.
    """

    def __init__(
        self,
        manager: Manager,
        bell: Bell,
        achieved: Callable[[], int],
        stuck_seconds: Callable[[], float],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._manager, self._bell, self._achieved, self._monotonic = manager, bell, achieved, monotonic
        self._stuck_seconds = stuck_seconds
        self._is_idle, self._seen, self._since = False, -1, monotonic()
        self._stop_asked_at: float | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def idle(self) -> "_Idle":
        return _Idle(self)

    def set_idle(self, is_idle: bool) -> None:
        self._since, self._is_idle = self._monotonic(), is_idle

    def lives(self) -> bool:
        """Waiting, or something was achieved lately."""
        now, achieved = self._monotonic(), self._achieved()
        if self._is_idle or achieved != self._seen:
            self._seen, self._since = achieved, now
        return now - self._since < self._stuck_seconds()

    def is_late(self) -> bool:
        """Whether the end was asked for so long ago that nothing is waited for any more."""
        if not self._bell.stopping:
            return False
        self._stop_asked_at = self._stop_asked_at or self._monotonic()
        return self._monotonic() - self._stop_asked_at > _GRACE_SECONDS

    def _run(self) -> None:
        interval = min(_PULSE_SECONDS, self._manager.watchdog_seconds / 3 or _PULSE_SECONDS)
        told = False
        while not self._over.wait(interval):
            if self.is_late():
                log.warning("ended_in_the_middle")  # the next start goes on where this one stops
                self._manager.say("STOPPING=1", "STATUS=ended in the middle of a step")
                os._exit(0)
            if self.lives():
                told = False
                if self._manager.watchdog_seconds:
                    self._manager.say("WATCHDOG=1")
            elif not told:
                told = True
                log.error("pass_is_stuck", minutes=round(self._stuck_seconds() / 60))
                self._manager.say("STATUS=stuck: nothing was achieved for a long time")


class _Idle:
    def __init__(self, pulse: _Pulse) -> None:
        self._pulse = pulse

    def __enter__(self) -> None:
        self._pulse.set_idle(True)

    def __exit__(self, *_: object) -> None:
        self._pulse.set_idle(False)


def next_pass_at(context: Context, now: datetime) -> datetime:
    """The earlier of the next poll and the next scheduled pass of a working day; aware UTC, later than `now`."""
    schedule, zone = context.config.schedule, context.config.zone
    next_poll = now + timedelta(minutes=schedule.poll_minutes)
    calendar = WorkCalendar(context.config.policy.calendar)
    today = now.astimezone(zone).date()
    if not calendar.is_mailbox_check_day(today):
        return next_poll
    passes = [datetime.combine(today, at, zone).astimezone(UTC) for at in schedule.passes]
    return min([next_poll, *(at for at in passes if at > now)])


def stopped_by_signals() -> Bell:
    """A bell that SIGTERM and SIGINT stop, and SIGHUP asks to read the configuration again."""
    bell = Bell()

    def stop(*_: object) -> None:
        if bell.stopping:
            os._exit(0)  # somebody means it
        bell.stop()

    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, stop)
    signal.signal(signal.SIGHUP, lambda *_: bell.reload())
    return bell


def _tell(
    context: Context,
    now: datetime,
    report: PassReport | None,
    *,
    failure: str = "",
    next_pass_at: datetime | None = None,
    wait: bool = False,
) -> None:
    stale = health.stale_after(context.config, now, next_pass_at)
    beat = Beat(at=now, report=report, failure=failure, next_pass_at=next_pass_at, stale_after=stale)
    calling = health.tell(context.config, beat)
    if wait and calling is not None:
        calling.join()  # the process ends with this pass; the call has its own time limit


def _status(report: PassReport | None, failure: str) -> str:
    if report is None:
        return f"the last pass failed ({failure})"
    read = len(report.mailboxes) - len(report.unread)
    alarms = f", alarms: {', '.join(report.alarms)}" if report.alarms else ""
    return f"{read} of {len(report.mailboxes)} mailboxes read{alarms}"


def _local(context: Context, at: datetime) -> str:
    return f"{at.astimezone(context.config.zone):%H:%M}"
