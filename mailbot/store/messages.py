"""What is recorded about a message: where it lies, and what was decided."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, func, select

from mailbot.store import codec
from mailbot.store.database import Database
from mailbot.store.lookup import message_refs
from mailbot.store.records import DeliverySeen, MessageRow, RecordedDecision
from mailbot.store.references import References
from mailbot.store.tables import decisions, deliveries, messages, outbox, unit_messages


class Messages:
    """Reading messages back, for `explain`."""

    def __init__(self, database: Database, references: References) -> None:
        self._database = database
        self._references = references

    def find(self, ref_or_message_id: str) -> MessageRow | None:
        """The message that a message ref, an item ref or a Message-ID (with or without <>) names; the oldest of several
        that bear the same Message-ID."""
        with self._database.read() as connection:
            refs = message_refs(connection, self._references, ref_or_message_id)
            return _message(connection, refs[0]) if refs else None

    def received(self, since: datetime, before: datetime) -> list[MessageRow]:
        """Messages that arrived at or after `since` and before `before` (sent ones left out), oldest first."""
        query = (
            select(messages.c.ref)
            .where(messages.c.received_at >= since, messages.c.received_at < before, messages.c.direction != "outgoing")
            .order_by(messages.c.received_at, messages.c.ref)
        )
        with self._database.read() as connection:
            return [_message(connection, ref) for ref in connection.execute(query).scalars()]

    def count_in(self, mailbox: str, since: datetime, before: datetime) -> int:
        """How many messages arrived in this mailbox at or after `since` and before `before`; its sent mail and
        mailbot's own left out."""
        ours = exists().where(outbox.c.message_id == messages.c.message_id)
        there = select(deliveries.c.message_ref).where(deliveries.c.mailbox == mailbox)
        query = (
            select(func.count())
            .select_from(messages)
            .where(
                messages.c.ref.in_(there),
                ~ours,
                messages.c.received_at >= since,
                messages.c.received_at < before,
                messages.c.direction != "outgoing",
            )
        )
        with self._database.read() as connection:
            return connection.execute(query).scalar_one()

    def deliveries(self, message_ref: str) -> list[DeliverySeen]:
        """Where copies lie now."""
        query = (
            select(deliveries)
            .where(deliveries.c.message_ref == message_ref, deliveries.c.gone_at.is_(None))
            .order_by(deliveries.c.mailbox, deliveries.c.folder, deliveries.c.delivery_id)
        )
        rows = self._database.all(query)
        return [
            DeliverySeen(
                mailbox=row.mailbox,
                folder=row.folder,
                delivery_id=row.delivery_id,
                internal_date=row.internal_date,
            )
            for row in rows
        ]

    def decisions(self, message_ref: str) -> list[RecordedDecision]:
        """What was decided about it, in order."""
        query = (
            select(decisions, unit_messages.c.unit)
            .join(unit_messages, unit_messages.c.ref == decisions.c.item_ref)
            .where(unit_messages.c.message_ref == message_ref)
            .order_by(decisions.c.decided_at, unit_messages.c.unit, decisions.c.side, decisions.c.stage)
        )
        rows = self._database.all(query)
        return [
            RecordedDecision(
                unit=row.unit,
                mailbox=row.mailbox,
                decided_at=row.decided_at,
                decision=codec.decode(row.decision),
            )
            for row in rows
        ]


def _message(connection: Connection, ref: str) -> MessageRow:
    row: Row[Any] = connection.execute(select(messages).where(messages.c.ref == ref)).one()
    items = select(unit_messages.c.unit, unit_messages.c.ref).where(unit_messages.c.message_ref == ref)
    fields = (name for name in MessageRow.__dataclass_fields__ if name != "item_refs")
    return MessageRow(
        item_refs={row.unit: row.ref for row in connection.execute(items)},
        **{name: getattr(row, name) for name in fields},
    )
