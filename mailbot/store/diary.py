"""What waits for the registrar, and what they decided."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Row, Select, select, update

from mailbot.errors import UserError
from mailbot.store import audit
from mailbot.store.audit import NewLine
from mailbot.store.database import Database
from mailbot.store.decisions import journaled
from mailbot.store.lookup import the_only, unit_items
from mailbot.store.records import DiaryItem, DiaryState
from mailbot.store.references import References
from mailbot.store.tables import diary_items, messages, unit_messages


class Diary:
    """Proposals to register, one per message and unit. Mutators take the actor ("person:ID") and the instant."""

    def __init__(self, database: Database, references: References) -> None:
        self._database = database
        self._references = references

    def list(self, *, states: Sequence[DiaryState] | None = None, unit: str | None = None) -> list[DiaryItem]:
        """Items by arrival, oldest first."""
        return list(self.each(states=states, unit=unit))

    def each(
        self, *, states: Sequence[DiaryState] | None = None, unit: str | None = None, since: datetime | None = None
    ) -> Iterator[DiaryItem]:
        """The same one after the other; with `since` those that came up at or after that instant."""
        query = _listed()
        if states is not None:
            query = query.where(diary_items.c.state.in_(states))
        if unit is not None:
            query = query.where(diary_items.c.unit == unit)
        if since is not None:
            query = query.where(diary_items.c.created_at >= since)
        return map(_of_listed, self._database.each(query))

    def get(self, ref_or_message_id: str) -> DiaryItem:
        """The item that this reference or Message-ID names. UserError when there is none, or several."""
        with self._database.read() as connection:
            return _record(self._find(connection, ref_or_message_id))

    def of_message(self, message_ref: str) -> Sequence[DiaryItem]:
        """The items of a message, at most one per unit."""
        return _all(self._database, _query().where(diary_items.c.message_ref == message_ref))

    @journaled("diary.confirm")
    def confirm(self, ref: str, number: str, *, by: str, now: datetime, forced: bool = False) -> None:
        """It was registered under `number`; UserError where another number stands already.

        `forced` puts a wrong number right by another, or records one that is not written like the unit's others. The
        audit trail keeps that, and the number that stood there.
        """
        values = {"state": "registered", "number": number, "reason": None, "settled_at": now, "settled_by": by}
        with self._database.write() as connection:
            row = self._find(connection, ref)
            _require_state(row, ("proposed", "asked", "forwarded", "registered"))
            other = row.number if row.number not in (None, number) else None
            if other is not None and not forced:
                raise UserError(
                    f"{row.ref} is registered as {other}; "
                    f"`mailbot diary confirm {row.ref} {shlex.quote(number)} --force` puts the new number in its place"
                )
            detail: dict[str, str | bool | None] = {"forced": True} if forced else {}
            if other is not None:
                detail["replaced_number"] = other
            _update(connection, row, values, "registered", by=by, now=now, detail=detail)

    @journaled("diary.dismiss")
    def dismiss(self, ref: str, reason: str, *, by: str, now: datetime) -> None:
        """It need not be registered, and why."""
        values = {"state": "dismissed", "number": None, "reason": reason, "settled_at": now, "settled_by": by}
        self._change(ref, values, "dismissed", by=by, now=now, only=("proposed", "asked", "forwarded"))

    @journaled("diary.reopen")
    def reopen(self, ref: str, *, by: str, now: datetime) -> None:
        """Undo `confirm` or `dismiss`: it waits for the registrar again."""
        values = {"number": None, "reason": None, "settled_at": None, "settled_by": None}
        self._change(ref, values, "reopened", by=by, now=now, only=("registered", "dismissed"))

    def questioned(self, ref: str, *, by: str, now: datetime) -> None:
        """Note in the audit trail that the registrar asked a colleague about it; it waits on."""
        with self._database.write() as connection:
            row = self._find(connection, ref)
            audit.append(connection, [NewLine(actor=by, action="diary_questioned", ref=row.ref)], now=now)

    def exported(self, ref: str, *, by: str, now: datetime) -> None:
        """Note in the audit trail that a person fetched the original."""
        with self._database.write() as connection:
            row = self._find(connection, ref)
            audit.append(connection, [NewLine(actor=by, action="exported", ref=row.ref)], now=now)

    def _find(self, connection: Connection, text: str) -> Row[Any]:
        candidates = [item.ref for item in unit_items(connection, self._references, text)]
        query = select(diary_items.c.ref).where(diary_items.c.ref.in_(candidates)).order_by(diary_items.c.ref)
        refs = list(connection.execute(query).scalars())
        ref = the_only(refs, text, what="diary item", command="diary list")
        return connection.execute(_query().where(diary_items.c.ref == ref)).one()

    def _change(
        self, text: str, values: dict[str, Any], action: str, *, by: str, now: datetime, only: Sequence[DiaryState]
    ) -> None:
        with self._database.write() as connection:
            row = self._find(connection, text)
            _require_state(row, only)
            _update(connection, row, values, action, by=by, now=now)


def _require_state(row: Row[Any], only: Sequence[DiaryState]) -> None:
    if row.state in only:
        return
    if row.state in ("registered", "dismissed"):
        raise UserError(f"{row.ref} is {row.state} already; `mailbot diary reopen {row.ref}` undoes that first")
    raise UserError(f"{row.ref} is {row.state}, there is nothing to reopen; `mailbot diary show {row.ref}`")


def _update(
    connection: Connection,
    row: Row[Any],
    values: dict[str, Any],
    action: str,
    *,
    by: str,
    now: datetime,
    detail: Mapping[str, str | bool | None] = MappingProxyType({}),
) -> None:
    back = "forwarded" if row.forwarded_at else row.proposal
    values = {"state": back, **values}
    connection.execute(update(diary_items).where(diary_items.c.ref == row.ref).values(**values))
    line = NewLine(actor=by, action=f"diary_{action}", ref=row.ref, detail={"state": values["state"], **detail})
    audit.append(connection, [line], now=now)


def _all(database: Database, query: Select[Any]) -> list[DiaryItem]:
    return [_record(row) for row in database.all(query)]


def _query() -> Select[Any]:
    return (
        select(
            diary_items,
            unit_messages.c.mailbox,
            unit_messages.c.received_at,
            messages.c.message_id,
            messages.c.direction,
            messages.c.subject.label("title"),
            messages.c.sender,
            messages.c.confidential,
        )
        .join(unit_messages, unit_messages.c.ref == diary_items.c.ref)
        .join(messages, messages.c.ref == diary_items.c.message_ref)
        .order_by(unit_messages.c.received_at, diary_items.c.ref)
    )


_FIELDS = tuple(DiaryItem.__dataclass_fields__)


def _listed() -> Select[Any]:
    """Only what a record holds, in its order: a digest goes through all that waits."""
    query = _query()
    return query.with_only_columns(*(query.selected_columns[name] for name in _FIELDS))


def _of_listed(row: Row[Any]) -> DiaryItem:
    values = dict(zip(_FIELDS, row, strict=True))
    if values["confidential"]:
        values |= {"title": None, "sender": None}
    return DiaryItem(**values)


def _record(row: Row[Any]) -> DiaryItem:
    values = {name: getattr(row, name) for name in _FIELDS}
    if row.confidential:
        values |= {"title": None, "sender": None}
    return DiaryItem(**values)
