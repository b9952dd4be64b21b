"""Options B and C where no server forwards: mailbot does, as mail is read; the original stays where it is.

Each message is forwarded once for an absence, untouched. What may be confidential, and what has not been judged for
secrecy, is only announced: date, mailbox and reference (invariant 6). Left out are mailbot's own mail, mail that no
person need look at (automatic replies, bounces, advertising), the junk folder, and what the reader has anyway: mail
that is addressed to them too, or comes from them.
"""

from collections.abc import Callable
from datetime import datetime

from mailbot.config.model import MailboxSettings
from mailbot.errors import MailbotError, UserError
from mailbot.mail.message import Message
from mailbot.policy.absence import Option
from mailbot.store.absences import STANDING
from mailbot.store.people_records import StoredAbsence
from mailbot.store.records import NewMail, OutboxItem, Outcome
from mailbot.work.absence_install import forward_to, local_date, opened, window
from mailbot.work.context import Context
from mailbot.work.staff_mail import staff_mail

_PREFIX = "absence_forward"


class AbsenceForwards:
    """What mailbot forwards for the owner of one mailbox; nothing where a server does, or in observe mode."""

    def __init__(self, context: Context, settings: MailboxSettings) -> None:
        self._context = context
        self._settings = settings
        self._absences = _forwarded_here(context, settings)

    def at(self, received_at: datetime) -> StoredAbsence | None:
        """The absence in whose window mail arrived that is to be forwarded."""
        for stored in self._absences:
            starts_at, ends_at = window(self._context.config, stored.absence)
            if starts_at <= received_at < ends_at:
                return stored
        return None

    def may_read_in_full(self, received_at: datetime) -> bool:
        """Whether mail of that time is read in full though the mailbox is read by its headers: its owner has chosen
        that somebody else gets the mail, or has given the colleague a mandate (requirements 0, "Private-use scope").
        Else the mail is only announced."""
        stored = self.at(received_at)
        if stored is None:
            return False
        absence, day = stored.absence, local_date(self._context.config, received_at)
        mandated = bool(absence.colleague) and self._context.store.mandates.allows(
            absence.person, absence.colleague, day, day
        )
        return mandated or _chosen_by_owner(self._context, stored)

    def mail_for(
        self, outcome: Outcome, now: datetime, *, confidential: bool | None, fetch: Callable[[], bytes | None]
    ) -> NewMail | None:
        """The mail that passes this one on; None when it is left out, or has vanished meanwhile (its next place is read
        with the next change). `confidential` None: that could not be judged. `fetch` reads the whole original."""
        stored = self.at(outcome.received_at)
        to = forward_to(self._context.config, stored.absence) if stored is not None else None
        if stored is None or to is None or self._is_left_out(outcome, to):
            return None
        if outcome.message is None or confidential is None:
            return self._mail(stored, outcome, to, now, withheld="unjudged")
        if confidential:
            return self._mail(stored, outcome, to, now, withheld="confidential")
        original = fetch()
        return self._mail(stored, outcome, to, now, original=original) if original is not None else None

    def _is_left_out(self, outcome: Outcome, to: str) -> bool:
        decision, message = outcome.decision, outcome.message
        if decision is not None and (decision.automatic or (decision.automatic_reason or "").startswith("own.")):
            return True
        if message is None:
            return False
        has_it = {to.lower(), *(each.lower() for each in _aliases(self._context, to))}
        return message.author.email in has_it or any(each.email in has_it for each in message.recipients)

    def _mail(
        self,
        stored: StoredAbsence,
        outcome: Outcome,
        to: str,
        now: datetime,
        *,
        withheld: str = "",
        original: bytes | None = None,
    ) -> NewMail:
        message = outcome.message if not withheld else None
        asker = outcome.asker or message.asker.email if message is not None else None
        return _composed(
            self._context,
            stored,
            to,
            now,
            dedup_key=f"{_PREFIX}:{stored.ref}:{outcome.ref}",
            item_ref=outcome.item_ref,
            mailbox=self._settings.address,
            received_at=outcome.received_at,
            withheld=withheld,
            message=message,
            original=original,
            reply_to=asker,
        )


def note_instead(context: Context, item: OutboxItem, reason: str, now: datetime) -> NewMail | None:
    """The announcement in place of a mail that no server takes as it is; `reason` is that of CannotCarry."""
    prefix, _, rest = item.dedup_key.partition(":")
    absence_ref, _, message_ref = rest.partition(":")
    if prefix != _PREFIX or item.item_ref is None:
        return None
    try:
        stored = context.store.absences.get(absence_ref)
    except UserError:
        return None
    person = context.config.person(stored.absence.person)
    message = context.store.messages.find(message_ref)
    return _composed(
        context,
        stored,
        item.to[0],
        now,
        dedup_key=f"{_PREFIX}_without_original:{absence_ref}:{message_ref}",
        item_ref=item.item_ref,
        mailbox=person.email if person is not None else "",
        received_at=message.received_at if message is not None else item.created_at,
        withheld=reason,
    )


def _composed(
    context: Context,
    stored: StoredAbsence,
    to: str,
    now: datetime,
    *,
    dedup_key: str,
    item_ref: str,
    mailbox: str,
    received_at: datetime,
    withheld: str,
    message: Message | None = None,
    original: bytes | None = None,
    reply_to: str | None = None,
) -> NewMail:
    config = context.config
    person, reader = config.person(stored.absence.person), config.person_by_address(to)
    rendered = context.templates.render(
        "absence_forward",
        (reader.language if reader is not None else "") or config.policy.language,
        ref=item_ref,
        person=person.name if person is not None else stored.absence.person,
        mailbox=mailbox,
        received_at=received_at.astimezone(config.zone),
        withheld=withheld,
        title=message.subject if message is not None else "",
        sender=message.author.email if message is not None else "",
        sender_name=message.author.name if message is not None else "",
    )
    return staff_mail(
        context,
        rendered,
        dedup_key=dedup_key,
        kind="absence_forward",
        to=(to,),
        now=now,
        original=original,
        ref=item_ref,
        # An answer goes to whoever wrote, as with a copy that a server forwards, and belongs to their conversation.
        reply_to=reply_to,
        about=message.message_id if message is not None else None,
    )


def _forwarded_here(context: Context, settings: MailboxSettings) -> tuple[StoredAbsence, ...]:
    owner = context.config.owner(settings)
    if owner is None or not context.enforcing:
        return ()
    standing = context.store.absences.list(states=STANDING, person=owner.id)
    wanted = tuple(
        stored
        for stored in standing
        if stored.absence.option in (Option.TO_AUTHORITY_MAILBOX, Option.TO_COLLEAGUE)
        and forward_to(context.config, stored.absence) is not None
    )
    return wanted if wanted and not _server_forwards(context, settings) else ()


def _server_forwards(context: Context, settings: MailboxSettings) -> bool:
    try:
        with opened(context.open_forward_rules(settings)) as rules:
            return rules is not None
    except MailbotError:
        return True  # it would, and cannot be asked now


def _chosen_by_owner(context: Context, stored: StoredAbsence) -> bool:
    """Whether nobody but the absent person has planned or changed this absence."""
    made = [
        line.actor
        for line in context.store.audit.list(stored.ref)
        if line.action in ("absence_planned", "absence_changed")
    ]
    by_owner = {actor.removeprefix("person:").split(" ")[0] == stored.absence.person for actor in made}
    return by_owner == {True}


def _aliases(context: Context, address: str) -> tuple[str, ...]:
    settings, person = context.config.mailbox(address), context.config.person_by_address(address)
    return (*(settings.aliases if settings else ()), *(person.aliases if person else ()))
