"""The local scheduler: passes at set times on working days, polling and listening in between, until SIGTERM."""

import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from mailbot.policy.workdays import WorkCalendar
from mailbot.work.context import Context
from mailbot.work.passes import news_pass, one_pass
from mailbot.work.reading_round import BackOff
from mailbot.work.watching import Bell, watching

log = structlog.get_logger(__name__)

_GATHER_SECONDS = 2


def utc_now() -> datetime:
    return datetime.now(UTC)


def serve(context: Context, bell: Bell | None = None, clock: Callable[[], datetime] = utc_now) -> None:
    """Make a pass now and then again and again; SIGTERM and SIGINT let the pass in hand finish.

    Between passes authority mailboxes are read as soon as something arrives, where their server tells.
    """
    bell = bell or _stopped_by_signals()
    log.info("daemon_started", mode=context.config.mode, mailboxes=len(context.config.mailboxes))
    back_off = BackOff()
    with watching(context, bell):
        while not bell.stopping:
            _attempt(lambda: one_pass(context, clock(), back_off=back_off))
            _wait_for_next_pass(context, bell, clock, back_off)
    log.info("daemon_stopped")


def _wait_for_next_pass(context: Context, bell: Bell, clock: Callable[[], datetime], back_off: BackOff) -> None:
    """Until the next pass is due; what arrives meanwhile is read at once."""
    due_at = next_pass_at(context, clock())
    while not bell.stopping and (seconds := (due_at - clock()).total_seconds()) > 0:
        news = bell.wait(seconds)
        if news and not bell.stopping:
            # mail often comes in bursts
            news |= bell.wait(_GATHER_SECONDS)
            _attempt(partial(news_pass, context, clock(), news, back_off))


def _attempt(make_pass: Callable[[], object]) -> None:
    try:
        make_pass()
    except Exception:  # a locked database, a full disk, a defect of ours: the next pass tries again
        log.exception("pass_failed")


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


def _stopped_by_signals() -> Bell:
    bell = Bell()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda *_: bell.stop())
    return bell
