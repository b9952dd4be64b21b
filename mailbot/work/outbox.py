"""Claim, send, settle: what leaves the house does so once (invariant 2), and never in a storm (invariant 3)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from mailbot.errors import PermanentError, TransientError
from mailbot.log import get_logger
from mailbot.platforms.sending import CannotCarry, DestinationTrouble, OutgoingMail, Refusal, Sender, SenderUnavailable
from mailbot.policy.deadlines import follow_up_on
from mailbot.store.records import OutboxItem
from mailbot.work import breaker, recovery, sender_trouble
from mailbot.work.context import Context
from mailbot.work.without_original import note_instead

log = get_logger(__name__)

#: minutes to wait after the first, second, ... failed attempt; the last one repeats
BACK_OFF_MINUTES = (1, 5, 15, 60, 180)
#: after two days of trying a person must look; RFC 5321 4.5.4.1 gives up after four to five
GIVE_UP_AFTER = timedelta(days=2)
#: trying means so many attempts: mail that was held or paused for a week is not given up at the first greylisting, and
#: neither is that of a machine that stood still for two days
LEAST_ATTEMPTS = 12
#: so often is mail to staff sent though nobody can tell whether it has gone already; then a person must look
UNCLEAR_ATTEMPTS = 3

#: what became of one claimed mail; "none": nothing was due, or nothing may leave
Outcome = Literal["none", "left", "stayed"]


def deliver_all(context: Context, now: datetime) -> int:
    """Send everything that is due; the number of mails that left. Trouble is noted and never raised, but for the
    database's."""
    context.store.replay()
    if not recovery.may_send(context):
        return 0
    outbox = context.store.outbox
    if not outbox.count(("pending", "sending", "unknown")) and not outbox.owed_copies():
        return 0
    if sender_trouble.must_wait(context, now):
        return 0
    try:
        sender = context.open_sender()
    except (TransientError, PermanentError) as error:
        sender_trouble.note(context, error, now)
        return 0
    try:
        context.store.lineage.go_on()
        reconcile(context, sender, now)
        file_owed_copies(context, sender, now)
        return _deliver_due(context, sender, now)
    finally:
        sender.close()


def _deliver_due(context: Context, sender: Sender, now: datetime) -> int:
    left = 0
    try:
        while not context.stopping() and (outcome := deliver_one(context, sender, now)) != "none":
            left += outcome == "left"
    except SenderUnavailable:
        return left  # noted; everything else stays in the queue as it is
    return left


def deliver_one(context: Context, sender: Sender, now: datetime) -> Outcome:
    """Send one mail that is due. Raises SenderUnavailable when no other could be sent either."""
    store = context.store
    if store.installation.paused() or breaker.trips(context, now):
        # What the circuit breaker has to say to the operator still leaves; a person's own pause stops that too.
        kind = "notice"
        if not breaker.is_tripped(context):
            return "none"
    else:
        kind = None
    item = store.outbox.claim(now, kind=kind, lease_seconds=context.lease_seconds)
    if item is None:
        return "none"
    if not context.enforcing and item.to != (context.config.operator,):
        store.outbox.hold(item.dedup_key, reason="observe mode", now=now)
        return "stayed"
    return attempt(context, sender, item, now)


def attempt(context: Context, sender: Sender, item: OutboxItem, now: datetime) -> Outcome:
    """One attempt for a claimed item, whose attempt is already recorded, and its settlement."""
    store, mail = context.store, _outgoing(item)
    try:
        handle = sender.prepare(mail)
        if handle is not None:
            store.outbox.remember_handle(item.dedup_key, handle)
        receipt = sender.send(mail, handle)
    except SenderUnavailable as error:
        if error.saw_mail and _is_spent(item, now):  # a server without time for any mail gets all of them in turn
            _failed(context, item, str(error), now)
            return "stayed"
        retry_at = sender_trouble.note(context, error, now)
        store.outbox.retry(item.dedup_key, next_attempt_at=retry_at, error=str(error))
        raise
    except TransientError as error:
        _later(context, item, error, now)
    except CannotCarry as error:
        _instead(context, item, error, now)
    except PermanentError as error:
        _failed(context, item, str(error), now)
    except Exception as error:  # the outcome is unclear, whatever the platform raised
        log.warning("mail_unclear", ref=item.ref, kind=item.kind, error=type(error).__name__)
        _look_up_again(context, sender, item, now)
    else:
        sender_trouble.is_over(context)
        if receipt.refused:
            log.warning("recipients_refused", ref=item.ref, count=len(receipt.refused))
        if receipt.deferred:
            _rest_later(context, item, receipt.deferred, now)
            return "left"
        _settle_sent(context, item, now, copy_owed=not receipt.filed)
        if not receipt.filed:
            _file(context, sender, item, now)
        return "left"
    return "stayed"


def reconcile(context: Context, sender: Sender, now: datetime) -> None:
    """Attempts whose answer was lost (a crash, a dropped connection) are looked up before anything is repeated, and
    those that stayed unclear are looked for again: servers may show a copy late."""
    for item in context.store.outbox.expired(now):
        look_up(context, sender, item, now, next_attempt_at=now)
    for item in context.store.outbox.list(states=("unknown",)):
        if _fate(sender, item) == "sent":
            _settle_sent(context, item, now)


