"""The daily check by reply: one word to the morning mail, and the head's answer to who stands in."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

from mailbot.config.model import PersonSettings, Unit
from mailbot.policy.workdays import WorkCalendar
from mailbot.work.answers.answer import Answer, Done, Reaction, Unclear
from mailbot.work.answers.away import away_if_said
from mailbot.work.answers.replies import person_named, settle_lines
from mailbot.work.answers.words import names_me, says_checked
from mailbot.work.context import Context
from mailbot.work.daily_check import attest, authority_mailboxes, checker, may_attest

ATTEST = "attest"
STAND_IN = "stand_in"


class MorningMailAnswers:
    """Tickets of the mail officers' morning mail: `about` is the unit id and the day, "ks 2026-05-12".

    "kontrollerad" notes the check of that day, however late it comes; "sjuk" notes that the officer is away the day
    they write, so that the next in line takes over. Lines about items are read as in any other digest.
    """

    kind = ATTEST

    def handle(self, context: Context, answer: Answer) -> Reaction:
        unit_id, _, on = answer.ticket.about.partition(" ")
        about_items = tuple(line for line in answer.lines if line.refs)
        reaction = settle_lines(context, replace(answer, lines=about_items))
        reaction += away_if_said(context, answer)
        for line in answer.lines:
            if line.refs:
                continue
            if says_checked(line.text):
                reaction += _checked(context, answer, unit_id, date.fromisoformat(on))
        if not reaction.done and not reaction.unclear:
            return Reaction(unclear=(Unclear(why="nothing_understood_check"),))
        return reaction


def _checked(context: Context, answer: Answer, unit_id: str, day: date) -> Reaction:
    reaction = Reaction()
    for mailbox in authority_mailboxes(context.config, unit_id):
        if answer.person.id not in may_attest(context, mailbox, day):
            reaction += Reaction(unclear=(Unclear(why="not_yours_to_check", value=mailbox.address),))
            continue
        # Clocks differ, but nobody answers a mail before the day it was written.
        at = max(answer.arrived_at, datetime.combine(day, time(), context.config.zone).astimezone(UTC))
        attest(context, mailbox, day, person=answer.person.id, how="mail", by=answer.by, at=at)
        reaction += Reaction(done=(Done(what="checked", value=mailbox.address),))
    return reaction


class StandInAnswers:
    """Tickets of the question who checks: `about` is the unit id, the first and the last day without anybody."""

    kind = STAND_IN

    def handle(self, context: Context, answer: Answer) -> Reaction:
        unit_id, first, last = answer.ticket.about.split(" ")
        unit = next((one for one in context.config.units if one.id == unit_id), None)
        if unit is None or answer.person.id not in context.config.roles.head_of_administration:
            return Reaction(unclear=(Unclear(why="not_yours_to_check", value=unit_id),))
        named = (_person(context, answer, line.text) for line in answer.lines)
        only = next((person for person in named if person is not None), None)
        if only is None:
            return Reaction(unclear=(Unclear(why="which_person"),))
        return _name(context, answer, unit, only, date.fromisoformat(first), date.fromisoformat(last))


def _name(context: Context, answer: Answer, unit: Unit, person: PersonSettings, first: date, last: date) -> Reaction:
    calendar = WorkCalendar(context.config.policy.calendar)
    wanted = [day for day in calendar.days_from(first, last) if calendar.is_mailbox_check_day(day)]
    away = [day for day in wanted if context.presence.is_away(person, day)]
    days = [day for day in wanted if day not in away and _is_free(context, unit, day, person)]
    if days:
        context.store.daily_checks.name_stand_in(unit.id, days, person.id, by=answer.by, now=answer.now)
    done = (Done(what="stand_in_named", value=person.name),) if days else ()
    unclear = (Unclear(why="stand_in_away", value=f"{person.name} ({', '.join(map(str, away))})"),) if away else ()
    if not days and not away:
        return Reaction(unclear=(Unclear(why="stand_in_settled"),))
    return Reaction(done=done, unclear=unclear, tell=True)


def _is_free(context: Context, unit: Unit, day: date, person: PersonSettings) -> bool:
    """Nobody checks that day, or it is this person already."""
    there = checker(context, unit, day)
    return there is None or there.id == person.id


def _person(context: Context, answer: Answer, text: str) -> PersonSettings | None:
    return answer.person if names_me(text) else person_named(context.config, text)
