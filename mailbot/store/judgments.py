"""Decisions as they were made, and what they say about a message in its unit: does somebody owe an answer?"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from mailbot.store import audit, codec
from mailbot.store.audit import RULES, NewLine
from mailbot.store.bulk import insert_rows
from mailbot.store.database import SOME, find
from mailbot.store.entries import STAGES, Entry
from mailbot.store.rows import RowSet, Values
from mailbot.store.tables import decisions

_DECIDED = select(decisions.c.item_ref, decisions.c.side, decisions.c.stage).where(decisions.c.item_ref.in_(SOME))


def first_decisions(connection: Connection, entries: Sequence[Entry]) -> list[Entry]:
    """The entries whose decision is the first for its unit, side and stage."""
    candidates: dict[tuple[str, str, str], Entry] = {}
    for entry in entries:
        if entry.outcome.decision is not None:
            candidates.setdefault((entry.item_ref, entry.side, entry.outcome.decision.stage.value), entry)
    known = {entry.item_ref for entry in candidates.values() if entry.is_known}
    for item_ref, side, stage in find(connection, _DECIDED, sorted(known)):
        candidates.pop((item_ref, side, stage), None)
    return list(candidates.values())


def record_decisions(connection: Connection, fresh: Sequence[Entry], now: datetime) -> None:
    """Store the decisions of these entries, whose unit rows stand already."""
    insert_rows(connection, decisions, [_row(entry, now) for entry in fresh], on_conflict="skip")
    audit.append(connection, map(_line, fresh), now=now)


def _row(entry: Entry, now: datetime) -> dict[str, Any]:
    decision = entry.outcome.decision
    assert decision is not None, "only entries with a decision are stored"
    return {
        "item_ref": entry.item_ref,
        "side": entry.side,
        "stage": decision.stage.value,
        "mailbox": entry.outcome.mailbox,
        "decided_at": now,
        "decision": codec.encode(decision),
    }


def _line(entry: Entry) -> NewLine:
    decision = entry.outcome.decision
    assert decision is not None, "only entries with a decision are stored"
    return NewLine(
        actor=RULES,
        action="decided",
        ref=entry.item_ref,
        detail={
            "unit": entry.outcome.unit,
            "stage": decision.stage.value,
            "needs_reply": decision.needs_reply,
            "diarise": decision.diarise.value if decision.diarise else None,
            "confidential": decision.confidential,
            "rules": sorted({verdict.rule for verdict in decision.verdicts}),
        },
    )


def fold_judgments(units: RowSet, fresh: Sequence[Entry]) -> set[str]:
    """Put the fresh decisions about received copies into their unit rows; the conversations whose duties changed."""
    changed = set()
    for entry in fresh:
        row = units.get(entry.ref, entry.outcome.unit)
        assert row is not None, "every entry has its unit row"
        if not entry.sent and units.change(row, _judgment(row, entry)):
            changed.add(entry.conversation)
    return changed


def _judgment(row: Values, entry: Entry) -> dict[str, Any]:
    """What changes in a unit row. The decision that read furthest rules; nobody's guess outweighs a judgment."""
    decision, opening = entry.outcome.decision, entry.opening
    assert decision is not None, "only entries with a decision are folded"
    judged = opening.judged if opening else decision.needs_reply is not None
    stage = STAGES[decision.stage] if judged else -1
    hold_replies = row["hold_replies"] or (opening is not None and entry.outcome.hold_replies)
    if stage < row["judged_stage"] or (not judged and opening is None):
        return {"hold_replies": hold_replies}
    if opening is None:
        return {"judged_stage": stage, "owes": "no" if row["owes"] else None}
    return {
        "judged_stage": stage,
        "owes": "yes" if judged else "unjudged",
        "due_on": opening.due_on,
        "document_due_on": opening.document_due_on,
        "answer_allowed": decision.answer_allowed,
        "hold_replies": hold_replies,
        "language": decision.language,
    }
