"""Who is away when, who covers which week, and what was installed for it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from mailbot.errors import UserError
from mailbot.policy.absence import Absence, Cover, Option
from mailbot.store import audit
from mailbot.store.audit import RULES, Detail, NewLine
from mailbot.store.database import Database, chunks, upsert
from mailbot.store.decisions import journaled
from mailbot.store.lookup import NotFound, shown_form
from mailbot.store.mandates import grant_for_absence, revoke_of_absence
from mailbot.store.people_records import AbsenceState, CoverAnswer, StoredAbsence
from mailbot.store.references import References, parse_ref
from mailbot.store.tables import absence_covers, absence_tokens, absences

#: an absence that stands: it is ahead or under way
STANDING: tuple[AbsenceState, ...] = ("planned", "active", "proven", "broken")


class Absences:
    """Absences. Mutators take the actor ("person:ID") and the instant; refs are those that `plan` returned."""

    def __init__(self, database: Database, references: References) -> None:
        self._database = database
        self._references = references

    def list(
        self,
        *,
        states: Sequence[AbsenceState] | None = None,
        person: str | None = None,
        from_: date | None = None,
        to: date | None = None,
    ) -> list[StoredAbsence]:
        """Absences by their first day. `from_` and `to` (both included) keep those with a day in between."""
        query = select(absences).order_by(absences.c.from_on, absences.c.person, absences.c.ref)
        if states is not None:
            query = query.where(absences.c.state.in_(states))
        if person is not None:
            query = query.where(absences.c.person == person)
        if from_ is not None:
            query = query.where(absences.c.back_on > from_)
        if to is not None:
            query = query.where(absences.c.from_on <= to)
        with self._database.read() as connection:
            return _records(connection, query)

    def get(self, ref: str) -> StoredAbsence:
        """The absence with this reference. UserError when there is none."""
        with self._database.read() as connection:
            return _records(connection, select(absences).where(absences.c.ref == _find(connection, ref).ref))[0]

    @journaled("absences.plan")
    def plan(
        self, absence: Absence, *, grants_mandate: bool = False, replaces: Sequence[str] = (), by: str, now: datetime
    ) -> str:
        """Store a new absence, and cancel those in `replaces`, in one transaction; its reference.

        With `grants_mandate` its person lets the colleague of option A read the mailbox meanwhile. UserError when the
        person has another standing absence on one of its days.
        """
        with self._database.write() as connection:
            for ref in replaces:
                self._cancel(connection, _find(connection, ref), by=by, now=now)
            _refuse_overlap(connection, absence)
            ref = self._new_ref(connection, absence, now)
            values = {"ref": ref, "state": "planned", "text_version": 1, "told_version": 0, "created_by": by}
            connection.execute(insert(absences).values(**values, **_columns(absence), created_at=now, changed_at=now))
            _write_covers(connection, ref, absence, {})
            if grants_mandate:
                grant_for_absence(connection, self._references, ref, absence, by=by, now=now)
            _note(connection, "absence_planned", ref, _told(absence), by, now)
            return ref

    @journaled("absences.change")
    def change(
        self,
        ref: str,
        absence: Absence,
        *,
        grants_mandate: bool = False,
        replaces: Sequence[str] = (),
        by: str,
        now: datetime,
    ) -> None:
        """Other dates, option or covers; the text gets a new version, which is planned anew. What is installed keeps
        its tokens, and covers who stay the same keep their answer. The rest is as in `plan`."""
        with self._database.write() as connection:
            row = _find(connection, ref, only=STANDING)
            for other in replaces:
                self._cancel(connection, _find(connection, other), by=by, now=now)
            _refuse_overlap(connection, absence, but=row.ref)
            before = {cover.week: cover for cover in _covers(connection, [row.ref]).get(row.ref, ())}
            values = {**_columns(absence), "state": "planned", "changed_at": now}
            values["text_version"] = row.text_version + 1
            connection.execute(update(absences).where(absences.c.ref == row.ref).values(**values))
            connection.execute(delete(absence_covers).where(absence_covers.c.absence_ref == row.ref))
            _write_covers(connection, row.ref, absence, before)
            # somebody else may change a week's cover: what the owner has allowed the colleague stays
            if grants_mandate or (absence.option.value, absence.colleague) != (row.option, row.colleague):
                revoke_of_absence(connection, row.ref, by=by, now=now)
            if grants_mandate:
                grant_for_absence(connection, self._references, row.ref, absence, by=by, now=now)
            _note(connection, "absence_changed", row.ref, _told(absence), by, now)

    @journaled("absences.cancel")
    def cancel(self, ref: str, *, by: str, now: datetime) -> None:
        """It will not be, or ends early: its own mandates end with it. What is installed is undone by its tokens."""
        with self._database.write() as connection:
            self._cancel(connection, _find(connection, ref, only=STANDING), by=by, now=now)

    def move(self, ref: str, state: AbsenceState, *, by: str = RULES, now: datetime) -> bool:
        """Put an absence that stands into another state; False when it is there, or stands no more."""
        with self._database.write() as connection:
            wanted = (absences.c.ref == ref, absences.c.state.in_(STANDING), absences.c.state != state)
            if not connection.execute(update(absences).where(*wanted).values(state=state, changed_at=now)).rowcount:
                return False
            _note(connection, "absence_state", ref, {"state": state}, by, now)
            return True

    def told(self, ref: str, version: int, *, now: datetime) -> None:
        """The mails that tell of this version are queued, those that ask its covers among them."""
        waiting = (absence_covers.c.absence_ref == ref, absence_covers.c.asked_at.is_(None))
        with self._database.write(in_turn=False) as connection:
            connection.execute(update(absences).where(absences.c.ref == ref).values(told_version=version))
            connection.execute(update(absence_covers).where(*waiting).values(asked_at=now))

    @journaled("absences.answer_cover")
    def answer_cover(
        self, ref: str, *, person: str, accepted: bool, weeks: Sequence[str] | None = None, by: str, now: datetime
    ) -> tuple[str, ...]:
        """What a cover said about their weeks of an absence (None: all of them); the weeks that changed.

        A later answer replaces an earlier one. UserError when the person covers none of them.
        """
        state = "accepted" if accepted else "declined"
        with self._database.write() as connection:
            row = _find(connection, ref)
            theirs = [
                cover
                for cover in _covers(connection, [row.ref]).get(row.ref, ())
                if cover.person == person and (weeks is None or cover.week in weeks)
            ]
            if not theirs:
                raise UserError(f"{person} covers no such week of {row.ref}; see `mailbot absence show {row.ref}`")
            changed = tuple(cover.week for cover in theirs if cover.state != state)
            here = (absence_covers.c.absence_ref == row.ref, absence_covers.c.week.in_(changed))
            connection.execute(update(absence_covers).where(*here).values(state=state, answered_at=now))
            if changed:
                _note(connection, f"cover_{state}", row.ref, {"weeks": list(changed)}, by, now)
            return changed

    def keep_token(self, ref: str, name: str, value: str, *, now: datetime) -> None:
        """Keep what a platform returned when it installed something; the newest of a name counts."""
        row = {"absence_ref": ref, "name": name, "value": value, "kept_at": now}
        with self._database.write() as connection:
            upsert(connection, absence_tokens, [row])

    def tokens(self, ref: str) -> Mapping[str, str]:
        """What is installed for this absence: name -> token."""
        query = select(absence_tokens.c.name, absence_tokens.c.value).where(absence_tokens.c.absence_ref == ref)
        with self._database.read() as connection:
            return {row.name: row.value for row in connection.execute(query.order_by(absence_tokens.c.name))}

    def drop_token(self, ref: str, name: str) -> None:
        """What it stood for is undone."""
        here = (absence_tokens.c.absence_ref == ref, absence_tokens.c.name == name)
        with self._database.write() as connection:
            connection.execute(delete(absence_tokens).where(*here))

    def _cancel(self, connection: Connection, row: Row[Any], *, by: str, now: datetime) -> None:
        values = {"state": "cancelled", "changed_at": now}
        connection.execute(update(absences).where(absences.c.ref == row.ref).values(**values))
        revoke_of_absence(connection, row.ref, by=by, now=now)
        _note(connection, "absence_cancelled", row.ref, None, by, now)

    def _new_ref(self, connection: Connection, absence: Absence, now: datetime) -> str:
        content = f"absence:{absence.person}:{absence.from_}:{now.isoformat()}"
        attempt = 0
        while True:
            ref = self._references.ref(content, "absence", attempt=attempt)
            if connection.execute(select(absences.c.ref).where(absences.c.ref == ref)).first() is None:
                return ref
            attempt += 1


def _find(connection: Connection, text: str, *, only: Sequence[AbsenceState] | None = None) -> Row[Any]:
    row = connection.execute(select(absences).where(absences.c.ref == (parse_ref(text) or text))).one_or_none()
    if row is None:
        raise NotFound(f"no absence {shown_form(text)}; `mailbot absence list` shows them")
    if only is not None and row.state not in only:
        raise UserError(f"{row.ref} is {row.state}, so it cannot be changed")
    return row


def _refuse_overlap(connection: Connection, absence: Absence, *, but: str = "") -> None:
    overlapping = (
        absences.c.person == absence.person,
        absences.c.state.in_(STANDING),
        absences.c.from_on < absence.back,
        absences.c.back_on > absence.from_,
        absences.c.ref != but,
    )
    found = connection.execute(select(absences.c.ref).where(*overlapping)).scalars().first()
    if found is not None:
        raise UserError(f"{absence.person} is away then already ({found}); use `--extend` or `--replace`")


def _columns(absence: Absence) -> dict[str, Any]:
    return {
        "person": absence.person,
        "from_on": absence.from_,
        "back_on": absence.back,
        "option": absence.option.value,
        "colleague": absence.colleague,
    }


def _told(absence: Absence) -> Detail:
    return {"option": absence.option.value, "weeks": [cover.week for cover in absence.covers]}


def _note(connection: Connection, action: str, ref: str, detail: Detail | None, by: str, now: datetime) -> None:
    audit.append(connection, [NewLine(actor=by, action=action, ref=ref, detail=detail)], now=now)


def _write_covers(connection: Connection, ref: str, absence: Absence, before: Mapping[str, CoverAnswer]) -> None:
    rows = []
    for cover in absence.covers:
        known = before.get(cover.week)
        if known is None or known.person != cover.person:
            known = CoverAnswer(week=cover.week, person=cover.person, state="asked", asked_at=None, answered_at=None)
        rows.append(
            {
                "absence_ref": ref,
                "week": known.week,
                "person": known.person,
                "state": known.state,
                "asked_at": known.asked_at,
                "answered_at": known.answered_at,
            }
        )
    if rows:
        connection.execute(insert(absence_covers), rows)


def _covers(connection: Connection, refs: Sequence[str]) -> dict[str, tuple[CoverAnswer, ...]]:
    found: dict[str, tuple[CoverAnswer, ...]] = {}
    for piece in chunks(refs):
        query = select(absence_covers).where(absence_covers.c.absence_ref.in_(piece))
        for row in connection.execute(query.order_by(absence_covers.c.absence_ref, absence_covers.c.week)):
            cover = CoverAnswer(
                week=row.week,
                person=row.person,
                state=row.state,
                asked_at=row.asked_at,
                answered_at=row.answered_at,
            )
            found[row.absence_ref] = (*found.get(row.absence_ref, ()), cover)
    return found


def _records(connection: Connection, query: Select[Any]) -> list[StoredAbsence]:
    rows = connection.execute(query).all()
    covers = _covers(connection, [row.ref for row in rows])
    return [_record(row, covers.get(row.ref, ())) for row in rows]


def _record(row: Row[Any], covers: tuple[CoverAnswer, ...]) -> StoredAbsence:
    absence = Absence(
        person=row.person,
        from_=row.from_on,
        back=row.back_on,
        option=Option(row.option),
        colleague=row.colleague,
        covers=tuple(Cover(cover.week, cover.person) for cover in covers),
    )
    return StoredAbsence(
        ref=row.ref,
        absence=absence,
        state=row.state,
        text_version=row.text_version,
        told_version=row.told_version,
        covers=covers,
        created_by=row.created_by,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )
