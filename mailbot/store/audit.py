"""The audit trail: who or what did which thing to which reference, and when. Written in the transaction of the deed.

Details hold rule ids, states, unit ids, fingerprints, and a diary number that another has replaced. Other words that
people typed or received never stand here.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, or_, select

from mailbot.store.bulk import insert_rows
from mailbot.store.database import Database
from mailbot.store.records import AuditLine
from mailbot.store.tables import audit, outbox, unit_messages

#: the actor of everything that rules and answers bring about
RULES = "rule"
#: made once: `json.dumps` makes an encoder for every call that is not quite ordinary
_AS_JSON = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode

Detail = Mapping[str, str | int | bool | list[str] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    """An audit line to append. `actor` is "person:ID", "login:NAME" or `RULES`."""

    actor: str
    action: str
    ref: str | None = None
    detail: Detail | None = None


def append(connection: Connection, lines: Iterable[NewLine], *, now: datetime) -> None:
    """Add lines inside the caller's transaction."""
    rows = [
        {
            "at": now,
            "actor": line.actor,
            "action": line.action,
            "ref": line.ref,
            "detail": _AS_JSON(line.detail or {}),
        }
        for line in lines
    ]
    insert_rows(connection, audit, rows)


class Audit:
    """Reading the trail, and adding what stands in no other table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, line: NewLine, *, now: datetime) -> None:
        """One line for something that was done outside the database."""
        with self._database.write() as connection:
            append(connection, [line], now=now)

    def list(self, ref: str | None = None, *, limit: int = 200) -> list[AuditLine]:
        """The newest `limit` lines (of one reference), oldest first."""
        query = _newest(limit)
        return _lines(self._database, query if ref is None else query.where(audit.c.ref == ref))

    def after(self, line_id: int, *, action: str) -> Sequence[tuple[int, AuditLine]]:
        """Lines of one action after the line with that id, oldest first, with their ids."""
        query = select(audit).where(audit.c.id > line_id, audit.c.action == action).order_by(audit.c.id)
        rows = self._database.all(query)
        return [(row.id, _line(row)) for row in rows]

    def of_message(self, message_ref: str, *, limit: int = 200) -> Sequence[AuditLine]:
        """The newest `limit` lines about a message, its items, and the mail that it caused; oldest first."""
        items = select(unit_messages.c.ref).where(unit_messages.c.message_ref == message_ref)
        duties = select(unit_messages.c.obligation_ref).where(unit_messages.c.message_ref == message_ref)
        mails = select(outbox.c.ref).where(outbox.c.item_ref.in_(items))
        about = or_(*(audit.c.ref.in_(refs) for refs in (items, duties, mails)), audit.c.ref == message_ref)
        return _lines(self._database, _newest(limit).where(about))


def _newest(limit: int) -> Select[Any]:
    return select(audit).order_by(audit.c.id.desc()).limit(limit)


def _lines(database: Database, query: Select[Any]) -> list[AuditLine]:
    rows = database.all(query)
    return [_line(row) for row in reversed(rows)]


def _line(row: Row[Any]) -> AuditLine:
    return AuditLine(at=row.at, actor=row.actor, action=row.action, ref=row.ref, detail=json.loads(row.detail))
