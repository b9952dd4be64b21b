"""Writing one batch of outcomes: the steps of `Intake.record`, inside its transaction.

Bulk statements throughout: a batch costs a fixed number of queries, however many outcomes it has.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from mailbot.policy.refusals import auto_submitted
from mailbot.store import audit, copies, judgments, linking
from mailbot.store.audit import RULES, NewLine
from mailbot.store.bulk import insert_rows
from mailbot.store.database import SOME, chunks, find_values
from mailbot.store.entries import Entry, assign_references, prepare, recipient_prints, subject_print
from mailbot.store.proposing import propose
from mailbot.store.queueing import queue
from mailbot.store.records import NewMail, Outcome
from mailbot.store.references import References
from mailbot.store.settling import settle
from mailbot.store.tables import deliveries, diary_items, messages, sent_traces

_STORED = select(messages.c.content_print).where(messages.c.content_print.in_(SOME))
_DIARISED = (
    select(messages.c.conversation)
    .join(diary_items, diary_items.c.message_ref == messages.c.ref)
    .where(messages.c.conversation.in_(SOME))
)
_MATCHED = select(sent_traces.c.content_print).where(sent_traces.c.content_print.in_(SOME), sent_traces.c.matched)

_TO_REGISTRAR = frozenset({"forward", "announcement"})


def record_outcomes(connection: Connection, outcomes: Sequence[Outcome], references: References, now: datetime) -> None:
    """Everything that follows from `outcomes`, in the caller's transaction."""
    entries = [prepare(outcome, references) for outcome in outcomes]
    assign_references(connection, entries, references)
    conversations = linking.link(connection, [entry.linked for entry in entries])
    for entry in entries:
        entry.conversation = conversations.of[entry.linked.own]
    traced = _record_traces(connection, entries, conversations.nearest, references, now)
    kept, passing = _sorted_out(connection, entries)
    changed = _write(connection, kept, references, now)
    settle(connection, changed | traced | conversations.merged, now)
    # A sent mail that answered something is kept after all.
    answers = find_values(connection, _MATCHED, [entry.content_print for entry in passing])
    late = [entry for entry in passing if entry.content_print in answers]
    for entry in late:
        entry.is_known = True  # now perhaps: by a copy of it that was kept
    _write(connection, late, references, now)
    queue(connection, [mail for entry in entries for mail in _mail(entry)], references, now)


def _write(connection: Connection, entries: Sequence[Entry], references: References, now: datetime) -> set[str]:
    """Messages, copies, decisions and diary items; the conversations in which a duty changed."""
    if not entries:
        return set()
    copies.write_messages(connection, entries, references, now)
    copies.write_deliveries(connection, entries, now)
    units, moved = copies.unit_rows(connection, entries)
    fresh = judgments.first_decisions(connection, entries)
    changed = judgments.fold_judgments(units, fresh)
    units.flush(connection)  # decisions refer to these
    judgments.record_decisions(connection, fresh, now)
    propose(connection, fresh, now)
    return changed | moved


def _record_traces(
    connection: Connection,
    entries: Sequence[Entry],
    nearest: Mapping[str, str],
    references: References,
    now: datetime,
) -> set[str]:
    """Remember what went out; the conversations it may have answered."""
    sent = [entry for entry in entries if entry.sent]
    rows: list[dict[str, Any]] = []
    for entry in sent:
        closing = entry.closing
        rows.append(
            {
                "content_print": entry.content_print,
                "conversation": nearest[entry.linked.own],
                "mailbox": entry.outcome.delivery.mailbox,
                "sent_at": closing.sent_at if closing else entry.outcome.received_at,
                "recorded_at": now,
                "recipient_prints": recipient_prints(references, entry.outcome.message),
                "answers": closing is not None,
                "matched": False,
                "subject_print": subject_print(references, entry.outcome.message) if _by_person(entry) else None,
                "text_print": entry.outcome.text_print,
            }
        )
    insert_rows(connection, sent_traces, rows, on_conflict="skip")
    return {nearest[entry.linked.own] for entry in sent}


def _by_person(entry: Entry) -> bool:
    decision, message = entry.outcome.decision, entry.outcome.message
    written = message is not None and auto_submitted(message) in ("", "no")
    return written and decision is not None and not decision.automatic


def _sorted_out(connection: Connection, entries: Sequence[Entry]) -> tuple[list[Entry], list[Entry]]:
    """What is kept at once, and sent mail of which only the trace may stay (design 3, "Folder scope")."""
    known = find_values(connection, _STORED, [entry.content_print for entry in entries if entry.sent])
    diarised = find_values(connection, _DIARISED, [entry.conversation for entry in entries if entry.sent])
    kept: list[Entry] = []
    passing: list[Entry] = []
    for entry in entries:
        stays = (
            not entry.sent
            or entry.diary_actions
            or entry.opening
            or entry.content_print in known
            or entry.conversation in diarised
        )
        (kept if stays else passing).append(entry)
    return kept, passing


def _mail(entry: Entry) -> list[NewMail]:
    """The mail of an entry, tied to the reference its item really got. The registrar is told once of what several
    units' mailboxes got."""
    wanted = [mail for mail in entry.outcome.mail if not (entry.proposed_before and mail.kind in _TO_REGISTRAR)]
    return [replace(mail, ref=entry.item_ref) if mail.ref == entry.outcome.item_ref else mail for mail in wanted]


def record_gone(
    connection: Connection, mailbox: str, folder: str, gone: Sequence[str], *, reset: bool, now: datetime
) -> None:
    """Note that copies left a folder. After a reset nothing counts as present until it is listed again.

    Copies listed in this very pass stay, whichever of its batches says "reset".
    """
    here = (deliveries.c.mailbox == mailbox, deliveries.c.folder == folder, deliveries.c.gone_at.is_(None))
    if reset:
        connection.execute(update(deliveries).where(*here, deliveries.c.listed_at < now).values(gone_at=now))
    for piece in chunks(sorted(gone)):
        connection.execute(update(deliveries).where(*here, deliveries.c.delivery_id.in_(piece)).values(gone_at=now))


def record_folder_gone(connection: Connection, mailbox: str, folder: str, now: datetime) -> None:
    """Note that a folder is no longer there, and nothing in it, also what was listed in this very pass."""
    here = (deliveries.c.mailbox == mailbox, deliveries.c.folder == folder, deliveries.c.gone_at.is_(None))
    connection.execute(update(deliveries).where(*here).values(gone_at=now))


def record_vanished(
    connection: Connection, mailbox: str, vanished: Sequence[str], references: References, now: datetime
) -> None:
    """Note what was listed and had vanished before it could be read (invariant 1)."""
    lines = [
        NewLine(
            actor=RULES,
            action="vanished",
            detail={"mailbox": mailbox, "delivery": references.fingerprint(delivery_id)},
        )
        for delivery_id in vanished
    ]
    audit.append(connection, lines, now=now)
