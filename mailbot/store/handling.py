"""What people were seen to do in an authority mailbox: answers, moves, decisions. Flags such as \\Seen are no sign.

mailbot itself never moves mail, its own replies go out from the service mailbox, and automatic mail answers nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, exists, or_, select

from mailbot.store.database import Database, chunks
from mailbot.store.tables import audit, cursors, deliveries, messages, obligations, sent_traces, unit_messages

#: handing out, settling or taking up again an answer that is owed. What a registrar decides is no sign: they work from
#: the copies that were forwarded to them
_DECISIONS = ("assigned", "answered", "dismissed", "reopened")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Something a person did. `person` is a person id, or "" where a shared mailbox does not tell who it was."""

    how: Literal["reply", "move", "decision"]
    at: datetime
    person: str = ""


class Handling:
    """Looks for signs of people's work among what reading left behind."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def moved(self, mailbox: str, since: datetime, *, not_to: Sequence[str] = ()) -> datetime | None:
        """When a message was last seen to have moved between folders of `mailbox`, after `since`.

        It must have lain where it was at `since`: what a server's rules file as it arrives was never there. `not_to`
        are folders (junk) into which servers move mail by themselves. A folder that vanished moved nothing.
        """
        before, after = deliveries.alias(), deliveries.alias()
        still_there = exists().where(cursors.c.mailbox == before.c.mailbox, cursors.c.folder == before.c.folder)
        query = (
            select(before.c.gone_at)
            .join(after, (after.c.message_ref == before.c.message_ref) & (after.c.mailbox == before.c.mailbox))
            .where(
                before.c.mailbox == mailbox,
                before.c.gone_at > since,
                before.c.listed_at <= since,
                after.c.folder != before.c.folder,
                after.c.folder.not_in(not_to),
                after.c.listed_at > since,
                after.c.gone_at.is_(None),
                still_there,
            )
            .order_by(before.c.gone_at.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            return connection.execute(query).scalar_one_or_none()

    def replies(self, mailbox: str, since: datetime, *, officers: Sequence[tuple[str, str]]) -> list[Deed]:
        """People's answers that were read after `since`: those filed in the mailbox's own Sent folder in a conversation
        that it received, and those by which one of `officers` (mailbox, person id) met a duty of it."""
        with self._database.read() as connection:
            return [*_from_mailbox(connection, mailbox, since), *_from_officers(connection, mailbox, since, officers)]

    def decisions(self, mailbox: str, since: datetime, *, people: Sequence[str]) -> list[Deed]:
        """What `people` (person ids) decided after `since` about answers owed to mail that came to `mailbox`."""
        here = select(unit_messages.c.ref).where(unit_messages.c.mailbox == mailbox)
        query = select(audit.c.actor, audit.c.at).where(
            audit.c.at > since,
            audit.c.ref.in_(here),
            audit.c.action.in_(_DECISIONS),
            or_(*(audit.c.actor.startswith(f"person:{person}", autoescape=True) for person in people)),
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all() if people else []
        deeds = [Deed(how="decision", at=row.at, person=_person(row.actor)) for row in rows]
        return [deed for deed in deeds if deed.person in people]


def _person(actor: str) -> str:
    """The person id of "person:lars" or "person:lars (login:it)"."""
    return actor.removeprefix("person:").partition(" ")[0]


def _from_mailbox(connection: Connection, mailbox: str, since: datetime) -> list[Deed]:
    received = exists().where(
        messages.c.conversation == sent_traces.c.conversation,
        messages.c.direction != "outgoing",
        unit_messages.c.message_ref == messages.c.ref,
        unit_messages.c.mailbox == mailbox,
        ~unit_messages.c.sent,
    )
    query = select(sent_traces.c.sent_at).where(
        sent_traces.c.mailbox == mailbox, sent_traces.c.recorded_at > since, sent_traces.c.answers, received
    )
    return [Deed(how="reply", at=sent_at) for sent_at in connection.execute(query).scalars()]


def _from_officers(
    connection: Connection, mailbox: str, since: datetime, officers: Sequence[tuple[str, str]]
) -> list[Deed]:
    people = dict(officers)
    found: list[Deed] = []
    for piece in chunks(sorted(people)):
        query = select(obligations.c.met_by, obligations.c.met_at).where(
            obligations.c.mailbox == mailbox,
            obligations.c.state == "answered",
            obligations.c.changed_at > since,
            obligations.c.met_by.in_(piece),
        )
        found += [Deed(how="reply", at=row.met_at, person=people[row.met_by]) for row in connection.execute(query)]
    return found
