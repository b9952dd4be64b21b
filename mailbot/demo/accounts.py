"""What became of the sample week: the figures of the final table, and what happened between two moments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mailbot.policy.model import Decision, Diarise
from mailbot.store.records import Obligation
from mailbot.work.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """Numbers of messages that arrived in a period, and of what came of them.

    `needing_reply` is the sum of `answered_in_time`, `answered_late` and `still_open`: each conversation in which a
    unit owes an answer counts once.
    """

    received: int
    automatic: int
    needing_reply: int
    answered_in_time: int
    #: after the due date, perhaps after a holding reply
    answered_late: int
    still_open: int
    #: unanswered, and what was read does not tell whether an answer is owed
    to_judge: int
    holding_replies: int
    #: nobody has answered in time, nor has the asker been told that the mail arrived
    overdue: int
    forwarded: int
    asked: int
    confidential: int
    unparsable: int


def accounts(context: Context, since: datetime, before: datetime) -> Accounts:
    """Count what arrived at or after `since` and before `before` (aware UTC); mailbot's own mail is left out."""
    store = context.store
    messages = store.messages.received(since, before)
    ours = store.outbox.known_ids([one.message_id for one in messages if one.message_id])
    messages = [one for one in messages if one.message_id not in ours]
    decided = [[recorded.decision for recorded in store.messages.decisions(one.ref)] for one in messages]
    kept = store.obligations.list(states=("open", "answered"))
    owed = [one for one in kept if one.judged]
    answered = [one for one in owed if one.state == "answered"]
    in_time = sum(_in_time(context, one) for one in answered)
    items = [item for item in store.diary.list() if since <= item.received_at < before]
    return Accounts(
        received=len(messages),
        automatic=sum(any(decision.automatic for decision in decisions) for decisions in decided),
        needing_reply=len(owed),
        answered_in_time=in_time,
        answered_late=len(answered) - in_time,
        still_open=len(owed) - len(answered),
        to_judge=sum(one.state == "open" and not one.judged for one in kept),
        holding_replies=len([one for one in kept if one.acknowledged_at is not None]),
        overdue=sum(_overdue(context, one, before) for one in kept),
        forwarded=len([item for item in items if item.forwarded_at is not None and not item.confidential]),
        asked=sum(_any(decisions, Diarise.ASK) for decisions in decided),
        confidential=len([one for one in messages if one.confidential]),
        unparsable=len([one for one in messages if one.unparsable]),
    )


def _any(decisions: Sequence[Decision], wanted: Diarise) -> bool:
    return any(decision.diarise is wanted for decision in decisions)


def _in_time(context: Context, one: Obligation) -> bool:
    if one.met_at is None:
        return False
    return one.due_on is None or one.met_at.astimezone(context.config.zone).date() <= one.due_on


def _overdue(context: Context, one: Obligation, now: datetime) -> bool:
    today = now.astimezone(context.config.zone).date()
    return one.state == "open" and one.due_on is not None and one.due_on < today and one.acknowledged_at is None
