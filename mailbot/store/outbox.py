"""Mail on its way out: claimed, attempted, settled, and remembered for ever, so that nothing goes twice (invariant 2).

pending -> sending -> sent
                   -> pending (temporary trouble) | failed (refused) | unknown (nobody can tell)
                   -> cancelled (another mail is queued in its place)
sent -> failed, when it comes back undelivered
held, failed, unknown -> pending, when a person releases it;  all but sent and sending -> cancelled
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, not_, or_, select, true, update

from mailbot.errors import UserError
from mailbot.store import audit
from mailbot.store.audit import RULES, NewLine
from mailbot.store.database import SOME, Database, chunks, find
from mailbot.store.decisions import journaled
from mailbot.store.lookup import NotFound, message_id_form, shown_form
from mailbot.store.mail_effects import came_back, went_out
from mailbot.store.queueing import queue
from mailbot.store.records import NewMail, OutboxItem, OutboxState
from mailbot.store.references import References, parse_ref
from mailbot.store.tables import outbox, unit_messages

#: a settled row keeps its dedup_key; its bytes may be dropped
_SETTLED: tuple[OutboxState, ...] = ("sent", "cancelled")
#: stands in `handle` of sent mail whose copy in Sent is still to be made
_COPY_OWED = "copy owed"
_MESSAGE_IDS = select(outbox.c.message_id).where(outbox.c.message_id.in_(SOME))


class Outbox:
    """The queue. Worker methods take the dedup_key of a claimed item; people's methods a REF or a Message-ID."""

    def __init__(self, database: Database, references: References) -> None:
        self._database = database
        self._references = references

    def enqueue(self, mails: Sequence[NewMail], *, now: datetime) -> int:
        """Queue what was never queued under the same `dedup_key`; how many were new."""
        with self._database.write() as connection:
            return queue(connection, mails, self._references, now)

    def claim(self, now: datetime, *, kind: str | None = None, lease_seconds: float = 600) -> OutboxItem | None:
        """The next pending mail (of one kind) that is due, now "sending"; None when nothing is due.

        The attempt is committed before this returns, so that a crash during the network call is known.
        """
        due = (
            select(outbox.c.dedup_key)
            .where(outbox.c.state == "pending", outbox.c.next_attempt_at <= now)
            .where(true() if kind is None else outbox.c.kind == kind)
            .order_by(outbox.c.next_attempt_at, outbox.c.created_at, outbox.c.dedup_key)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        with self._database.write(in_turn=False) as connection:
            row = connection.execute(
                update(outbox)
                .where(outbox.c.dedup_key == due.scalar_subquery(), outbox.c.state == "pending")
                .values(
                    state="sending",
                    attempts=outbox.c.attempts + 1,
                    attempted_at=now,
                    lease_until=now + timedelta(seconds=lease_seconds),
                )
                .returning(*outbox.c)
            ).one_or_none()
        return _record(row) if row is not None else None

    def expired(self, now: datetime) -> list[OutboxItem]:
        """Attempts whose lease ran out: the worker died, and what became of the mail must be looked up."""
        wanted = (outbox.c.state == "sending", outbox.c.lease_until <= now)
        return _all(self._database, _query().where(*wanted))

    def remember_handle(self, dedup_key: str, handle: str) -> None:
        """Keep the platform's name for the prepared mail (a draft id) before it is sent."""
        self._settle(dedup_key, {"handle": handle})

    def sent(self, dedup_key: str, *, now: datetime, follow_up_on: date | None = None, copy_owed: bool = False) -> None:
        """It went out. What it belongs to moves in the same transaction: a handed-over diary item is forwarded, an
        obligation whose asker got a holding reply is acknowledged and followed up. With `copy_owed` it is among
        `owed_copies` until `filed`."""
        handle = _COPY_OWED if copy_owed else None
        values = {"state": "sent", "sent_at": now, "settled_at": now, "error": None, "handle": handle}
        with self._database.write() as connection:
            row = _settle(connection, dedup_key, values)
            if row is not None:
                went_out(connection, row, now, follow_up_on)

    def found_in_sent(self, dedup_key: str, *, sent_at: datetime, follow_up_on: date | None = None) -> None:
        """It went out at `sent_at`, as Sent tells: this database was restored, and did not know."""
        values = {"state": "sent", "sent_at": sent_at, "settled_at": sent_at, "attempted_at": sent_at}
        values |= {"error": None, "hold": None, "handle": None}
        came_back = and_(outbox.c.state == "failed", outbox.c.sent_at.is_not(None))
        here = (outbox.c.dedup_key == dedup_key, outbox.c.state.not_in(_SETTLED), not_(came_back))
        with self._database.write() as connection:
            row = connection.execute(update(outbox).where(*here).values(**values).returning(*outbox.c)).one_or_none()
            if row is not None:
                went_out(connection, row, sent_at, follow_up_on)

    def owed_copies(self) -> list[OutboxItem]:
        """Sent mail of which Sent has no copy yet, as far as its bytes are still kept."""
        owed = (outbox.c.state == "sent", outbox.c.handle == _COPY_OWED, outbox.c.raw.is_not(None))
        return _all(self._database, _query().where(*owed))

    def filed(self, dedup_key: str) -> None:
        """Its copy lies in Sent, or is given up."""
        here = (outbox.c.dedup_key == dedup_key, outbox.c.state == "sent")
        with self._database.write(in_turn=False) as connection:
            connection.execute(update(outbox).where(*here).values(handle=None))

    def retry(
        self, dedup_key: str, *, next_attempt_at: datetime, error: str, to: tuple[str, ...] | None = None
    ) -> None:
        """It did not go out: again at `next_attempt_at`, prepared anew; with `to` only to those who have not got it.
        `error` is a phrase without personal data."""
        values = {"state": "pending", "next_attempt_at": next_attempt_at, "error": error, "handle": None}
        self._settle(dedup_key, values if to is None else {**values, "recipients": to})

    def put_off(self, destination: str, until: datetime) -> int:
        """Let pending mail to one destination (an address, or a domain) wait too; how many were put off."""
        wanted = (outbox.c.state == "pending", outbox.c.next_attempt_at < until)
        with self._database.write(in_turn=False) as connection:
            rows = connection.execute(select(outbox.c.dedup_key, outbox.c.recipients).where(*wanted)).all()
            keys = [row.dedup_key for row in rows if any(_goes_to(one, destination) for one in row.recipients)]
            for piece in chunks(keys):
                here = outbox.c.dedup_key.in_(piece)
                connection.execute(update(outbox).where(here, *wanted).values(next_attempt_at=until))
        return len(keys)

    def replace(self, dedup_key: str, mail: NewMail, *, error: str, now: datetime) -> None:
        """This mail can never go; `mail` goes in its place, queued in the same transaction."""
        values = {"state": "cancelled", "error": error, "settled_at": now, "handle": None}
        with self._database.write() as connection:
            row = _settle(connection, dedup_key, values)
            if row is not None:
                queue(connection, [mail], self._references, now)
                audit.append(connection, [NewLine(actor=RULES, action="mail_replaced", ref=row.ref)], now=now)

    def failed(self, dedup_key: str, *, error: str, now: datetime) -> None:
        """Refused for good; a person must act."""
        self._settle(dedup_key, {"state": "failed", "error": error, "settled_at": now})

    def returned(self, message_id: str, *, error: str, now: datetime) -> None:
        """It went out and came back: failed, and what had moved with it moves back."""
        here = (outbox.c.message_id == message_id, outbox.c.state.in_(("sent", "unknown")))
        values = {"state": "failed", "error": error, "settled_at": now, "handle": None}
        with self._database.write() as connection:
            for row in connection.execute(update(outbox).where(*here).values(**values).returning(*outbox.c)).all():
                audit.append(connection, [NewLine(actor=RULES, action="mail_returned", ref=row.ref)], now=now)
                came_back(connection, row, now)

    def unknown(self, dedup_key: str, *, error: str, now: datetime) -> None:
        """Nobody can tell whether it went out; a person must decide."""
        self._settle(dedup_key, {"state": "unknown", "error": error, "settled_at": now})

    def hold(self, dedup_key: str, *, reason: str, now: datetime) -> None:  # noqa: ARG002
        """Put a claimed mail aside unsent until a person releases it."""
        self._settle(dedup_key, {"state": "held", "hold": reason})

    def list(self, states: Sequence[OutboxState] | None = None) -> list[OutboxItem]:
        """Mail in the order it was queued."""
        return _all(self._database, _query() if states is None else _query().where(outbox.c.state.in_(states)))

    def count(self, states: Sequence[OutboxState]) -> int:
        """How many mails are in one of these states."""
        query = select(func.count()).select_from(outbox).where(outbox.c.state.in_(states))
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def get(self, ref_or_message_id: str) -> OutboxItem:
        """The mail that a REF (its own, or that of the item it belongs to) or Message-ID names."""
        with self._database.read() as connection:
            return _record(self._find(connection, ref_or_message_id))

    def raw_of(self, message_id: str) -> bytes | None:
        """The bytes of a mail of ours, as far as they are still kept."""
        query = select(outbox.c.raw).where(outbox.c.message_id == message_id)
        with self._database.read() as connection:
            return connection.execute(query).scalars().first()

    def of_message(self, message_ref: str) -> Sequence[OutboxItem]:
        """Mail that was caused by a message."""
        items = select(unit_messages.c.ref).where(unit_messages.c.message_ref == message_ref)
        return _all(self._database, _query().where(outbox.c.item_ref.in_(items)))

    def known_ids(self, message_ids: Iterable[str]) -> frozenset[str]:
        """Those of `message_ids` that are mailbot's own mail: queued here, or sealed with this installation's key (a
        restored database does not know what went out since)."""
        wanted = sorted(set(message_ids))
        found = {one for one in wanted if self._references.is_ours(one, one.rpartition("@")[2].rstrip(">"))}
        with self._database.read() as connection:
            found.update(message_id for (message_id,) in find(connection, _MESSAGE_IDS, wanted))
        return frozenset(found)

    @journaled("outbox.release")
    def release(self, ref: str, *, by: str, now: datetime) -> None:
        """A person lets held, failed or unclear mail go (again)."""
        # A draft of an earlier attempt may be gone or sent: the next attempt prepares its own.
        # Its attempts are counted anew: a person means that it is tried as long as any other.
        values = {"state": "pending", "next_attempt_at": now, "attempts": 0}
        values |= {"hold": None, "handle": None, "settled_at": None}
        self._decide(ref, values, "released", by=by, now=now, only=("held", "unknown", "failed"))

    @journaled("outbox.cancel")
    def cancel(self, ref: str, *, by: str, now: datetime) -> None:
        """A person decides that it shall never go out."""
        values = {"state": "cancelled", "settled_at": now}
        self._decide(ref, values, "cancelled", by=by, now=now, only=("pending", "held", "unknown", "failed"))

    def sent_since(self, instant: datetime, *, kind: str | None = None, to: str | None = None) -> int:
        """How many mails went out, or may have, at or after `instant`: what the brakes against mail storms count."""
        wanted = [outbox.c.attempted_at >= instant, outbox.c.state.in_(("sending", "sent", "unknown"))]
        if kind is not None:
            wanted.append(outbox.c.kind == kind)
        with self._database.read() as connection:
            if to is None:
                return int(connection.execute(select(func.count()).select_from(outbox).where(*wanted)).scalar_one())
            lists = connection.execute(select(outbox.c.recipients).where(*wanted)).scalars()
            return sum(to.lower() in (address.lower() for address in addresses) for addresses in lists)

    def _settle(self, dedup_key: str, values: dict[str, Any]) -> None:
        with self._database.write(in_turn=False) as connection:
            _settle(connection, dedup_key, values)

    def _find(self, connection: Connection, text: str) -> Row[Any]:
        ref, message_id = parse_ref(text), message_id_form(text)
        named = or_(outbox.c.ref == ref, outbox.c.item_ref == ref) if ref else outbox.c.message_id == message_id
        rows = connection.execute(_query().where(named)).all()
        exact = [row for row in rows if row.ref == ref] or rows
        if not exact:
            raise NotFound(f"no mail {shown_form(text)} in the outbox; `mailbot outbox list` shows them")
        if len(exact) > 1:
            raise UserError(f"{shown_form(text)} has several mails; name one: {', '.join(row.ref for row in exact)}")
        return exact[0]

    def _decide(
        self, text: str, values: dict[str, Any], action: str, *, by: str, now: datetime, only: Sequence[OutboxState]
    ) -> None:
        with self._database.write() as connection:
            row = self._find(connection, text)
            if row.state not in only:
                raise UserError(f"{row.ref} is {row.state}, so it cannot be {action}")
            if action == "released" and row.raw is None:
                raise UserError(f"the text of {row.ref} has been dropped after its retention period; it cannot be sent")
            if action == "released" and row.sent_at is not None:
                values = {**values, **self._anew(row)}
            connection.execute(update(outbox).where(outbox.c.dedup_key == row.dedup_key).values(**values))
            audit.append(connection, [NewLine(actor=by, action=f"mail_{action}", ref=row.ref)], now=now)

    def _anew(self, row: Row[Any]) -> dict[str, Any]:
        """What came back goes out as a mail of its own: of the first one, Sent would say that it has gone."""
        again = self._references.message_id(
            f"{row.dedup_key} after {row.message_id}", row.message_id[1:-1].rpartition("@")[2]
        )
        raw = row.raw.replace(row.message_id.encode(), again.encode(), 1)
        return {"message_id": again, "raw": raw, "sent_at": None}


def _settle(connection: Connection, dedup_key: str, values: dict[str, Any]) -> Row[Any] | None:
    """Change a row that is being sent or unclear; None when somebody else settled it meanwhile."""
    in_doubt = outbox.c.state.in_(("sending", "unknown"))
    return connection.execute(
        update(outbox).where(outbox.c.dedup_key == dedup_key, in_doubt).values(**values).returning(*outbox.c)
    ).one_or_none()


def _goes_to(address: str, destination: str) -> bool:
    return destination.lower() in (address.lower(), address.rpartition("@")[2].lower())


def _all(database: Database, query: Select[Any]) -> list[OutboxItem]:
    rows = database.all(query)
    return [_record(row) for row in rows]


def _query() -> Select[Any]:
    return select(outbox).order_by(outbox.c.created_at, outbox.c.dedup_key)


_FIELDS = tuple(name for name in OutboxItem.__dataclass_fields__ if name != "to")


def _record(row: Row[Any]) -> OutboxItem:
    return OutboxItem(to=row.recipients, **{name: getattr(row, name) for name in _FIELDS})
