"""Where no server answers for somebody who is away, mailbot does, as mail is read: by the same rules (RFC 3834).

Once for each sender, absence and version of the text; never to automatic mail, lists, bounces, null senders or noreply
(the refusals of the policy); nothing of the mail is quoted. The outbox keeps pause and circuit breaker.
"""

from datetime import datetime

from mailbot.config.model import MailboxSettings
from mailbot.errors import MailbotError
from mailbot.mail.message import Address, Message
from mailbot.store.absences import STANDING
from mailbot.store.people_records import StoredAbsence
from mailbot.store.records import NewMail
from mailbot.work.absence_install import opened, window
from mailbot.work.absence_texts import auto_reply
from mailbot.work.citizen_mail import citizen_mail
from mailbot.work.context import Context


def own_absence(context: Context, settings: MailboxSettings, now: datetime) -> StoredAbsence | None:
    """The absence of the mailbox's owner that mailbot answers for at `now`; None where a server does, or nobody is
    away."""
    owner = context.config.owner(settings)
    if owner is None or not context.enforcing:
        return None
    for stored in context.store.absences.list(states=STANDING, person=owner.id):
        starts_at, ends_at = window(context.config, stored.absence)
        if starts_at <= now < ends_at and not _server_answers(context, settings):
            return stored
    return None


def reply_to(
    context: Context,
    settings: MailboxSettings,
    stored: StoredAbsence,
    message: Message,
    now: datetime,
    *,
    hold: str | None,
) -> NewMail:
    """The automatic reply to one mail that may be answered; its dedup key is the sender's for this absence and text."""
    config, sender = context.config, message.author
    audience = "internal" if sender.domain in {each.lower() for each in config.organisation.domains} else "external"
    owner = config.owner(settings)
    return citizen_mail(
        context,
        auto_reply(config, context.templates, stored.absence, audience=audience),  # type: ignore[arg-type]
        dedup_key=f"absence_reply:{stored.ref}:{stored.text_version}:{context.references.fingerprint(sender.email)}",
        kind="absence_reply",
        from_=Address(owner.name if owner is not None else "", settings.address),
        to=sender.email,
        answers=message.message_id,
        now=now,
        hold=hold,
    )


def _server_answers(context: Context, settings: MailboxSettings) -> bool:
    try:
        with opened(context.open_auto_replies(settings)) as replies:
            return replies is not None
    except MailbotError:
        return True  # it would, and does not answer now: two replies are worse than a late one
