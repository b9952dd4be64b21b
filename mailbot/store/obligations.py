"""Who owes an answer, and what people do about it."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, exists, or_, select, update

from mailbot.errors import UserError
from mailbot.store import audit
from mailbot.store.answer_marks import marked_answers
from mailbot.store.audit import RULES, Detail, NewLine
from mailbot.store.database import Database, chunks
from mailbot.store.decisions import journaled
from mailbot.store.lookup import the_only, unit_items
from mailbot.store.records import Obligation, ObligationState, ProposedAnswer
from mailbot.store.references import References
from mailbot.store.settling import settle
from mailbot.store.tables import decisions, messages, obligations, outbox, sent_traces, unit_messages


class Obligations:
    """Open, answered and dismissed duties to answer. Mutators take the actor ("person:ID") and the instant."""

    def __init__(self, database: Database, references: References) -> None:
        self._database = database
        self._references = references

    def list(
        self,
        *,
        states: Sequence[ObligationState] = ("open",),
        unit: str | None = None,
        assignee: str | None = None,
        mailbox: str | None = None,
    ) -> list[Obligation]:
        """Obligations by due date (those without one last), then by arrival."""
        return list(self.each(states=states, unit=unit, assignee=assignee, mailbox=mailbox))

    def each(
        self,
        *,
        states: Sequence[ObligationState] = ("open",),
        unit: str | None = None,
        assignee: str | None = None,
        mailbox: str | None = None,
        since: datetime | None = None,
    ) -> Iterator[Obligation]:
        """The same one after the other: there may be as many as there is mail that nobody has looked at. With `since`
        those that began, got a holding reply, or were answered at or after that instant."""
        query = _listed().where(obligations.c.state.in_(states))
        if since is not None:
            happened = (obligations.c.received_at, obligations.c.acknowledged_at, obligations.c.met_at)
            query = query.where(or_(*(instant >= since for instant in happened)))
        wanted = {"unit": unit, "assignee": assignee, "mailbox": mailbox}
        for name, value in wanted.items():
            if value is not None:
                query = query.where(obligations.c[name] == value)
        return map(_of_listed, self._database.each(query))

    def assignees(self) -> frozenset[str]:
        """Who owes an answer now ("" = nobody in particular)."""
        query = select(obligations.c.assignee).where(obligations.c.state == "open").distinct()
        with self._database.read() as connection:
            return frozenset(connection.execute(query).scalars())

    def get(self, ref_or_message_id: str) -> Obligation:
        """The obligation that this reference or Message-ID belongs to. UserError when there is none, or several."""
        with self._database.read() as connection:
            return _record(self._find(connection, ref_or_message_id))

    def of_message(self, message_ref: str) -> Sequence[Obligation]:
        """The obligations that a message counts to, at most one per unit."""
        counted_to = select(unit_messages.c.obligation_ref).where(unit_messages.c.message_ref == message_ref)
        return _all(self._database, _query().where(obligations.c.ref.in_(counted_to)))

    def awaiting_holding_reply(self, today: date, *, late: bool = True) -> Sequence[Obligation]:
        """Open, judged, due, answerable obligations whose asker has heard nothing yet and has nothing queued; without
        the `late` ones those that are due today."""
        queued = exists().where(outbox.c.item_ref == obligations.c.ref, outbox.c.kind == "holding_reply")
        return _all(
            self._database,
            _query().where(
                obligations.c.state == "open",
                obligations.c.judged,
                obligations.c.answer_allowed,
                (obligations.c.due_on <= today) if late else (obligations.c.due_on == today),
                obligations.c.acknowledged_at.is_(None),
                ~queued,
            ),
        )

    def proposed_answers(self, refs: Sequence[str]) -> dict[str, ProposedAnswer]:
        """REF -> what suggests that it was answered, of open ones: the first mail after the question that went to its
        asker under the same subject; failing that, the mark of a reply."""
        found: dict[str, ProposedAnswer] = {}
        with self._database.read() as connection:
            for piece in chunks(sorted(set(refs))):
                found.update(marked_answers(connection, piece))
                questions = connection.execute(_unanswered(piece)).all()
                sent = _sent_under(connection, [row.subject_print for row in questions])
                for row in questions:
                    askers = {row.asker_print, row.other_asker_print}
                    since = max(row.received_at, row.reopened_at or row.received_at)
                    fitting = (
                        trace
                        for trace in sent[row.subject_print]
                        if trace.sent_at > since and askers.intersection(trace.recipient_prints)
                    )
                    if (first := next(fitting, None)) is not None:
                        found[row.ref] = ProposedAnswer(how="sent", mailbox=first.mailbox, at=first.sent_at)
        return found

    def to_pass_on(self, refs: Sequence[str]) -> frozenset[str]:
        """Those of these obligations whose question was judged to be another authority's affair."""
        proposed = decisions.c.decision.contains('"propose_passing_on"')
        found: set[str] = set()
        with self._database.read() as connection:
            for piece in chunks(sorted(set(refs))):
                query = select(unit_messages.c.obligation_ref).join(
                    decisions, decisions.c.item_ref == unit_messages.c.ref
                )
                wanted = (unit_messages.c.obligation_ref.in_(piece), decisions.c.side == "received", proposed)
                found.update(connection.execute(query.where(*wanted)).scalars())
        return frozenset(found)

    def withdraw_holding_replies(self, now: datetime) -> int:
        """Cancel holding replies that still wait although nobody waits for an answer any more; how many.

        What is queued may wait for days (a pause, a hold, a server out of reach), and meanwhile a person answers.
        """
        goes_on = select(unit_messages.c.obligation_ref).where(unit_messages.c.ref == outbox.c.item_ref)
        belongs = or_(obligations.c.ref == outbox.c.item_ref, obligations.c.ref.in_(goes_on))
        still_owed = exists().where(obligations.c.state == "open", belongs)
        wanted = (outbox.c.kind == "holding_reply", outbox.c.state.in_(("pending", "held")), ~still_owed)
        with self._database.write() as connection:
            cancelled = update(outbox).where(*wanted).values(state="cancelled", settled_at=now).returning(outbox.c.ref)
            refs = connection.execute(cancelled).scalars()
            lines = [NewLine(actor=RULES, action="mail_cancelled", ref=ref) for ref in refs]
            audit.append(connection, lines, now=now)
        return len(lines)

    def holding_replies_on_their_way(self) -> dict[str, int]:
        """Asker -> holding replies that are queued and have not left."""
        query = select(outbox.c.recipients).where(outbox.c.kind == "holding_reply", outbox.c.state == "pending")
        with self._database.read() as connection:
            return Counter(asker for recipients in connection.execute(query).scalars() for asker in recipients)

    @journaled("obligations.assign")
    def assign(self, ref: str, person_id: str, *, by: str, now: datetime) -> None:
        """Make `person_id` ("" = nobody in particular) answer it; later mail does not change that."""
        detail = {"assignee": person_id}
        self._change(ref, {"assignee": person_id, "assigned_by": by}, "assigned", by=by, now=now, detail=detail)

    @journaled("obligations.answered")
    def answered(self, ref: str, *, how: str, by: str, now: datetime, at: datetime | None = None) -> None:
        """A person says that it was answered, perhaps elsewhere (`how`: telephone, visit, letter ...).

        `at` is when, where that is known (see `proposed_answers`); else it is now.
        """
        values = {"state": "answered", "met_at": at or now, "met_by": by, "reason": how, "settled_by_person": True}
        self._change(ref, values, "answered", by=by, now=now, only=("open",))

    @journaled("obligations.dismiss")
    def dismiss(self, ref: str, *, reason: str, by: str, now: datetime) -> None:
        """A person says that no answer is owed."""
        values = {"state": "dismissed", "met_at": now, "met_by": by, "reason": reason, "settled_by_person": True}
        self._change(ref, values, "dismissed", by=by, now=now, only=("open",))

    @journaled("obligations.reopen")
    def reopen(self, ref: str, *, by: str, now: datetime) -> None:
        """A person says that the answer is still owed; what was sent until now does not count."""
        values = {
            "state": "open",
            "met_at": None,
            "met_by": None,
            "reason": None,
            "settled_by_person": False,
            "reopened_at": now,
        }
        self._change(ref, values, "reopened", by=by, now=now, only=("answered", "dismissed"), recompute=True)

    @journaled("obligations.release_held")
    def release_held(self, mailbox: str | None = None, *, by: str, now: datetime) -> int:
        """Let automatic replies go that were held (first pass, burst, reset); how many open obligations that frees."""
        wanted = [obligations.c.hold_replies, obligations.c.state == "open"]
        if mailbox is not None:
            wanted.append(obligations.c.mailbox == mailbox)
        with self._database.write() as connection:
            refs = list(connection.execute(select(obligations.c.ref).where(*wanted)).scalars())
            # The questions remember it too, for when their obligation is computed again.
            held = unit_messages.c.obligation_ref.in_(select(obligations.c.ref).where(*wanted))
            connection.execute(update(unit_messages).where(held).values(hold_replies=False))
            connection.execute(update(obligations).where(*wanted).values(hold_replies=False, changed_at=now))
            lines = (NewLine(actor=by, action="replies_released", ref=ref) for ref in refs)
            audit.append(connection, lines, now=now)
        return len(refs)

    def _find(self, connection: Connection, text: str) -> Row[Any]:
        refs = [item.obligation_ref for item in unit_items(connection, self._references, text) if item.obligation_ref]
        ref = the_only(sorted(set(refs)), text, what="open item", command="replies list")
        return connection.execute(_query().where(obligations.c.ref == ref)).one()

    def _change(
        self,
        text: str,
        values: dict[str, Any],
        action: str,
        *,
        by: str,
        now: datetime,
        only: Sequence[ObligationState] = ("open", "answered", "dismissed"),
        detail: Detail | None = None,
        recompute: bool = False,
    ) -> None:
        with self._database.write() as connection:
            row = self._find(connection, text)
            if row.state not in only:
                if row.state == "open":
                    raise UserError(f"{row.ref} is open, there is nothing to reopen; `mailbot replies show {row.ref}`")
                raise UserError(
                    f"{row.ref} is {row.state} already; `mailbot replies reopen {row.ref}` opens it again first"
                )
            connection.execute(update(obligations).where(obligations.c.ref == row.ref).values(**values, changed_at=now))
            audit.append(connection, [NewLine(actor=by, action=action, ref=row.ref, detail=detail)], now=now)
            if recompute:
                settle(connection, [row.conversation], now)


