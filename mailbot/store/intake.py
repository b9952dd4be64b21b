"""What reading mail asks of the store and leaves in it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Connection, bindparam, case, delete, distinct, func, select

from mailbot.policy.model import Stage
from mailbot.store.answer_marks import Mark, record_marks, unmarked_questions
from mailbot.store.database import SOME, Database, chunks, find, find_values, upsert
from mailbot.store.handed_over import categorised, not_categorised
from mailbot.store.linking import stored_links
from mailbot.store.matters import matter_of
from mailbot.store.recording import record_folder_gone, record_gone, record_outcomes, record_vanished
from mailbot.store.records import ConversationFacts, JudgedCounts, KnownMessage, MailboxCheck, Matter, Outcome
from mailbot.store.references import References
from mailbot.store.tables import (
    cursors,
    decisions,
    deliveries,
    diary_items,
    mailbox_checks,
    messages,
    obligations,
    sent_traces,
    unit_messages,
)

__all__ = ["ConversationFacts", "Intake", "KnownMessage", "Mark"]


_NO_MARKS: Mapping[str, Mark] = MappingProxyType({})

#: written once: it is asked for every mailbox of every pass
_FOLDER_CURSORS = select(cursors.c.folder, cursors.c.cursor).where(cursors.c.mailbox == bindparam("mailbox"))
#: what is known of a batch of mail
_MESSAGES = select(messages.c.content_print, messages.c.ref, messages.c.unparsable).where(
    messages.c.content_print.in_(SOME)
)
_DECIDED = (
    select(unit_messages.c.message_ref, unit_messages.c.unit, decisions.c.side, decisions.c.stage)
    .join(decisions, decisions.c.item_ref == unit_messages.c.ref)
    .where(unit_messages.c.message_ref.in_(SOME))
)
_OPEN_UNITS = select(obligations.c.conversation, obligations.c.unit).where(
    obligations.c.conversation.in_(SOME), obligations.c.state == "open"
)
_WRITTEN_IN = select(sent_traces.c.conversation).where(sent_traces.c.conversation.in_(SOME))
_CONFIDENTIAL = select(messages.c.conversation).where(messages.c.conversation.in_(SOME), messages.c.confidential)
_NUMBERS = (
    select(messages.c.conversation, diary_items.c.number, diary_items.c.proposed_number)
    .join(messages, messages.c.ref == diary_items.c.message_ref)
    .where(messages.c.conversation.in_(SOME))
    .order_by(messages.c.received_at, messages.c.ref)
)


class Intake:
    """Cursors, what is known already, and the one transaction that records a batch."""

    def __init__(self, database: Database, references: References) -> None:
        self._database = database
        self._references = references

    def cursor(self, mailbox: str, folder_id: str) -> str | None:
        """How far this folder has been read; None: never."""
        query = select(cursors.c.cursor).where(cursors.c.mailbox == mailbox, cursors.c.folder == folder_id)
        with self._database.read() as connection:
            return connection.execute(query).scalar_one_or_none()

    def cursors(self, mailboxes: Sequence[str]) -> list[tuple[str, str]]:
        """(mailbox, cursor) of every folder of these mailboxes that has been read."""
        found: list[tuple[str, str]] = []
        with self._database.read() as connection:
            for some in chunks(mailboxes):
                query = select(cursors.c.mailbox, cursors.c.cursor).where(cursors.c.mailbox.in_(some))
                found.extend((mailbox, cursor) for mailbox, cursor in connection.execute(query))
        return found

    def folder_cursors(self, mailbox: str) -> dict[str, str]:
        """folder -> how far it has been read, of every folder of a mailbox that has been read."""
        with self._database.read() as connection:
            rows = connection.execute(_FOLDER_CURSORS, {"mailbox": mailbox})
            return {folder: cursor for folder, cursor in rows}  # noqa: C416 - a row is no pair to mypy

    def folder_gone(self, mailbox: str, folder_id: str, *, now: datetime) -> None:
        """The folder is no longer there: its copies are gone, and it is read from the beginning if it comes back."""
        with self._database.write() as connection:
            record_folder_gone(connection, mailbox, folder_id, now)
            connection.execute(delete(cursors).where(cursors.c.mailbox == mailbox, cursors.c.folder == folder_id))

    def last_sent_at(self, mailbox: str) -> datetime | None:
        """When the last mail was sent that this mailbox's Sent folder showed; None: none was seen."""
        query = select(func.max(sent_traces.c.sent_at)).where(sent_traces.c.mailbox == mailbox)
        with self._database.read() as connection:
            found: datetime | None = connection.execute(query).scalar_one()
        return found

    def has_been_read(self, mailbox: str) -> bool:
        """Whether a pass over this mailbox has ever been completed."""
        query = select(mailbox_checks.c.mailbox).where(mailbox_checks.c.mailbox == mailbox, mailbox_checks.c.finished)
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def known_deliveries(self, mailbox: str, folder_id: str, delivery_ids: Iterable[str]) -> dict[str, str]:
        """delivery id -> message ref, of those that are known and present in this folder."""
        found: dict[str, str] = {}
        here = (deliveries.c.mailbox == mailbox, deliveries.c.folder == folder_id, deliveries.c.gone_at.is_(None))
        with self._database.read() as connection:
            for piece in chunks(sorted(set(delivery_ids))):
                query = select(deliveries.c.delivery_id, deliveries.c.message_ref)
                rows = connection.execute(query.where(*here, deliveries.c.delivery_id.in_(SOME)), {"some": piece})
                found.update((delivery_id, ref) for delivery_id, ref in rows)
        return found

    def known_messages(self, content_keys: Iterable[str]) -> dict[str, KnownMessage]:
        """content key -> what is recorded about this message, of those that are known."""
        keys = {self._references.fingerprint(key): key for key in content_keys}
        with self._database.read() as connection:
            rows = list(find(connection, _MESSAGES, sorted(keys)))
            decided = _decided(connection, [row.ref for row in rows])
        return {
            keys[row.content_print]: KnownMessage(
                ref=row.ref,
                decided=frozenset(decided[row.ref]["received"]),
                decided_sent=frozenset(decided[row.ref]["sent"]),
                unparsable=row.unparsable is not None,
            )
            for row in rows
        }

    def conversations(self, message_ids: Iterable[str]) -> dict[str, ConversationFacts]:
        """Message-ID -> facts about the conversation that bears or names it, of those that are known."""
        prints = {self._references.fingerprint(message_id): message_id for message_id in message_ids}
        with self._database.read() as connection:
            linked = stored_links(connection, sorted(prints))
            wanted = sorted(set(linked.values()))
            units, written, secret, numbers = (
                _open_units(connection, wanted),
                find_values(connection, _WRITTEN_IN, wanted),
                find_values(connection, _CONFIDENTIAL, wanted),
                _diary_numbers(connection, wanted),
            )
        return {
            prints[one]: ConversationFacts(
                open_obligation_units=frozenset(units[conversation]),
                we_wrote=conversation in written,
                confidential=conversation in secret,
                diary_number=numbers.get(conversation),
            )
            for one, conversation in linked.items()
        }

    def matter(self, message_ids: Iterable[str]) -> Matter | None:
        """Where the conversation of these Message-IDs is dealt with; None when they are tied to nothing."""
        prints = {self._references.fingerprint(message_id) for message_id in message_ids}
        with self._database.read() as connection:
            return matter_of(connection, sorted(set(stored_links(connection, sorted(prints)).values())))

    def record(
        self,
        *,
        mailbox: str,
        folder_id: str,
        outcomes: Sequence[Outcome],
        gone: Sequence[str],
        cursor: str,
        reset: bool,
        now: datetime,
        vanished: Sequence[str] = (),
        marks: Mapping[str, Mark] = _NO_MARKS,
    ) -> None:
        """Write a batch and its cursor in one transaction: all of it, or nothing (invariant 1).

        `gone` are deliveries that left the folder, `vanished` those that were listed and could not be fetched any
        more, `marks` what mail programs noted on deliveries. `reset` says that the platform lists the folder anew from
        here: what it does not list again is gone.
        Recording the same again changes nothing. Raises TransientError when the database is locked.
        """
        with self._database.write() as connection:
            record_gone(connection, mailbox, folder_id, gone, reset=reset, now=now)
            if outcomes:
                record_outcomes(connection, outcomes, self._references, now)
            record_vanished(connection, mailbox, vanished, self._references, now)
            record_marks(connection, mailbox, folder_id, marks, now)
            row = {"mailbox": mailbox, "folder": folder_id, "cursor": cursor, "updated_at": now}
            upsert(connection, cursors, [row])

    def marked(self, mailbox: str, folder_id: str, marks: Mapping[str, Mark], *, now: datetime) -> None:
        """Note what mail programs noted on deliveries that are known."""
        with self._database.write() as connection:
            record_marks(connection, mailbox, folder_id, marks, now)

    def unmarked_questions(self, mailbox: str) -> dict[str, list[str]]:
        """folder -> deliveries there whose question is open, and on which no reply has been noted yet."""
        with self._database.read() as connection:
            return unmarked_questions(connection, mailbox)

    def not_categorised(self, mailboxes: Sequence[str], *, since: datetime) -> dict[str, list[str]]:
        """mailbox -> deliveries there that were handed over after `since`, and bear no category of ours yet."""
        with self._database.read() as connection:
            return not_categorised(connection, mailboxes, since)

    def categorised(self, mailbox: str, delivery_ids: Sequence[str], *, now: datetime) -> None:
        """They bear our category, or have vanished."""
        with self._database.write() as connection:
            categorised(connection, mailbox, delivery_ids, now)

    def checked(self, *checks: MailboxCheck) -> None:
        """Note passes over mailboxes, finished or failed."""
        rows = [
            {
                "mailbox": check.mailbox,
                "finished": check.completed_at is not None,
                "started_at": check.started_at,
                "completed_at": check.completed_at,
                "new_messages": check.new_messages,
                "error": check.error,
            }
            for check in checks
        ]
        with self._database.write() as connection:
            upsert(connection, mailbox_checks, rows)

    def judged_since(self, instant: datetime) -> JudgedCounts:
        """How many received messages were judged at or after `instant`, and how many of them are automatic."""
        automatic = decisions.c.decision.contains('"automatic":true', autoescape=True)
        query = (
            select(
                func.count(distinct(unit_messages.c.message_ref)),
                func.count(distinct(case((automatic, unit_messages.c.message_ref)))),
            )
            .join(unit_messages, unit_messages.c.ref == decisions.c.item_ref)
            .where(decisions.c.decided_at >= instant, decisions.c.side == "received")
        )
        with self._database.read() as connection:
            messages_judged, automatic_ones = connection.execute(query).one()
        return JudgedCounts(messages=messages_judged, automatic=automatic_ones)

    def last_checks(self) -> list[MailboxCheck]:
        """Per mailbox the last finished pass and the last failed one, the older first."""
        query = select(mailbox_checks).order_by(mailbox_checks.c.mailbox, mailbox_checks.c.started_at)
        rows = self._database.all(query)
        return [
            MailboxCheck(
                mailbox=row.mailbox,
                started_at=row.started_at,
                completed_at=row.completed_at,
                new_messages=row.new_messages,
                error=row.error,
            )
            for row in rows
        ]


def _decided(connection: Connection, refs: Sequence[str]) -> dict[str, dict[str, set[tuple[str, Stage]]]]:
    """message ref -> side -> units and how far they had read."""
    found: dict[str, dict[str, set[tuple[str, Stage]]]] = defaultdict(lambda: {"received": set(), "sent": set()})
    for message_ref, unit, side, stage in find(connection, _DECIDED, refs):
        found[message_ref][side].add((unit, Stage(stage)))
    return found


def _open_units(connection: Connection, conversations: Sequence[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for conversation, unit in find(connection, _OPEN_UNITS, conversations):
        found[conversation].add(unit)
    return found


def _diary_numbers(connection: Connection, conversations: Sequence[str]) -> dict[str, str]:
    """The registered number of a conversation, else the one found in its mail; the newest of several."""
    proposed: dict[str, str] = {}
    registered: dict[str, str] = {}
    for conversation, number, found in find(connection, _NUMBERS, conversations):
        if number:
            registered[conversation] = number
        if found:
            proposed[conversation] = found
    return proposed | registered
