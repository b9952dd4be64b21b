"""Diary items as decisions propose them: one per message and unit, however many mailboxes got a copy."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from mailbot.store import audit
from mailbot.store.audit import RULES, NewLine
from mailbot.store.entries import STAGES, Entry
from mailbot.store.rows import RowSet, Values
from mailbot.store.tables import diary_items


def propose(connection: Connection, fresh: Sequence[Entry], now: datetime) -> None:
    """Add or complete the diary items that fresh decisions ask for. What a person settled stays as it is."""
    wanted = [entry for entry in fresh if entry.diary_actions]
    items = RowSet(diary_items, "ref")
    items.load(connection, diary_items.c.message_ref, [entry.ref for entry in wanted if entry.is_known])
    in_diary = {(item["message_ref"], item["unit"]): item["ref"] for item in items}
    lines = []
    for entry in wanted:
        # Mail for another unit's board may lie in that unit's mailbox too: it is in the diary once.
        ref = in_diary.setdefault((entry.ref, entry.outcome.registering_unit), entry.item_ref)
        entry.proposed_before = ref != entry.item_ref
        known = items.get(ref)
        if known is None:
            items.add(_item(entry, now))
            detail = {"unit": entry.outcome.registering_unit, "state": _proposal(entry)}
            lines.append(NewLine(actor=RULES, action="diary_proposed", ref=entry.item_ref, detail=detail))
        elif items.change(known, _completed(known, entry)):
            lines.append(NewLine(actor=RULES, action="diary_completed", ref=ref))
    items.flush(connection)
    audit.append(connection, lines, now=now)


def _proposal(entry: Entry) -> str:
    """A question to the registrar, or a proposal that is on its way to them."""
    return "proposed" if entry.diary_actions & {"forward_to_registrar", "announce_confidential"} else "asked"


def _item(entry: Entry, now: datetime) -> dict[str, Any]:
    decision = entry.outcome.decision
    assert decision is not None, "a diary action comes from a decision"
    return {
        "ref": entry.item_ref,
        "message_ref": entry.ref,
        "unit": entry.outcome.registering_unit,
        "proposal": _proposal(entry),
        "state": _proposal(entry),
        "kind": decision.kind.value if decision.kind else None,
        "decided_stage": STAGES[decision.stage],
        "unparsable": "report_unparsable" in entry.diary_actions,
        "number": None,
        "proposed_number": decision.diary_number,
        "reason": None,
        "created_at": now,
        "forwarded_at": None,
        "settled_at": None,
        "settled_by": None,
    }


def _completed(known: Values, entry: Entry) -> dict[str, Any]:
    """What another decision about the same message changes: "must" outweighs "ask", and who read further knows more."""
    if known["settled_at"] is not None:
        return {}
    new = _item(entry, known["created_at"])
    changes: dict[str, Any] = {"unparsable": known["unparsable"] and new["unparsable"]}
    if new["proposal"] == "proposed":
        changes["proposal"] = "proposed"
        if known["state"] == "asked":
            changes["state"] = "proposed"
    if new["decided_stage"] > known["decided_stage"]:
        changes |= {name: new[name] for name in ("decided_stage", "kind")}
    if known["proposed_number"] is None or new["decided_stage"] > known["decided_stage"]:
        changes["proposed_number"] = new["proposed_number"] or known["proposed_number"]
    return changes
