"""Copies of what has gone to the registrar, for the category that they are to bear in people's mailboxes."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from mailbot.store.database import chunks
from mailbot.store.tables import deliveries, outbox, unit_messages

_TO_REGISTRAR = ("forward", "announcement")


def not_categorised(connection: Connection, mailboxes: Sequence[str], since: datetime) -> dict[str, list[str]]:
    """mailbox -> delivery ids that are there, were handed over after `since`, and bear no category of ours yet."""
    found: dict[str, list[str]] = {}
    for piece in chunks(sorted(mailboxes)):
        query = (
            select(deliveries.c.mailbox, deliveries.c.delivery_id)
            .join(unit_messages, unit_messages.c.message_ref == deliveries.c.message_ref)
            .join(outbox, outbox.c.item_ref == unit_messages.c.ref)
            .where(
                outbox.c.kind.in_(_TO_REGISTRAR),
                outbox.c.state == "sent",
                outbox.c.sent_at >= since,
                deliveries.c.mailbox.in_(piece),
                deliveries.c.gone_at.is_(None),
                deliveries.c.categorised_at.is_(None),
            )
            .order_by(deliveries.c.mailbox, deliveries.c.delivery_id)
        )
        for mailbox, delivery_id in connection.execute(query.distinct()):
            found.setdefault(mailbox, []).append(delivery_id)
    return found


def categorised(connection: Connection, mailbox: str, delivery_ids: Sequence[str], now: datetime) -> None:
    for piece in chunks(sorted(delivery_ids)):
        here = (deliveries.c.mailbox == mailbox, deliveries.c.delivery_id.in_(piece))
        connection.execute(update(deliveries).where(*here).values(categorised_at=now))
