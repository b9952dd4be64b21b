"""The duty to answer changes hands: who may decide about it, and the new owner is told by mail."""

from datetime import datetime

from mailbot.config.model import Config, PersonSettings
from mailbot.store.records import NewMail, NewTicket, Obligation
from mailbot.work.context import Context
from mailbot.work.staff_mail import staff_mail


def may_change(config: Config, one: Obligation) -> set[str]:
    """Who may act on an obligation: its assignee and their manager, and the unit's mail officers and registrars."""
    allowed = {one.assignee} if one.assignee else set()
    assignee = config.person(one.assignee)
    if assignee and assignee.manager:
        allowed.add(assignee.manager)
    unit = next((unit for unit in config.units if unit.id == one.unit), None)
    return allowed.union(unit.mail_officers, unit.registrars) if unit else allowed


def assign(
    context: Context, one: Obligation, owner: PersonSettings, *, by: str, by_name: str, occasion: str, now: datetime
) -> None:
    """Move the duty to `owner`; the clock goes on. They are told, unless it was theirs or they took it themselves.

    `occasion` names this decision: the same one repeated (a restored backup) sends no second mail.
    """
    if one.assignee == owner.id:
        return
    context.store.obligations.assign(one.ref, owner.id, by=by, now=now)
    if context.enforcing and owner.email and by.partition(" ")[0] != f"person:{owner.id}":
        mail = _assigned_mail(context, one, owner, by_name=by_name, occasion=occasion, now=now)
        context.store.outbox.enqueue([mail], now=now)


def _assigned_mail(
    context: Context, one: Obligation, owner: PersonSettings, *, by_name: str, occasion: str, now: datetime
) -> NewMail:
    """What is to be answered, where it lies and by when; of a confidential one neither sender nor subject."""
    config = context.config
    rendered = context.templates.render(
        "assigned",
        owner.language or config.policy.language,
        person=owner.name,
        by=by_name,
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
        config,
        context.references,
        rendered,
        dedup_key=f"assigned:{one.ref}:{owner.id}:{occasion}",
        kind="notice",
        to=(owner.email,),
        now=now,
        ticket=NewTicket(kind="replies", person=owner.id, about=one.ref),
    )
