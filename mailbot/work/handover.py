"""What a decision sends to the registrar: the untouched original with a covering note, or an announcement."""

from datetime import datetime

from mailbot.config.model import PersonSettings
from mailbot.policy.model import AnnounceConfidential, Decision, ForwardToRegistrar, ReportUnparsable
from mailbot.store.records import NewMail, NewTicket, Outcome
from mailbot.work.context import Context
from mailbot.work.staff_mail import staff_mail


def mail_for(context: Context, outcome: Outcome, original: bytes | None, now: datetime) -> tuple[NewMail, ...]:
    """The mail that the decision of `outcome` causes; empty when it causes none, or when there is no registrar.

    `original` is the raw message where the decision hands it over, and None when it has vanished meanwhile: then the
    registrar is told where it lay.
    """
    decision = outcome.decision
    if decision is None:
        return ()
    unit = next((unit for unit in context.config.units if unit.id == outcome.registering_unit), None)
    registrar = context.presence.acting_at(unit.registrars, now) if unit else None
    if registrar is None:
        return ()
    for action in decision.actions:
        match action:
            case ForwardToRegistrar():
                return (_forward(context, outcome, decision, registrar, original, now),)
            case AnnounceConfidential():
                return (_announce(context, outcome, "announce_confidential", registrar, now),)
            case ReportUnparsable():
                return (_announce(context, outcome, "announce_unparsable", registrar, now),)
            case _:
                continue
    return ()


def _forward(
    context: Context,
    outcome: Outcome,
    decision: Decision,
    registrar: PersonSettings,
    original: bytes | None,
    now: datetime,
) -> NewMail:
    message = outcome.message
    assert message is not None, "only a parsed message is forwarded"
    return _to_registrar(
        context,
        outcome,
        registrar,
        now,
        dedup_key=f"forward:{outcome.item_ref}",
        template="forward_to_registrar",
        original=original,
        values={
            "sender": message.author.email,
            "sender_name": message.author.name,
            "title": message.subject,
            "kind": decision.kind,
            "diary_number": decision.diary_number,
            "direction": outcome.direction,
            "rules": tuple(dict.fromkeys(verdict.rule for verdict in decision.verdicts if verdict.points > 0)),
            "has_original": original is not None,
        },
    )


def _announce(context: Context, outcome: Outcome, template: str, registrar: PersonSettings, now: datetime) -> NewMail:
    """Date, mailbox and reference only (invariant 6)."""
    return _to_registrar(
        context, outcome, registrar, now, dedup_key=f"announce:{outcome.item_ref}", template=template, values={}
    )


def _to_registrar(
    context: Context,
    outcome: Outcome,
    registrar: PersonSettings,
    now: datetime,
    *,
    dedup_key: str,
    template: str,
    values: dict[str, object],
    original: bytes | None = None,
) -> NewMail:
    config = context.config
    rendered = context.templates.render(
        template,
        registrar.language or config.policy.language,
        ref=outcome.item_ref,
        unit=config.unit(outcome.registering_unit).name,
        mailbox=outcome.mailbox,
        received_at=outcome.received_at.astimezone(config.zone),
        **values,
    )
    return staff_mail(
        context,
        rendered,
        dedup_key=dedup_key,
        kind="forward" if template == "forward_to_registrar" else "announcement",
        to=(registrar.email,),
        now=now,
        original=original,
        ref=outcome.item_ref,
        ticket=NewTicket(kind="registrar", person=registrar.id, about=f"{outcome.registering_unit} {outcome.item_ref}"),
    )