def _unanswered(refs: Sequence[str]) -> Select[Any]:
    return (
        select(
            obligations.c.ref,
            obligations.c.received_at,
            obligations.c.reopened_at,
            messages.c.subject_print,
            messages.c.asker_print,
            messages.c.other_asker_print,
        )
        .join(messages, messages.c.ref == obligations.c.message_ref)
        .where(obligations.c.ref.in_(refs), obligations.c.state == "open", messages.c.subject_print.is_not(None))
    )


def _sent_under(connection: Connection, subject_prints: Sequence[str]) -> dict[str, list[Row[Any]]]:
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    for piece in chunks(sorted(set(subject_prints))):
        query = select(sent_traces).where(sent_traces.c.subject_print.in_(piece)).order_by(sent_traces.c.sent_at)
        for row in connection.execute(query):
            found[row.subject_print].append(row)
    return found


def _all(database: Database, query: Select[Any]) -> list[Obligation]:
    return [_record(row) for row in database.all(query)]


def _query() -> Select[Any]:
    return (
        select(
            obligations,
            messages.c.message_id,
            messages.c.subject,
            messages.c.asker,
            messages.c.confidential,
        )
        .join(messages, messages.c.ref == obligations.c.message_ref)
        .order_by(obligations.c.due_on.is_(None), obligations.c.due_on, obligations.c.received_at, obligations.c.ref)
    )


_FIELDS = tuple(Obligation.__dataclass_fields__)


def _listed() -> Select[Any]:
    """Only what a record holds, in its order: a digest goes through all that is open."""
    query = _query()
    return query.with_only_columns(*(query.selected_columns[name] for name in _FIELDS))


def _of_listed(row: Row[Any]) -> Obligation:
    values = dict(zip(_FIELDS, row, strict=True))
    values["asker"] = values["asker"] or ""
    return Obligation(**values)


def _record(row: Row[Any]) -> Obligation:
    values = {name: getattr(row, name) for name in _FIELDS}
    return Obligation(**{**values, "asker": row.asker or ""})
