"""The daily check of authority mailboxes: when mailbot read them, who checked them, who stands in (Bjurholm p. 4).

Days are local dates. Nothing is deleted: a check that was noted wrongly is withdrawn.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import Connection, func, select, update

from mailbot.store import audit
from mailbot.store.audit import Detail, NewLine
from mailbot.store.database import Database, insert_new, upsert
from mailbot.store.decisions import journaled
from mailbot.store.people_records import Attestation, DailyReading, StandIn
from mailbot.store.tables import attestations, daily_readings, stand_ins


class DailyChecks:
    """Every method is a transaction of its own; `by` is an audit actor ("person:ID")."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- what mailbot read ---

    def read(self, mailbox: str, day: date, at: datetime) -> None:
        """mailbot completed a reading of `mailbox` on `day`."""
        with self._database.write() as connection:
            row = {"mailbox": mailbox, "day": day, "first_read_at": at, "last_read_at": at}
            if not insert_new(connection, daily_readings, [row]):
                here = (daily_readings.c.mailbox == mailbox, daily_readings.c.day == day)
                connection.execute(update(daily_readings).where(*here).values(last_read_at=at))

    def last_read(self) -> dict[str, datetime]:
        """Mailbox -> its last reading that was noted here."""
        query = select(daily_readings.c.mailbox, func.max(daily_readings.c.last_read_at))
        with self._database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(query.group_by(daily_readings.c.mailbox))}

    def first_read(self) -> dict[str, datetime]:
        """Mailbox -> its very first reading: the duty to check begins there."""
        query = select(daily_readings.c.mailbox, func.min(daily_readings.c.first_read_at))
        with self._database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(query.group_by(daily_readings.c.mailbox))}

    def readings(self, first: date, last: date) -> list[DailyReading]:
        """The readings of the days from `first` to `last`."""
        query = select(daily_readings).where(daily_readings.c.day.between(first, last))
        rows = self._database.all(query.order_by(daily_readings.c.day, daily_readings.c.mailbox))
        return [
            DailyReading(row.mailbox, row.day, first_read_at=row.first_read_at, last_read_at=row.last_read_at)
            for row in rows
        ]

    # --- what people did ---

    @journaled("daily_checks.attest")
    def attest(self, check: Attestation, *, by: str, now: datetime) -> bool:
        """Note that the mailbox was checked. False: the same was known already, so nothing has changed."""
        with self._database.write() as connection:
            return _add(connection, [check], by, now) > 0

    def note_handling(self, checks: Iterable[Attestation], *, by: str, now: datetime) -> int:
        """Note what people were seen to do in the mailboxes; how much of it is new."""
        with self._database.write() as connection:
            return _add(connection, checks, by, now)

    @journaled("daily_checks.withdraw")
    def withdraw(self, mailbox: str, day: date, *, by: str, now: datetime) -> int:
        """A person says that the attestations of that day are wrong; how many. What was seen to be done stays."""
        said = attestations.c.how.in_(("command", "mail"))
        here = (attestations.c.mailbox == mailbox, attestations.c.day == day, said)
        with self._database.write() as connection:
            query = update(attestations).where(*here, attestations.c.withdrawn_at.is_(None))
            count = connection.execute(query.values(withdrawn_at=now)).rowcount
            if count:
                detail = {"mailbox": mailbox, "day": day.isoformat()}
                audit.append(connection, [NewLine(actor=by, action="check_withdrawn", detail=detail)], now=now)
        return count

    def checks(self, first: date, last: date) -> list[Attestation]:
        """Checks of the days from `first` to `last`, those in time first, then the earliest."""
        query = (
            select(attestations)
            .where(attestations.c.day.between(first, last), attestations.c.withdrawn_at.is_(None))
            .order_by(attestations.c.day, attestations.c.mailbox, attestations.c.late, attestations.c.at)
        )
        rows = self._database.all(query)
        return [
            Attestation(mailbox=row.mailbox, day=row.day, how=row.how, person=row.person, at=row.at, late=row.late)
            for row in rows
        ]

    # --- who stands in ---

    def ask_for_stand_in(self, unit: str, days: Sequence[date], *, now: datetime) -> None:
        """Note that the head was asked who checks on these days, so that nobody is asked twice. Whoever was named
        before cannot."""
        rows = [{"unit": unit, "day": day, "asked_at": now, "person": None, "named_at": None} for day in days]
        with self._database.write() as connection:
            upsert(connection, stand_ins, rows)

    @journaled("daily_checks.name_stand_in")
    def name_stand_in(self, unit: str, days: Sequence[date], person: str, *, by: str, now: datetime) -> None:
        """`person` checks the unit's mailboxes on these days when its officers are away."""
        rows = [{"unit": unit, "day": day, "person": person, "named_at": now} for day in days]
        detail: Detail = {"unit": unit, "person": person, "days": [day.isoformat() for day in days]}
        with self._database.write() as connection:
            upsert(connection, stand_ins, rows)
            audit.append(connection, [NewLine(actor=by, action="stand_in_named", detail=detail)], now=now)

    def stand_ins(self, first: date, last: date) -> list[StandIn]:
        """Days for which somebody was asked for or named."""
        query = (
            select(stand_ins).where(stand_ins.c.day.between(first, last)).order_by(stand_ins.c.unit, stand_ins.c.day)
        )
        with self._database.read() as connection:
            return [StandIn(row.unit, row.day, row.person) for row in connection.execute(query)]


def _add(connection: Connection, checks: Iterable[Attestation], by: str, now: datetime) -> int:
    """Insert what is new (a withdrawn one counts again), each with its line in the trail."""
    new = 0
    for check in checks:
        said = {"mailbox": check.mailbox, "how": check.how, "person": check.person}
        key = {**said, "day": check.day}
        here = [attestations.c[name] == value for name, value in key.items()]
        values = {"at": check.at, "late": check.late, "withdrawn_at": None}
        again = update(attestations).where(*here, attestations.c.withdrawn_at.is_not(None)).values(**values)
        if not (insert_new(connection, attestations, [{**key, **values}]) or connection.execute(again).rowcount):
            continue
        new += 1
        detail: Detail = {**said, "day": check.day.isoformat(), "late": check.late}
        audit.append(connection, [NewLine(actor=by, action="checked", detail=detail)], now=now)
    return new
