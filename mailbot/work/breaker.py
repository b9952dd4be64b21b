"""The circuit breaker: more mail in an hour than this installation may send stops everything (invariant 3)."""

from datetime import datetime, timedelta

from mailbot.log import get_logger
from mailbot.store.records import NewMail
from mailbot.work.context import Context
from mailbot.work.staff_mail import staff_mail

log = get_logger(__name__)

ACTOR = "circuit breaker"


def trips(context: Context, now: datetime) -> bool:
    """Pause everything when the hourly limit is reached, and queue a notice to the operator.

    Digests do not count: their number is bounded by one per person and day. What left before a person last resumed does
    not count either, otherwise the breaker would trip again at once.
    """
    limit = context.config.policy.storm.outgoing_per_hour
    outbox, resumed_at = context.store.outbox, context.store.installation.resumed_at()
    since = max(filter(None, (now - timedelta(hours=1), resumed_at)))
    sent = outbox.sent_since(since) - outbox.sent_since(since, kind="digest")
    if sent < limit:
        return False
    outbox.enqueue([_notice(context, sent, limit, now)], now=now)
    context.store.installation.pause(by=ACTOR, reason=f"{sent} mails within an hour, the limit is {limit}", now=now)
    log.error("circuit_breaker", sent=sent, limit=limit)
    return True


def is_tripped(context: Context) -> bool:
    """Whether sending is paused because of too much mail, and not by a person."""
    pause = context.store.installation.paused()
    return pause is not None and pause.by == ACTOR


def _notice(context: Context, sent: int, limit: int, now: datetime) -> NewMail:
    config = context.config
    rendered = context.templates.render(
        "circuit_breaker", config.policy.language, sent=sent, limit=limit, paused_at=now.astimezone(config.zone)
    )
    return staff_mail(
        context,
        rendered,
        dedup_key=f"circuit_breaker:{now.isoformat()}",
        kind="notice",
        to=(config.operator,),
        now=now,
    )
