"""Where a conversation is dealt with, for further mail of it that arrives elsewhere."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from mailbot.store.database import chunks
from mailbot.store.records import Matter
from mailbot.store.tables import diary_items, messages, obligations, unit_messages


def matter_of(connection: Connection, conversations: Sequence[str]) -> Matter | None:
    """By what is still open, else by the newest obligation, else by the newest diary item; None where there is none."""
    return _by_obligation(connection, conversations) or _by_diary_item(connection, conversations)


def _by_obligation(connection: Connection, conversations: Sequence[str]) -> Matter | None:
    found: list[Row[Any]] = []
    for piece in chunks(conversations):
        query = select(obligations).where(obligations.c.conversation.in_(piece))
        found.extend(connection.execute(query).all())
    if not found:
        return None
    row = max(found, key=lambda one: (one.state == "open", one.received_at, one.ref))
    return Matter(unit=row.unit, mailbox=row.mailbox, assignee=row.assignee)


def _by_diary_item(connection: Connection, conversations: Sequence[str]) -> Matter | None:
    query = (
        select(unit_messages)
        .join(diary_items, diary_items.c.ref == unit_messages.c.ref)
        .join(messages, messages.c.ref == unit_messages.c.message_ref)
    )
    found: list[Row[Any]] = []
    for piece in chunks(conversations):
        found.extend(connection.execute(query.where(messages.c.conversation.in_(piece))).all())
    if not found:
        return None
    row = max(found, key=lambda one: (one.received_at, one.ref))
    return Matter(unit=row.unit, mailbox=row.mailbox, assignee=row.assignee)
