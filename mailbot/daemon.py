"""The local scheduler: passes at set times on working days, polling in between, until SIGTERM."""

import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from mailbot.policy.workdays import WorkCalendar
from mailbot.work.context import Context
from mailbot.work.passes import one_pass
from mailbot.work.reading_round import BackOff

log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


def serve(context: Context, stop: threading.Event | None = None, clock: Callable[[], datetime] = utc_now) -> None:
    """Make a pass now and then again and again; SIGTERM and SIGINT let the pass in hand finish."""
    stop = stop or _stop_on_signals()
    log.info("daemon_started", mode=context.config.mode, mailboxes=len(context.config.mailboxes))
    back_off = BackOff()
    while not stop.is_set():
        try:
            one_pass(context, clock(), back_off=back_off)
        except Exception:  # a locked database, a full disk, a defect of ours: the next pass tries again
            log.exception("pass_failed")
        now = clock()
        stop.wait((next_pass_at(context, now) - now).total_seconds())
    log.info("daemon_stopped")


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


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda *_: stop.set())
    return stop
