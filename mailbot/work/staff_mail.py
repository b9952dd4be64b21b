"""What mailbot writes to the staff: from the service mailbox, rendered once, its Message-ID fixed by the dedup key."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from mailbot.mail.message import Address
from mailbot.render import Rendered, compose
from mailbot.store.records import NewMail, NewTicket
from mailbot.work.context import Context


def staff_mail(
    context: Context,
    rendered: Rendered,
    *,
    dedup_key: str,
    kind: Literal["forward", "announcement", "digest", "notice", "absence_forward"],
    to: Sequence[str],
    now: datetime,
    original: bytes | None = None,
    event: bytes | None = None,
    ref: str | None = None,
    reply_to: str | None = None,
    in_reply_to: str | None = None,
    about: str | None = None,
    ticket: NewTicket | None = None,
) -> NewMail:
    """A mail ready to queue (invariant 2); `now` is its date, aware. `original` goes along untouched, `event` as a
    calendar file. `about` is the Message-ID of the mail to whose conversation it belongs.

    With a `ticket` its reader may act by answering it; answers go to the service mailbox, or to `reply_to`.
    """
    config, references = context.config, context.references
    if ticket is not None:
        rendered = rendered.with_footer(f"mailbot:{references.ticket_code(dedup_key, ticket)}")
    service = config.service_mailbox.address
    message_id = references.message_id(dedup_key, service.rpartition("@")[2])
    raw = compose(
        rendered,
        from_=Address(config.organisation.name, service),
        to=to,
        message_id=message_id,
        date=now,
        reply_to=reply_to,
        in_reply_to=in_reply_to,
        references=tuple(filter(None, (about, in_reply_to))),
        auto_submitted="auto-replied" if in_reply_to else "auto-generated",
        original=original,
        event=event,
    )
    return NewMail(
        dedup_key=dedup_key,
        kind=kind,
        audience="staff",
        to=tuple(to),
        envelope_from=service,
        message_id=message_id,
        raw=raw,
        ref=ref,
        ticket=ticket,
    )
