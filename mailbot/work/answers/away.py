"""Whoever is ill says so in answer to any digest: "sjuk", "syk", "sick"; the next in line takes over."""

from dataclasses import replace
from datetime import timedelta

from mailbot.store.people_records import AwayNotice
from mailbot.work.answers.answer import Answer, Done, Reaction
from mailbot.work.answers.words import says_away
from mailbot.work.context import Context


def away_if_said(context: Context, answer: Answer) -> Reaction:
    """Away on the day they write, in every role they have. Why is nobody's business."""
    if not any(says_away(line.text) for line in answer.lines if not line.refs):
        return Reaction()
    today = answer.arrived_at.astimezone(context.config.zone).date()
    if answer.person.id not in context.store.away_notices.on(today):
        notice = AwayNotice(answer.person.id, today, today + timedelta(days=1))
        context.store.away_notices.add(notice, by=answer.by, now=answer.now)
    return Reaction(done=(Done(what="away", value=today.isoformat()),), tell=True)


def without_away(answer: Answer) -> Answer:
    """The answer without the lines that say so: what else it says is about items."""
    return replace(answer, lines=tuple(line for line in answer.lines if line.refs or not says_away(line.text)))
