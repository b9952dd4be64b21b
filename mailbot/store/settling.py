"""Obligations brought in line with what is known about their conversations.

`clocks.replay` computes who waits for an answer; here its runs are matched with the obligations that people have
already seen, so that a REF, an assignment and a holding reply stay where they are. What a person settled stays.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from mailbot.store import audit
from mailbot.store.audit import RULES, NewLine
from mailbot.store.clocks import Answer, Question, Run, earliest, replay
from mailbot.store.database import SOME, chunks, find
from mailbot.store.rows import RowSet, Values
from mailbot.store.tables import messages, obligations, sent_traces, unit_messages

MERGED = "merged:"
NOT_OWED = "rule:not_owed"

_OWED = (
    select(
        unit_messages,
        messages.c.conversation,
        messages.c.content_print,
        messages.c.asker_print,
        messages.c.other_asker_print,
    )
    .join(messages, messages.c.ref == unit_messages.c.message_ref)
    .where(messages.c.conversation.in_(SOME), unit_messages.c.owes.is_not(None))
)
_ANSWERS = select(sent_traces).where(sent_traces.c.conversation.in_(SOME), sent_traces.c.answers)
_COUNTS_TO = (
    update(unit_messages)
    .where(unit_messages.c.ref == bindparam("question"))
    .values(obligation_ref=bindparam("obligation"))
)

_GroupKey = tuple[str, str]


@dataclass(slots=True)
class _Group:
    """Everything known about one conversation in one unit."""

    questions: list[Question] = field(default_factory=list)
    #: question ref -> the obligation it counted to so far
    counted_to: dict[str, str] = field(default_factory=dict)
    obligations: list[Values] = field(default_factory=list)
    answers: Sequence[Answer] = ()


def settle(connection: Connection, conversations: Iterable[str], now: datetime) -> None:
    """Recompute the obligations of these conversations, in every unit."""
    wanted = sorted(set(conversations))
    rows = RowSet(obligations, "ref")
    rows.load(connection, obligations.c.conversation, wanted)
    groups = _groups(connection, wanted, rows)
    work = _Settlement(rows, now)
    for (conversation, unit), group in sorted(groups.items()):
        work.settle(conversation, unit, group)
    rows.flush(connection)
    if work.counts_to:
        connection.execute(_COUNTS_TO, work.counts_to)
    for piece in chunks(sorted(work.used)):
        connection.execute(update(sent_traces).where(sent_traces.c.content_print.in_(piece)).values(matched=True))
    audit.append(connection, work.lines, now=now)


def _groups(connection: Connection, conversations: Sequence[str], rows: RowSet) -> dict[_GroupKey, _Group]:
    groups: dict[_GroupKey, _Group] = defaultdict(_Group)
    known: dict[str, Values] = {}
    for stored in rows:
        known[stored["ref"]] = stored
        groups[stored["conversation"], stored["unit"]].obligations.append(stored)
    for row in _owed(connection, conversations):
        counted_to = known.get(row.obligation_ref)
        reopened_at = counted_to["reopened_at"] if counted_to else None
        settled = bool(counted_to and counted_to["settled_by_person"])
        # A person who opened it again knows better than the rule that found nothing owed.
        if settled or (row.owes == "no" and reopened_at is None):
            continue
        group = groups[row.conversation, row.unit]
        group.questions.append(_question(row, reopened_at))
        if row.obligation_ref:
            group.counted_to[row.ref] = row.obligation_ref
    answers = _answers(connection, conversations)
    for (conversation, _), group in groups.items():
        group.answers = answers.get(conversation, ())
    return groups


def _owed(connection: Connection, conversations: Sequence[str]) -> list[Row[Any]]:
    return list(find(connection, _OWED, conversations))


def _answers(connection: Connection, conversations: Sequence[str]) -> dict[str, list[Answer]]:
    found: dict[str, list[Answer]] = defaultdict(list)
    for row in find(connection, _ANSWERS, conversations):
        found[row.conversation].append(
            Answer(
                content_print=row.content_print,
                sent_at=row.sent_at,
                mailbox=row.mailbox,
                recipient_prints=frozenset(row.recipient_prints),
            )
        )
    return found


def _question(row: Row[Any], reopened_at: datetime | None) -> Question:
    return Question(
        ref=row.ref,
        message_ref=row.message_ref,
        content_print=row.content_print,
        asker_prints=frozenset(one for one in (row.asker_print, row.other_asker_print) if one is not None),
        asked_at=max(row.received_at, reopened_at) if reopened_at else row.received_at,
        received_at=row.received_at,
        mailbox=row.mailbox,
        assignee=row.assignee,
        judged=row.owes != "unjudged",
        answer_allowed=row.answer_allowed,
        hold_replies=row.hold_replies,
        language=row.language,
        due_on=row.due_on,
        document_due_on=row.document_due_on,
    )


class _Settlement:
    """Collects what changes; nothing is written before all groups are done."""

    def __init__(self, rows: RowSet, now: datetime) -> None:
        self._rows = rows
        self._now = now
        self.lines: list[NewLine] = []
        self.used: set[str] = set()
        self.counts_to: list[dict[str, str]] = []

    def settle(self, conversation: str, unit: str, group: _Group) -> None:
        runs, used = replay(group.questions, group.answers)
        self.used |= used
        free = {row["ref"]: row for row in group.obligations if not row["settled_by_person"]}
        for run, kept, merged in _matched(runs, group, free):
            ref = kept["ref"] if kept else run.questions[0].ref
            self._bring_in_line(
                ref, kept, {"conversation": conversation, "unit": unit}, run, [*merged, *group.obligations]
            )
            for row in merged:
                self._dismiss(row, f"{MERGED}{ref}")
            for question in run.questions:
                if group.counted_to.get(question.ref) != ref:
                    self.counts_to.append({"question": question.ref, "obligation": ref})
            for row in (*merged, *([kept] if kept else [])):
                free.pop(row["ref"], None)
        for row in free.values():
            if row["state"] != "dismissed":
                self._dismiss(row, NOT_OWED)

    def _bring_in_line(
        self, ref: str, kept: Values | None, where: dict[str, Any], run: Run, before: Sequence[Values]
    ) -> None:
        values = {**where, **_computed(run), **_carried(run, kept, before)}
        old_state = kept["state"] if kept else None
        if kept is None:
            self._rows.add({**_UNTOUCHED, **values, "ref": ref, "created_at": self._now, "changed_at": self._now})
        elif self._rows.change(kept, values):
            self._rows.change(kept, {"changed_at": self._now})
        if old_state != values["state"]:
            action = {"open": "opened" if kept is None else "opened_again", "answered": "answered"}[values["state"]]
            if kept is None and values["state"] == "answered":
                self.lines.append(NewLine(actor=RULES, action="opened", ref=ref))
            detail = {"mailbox": run.met_by} if run.met_by else None
            self.lines.append(NewLine(actor=RULES, action=action, ref=ref, detail=detail))

    def _dismiss(self, row: Values, reason: str) -> None:
        values = {"state": "dismissed", "met_by": RULES, "reason": reason}
        if self._rows.change(row, values):
            self._rows.change(row, {"met_at": self._now, "changed_at": self._now})
            self.lines.append(NewLine(actor=RULES, action="dismissed", ref=row["ref"], detail={"reason": reason}))


def _matched(
    runs: Sequence[Run], group: _Group, free: dict[str, Values]
) -> list[tuple[Run, Values | None, list[Values]]]:
    """Each run with the obligation that goes on as it, and those that are merged into that one.

    An obligation bears the REF of the question that opened it, and stays with that question; when that is no longer
    owed, it goes on with the questions that had joined it.
    """
    opened = [[free[question.ref] for question in run.questions if question.ref in free] for run in runs]
    taken = {row["ref"] for rows in opened for row in rows}
    matched: list[tuple[Run, Values | None, list[Values]]] = []
    for run, rows in zip(runs, opened, strict=True):
        if rows:
            kept, *merged = sorted(rows, key=_seniority)
            matched.append((run, kept, merged))
            continue
        counted_to = (group.counted_to.get(question.ref, "") for question in run.questions)
        joined = next((ref for ref in counted_to if ref in free and ref not in taken), None)
        taken.add(joined or "")
        matched.append((run, free[joined] if joined else None, []))
    return matched


def _seniority(row: Values) -> tuple[bool, datetime, str]:
    """What people have known longest as open goes on."""
    return row["state"] != "open", row["created_at"], row["ref"]


_UNTOUCHED: dict[str, Any] = {
    "assigned_by": None,
    "settled_by_person": False,
    "reopened_at": None,
}


def _computed(run: Run) -> dict[str, Any]:
    """What follows from the questions and answers alone."""
    first = run.shown[0]
    # Somebody else who writes into the conversation must not get what is due to whoever asked first.
    newest = [question for question in run.shown if question.asker_prints & first.asker_prints][-1]
    return {
        "message_ref": newest.message_ref,
        "mailbox": first.mailbox,
        "language": newest.language,
        "state": "open" if run.waiting else "answered",
        "assignee": first.assignee,
        "judged": any(question.judged for question in run.shown),
        "answer_allowed": newest.answer_allowed,
        "hold_replies": any(question.hold_replies for question in run.shown),
        "received_at": first.received_at,
        "due_on": earliest(question.due_on for question in run.shown),
        "document_due_on": earliest(question.document_due_on for question in run.shown),
        "met_at": run.met_at,
        "met_by": run.met_by,
        "reason": None,
    }


def _carried(run: Run, kept: Values | None, before: Sequence[Values]) -> dict[str, Any]:
    """What people and the outbox did, which goes on: the assignment and the holding reply.

    An asker who was written to after asking has had the holding reply, whichever obligation it was sent for.
    """
    carried: dict[str, Any] = {}
    if kept and kept["assigned_by"]:
        carried["assignee"] = kept["assignee"]
    acknowledged = [
        row
        for row in before
        if row["acknowledged_at"] is not None
        and row["acknowledged_at"] >= run.shown[0].received_at
        and not row["settled_by_person"]
    ]
    own = kept if kept and kept["acknowledged_at"] is not None else None
    source = own or max(acknowledged, key=lambda row: (row["acknowledged_at"], row["ref"]), default=None)
    carried["acknowledged_at"] = source["acknowledged_at"] if source else None
    carried["follow_up_on"] = source["follow_up_on"] if source else None
    return carried
