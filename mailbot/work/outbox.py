"""Claim, send, settle: what leaves the house does so once (invariant 2), and never in a storm (invariant 3)."""

from datetime import datetime, timedelta

import structlog

from mailbot.errors import MailbotError, PermanentError, TransientError
from mailbot.platforms.base import OutgoingMail, Sender
from mailbot.policy.deadlines import follow_up_on
from mailbot.store.records import OutboxItem
from mailbot.work import breaker
from mailbot.work.context import Context

log = structlog.get_logger(__name__)

#: minutes to wait after the first, second, ... failed attempt; the last one repeats
BACK_OFF_MINUTES = (1, 5, 15, 60, 180)
#: after two days of trying a person must look; RFC 5321 4.5.4.1 gives up after four to five
GIVE_UP_AFTER = timedelta(days=2)


def deliver_all(context: Context, now: datetime) -> int:
    """Send everything that is due; the number of mails that left."""
    store = context.store
    if store.outbox.list(states=("pending", "sending")) == []:
        return 0
    sender = context.open_sender()
    try:
        reconcile(context, sender, now)
        sent = 0
        while deliver_one(context, sender, now):
            sent += 1
        return sent
    finally:
        sender.close()


def deliver_one(context: Context, sender: Sender, now: datetime) -> bool:
    """Send one mail that is due; False when there is none, or nothing may leave."""
    store = context.store
    if store.installation.paused() or breaker.trips(context, now):
        # What the circuit breaker has to say to the operator still leaves; a person's own pause stops that too.
        item = store.outbox.claim(now, kind="notice") if breaker.is_tripped(context) else None
    else:
        item = store.outbox.claim(now)
    if item is None:
        return False
    if not context.enforcing and item.to != (context.config.operator,):
        store.outbox.hold(item.dedup_key, reason="observe mode", now=now)
        return True
    attempt(context, sender, item, now)
    return True


def attempt(context: Context, sender: Sender, item: OutboxItem, now: datetime) -> None:
    """One attempt for a claimed item, whose attempt is already recorded, and its settlement."""
    store = context.store
    mail = _outgoing(item)
    try:
        handle = item.handle or sender.prepare(mail)
        if handle is not None and handle != item.handle:
            store.outbox.remember_handle(item.dedup_key, handle)
        receipt = sender.send(mail, handle)
    except TransientError as error:
        _later(context, item, error, now)
    except PermanentError as error:
        store.outbox.failed(item.dedup_key, error=str(error), now=now)
        log.warning("mail_refused", ref=item.ref, kind=item.kind)
    except Exception as error:  # the outcome is unclear, whatever the platform raised
        log.warning("mail_unclear", ref=item.ref, kind=item.kind, error=type(error).__name__)
        look_up(context, sender, item, now)
    else:
        if receipt.refused:
            log.warning("recipients_refused", ref=item.ref, count=len(receipt.refused))
        _settle_sent(context, item, now)


def reconcile(context: Context, sender: Sender, now: datetime) -> None:
    """Attempts whose answer was lost (a crash, a dropped connection) are looked up before anything is repeated."""
    for item in context.store.outbox.expired(now):
        look_up(context, sender, item, now)


def look_up(context: Context, sender: Sender, item: OutboxItem, now: datetime) -> None:
    """Settle an unclear attempt by its fate; if that can't be told, resend to staff and hold towards citizens."""
    store = context.store
    try:
        fate = sender.fate(item.message_id, item.handle)
    except MailbotError:
        return  # the lease stays expired; asked again with the next pass
    if fate == "sent":
        _settle_sent(context, item, now)
    elif fate == "not_sent" or item.audience == "staff":
        store.outbox.retry(item.dedup_key, next_attempt_at=now, error="attempt without an answer")
    else:
        store.outbox.unknown(item.dedup_key, error="no answer, and not found in Sent", now=now)


def _settle_sent(context: Context, item: OutboxItem, now: datetime) -> None:
    today = now.astimezone(context.config.zone).date()
    later = follow_up_on(today, context.config.policy) if item.kind == "holding_reply" else None
    context.store.outbox.sent(item.dedup_key, now=now, follow_up_on=later)
    log.info("mail_sent", ref=item.ref, kind=item.kind)


def _later(context: Context, item: OutboxItem, error: TransientError, now: datetime) -> None:
    if now - item.created_at > GIVE_UP_AFTER:
        context.store.outbox.failed(item.dedup_key, error=str(error), now=now)
        return
    minutes = BACK_OFF_MINUTES[min(item.attempts, len(BACK_OFF_MINUTES)) - 1]
    wait = max(timedelta(minutes=minutes), timedelta(seconds=error.retry_after_seconds or 0))
    context.store.outbox.retry(item.dedup_key, next_attempt_at=now + wait, error=str(error))


def _outgoing(item: OutboxItem) -> OutgoingMail:
    assert item.raw is not None, "a pending mail keeps its bytes until it is settled"
    return OutgoingMail(message_id=item.message_id, raw=item.raw, envelope_from=item.envelope_from, recipients=item.to)
