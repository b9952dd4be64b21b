"""What people mailed back: the tickets that let them, and the mails in mailbot's own mailbox."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select, update

from mailbot.store import audit
from mailbot.store.audit import RULES, NewLine
from mailbot.store.database import Database, chunks, upsert
from mailbot.store.recording import record_outcomes
from mailbot.store.records import AnswerRow, AnswerSeen, AnswerState, Outcome, Ticket
from mailbot.store.references import References
from mailbot.store.tables import answers, cursors, sent_traces, tickets


class Answers:
    """Recording and settling answers. A mail is known by its content key: a second copy brings nothing about."""

    def __init__(self, database: Database, references: References) -> None:
        self._database = database
        self._references = references

    def record(
        self,
        *,
        mailbox: str,
        folder_id: str,
        seen: Sequence[AnswerSeen],
        vanished: Sequence[str],
        cursor: str,
        now: datetime,
    ) -> int:
        """Note what lies in a folder of the service mailbox together with the cursor (invariant 1); how many are new.

        Of a mail that is known only its place changes. `vanished` was listed and could not be fetched.
        """
        found = {self._references.fingerprint(one.content_key): one for one in seen}
        with self._database.write() as connection:
            known = _known(connection, sorted(found))
            fresh = [_new_row(key, one, now) for key, one in found.items() if key not in known]
            if fresh:
                connection.execute(answers.insert(), fresh)
            for key in known:
                place = {"folder": found[key].folder, "delivery_id": found[key].delivery_id}
                connection.execute(update(answers).where(answers.c.content_print == key).values(**place))
            lines = [
                NewLine(
                    actor=RULES,
                    action="vanished",
                    detail={"mailbox": mailbox, "delivery": self._references.fingerprint(delivery_id)},
                )
                for delivery_id in vanished
            ]
            audit.append(connection, lines, now=now)
            row = {"mailbox": mailbox, "folder": folder_id, "cursor": cursor, "updated_at": now}
            upsert(connection, cursors, [row])
        return len(fresh)

    def waiting(self) -> list[AnswerRow]:
        """What nothing has come of yet, oldest first."""
        rows = self._database.all(_query().where(answers.c.state == "waiting"))
        return [_record(row) for row in rows]

    def settled_since(self, instant: datetime, states: Sequence[AnswerState]) -> list[AnswerRow]:
        """What was settled at or after `instant` and ended in one of `states`, oldest first."""
        wanted = (answers.c.state.in_(states), answers.c.settled_at >= instant)
        rows = self._database.all(_query().where(*wanted))
        return [_record(row) for row in rows]

    def settle(
        self,
        content_print: str,
        state: AnswerState,
        *,
        reason: str | None,
        person: str | None,
        ticket: Ticket | None = None,
        now: datetime,
    ) -> None:
        """What came of an answer. `ticket` is the one that it used; its first use is remembered."""
        values = {"state": state, "reason": reason, "person": person, "settled_at": now}
        here = (answers.c.content_print == content_print, answers.c.state == "waiting")
        with self._database.write() as connection:
            if not connection.execute(update(answers).where(*here).values(**values)).rowcount:
                return
            if ticket is not None:
                unused = (tickets.c.code_print == ticket.code_print, tickets.c.used_at.is_(None))
                used = {"used_at": now, "used_by": content_print}
                connection.execute(update(tickets).where(*unused).values(**used))
            if state != "ignored":
                detail = {"state": state, "reason": reason, "kind": ticket.kind if ticket else None}
                actor = f"person:{person}" if state in ("done", "unclear") and person else RULES
                audit.append(connection, [NewLine(actor=actor, action="answer_read", detail=detail)], now=now)

    def settle_as_mail(self, content_print: str, outcome: Outcome, *, reason: str, now: datetime) -> None:
        """It was no answer to us but mail to the organisation: what follows from it is recorded as in any mailbox,
        together with the state of the row (invariant 1)."""
        here = (answers.c.content_print == content_print, answers.c.state == "waiting")
        values = {"state": "ignored", "reason": reason, "person": None, "settled_at": now}
        with self._database.write() as connection:
            if connection.execute(update(answers).where(*here).values(**values)).rowcount:
                record_outcomes(connection, [outcome], self._references, now)

    def ticket_of_code(self, code: str) -> Ticket | None:
        """The ticket with this code, or None."""
        return self._ticket(tickets.c.code_print == self._references.fingerprint(code))

    def tickets_of_mails(self, message_ids: Iterable[str]) -> dict[str, Ticket]:
        """Message-ID -> the ticket that this mail of ours carried, of those that are known."""
        found: dict[str, Ticket] = {}
        with self._database.read() as connection:
            for piece in chunks(sorted(set(message_ids))):
                rows = connection.execute(select(tickets).where(tickets.c.message_id.in_(piece)))
                found.update((row.message_id, _ticket(row)) for row in rows)
        return found

    def is_in_sent(self, content_print: str, text_print: str, mailboxes: Iterable[str]) -> bool:
        """Whether the Sent folder of one of these mailboxes holds the same mail, word for word."""
        own = {mailbox.lower() for mailbox in mailboxes}
        query = select(sent_traces.c.mailbox).where(
            sent_traces.c.content_print == content_print, sent_traces.c.text_print == text_print
        )
        with self._database.read() as connection:
            return any(mailbox.lower() in own for mailbox in connection.execute(query).scalars())

    def _ticket(self, condition: Any) -> Ticket | None:
        with self._database.read() as connection:
            row = connection.execute(select(tickets).where(condition)).one_or_none()
        return _ticket(row) if row is not None else None


def _known(connection: Connection, prints: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for piece in chunks(prints):
        query = select(answers.c.content_print).where(answers.c.content_print.in_(piece))
        found.update(connection.execute(query).scalars())
    return found


def _new_row(content_print: str, one: AnswerSeen, now: datetime) -> dict[str, Any]:
    return {
        "content_print": content_print,
        "folder": one.folder,
        "delivery_id": one.delivery_id,
        "arrived_at": one.arrived_at,
        "read_at": now,
        "state": "waiting",
        "reason": None,
        "person": None,
        "settled_at": None,
    }


def _query() -> Select[Any]:
    return select(answers).order_by(answers.c.arrived_at, answers.c.content_print)


_ANSWER_FIELDS = tuple(AnswerRow.__dataclass_fields__)
_TICKET_FIELDS = tuple(Ticket.__dataclass_fields__)


def _record(row: Row[Any]) -> AnswerRow:
    return AnswerRow(**{name: getattr(row, name) for name in _ANSWER_FIELDS})


def _ticket(row: Row[Any]) -> Ticket:
    return Ticket(**{name: getattr(row, name) for name in _TICKET_FIELDS})
