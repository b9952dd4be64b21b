"""Messages and their copies: one row per content, one per copy, and one per unit that got a copy.

Copies arrive in any order, so every column is the fold of all copies: the earliest arrival, the first mailbox by
arrival and name, confidential if any judgment says so.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from mailbot.store.database import upsert
from mailbot.store.entries import Entry, address_print, subject_print
from mailbot.store.references import References
from mailbot.store.rows import RowSet
from mailbot.store.tables import deliveries, messages, unit_messages


def write_messages(connection: Connection, entries: Sequence[Entry], references: References, now: datetime) -> None:
    """Add the messages that are new, and fold what further copies tell into those that are known."""
    rows = RowSet(messages, "content_print")
    rows.load(connection, messages.c.content_print, [entry.content_print for entry in entries if entry.is_known])
    for entry in entries:
        known = rows.get(entry.content_print)
        if known is None:
            rows.add(_message_row(entry, references, now))
            continue
        confidential = known["confidential"] or _is_confidential(entry)
        shown = _shown(entry)
        changes: dict[str, Any] = {
            "received_at": min(known["received_at"], entry.outcome.received_at),
            "confidential": confidential,
            # A copy that could be read outweighs one that could not.
            "unparsable": known["unparsable"] and entry.outcome.unparsable,
        }
        if known["direction"] == "outgoing":
            changes["direction"] = entry.outcome.direction
        if confidential:
            changes |= {"subject": None, "sender_name": None}
        elif shown["subject"] is not None and known["sender"] is not None:  # not what retention has dropped
            changes |= shown
        rows.change(known, changes)
    rows.flush(connection)


def _is_confidential(entry: Entry) -> bool:
    return bool(entry.outcome.decision and entry.outcome.decision.confidential)


def _message_row(entry: Entry, references: References, now: datetime) -> dict[str, Any]:
    outcome, message = entry.outcome, entry.outcome.message
    asker = outcome.asker or (message.asker.email if message else "")
    return {
        "ref": entry.ref,
        "content_print": entry.content_print,
        "message_id": message.message_id if message else None,
        "message_id_print": entry.message_id_print,
        "conversation": entry.conversation,
        "direction": outcome.direction,
        "received_at": outcome.received_at,
        "recorded_at": now,
        "sender": message.author.email if message else None,
        **_shown(entry),
        "asker": asker,
        "asker_print": address_print(references, asker),
        "other_asker_print": address_print(references, outcome.other_asker) if outcome.other_asker else None,
        "subject_print": subject_print(references, message),
        "confidential": _is_confidential(entry),
        "unparsable": outcome.unparsable,
    }


def _shown(entry: Entry) -> dict[str, str | None]:
    """The words of a message that people may be shown. Unjudged mail (older than the clocks, gone before its text was
    read, beyond our rules) may be confidential, so nothing of it is kept."""
    message, decision = entry.outcome.message, entry.outcome.decision
    judged = decision is not None and entry.outcome.unparsable is None
    if message is None or not judged or _is_confidential(entry):
        return {"subject": None, "sender_name": None}
    return {"subject": message.subject, "sender_name": message.author.name}


def write_deliveries(connection: Connection, entries: Sequence[Entry], now: datetime) -> None:
    """Note where copies lie. A delivery id may be used again for another message (a changed UIDVALIDITY)."""
    rows = {
        (seen.mailbox, seen.folder, seen.delivery_id): {
            "mailbox": seen.mailbox,
            "folder": seen.folder,
            "delivery_id": seen.delivery_id,
            "message_ref": entry.ref,
            "internal_date": seen.internal_date,
            "listed_at": now,
            "gone_at": None,
            "mark": None,
            "marked_at": None,
        }
        for entry in entries
        for seen in (entry.outcome.delivery,)
    }
    upsert(connection, deliveries, list(rows.values()))


def unit_rows(connection: Connection, entries: Sequence[Entry]) -> tuple[RowSet, set[str]]:
    """The messages in their units, with the copies of this batch folded in, and the conversations where that changed
    a duty. The caller flushes."""
    changed = set()
    rows = RowSet(unit_messages, "message_ref", "unit")
    rows.load(connection, unit_messages.c.message_ref, [entry.ref for entry in entries if entry.is_known])
    for entry in entries:
        outcome = entry.outcome
        copy = {
            "mailbox": outcome.mailbox,
            "assignee": outcome.assignee,
            "received_at": outcome.received_at,
            "sent": entry.sent,
        }
        known = rows.get(entry.ref, outcome.unit)
        if known is None:
            rows.add({"ref": entry.item_ref, "message_ref": entry.ref, "unit": outcome.unit, **copy, **_NOT_OWED})
        elif _first_copy(copy) < _first_copy(known):
            rows.change(known, copy)
            changed.add(entry.conversation)
    return rows, changed


_NOT_OWED: dict[str, Any] = {
    "owes": None,
    "judged_stage": -1,
    "due_on": None,
    "document_due_on": None,
    "answer_allowed": False,
    "hold_replies": False,
    "language": None,
    "obligation_ref": None,
}


def _first_copy(copy: Any) -> tuple[bool, datetime, str]:
    return copy["sent"], copy["received_at"], copy["mailbox"]
