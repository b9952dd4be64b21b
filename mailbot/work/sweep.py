"""Clocks that fall due: the holding reply (Bjurholm p. 4: mottagits, och svar lämnas snarast möjligt)."""

from datetime import UTC, datetime, time

from mailbot.mail.message import Address
from mailbot.policy.workdays import WorkCalendar
from mailbot.store.records import NewMail, Obligation
from mailbot.work.citizen_mail import citizen_mail, to_the_asker
from mailbot.work.context import Context
from mailbot.work.mode import enforced_since


def send_holding_replies(context: Context, now: datetime) -> int:
    """Queue a holding reply for every unanswered message due today or earlier; the number queued.

    Only on working days from the set local time on, so that an answer given in the morning is still in time to make it
    unnecessary. The obligation stays open with its follow-up clock.
    """
    context.store.obligations.withdraw_holding_replies(now)
    rules = context.config.policy.reply
    local_now = now.astimezone(context.config.zone)
    calendar = WorkCalendar(context.config.policy.calendar)
    if not (context.enforcing and rules.holding_reply and calendar.is_working_day(local_now.date())):
        return 0
    if local_now.time() < rules.holding_reply_at:
        return 0
    since = enforced_since(context)
    waiting = [
        obligation
        for obligation in context.store.obligations.awaiting_holding_reply(local_now.date())
        if since is None or obligation.received_at >= since
    ]
    # What a pause or a server out of reach has kept back leaves together with today's.
    per_sender = context.store.obligations.holding_replies_on_their_way()
    mails = [
        holding_reply(context, obligation, now, hold=_why_held(context, obligation, per_sender, now))
        for obligation in waiting
    ]
    return context.store.outbox.enqueue(mails, now=now)


def holding_reply(context: Context, obligation: Obligation, now: datetime, *, hold: str | None = None) -> NewMail:
    """The one holding reply of this obligation, ready to queue; `hold` is why a person must release it first."""
    config = context.config
    return citizen_mail(
        context,
        to_the_asker(context, "holding_reply", obligation),
        dedup_key=f"holding:{obligation.ref}",
        kind="holding_reply",
        from_=Address(config.organisation.name, config.service_mailbox.address),
        to=obligation.asker,
        answers=obligation.message_id,
        now=now,
        hold=hold,
        # A person's answer to the holding reply belongs where the question went, not to the service mailbox.
        reply_to=obligation.mailbox,
        ref=obligation.ref,
    )


def _why_held(context: Context, obligation: Obligation, per_sender: dict[str, int], now: datetime) -> str | None:
    """Why a person must release this reply first (invariant 3), or None."""
    if obligation.hold_replies:
        return "first reading, changed folder or unusual burst"
    today = now.astimezone(context.config.zone).date()
    day_began = datetime.combine(today, time(), context.config.zone).astimezone(UTC)
    already = context.store.outbox.sent_since(day_began, kind="holding_reply", to=obligation.asker)
    planned = per_sender.get(obligation.asker, 0)
    per_sender[obligation.asker] = planned + 1
    if already + planned >= context.config.policy.storm.holding_replies_per_sender_and_day:
        return "too many automatic replies to this sender today"
    return None
