"""Whoever owes an answer, by reply: `besvarat per telefon`, `till Anna`, `inget svar, reklam`, `ja`, `ångra`."""

from mailbot.config.model import Config, PersonSettings
from mailbot.errors import UserError
from mailbot.store.records import Obligation
from mailbot.work import duties
from mailbot.work.answers.answer import Answer, Done, Reaction, Unclear
from mailbot.work.answers.away import away_if_said, without_away
from mailbot.work.answers.words import (
    Answered,
    AnsweredAsProposed,
    AssignTo,
    NoAnswerNeeded,
    ReplyWord,
    Undo,
    reply_word,
)
from mailbot.work.context import Context

KIND = "replies"


class RepliesAnswers:
    """Tickets about what somebody owes: `about` is the REF where one item is meant, else empty."""

    kind = KIND

    def handle(self, context: Context, answer: Answer) -> Reaction:
        reaction = away_if_said(context, answer)
        reaction += settle_lines(context, without_away(answer), only=answer.ticket.about)
        if not reaction.done and not reaction.unclear:
            return Reaction(unclear=(Unclear(why="nothing_understood_replies"),))
        return reaction


def settle_lines(context: Context, answer: Answer, *, only: str = "") -> Reaction:
    """What the lines of an answer say about obligations; a line that says nothing and names none is passed over."""
    reaction = Reaction()
    for line in answer.lines:
        refs, word = line.refs or ((only,) if only else ()), reply_word(line.text)
        if word is None:
            reaction += Reaction(unclear=tuple(Unclear(why="not_understood", ref=ref) for ref in line.refs))
        elif not refs:
            reaction += Reaction(unclear=(Unclear(why="which_item"),))
        else:
            for ref in refs:
                reaction += _settle(context, answer, ref, word)
    return reaction


def _settle(context: Context, answer: Answer, ref: str, word: ReplyWord) -> Reaction:
    try:
        one = context.store.obligations.get(ref)
    except UserError:
        return _unclear("no_such_item", ref)
    if answer.person.id not in duties.may_change(context.config, one) | _before(context, one):
        return _unclear("not_yours_to_answer", one.ref)
    try:
        return _apply(context, answer, one, word)
    except UserError:  # somebody else decided at the same moment
        return _unclear("changed_meanwhile", one.ref)


def _apply(context: Context, answer: Answer, one: Obligation, word: ReplyWord) -> Reaction:
    match word:
        case Answered(how):
            return _answered(context, answer, one, how)
        case AnsweredAsProposed():
            return _as_proposed(context, answer, one)
        case NoAnswerNeeded(reason):
            return _dismissed(context, answer, one, reason)
        case AssignTo(who):
            return _assigned(context, answer, one, who)
        case Undo():
            return _undone(context, answer, one)


def _answered(context: Context, answer: Answer, one: Obligation, how: str) -> Reaction:
    if one.state == "open":
        context.store.obligations.answered(one.ref, how=how, by=answer.by, now=answer.arrived_at)
    elif one.state != "answered":
        return _unclear("already_answered", one.ref)
    return _done("answered", one.ref)


def _as_proposed(context: Context, answer: Answer, one: Obligation) -> Reaction:
    if one.state == "answered":
        return _done("answered", one.ref)
    proposed = context.store.obligations.proposed_answers([one.ref]).get(one.ref)
    if proposed is None:
        return _unclear("nothing_proposed", one.ref)
    context.store.obligations.answered(one.ref, how="mail", by=answer.by, now=answer.arrived_at, at=proposed.at)
    return _done("answered", one.ref)


def _dismissed(context: Context, answer: Answer, one: Obligation, reason: str) -> Reaction:
    if one.state == "open":
        context.store.obligations.dismiss(one.ref, reason=reason, by=answer.by, now=answer.arrived_at)
    elif one.state != "dismissed":
        return _unclear("already_answered", one.ref)
    return _done("dismissed", one.ref)


def _assigned(context: Context, answer: Answer, one: Obligation, who: str) -> Reaction:
    owner = answer.person if not who else person_named(context.config, who)
    if owner is None:
        return _unclear("which_person", one.ref)
    if one.state != "open":
        return _unclear("already_answered", one.ref)
    if one.assignee != owner.id:
        context.store.obligations.assign(one.ref, owner.id, by=answer.by, now=answer.arrived_at)
    return _done("assigned", one.ref, owner.name)


def _undone(context: Context, answer: Answer, one: Obligation) -> Reaction:
    last = next(iter(reversed(context.store.audit.list(one.ref, limit=1))), None)
    if last is not None and (last.actor, last.at) == (answer.by, answer.arrived_at):
        return _done("waits_again", one.ref)  # this very undo, read again
    if one.state != "open":
        context.store.obligations.reopen(one.ref, by=answer.by, now=answer.arrived_at)
    else:
        before = _owner_before(context, one)
        context.store.obligations.assign(one.ref, before, by=answer.by, now=answer.arrived_at)
    return Reaction(done=(Done(what="waits_again", ref=one.ref),), tell=True)


def _owner_before(context: Context, one: Obligation) -> str:
    """Who answered for it before the last assignment; "" is nobody in particular."""
    owners = [
        str(line.detail.get("assignee", "")) for line in context.store.audit.list(one.ref) if line.action == "assigned"
    ]
    if len(owners) > 1:
        return owners[-2]
    mailbox = context.config.mailbox(one.mailbox)
    owner = context.config.owner(mailbox) if mailbox else None
    return owner.id if owner else ""


def _before(context: Context, one: Obligation) -> set[str]:
    """Who gave it away may take it back."""
    last = [line for line in context.store.audit.list(one.ref) if line.action == "assigned"][-1:]
    return {line.actor.removeprefix("person:").partition(" ")[0] for line in last}


def person_named(config: Config, who: str) -> PersonSettings | None:
    """The one person in the directory whom these words mean: an address, an id, a name, or a first name that only one
    of them has."""
    wanted = " ".join(who.split()).strip("<>.,;:").casefold()
    if (person := config.person_by_address(wanted)) is not None:
        return person
    for key in (_id, _name, _local_part, _first_name):
        found = [person for person in config.people if key(person) == wanted]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _id(person: PersonSettings) -> str:
    return person.id.casefold()


def _name(person: PersonSettings) -> str:
    return person.name.casefold()


def _local_part(person: PersonSettings) -> str:
    return person.email.partition("@")[0].casefold()


def _first_name(person: PersonSettings) -> str:
    return person.name.casefold().split(" ")[0]


def _done(what: str, ref: str, value: str = "") -> Reaction:
    return Reaction(done=(Done(what=what, ref=ref, value=value),))


def _unclear(why: str, ref: str = "") -> Reaction:
    return Reaction(unclear=(Unclear(why=why, ref=ref),))
