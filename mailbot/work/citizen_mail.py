"""What mailbot answers citizens by itself (RFC 3834): rendered once, its Message-ID fixed by the dedup key."""

from datetime import datetime
from typing import Literal

from mailbot.mail.message import Address
from mailbot.render import Rendered, compose
from mailbot.store.records import NewMail, Obligation
from mailbot.work.context import Context


def citizen_mail(
    context: Context,
    rendered: Rendered,
    *,
    dedup_key: str,
    kind: Literal["holding_reply", "absence_reply"],
    from_: Address,
    to: str,
    answers: str | None,
    now: datetime,
    hold: str | None,
    reply_to: str | None = None,
    ref: str | None = None,
) -> NewMail:
    """An automatic answer to the mail with the Message-ID `answers`, ready to queue (invariant 2).

    `now` is its date, aware; `hold` is why a person must release it first.
    """
    message_id = context.references.message_id(dedup_key, context.config.service_mailbox.address.rpartition("@")[2])
    raw = compose(
        rendered,
        from_=from_,
        to=(to,),
        message_id=message_id,
        date=now,
        reply_to=reply_to,
        in_reply_to=answers,
        references=(answers,) if answers else (),
        auto_submitted="auto-replied",
    )
    return NewMail(
        dedup_key=dedup_key,
        kind=kind,
        audience="citizen",
        to=(to,),
        envelope_from="",  # RFC 3834 section 3.3: a bounce of an automatic reply must not come back
        message_id=message_id,
        raw=raw,
        hold=hold,
        ref=ref,
    )


def to_the_asker(context: Context, template: str, obligation: Obligation) -> Rendered:
    """What a template says to whoever waits for this answer, in their language."""
    config = context.config
    # A unit may have left the configuration while somebody still waits for its answer.
    names = {unit.id: unit.name for unit in config.units}
    return context.templates.render(
        template,
        obligation.language or config.policy.language,
        unit=names.get(obligation.unit, config.organisation.name),
        organisation=config.organisation,
        received_at=obligation.received_at.astimezone(config.zone),
        ref=obligation.ref,
    )
