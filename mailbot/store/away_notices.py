"""What people said themselves about being away: "I am ill today". Never why: that is nobody's business here."""

from datetime import date, datetime

from sqlalchemy import select, update

from mailbot.store import audit
from mailbot.store.audit import NewLine
from mailbot.store.database import Database, upsert
from mailbot.store.decisions import journaled
from mailbot.store.people_records import AwayNotice
from mailbot.store.tables import away_notices


class AwayNotices:
    """Short notices of absence, by local dates. `person` is a person id, `by` an audit actor ("person:ID")."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @journaled("away_notices.add")
    def add(self, notice: AwayNotice, *, by: str, now: datetime) -> None:
        """Note that somebody is away; a notice that begins on the same day is replaced."""
        row = {
            "person": notice.person,
            "from_on": notice.from_on,
            "back_on": notice.back_on,
            "noted_at": now,
            "withdrawn_at": None,
        }
        detail = {"person": notice.person, "from": notice.from_on.isoformat(), "back": notice.back_on.isoformat()}
        with self._database.write() as connection:
            upsert(connection, away_notices, [row])
            audit.append(connection, [NewLine(actor=by, action="away_noted", detail=detail)], now=now)

    @journaled("away_notices.withdraw")
    def withdraw(self, person: str, day: date, *, by: str, now: datetime) -> bool:
        """Back at work on `day` and after: notices end there. False: none covered that day, so nothing has changed."""
        covers = (away_notices.c.person == person, away_notices.c.back_on > day, away_notices.c.withdrawn_at.is_(None))
        with self._database.write() as connection:
            query = update(away_notices).where(*covers)
            ended = connection.execute(query.where(away_notices.c.from_on >= day).values(withdrawn_at=now)).rowcount
            ended += connection.execute(query.where(away_notices.c.from_on < day).values(back_on=day)).rowcount
            if ended:
                detail = {"person": person, "back": day.isoformat()}
                audit.append(connection, [NewLine(actor=by, action="away_withdrawn", detail=detail)], now=now)
        return ended > 0

    def on(self, day: date) -> frozenset[str]:
        """Ids of those who said that they are away on `day`."""
        query = select(away_notices.c.person).where(
            away_notices.c.from_on <= day, away_notices.c.back_on > day, away_notices.c.withdrawn_at.is_(None)
        )
        with self._database.read() as connection:
            return frozenset(connection.execute(query).scalars())

    def list(self, since: date) -> list[AwayNotice]:
        """Notices that reach `since` or later, the earliest first."""
        query = (
            select(away_notices.c.person, away_notices.c.from_on, away_notices.c.back_on)
            .where(away_notices.c.back_on > since, away_notices.c.withdrawn_at.is_(None))
            .order_by(away_notices.c.from_on, away_notices.c.person)
        )
        with self._database.read() as connection:
            return [AwayNotice(person, from_on, back_on) for person, from_on, back_on in connection.execute(query)]
