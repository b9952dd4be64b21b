"""Dropping personal data when its time is over. References, fingerprints, decisions and the audit trail stay."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, exists, select, union, update

from mailbot.policy.profile import RetentionRules
from mailbot.store.database import Database
from mailbot.store.tables import (
    absences,
    answers,
    deliveries,
    diary_items,
    links,
    mandates,
    messages,
    obligations,
    outbox,
    sent_traces,
    tickets,
    unit_messages,
)

_OPEN_DIARY = ("proposed", "asked", "forwarded")
_OVER = ("sent", "cancelled", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """How many rows lost their personal data, or went."""

    mails: int
    messages: int
    traces: int
    deliveries: int


def purge(database: Database, now: datetime, rules: RetentionRules) -> Purged:
    """One transaction; `rules` counts in days."""
    mail_before = now - timedelta(days=rules.settled_mail)
    items_before = now - timedelta(days=rules.settled_items)
    traces_before = now - timedelta(days=rules.unmatched_sent_traces)
    with database.write() as connection:
        result = Purged(
            mails=_drop_mail(connection, mail_before, items_before),
            messages=_drop_personal_data(connection, items_before),
            traces=_drop_traces(connection, traces_before),
            deliveries=_drop_deliveries(connection, items_before),
        )
        _drop_loose_links(connection)
        _drop_absences(connection, items_before)
        _drop_answers(connection, items_before)
    return result


def _drop_mail(connection: Connection, mail_before: datetime, items_before: datetime) -> int:
    settled = (outbox.c.state.in_(("sent", "cancelled")), outbox.c.settled_at < mail_before)
    dropped = connection.execute(update(outbox).where(*settled, outbox.c.raw.is_not(None)).values(raw=None)).rowcount
    # What failed may still be released by a person for as long as settled items are kept.
    over = (outbox.c.state.in_(_OVER), outbox.c.settled_at < items_before, outbox.c.envelope_from != "-")
    values: dict[str, Any] = {"raw": None, "recipients": (), "envelope_from": "-", "error": None, "hold": None}
    connection.execute(update(outbox).where(*over).values(**values))
    return dropped


def _drop_personal_data(connection: Connection, before: datetime) -> int:
    """Subject, names, addresses and Message-ID of messages that nothing waits for any more."""
    owed = exists().where(
        unit_messages.c.message_ref == messages.c.ref,
        unit_messages.c.obligation_ref == obligations.c.ref,
        (obligations.c.state == "open") | (obligations.c.met_at >= before),
    )
    diarised = exists().where(
        diary_items.c.message_ref == messages.c.ref,
        diary_items.c.state.in_(_OPEN_DIARY) | (diary_items.c.settled_at >= before),
    )
    over = (messages.c.recorded_at < before, messages.c.sender.is_not(None), ~owed, ~diarised)
    old = select(messages.c.ref).where(*over)
    old_items = select(unit_messages.c.ref).where(unit_messages.c.message_ref.in_(old))
    connection.execute(update(obligations).where(obligations.c.ref.in_(old_items)).values(reason=None))
    connection.execute(update(diary_items).where(diary_items.c.ref.in_(old_items)).values(reason=None))
    values = {"message_id": None, "subject": None, "sender": None, "sender_name": None, "asker": None}
    return connection.execute(update(messages).where(*over).values(**values)).rowcount


def _drop_traces(connection: Connection, before: datetime) -> int:
    # A trace that met an obligation stays: without it the question would seem unanswered again.
    over = (sent_traces.c.recorded_at < before, ~sent_traces.c.matched)
    return connection.execute(delete(sent_traces).where(*over)).rowcount


def _drop_deliveries(connection: Connection, before: datetime) -> int:
    return connection.execute(delete(deliveries).where(deliveries.c.gone_at < before)).rowcount


def _drop_answers(connection: Connection, before: datetime) -> None:
    """Who answered what, long after the answer could still be given."""
    connection.execute(delete(tickets).where(tickets.c.expires_at < before))
    # The row stays: a copy that is read again must not be acted upon again.
    over = (answers.c.settled_at < before, answers.c.person.is_not(None))
    connection.execute(update(answers).where(*over).values(person=None))


def _drop_loose_links(connection: Connection) -> None:
    alive = union(select(messages.c.conversation), select(sent_traces.c.conversation)).subquery()
    connection.execute(delete(links).where(links.c.conversation.not_in(select(alive.c.conversation))))


def _drop_absences(connection: Connection, before: datetime) -> None:
    """Absences that are over, with their covers, and mandates that hold no more."""
    over = (absences.c.state.in_(("ended", "cancelled")), absences.c.changed_at < before)
    connection.execute(delete(absences).where(*over, absences.c.back_on < before.date()))
    past = (mandates.c.to_on < before.date()) | (mandates.c.revoked_at < before)
    connection.execute(delete(mandates).where(past))
