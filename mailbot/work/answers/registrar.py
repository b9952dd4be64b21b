"""The registrar by reply: `KS 2026/123`, `nej kännedom`, `fråga ...`, `ångra`, for each item of a digest or for one."""

from mailbot.config.model import Unit
from mailbot.config.syntax import fits, number_example
from mailbot.errors import UserError
from mailbot.mail.conversation import diary_number
from mailbot.store.records import DiaryItem
from mailbot.work.answers.answer import Answer, Done, Reaction, Unclear
from mailbot.work.answers.away import away_if_said, without_away
from mailbot.work.answers.lines import Written
from mailbot.work.answers.questions import question_mail
from mailbot.work.answers.words import (
    Ask,
    NotToRegister,
    Register,
    RegisterAsProposed,
    RegistrarWord,
    Undo,
    registrar_word,
)
from mailbot.work.context import Context

KIND = "registrar"


class RegistrarAnswers:
    """Tickets about a unit's diary: `about` is the unit id, and after a space the REF where one item is meant."""

    kind = KIND

    def handle(self, context: Context, answer: Answer) -> Reaction:
        unit_id, _, only = answer.ticket.about.partition(" ")
        unit = next((one for one in context.config.units if one.id == unit_id), None)
        if unit is None or answer.person.id not in unit.registrars:
            return Reaction(unclear=(Unclear(why="not_registrar"),))
        answer, reaction = without_away(answer), away_if_said(context, answer)
        return _read(_Desk(context, answer, unit), answer, only, reaction)


def _read(desk: "_Desk", answer: Answer, only: str, reaction: Reaction) -> Reaction:
    for line in answer.lines:
        refs, word = line.refs or ((only,) if only else ()), registrar_word(line.text)
        if word is None:
            reaction += _not_understood(line)
        elif not refs:
            reaction += Reaction(unclear=(Unclear(why="which_item"),))
        else:
            for ref in refs:
                reaction += desk.settle(ref, word)
    if not reaction.done and not reaction.unclear:
        return Reaction(unclear=(Unclear(why="nothing_understood"),))
    return reaction


def _not_understood(line: Written) -> Reaction:
    """A sentence beside the answers says nothing to us; a line that names an item was meant to say something."""
    return Reaction(unclear=tuple(Unclear(why="not_understood", ref=ref) for ref in line.refs))


class _Desk:
    """One answer's decisions about diary items of one unit."""

    def __init__(self, context: Context, answer: Answer, unit: Unit) -> None:
        self._context = context
        self._answer = answer
        self._unit = unit

    def settle(self, ref: str, word: RegistrarWord) -> Reaction:
        try:
            item = self._context.store.diary.get(ref)
        except UserError:
            return _unclear("no_such_item", ref)
        if item.unit != self._unit.id:
            return _unclear("other_unit", item.ref)
        try:
            return self._apply(item, word)
        except UserError:  # somebody else decided at the same moment
            return _unclear("changed_meanwhile", item.ref)

    def _apply(self, item: DiaryItem, word: RegistrarWord) -> Reaction:
        match word:
            case Register(number):
                return self._register(item, number)
            case RegisterAsProposed():
                return self._register(item, item.proposed_number or "")
            case NotToRegister(reason):
                return self._dismiss(item, reason)
            case Ask(question):
                return self._ask(item, question)
            case Undo():
                return self._undo(item)

    @property
    def _example(self) -> str:
        return number_example(self._unit.diary_pattern) if self._unit.diary_pattern else "2026/123"

    def _register(self, item: DiaryItem, written: str) -> Reaction:
        if not written:
            return _unclear("which_number", item.ref, self._example)
        number = _as_the_unit_writes(written, self._unit.diary_pattern)
        if number is None:
            return _unclear("number_not_of_unit", item.ref, self._example)
        if item.state == "registered":
            return _done("registered", item.ref, number) if item.number == number else _decided(item)
        if item.state == "dismissed":
            return _decided(item)
        self._context.store.diary.confirm(item.ref, number, by=self._answer.by, now=self._answer.arrived_at)
        return _done("registered", item.ref, number)

    def _dismiss(self, item: DiaryItem, reason: str) -> Reaction:
        if self._unit.diary_pattern and diary_number(reason, (self._unit.diary_pattern,)):
            return _unclear("no_with_number", item.ref)
        if item.state == "dismissed":
            return _done("not_registered", item.ref)
        if item.state == "registered":
            return _decided(item)
        self._context.store.diary.dismiss(item.ref, reason, by=self._answer.by, now=self._answer.arrived_at)
        return _done("not_registered", item.ref)

    def _undo(self, item: DiaryItem) -> Reaction:
        if item.state not in ("registered", "dismissed"):
            return Reaction(done=(Done(what="waits_again", ref=item.ref),), tell=True)
        if item.settled_at is not None and item.settled_at >= self._answer.arrived_at and _is_ours(item, self._answer):
            # Read again after a restore: the decision that came after this undo stands.
            return _done("waits_again", item.ref)
        self._context.store.diary.reopen(item.ref, by=self._answer.by, now=self._answer.arrived_at)
        return Reaction(done=(Done(what="waits_again", ref=item.ref),), tell=True)

    def _ask(self, item: DiaryItem, question: str) -> Reaction:
        if not question and not item.confidential:
            return _unclear("empty_question", item.ref)
        mail, asked = question_mail(self._context, self._answer, item, question)
        if mail is None:
            return _unclear("nobody_to_ask", item.ref)
        self._context.store.diary.questioned(item.ref, by=self._answer.by, now=self._answer.arrived_at)
        return Reaction(done=(Done(what="asked", ref=item.ref, value=asked),), mail=(mail,), tell=True)


def _as_the_unit_writes(written: str, pattern: str) -> str | None:
    """`written` as a number of the unit: capitals and single spaces are put right, nothing else is guessed."""
    plain = " ".join(written.split())
    if not pattern:
        return plain if any(letter.isdigit() for letter in plain) else None
    return next((form for form in (plain, plain.upper()) if fits(form, pattern)), None)


def _is_ours(item: DiaryItem, answer: Answer) -> bool:
    return item.settled_by == answer.by


def _decided(item: DiaryItem) -> Reaction:
    why = "already_registered" if item.state == "registered" else "already_dismissed"
    return _unclear(why, item.ref, item.number or "")


def _done(what: str, ref: str, value: str = "") -> Reaction:
    return Reaction(done=(Done(what=what, ref=ref, value=value),))


def _unclear(why: str, ref: str = "", value: str = "") -> Reaction:
    return Reaction(unclear=(Unclear(why=why, ref=ref, value=value),))
