"""A Decision as JSON text and back, without loss. The form is stored for years: only add keys, never rename them."""

import json
from datetime import date, datetime
from typing import Any

from mailbot.policy.model import (
    Action,
    AnnounceConfidential,
    AskRegistrar,
    CloseObligations,
    Decision,
    Diarise,
    Evidence,
    ForwardToRegistrar,
    Kind,
    OpenObligation,
    ProposePassingOn,
    ReportUnparsable,
    Stage,
    Verdict,
)

_PLAIN_ACTIONS: dict[
    str, type[ForwardToRegistrar | AskRegistrar | AnnounceConfidential | ProposePassingOn | ReportUnparsable]
] = {
    "forward_to_registrar": ForwardToRegistrar,
    "ask_registrar": AskRegistrar,
    "announce_confidential": AnnounceConfidential,
    "propose_passing_on": ProposePassingOn,
    "report_unparsable": ReportUnparsable,
}
#: made once: `json.dumps` makes an encoder for every call that is not quite ordinary
_AS_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
#: fields of Decision that JSON holds as they are
_PLAIN_FIELDS = (
    "language",
    "automatic",
    "automatic_reason",
    "answer_allowed",
    "needs_reply",
    "confidential",
    "diary_number",
)


def encode(decision: Decision) -> str:
    """The JSON text of a decision. Evidence is offsets, so it holds no words of the mail."""
    table: dict[str, Any] = {name: getattr(decision, name) for name in _PLAIN_FIELDS}
    for name in ("stage", "needs", "diarise", "kind"):
        value = getattr(decision, name)
        table[name] = None if value is None else value.value
    for name in ("due_on", "document_due_on"):
        table[name] = _day_text(getattr(decision, name))
    table["verdicts"] = [_encode_verdict(verdict) for verdict in decision.verdicts]
    table["actions"] = [_encode_action(action) for action in decision.actions]
    return _AS_JSON(table)


def decode(text: str) -> Decision:
    """The decision that `encode` wrote. Raises ValueError, TypeError or KeyError for any other text."""
    table = json.loads(text)
    return Decision(
        **{name: table[name] for name in _PLAIN_FIELDS},
        stage=Stage(table["stage"]),
        needs=None if table["needs"] is None else Stage(table["needs"]),
        diarise=None if table["diarise"] is None else Diarise(table["diarise"]),
        kind=None if table["kind"] is None else Kind(table["kind"]),
        due_on=_day(table["due_on"]),
        document_due_on=_day(table["document_due_on"]),
        verdicts=tuple(map(_decode_verdict, table["verdicts"])),
        actions=tuple(map(_decode_action, table["actions"])),
    )


def _encode_verdict(verdict: Verdict) -> list[Any]:
    found = verdict.evidence
    return [verdict.rule, verdict.points, None if found is None else [found.field, found.start, found.end]]


def _decode_verdict(item: list[Any]) -> Verdict:
    rule, points, found = item
    return Verdict(rule, points, None if found is None else Evidence(*found))


def _encode_action(action: Action) -> dict[str, Any]:
    if isinstance(action, OpenObligation):
        return {
            "name": action.name,
            "due_on": _day_text(action.due_on),
            "document_due_on": _day_text(action.document_due_on),
            "judged": action.judged,
        }
    if isinstance(action, CloseObligations):
        return {"name": action.name, "sent_at": action.sent_at.isoformat()}
    return {"name": action.name}


def _decode_action(table: dict[str, Any]) -> Action:
    name = table["name"]
    if name == "open_obligation":
        return OpenObligation(_day(table["due_on"]), _day(table["document_due_on"]), table["judged"])
    if name == "close_obligations":
        return CloseObligations(datetime.fromisoformat(table["sent_at"]))
    return _PLAIN_ACTIONS[name]()


def _day_text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
