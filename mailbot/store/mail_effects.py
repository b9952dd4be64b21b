"""What a mail belongs to moves with it, in the same transaction: when it has gone out, and when it comes back."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, or_, select, update

from mailbot.store import audit
from mailbot.store.audit import RULES, NewLine
from mailbot.store.tables import diary_items, obligations, unit_messages


def went_out(connection: Connection, row: Row[Any], now: datetime, follow_up_on: date | None) -> None:
    """A diary item is handed over; an obligation whose asker got a holding reply is acknowledged, and followed up."""
    if row.item_ref is None:
        return
    if row.kind in {"forward", "announcement"}:
        _forwarded(connection, row.item_ref, now)
    elif row.kind == "holding_reply":
        _acknowledged(connection, row.item_ref, now, follow_up_on)


def came_back(connection: Connection, row: Row[Any], now: datetime) -> None:
    """Nobody was handed anything, no asker was told; what a person has settled meanwhile stays."""
    if row.item_ref is None:
        return
    if row.kind in {"forward", "announcement"}:
        here = (diary_items.c.ref == row.item_ref, diary_items.c.state == "forwarded")
        connection.execute(update(diary_items).where(*here).values(state="proposed", forwarded_at=None))
    elif row.kind == "holding_reply":
        here = (_obligation_of(row.item_ref), obligations.c.state == "open")
        values = {"acknowledged_at": None, "follow_up_on": None, "changed_at": now}
        connection.execute(update(obligations).where(*here).values(**values))


def _forwarded(connection: Connection, item_ref: str, now: datetime) -> None:
    # A person may have settled it meanwhile, which stays; that it was handed over is noted all the same.
    here = diary_items.c.ref == item_ref
    connection.execute(update(diary_items).where(here, diary_items.c.forwarded_at.is_(None)).values(forwarded_at=now))
    connection.execute(update(diary_items).where(here, diary_items.c.state == "proposed").values(state="forwarded"))
    audit.append(connection, [NewLine(actor=RULES, action="handed_over", ref=item_ref)], now=now)


def _acknowledged(connection: Connection, item_ref: str, now: datetime, follow_up_on: date | None) -> None:
    values = {"acknowledged_at": now, "follow_up_on": follow_up_on, "changed_at": now}
    connection.execute(update(obligations).where(_obligation_of(item_ref)).values(**values))
    audit.append(connection, [NewLine(actor=RULES, action="acknowledged", ref=item_ref)], now=now)


def _obligation_of(item_ref: str) -> ColumnElement[bool]:
    """Obligations may have been merged since a mail was queued: the one that its question counts to now is meant."""
    goes_on = select(unit_messages.c.obligation_ref).where(unit_messages.c.ref == item_ref)
    return or_(obligations.c.ref == item_ref, obligations.c.ref.in_(goes_on))
