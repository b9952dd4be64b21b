"""What is mailed back about an answer: what was unclear, or that somebody wrote in a person's name. Never its words."""

from collections.abc import Iterator
from datetime import UTC, datetime, time

from mailbot.mail.message import Message
from mailbot.store.records import AnswerRow, NewMail, NewTicket
from mailbot.work.answers.answer import Verdict
from mailbot.work.context import Context
from mailbot.work.staff_mail import staff_mail

#: kinds of tickets whose answers speak of items by their references
_ABOUT_ITEMS = frozenset({"registrar", "replies", "attest"})
#: reports to one person in a day: two programs that answer each other stop here
MOST_A_DAY = 20


def mails(
    context: Context, row: AnswerRow, verdict: Verdict, message: Message | None, now: datetime
) -> Iterator[NewMail]:
    """The report that is owed, if any."""
    if verdict.person is None or not verdict.person.email:
        return
    if verdict.reason == "unproved":
        yield _somebody_wrote_in_your_name(context, row, verdict, now)
    elif (verdict.reaction.unclear or verdict.reaction.tell) and not _too_many(context, verdict.person.email, now):
        yield _report(context, row, verdict, message, now)


def _report(context: Context, row: AnswerRow, verdict: Verdict, message: Message | None, now: datetime) -> NewMail:
    """An answer to the answer, with a ticket of the same kind: it can be put right at once."""
    person, reaction, ticket = verdict.person, verdict.reaction, verdict.ticket
    assert person is not None, "only a known person is written to"
    config = context.config
    rendered = context.templates.render(
        "answer_report",
        person.language or config.policy.language,
        person=person.name,
        done=reaction.done,
        unclear=reaction.unclear,
        about_items=ticket is None or ticket.kind in _ABOUT_ITEMS,
    )
    answered = message.message_id if message else None
    return staff_mail(
        context,
        rendered,
        dedup_key=f"answer_report:{row.content_print}",
        kind="notice",
        to=(person.email,),
        now=now,
        in_reply_to=answered,
        ticket=NewTicket(kind=ticket.kind, person=person.id, about=ticket.about) if ticket else None,
    )


def _somebody_wrote_in_your_name(context: Context, row: AnswerRow, verdict: Verdict, now: datetime) -> NewMail:
    """Once a day at most: whoever forges answers must not be able to fill a mailbox."""
    person, config = verdict.person, context.config
    assert person is not None, "only a known person is written to"
    arrived_at = row.arrived_at.astimezone(config.zone)
    rendered = context.templates.render(
        "answer_unproved", person.language or config.policy.language, person=person.name, arrived_at=arrived_at
    )
    return staff_mail(
        context,
        rendered,
        dedup_key=f"answer_unproved:{person.id}:{now.astimezone(config.zone).date().isoformat()}",
        kind="notice",
        to=(person.email,),
        now=now,
    )


def _too_many(context: Context, address: str, now: datetime) -> bool:
    zone = context.config.zone
    day_began = datetime.combine(now.astimezone(zone).date(), time(), zone).astimezone(UTC)
    return context.store.outbox.sent_since(day_began, kind="notice", to=address) >= MOST_A_DAY
