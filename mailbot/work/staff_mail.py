"""What mailbot writes to the staff: from the service mailbox, rendered once, its Message-ID fixed by the dedup key."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from mailbot.config.model import Config
from mailbot.mail.message import Address
from mailbot.render import Rendered, compose
from mailbot.store.records import NewMail
from mailbot.store.references import References


def staff_mail(
    config: Config,
    references: References,
    rendered: Rendered,
    *,
    dedup_key: str,
    kind: Literal["forward", "announcement", "digest", "notice"],
    to: Sequence[str],
    now: datetime,
    original: bytes | None = None,
    ref: str | None = None,
) -> NewMail:
    """A mail ready to queue (invariant 2); `now` is its date, aware. `original` goes along untouched."""
    service = config.service_mailbox.address
    message_id = references.message_id(dedup_key, service.rpartition("@")[2])
    raw = compose(
        rendered,
        from_=Address(config.organisation.name, service),
        to=to,
        message_id=message_id,
        date=now,
        auto_submitted="auto-generated",
        original=original,
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
    )
