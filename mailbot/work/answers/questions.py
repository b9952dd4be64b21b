"""The registrar's question about a message, put to whoever answers for it; their answer goes straight back."""

from mailbot.config.model import PersonSettings
from mailbot.errors import UserError
from mailbot.store.records import DiaryItem, NewMail
from mailbot.work.answers.answer import Answer
from mailbot.work.context import Context
from mailbot.work.staff_mail import staff_mail


def question_mail(context: Context, answer: Answer, item: DiaryItem, question: str) -> tuple[NewMail | None, str]:
    """The mail and the name of whom it goes to; None where nobody answers for the message.

    Of a confidential message only reference, date and mailbox are told, and not what the registrar wrote about it.
    """
    config = context.config
    asked = _who_answers_for(context, item, answer)
    if asked is None:
        return None, ""
    names = {unit.id: unit.name for unit in config.units}
    rendered = context.templates.render(
        "registrar_asks",
        asked.language or config.policy.language,
        registrar=answer.person.name,
        ref=item.ref,
        unit=names.get(item.unit, item.unit),
        mailbox=item.mailbox,
        received_at=item.received_at.astimezone(config.zone),
        title=None if item.confidential or item.unparsable else item.title,
        question="" if item.confidential else question,
    )
    mail = staff_mail(
        context,
        rendered,
        dedup_key=f"registrar_asks:{item.ref}:{answer.content_print}",
        kind="notice",
        to=(asked.email,),
        now=answer.now,
        reply_to=answer.person.email,
    )
    return mail, asked.name


def _who_answers_for(context: Context, item: DiaryItem, answer: Answer) -> PersonSettings | None:
    """Who owes the answer, else whose mailbox it is, else the mail officer; never the registrar themself."""
    config = context.config
    try:
        assignee = context.store.obligations.get(item.ref).assignee
    except UserError:
        assignee = ""
    unit = next((one for one in config.units if one.id == item.unit), None)
    mailbox = config.mailbox(item.mailbox)
    candidates = (
        config.person(assignee) if assignee else None,
        config.owner(mailbox) if mailbox else None,
        context.presence.acting_at(unit.mail_officers, answer.now) if unit else None,
    )
    return next((one for one in candidates if one is not None and one.id != answer.person.id), None)
