"""The duty to answer changes hands: who may decide about it, and the new owner is told by mail."""

from datetime import datetime

from mailbot.config.model import Config, PersonSettings
from mailbot.errors import UserError
from mailbot.store.records import AuditLine, NewMail, NewTicket, Obligation
from mailbot.work.context import Context
from mailbot.work.staff_mail import staff_mail

#: in the installation: up to which line of the audit trail new owners have been told
_TOLD = "owners_told_until"


def may_change(config: Config, one: Obligation) -> set[str]:
    """Who may act on an obligation: its assignee and their manager, and the unit's mail officers and registrars."""
    allowed = {one.assignee} if one.assignee else set()
    assignee = config.person(one.assignee)
    if assignee and assignee.manager:
        allowed.add(assignee.manager)
    unit = next((unit for unit in config.units if unit.id == one.unit), None)
    return allowed.union(unit.mail_officers, unit.registrars) if unit else allowed


def tell_new_owners(context: Context, now: datetime) -> int:
    """Queue a mail to everybody who was given a duty since the last pass and still has it; the number queued.

    Read from the audit trail, so that a restored database, into which decisions come back, tells them too, and under
    the same Message-ID. Who took it themselves knows.
    """
    installation, audit = context.store.installation, context.store.audit
    told_until = int(installation.get(_TOLD) or 0)
    mails, last = [], told_until
    for last, line in audit.after(told_until, action="assigned"):  # noqa: B007 - the last one is kept
        if (mail := _assigned_mail(context, line, now)) is not None:
            mails.append(mail)
    queued = context.store.outbox.enqueue(mails, now=now) if mails and context.enforcing else 0
    if last != told_until:
        installation.set(_TOLD, str(last))
    return queued


def _assigned_mail(context: Context, line: AuditLine, now: datetime) -> NewMail | None:
    owner = context.config.person(str(line.detail.get("assignee", "")))
    giver = context.config.person(line.actor.removeprefix("person:").partition(" ")[0])
    if owner is None or owner == giver or line.ref is None:
        return None
    try:
        one = context.store.obligations.get(line.ref)
    except UserError:
        return None
    if one.state != "open" or one.assignee != owner.id:
        return None
    given_by = giver.name if giver else context.config.organisation.name
    return _mail(
        context,
        one,
        owner,
        given_by=given_by,
        dedup_key=f"assigned:{one.ref}:{owner.id}:{line.at.isoformat()}",
        now=now,
    )


def _mail(
    context: Context, one: Obligation, owner: PersonSettings, *, given_by: str, dedup_key: str, now: datetime
) -> NewMail:
    """What is to be answered, where it lies and by when; of a confidential one neither sender nor subject."""
    config = context.config
    rendered = context.templates.render(
        "assigned",
        owner.language or config.policy.language,
        person=owner.name,
        by=given_by,
        ref=one.ref,
        mailbox=one.mailbox,
        received_at=one.received_at.astimezone(config.zone),
        due_on=one.due_on,
        document_due_on=one.document_due_on,
        confidential=one.confidential,
        subject=None if one.confidential else one.subject,
        asker=None if one.confidential else one.asker,
    )
    return staff_mail(
        context,
        rendered,
        dedup_key=dedup_key,
        kind="notice",
        to=(owner.email,),
        now=now,
        ticket=NewTicket(kind="replies", person=owner.id, about=one.ref),
    )
