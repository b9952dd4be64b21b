"""Who may read whose personal mailbox (fullmakt; JO: personally addressed mail is opened by others only under one)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from mailbot.errors import UserError
from mailbot.policy.absence import Absence
from mailbot.store import audit
from mailbot.store.audit import NewLine
from mailbot.store.database import Database
from mailbot.store.decisions import journaled
from mailbot.store.lookup import NotFound, shown_form
from mailbot.store.people_records import Mandate
from mailbot.store.references import References, parse_ref
from mailbot.store.tables import mandates


class Mandates:
    """Mandates. They are revoked, never deleted by hand; retention drops those long over."""

    def __init__(self, database: Database, references: References) -> None:
        self._database = database
        self._references = references

    def list(
        self, *, owner: str | None = None, reader: str | None = None, standing_on: date | None = None
    ) -> list[Mandate]:
        """Mandates by their first day; with `standing_on` those that hold then or later."""
        query = select(mandates).order_by(mandates.c.from_on, mandates.c.owner, mandates.c.reader, mandates.c.ref)
        if owner is not None:
            query = query.where(mandates.c.owner == owner)
        if reader is not None:
            query = query.where(mandates.c.reader == reader)
        if standing_on is not None:
            query = query.where(mandates.c.revoked_at.is_(None))
            query = query.where(mandates.c.to_on.is_(None) | (mandates.c.to_on >= standing_on))
        with self._database.read() as connection:
            return [_record(row) for row in connection.execute(query)]

    def allows(self, owner: str, reader: str, from_: date, to: date) -> bool:
        """Whether standing mandates let `reader` read the mailbox of `owner` on every day from `from_` to `to`."""
        needed = from_
        for mandate in self.list(owner=owner, reader=reader, standing_on=from_):
            if mandate.from_ > needed:
                break
            if mandate.to is None or mandate.to >= to:
                return True
            needed = max(needed, date.fromordinal(mandate.to.toordinal() + 1))
        return False

    @journaled("mandates.add")
    def add(
        self,
        *,
        owner: str,
        reader: str,
        from_: date,
        to: date | None,
        granted_by: str,
        by: str,
        now: datetime,
    ) -> str:
        """Store a mandate; its reference. UserError when it ends before it begins or names one person twice."""
        if to is not None and to < from_:
            raise UserError(f"the mandate would end on {to}, before it begins on {from_}; write the later date as --to")
        if owner == reader:
            raise UserError("nobody needs a mandate for their own mailbox; name somebody else as the reader")
        values = {"owner": owner, "reader": reader, "from_on": from_, "to_on": to, "granted_by": granted_by}
        with self._database.write() as connection:
            return _insert(connection, self._references, values, by=by, now=now)

    @journaled("mandates.revoke")
    def revoke(self, ref: str, *, by: str, now: datetime) -> None:
        """It holds no more from now on. UserError when there is none, or it was revoked before."""
        with self._database.write() as connection:
            row = connection.execute(select(mandates).where(mandates.c.ref == (parse_ref(ref) or ref))).one_or_none()
            if row is None:
                raise NotFound(f"no mandate {shown_form(ref)}; `mailbot mandate list` shows them")
            if row.revoked_at is not None:
                raise UserError(f"{row.ref} was revoked before")
            _revoke(connection, [row.ref], by=by, now=now)


def grant_for_absence(
    connection: Connection, references: References, absence_ref: str, absence: Absence, *, by: str, now: datetime
) -> None:
    """The mandate of an absence that its own person set up under option A, in the transaction that stores it."""
    values = {
        "owner": absence.person,
        "reader": absence.colleague,
        "from_on": absence.from_,
        "to_on": absence.back - timedelta(days=1),
        "granted_by": absence.person,
        "absence_ref": absence_ref,
    }
    _insert(connection, references, values, by=by, now=now)


def _insert(
    connection: Connection, references: References, values: Mapping[str, Any], *, by: str, now: datetime
) -> str:
    """Add a mandate and note it; its reference."""
    content = f"mandate:{values['owner']}:{values['reader']}:{values['from_on']}:{now.isoformat()}"
    taken = set(connection.execute(select(mandates.c.ref).where(mandates.c.owner == values["owner"])).scalars())
    ref = next(ref for n in count() if (ref := references.ref(content, "mandate", attempt=n)) not in taken)
    row = {"absence_ref": None, **values, "ref": ref, "created_by": by, "created_at": now}
    connection.execute(insert(mandates).values(**row, revoked_by=None, revoked_at=None))
    audit.append(connection, [NewLine(actor=by, action="mandate_added", ref=ref)], now=now)
    return ref


def revoke_of_absence(connection: Connection, absence_ref: str, *, by: str, now: datetime) -> None:
    """End the mandates that an absence created, in the transaction that ends or changes it."""
    standing = (mandates.c.absence_ref == absence_ref, mandates.c.revoked_at.is_(None))
    _revoke(connection, list(connection.execute(select(mandates.c.ref).where(*standing)).scalars()), by=by, now=now)


def _revoke(connection: Connection, refs: Sequence[str], *, by: str, now: datetime) -> None:
    here = mandates.c.ref.in_(refs)
    connection.execute(update(mandates).where(here).values(revoked_by=by, revoked_at=now))
    audit.append(connection, [NewLine(actor=by, action="mandate_revoked", ref=ref) for ref in refs], now=now)


def _record(row: Row[Any]) -> Mandate:
    return Mandate(
        ref=row.ref,
        owner=row.owner,
        reader=row.reader,
        from_=row.from_on,
        to=row.to_on,
        granted_by=row.granted_by,
        absence_ref=row.absence_ref,
        created_by=row.created_by,
        created_at=row.created_at,
        revoked_by=row.revoked_by,
        revoked_at=row.revoked_at,
    )