def look_up(context: Context, sender: Sender, item: OutboxItem, now: datetime, *, next_attempt_at: datetime) -> None:
    """Settle an unclear attempt by its fate; if that can't be told, resend to staff and hold towards citizens."""
    outbox = context.store.outbox
    fate = _fate(sender, item)
    if fate is None:
        return  # the lease runs out, and it is asked again
    if fate == "sent":
        _settle_sent(context, item, now)
    elif fate == "not_sent" and _is_spent(item, now):
        _failed(context, item, "no attempt was ever answered", now)
    elif fate == "not_sent":
        outbox.retry(item.dedup_key, next_attempt_at=next_attempt_at, error="attempt without an answer")
    elif item.audience == "staff" and item.attempts < UNCLEAR_ATTEMPTS:
        outbox.retry(item.dedup_key, next_attempt_at=next_attempt_at, error="no answer, sent again")
    else:
        outbox.unknown(item.dedup_key, error="no answer, and not found in Sent", now=now)


def file_owed_copies(context: Context, sender: Sender, now: datetime) -> None:
    """Copies in Sent that could not be made when the mail was taken."""
    for item in context.store.outbox.owed_copies():
        _file(context, sender, item, now)


def _look_up_again(context: Context, sender: Sender, item: OutboxItem, now: datetime) -> None:
    """Within the pass that made the attempt: what is repeated waits, or a server that never answers would get the
    same mail again and again."""
    current = context.store.outbox.get(item.ref)  # with the handle that was recorded meanwhile
    look_up(context, sender, current, now, next_attempt_at=now + _back_off(item))


def _fate(sender: Sender, item: OutboxItem) -> Literal["sent", "not_sent", "unknown"] | None:
    """None: it cannot be looked up at present."""
    try:
        return sender.fate(item.message_id, item.handle)
    except Exception as error:  # a defect of the platform must not stop what else is to be sent
        log.warning("fate_not_told", ref=item.ref, error=type(error).__name__)
        return None


def _settle_sent(context: Context, item: OutboxItem, now: datetime, *, copy_owed: bool = False) -> None:
    today = now.astimezone(context.config.zone).date()
    later = follow_up_on(today, context.config.policy) if item.kind == "holding_reply" else None
    context.store.outbox.sent(item.dedup_key, now=now, follow_up_on=later, copy_owed=copy_owed)
    log.info("mail_sent", ref=item.ref, kind=item.kind)


def _file(context: Context, sender: Sender, item: OutboxItem, now: datetime) -> None:
    """The mail is out whatever happens here; a copy that cannot be made is tried again, and in the end left."""
    try:
        sender.file(_outgoing(item))
    except Exception as error:
        log.warning("copy_not_filed", ref=item.ref, error=type(error).__name__)
        if item.sent_at is None or now - item.sent_at <= GIVE_UP_AFTER:
            return
    context.store.outbox.filed(item.dedup_key)


def _later(context: Context, item: OutboxItem, error: TransientError, now: datetime) -> None:
    if _is_spent(item, now):
        _failed(context, item, str(error), now)
        return
    wait = max(_back_off(item), timedelta(seconds=error.retry_after_seconds or 0))
    context.store.outbox.retry(item.dedup_key, next_attempt_at=now + wait, error=str(error))
    if isinstance(error, DestinationTrouble):
        context.store.outbox.put_off(error.destination, now + wait)


def _rest_later(context: Context, item: OutboxItem, deferred: Sequence[Refusal], now: datetime) -> None:
    """Some have got it; it goes to the others, and only to them, later."""
    error = "; ".join(dict.fromkeys(each.reason for each in deferred))
    rest = tuple(each.recipient for each in deferred)
    if _is_spent(item, now):
        _failed(context, item, error, now)
        return
    context.store.outbox.retry(item.dedup_key, next_attempt_at=now + _back_off(item), error=error, to=rest)


def _instead(context: Context, item: OutboxItem, error: CannotCarry, now: datetime) -> None:
    """Nothing is altered silently: the registrar is told where the original lies and how to fetch it."""
    note = note_instead(context, item, error.reason, now)
    if note is None:
        _failed(context, item, str(error), now)
        return
    context.store.outbox.replace(item.dedup_key, note, error=str(error), now=now)
    log.warning("original_not_carried", ref=item.ref, reason=error.reason)


def _failed(context: Context, item: OutboxItem, error: str, now: datetime) -> None:
    context.store.outbox.failed(item.dedup_key, error=error, now=now)
    log.warning("mail_refused", ref=item.ref, kind=item.kind)


def _is_spent(item: OutboxItem, now: datetime) -> bool:
    """Whether it was tried long and often enough; attempts are counted from when a person last let it go."""
    return now - item.created_at > GIVE_UP_AFTER and item.attempts >= LEAST_ATTEMPTS


def _back_off(item: OutboxItem) -> timedelta:
    return timedelta(minutes=BACK_OFF_MINUTES[min(max(item.attempts, 1), len(BACK_OFF_MINUTES)) - 1])


def _outgoing(item: OutboxItem) -> OutgoingMail:
    assert item.raw is not None, "a pending mail keeps its bytes until it is settled"
    return OutgoingMail(message_id=item.message_id, raw=item.raw, envelope_from=item.envelope_from, recipients=item.to)
