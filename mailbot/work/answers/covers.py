"""Covers say yes or no by answering the mail that asks them: "ja", "nej", "v. 30 ja, v. 31 nej"."""

import re
from collections.abc import Sequence

from mailbot.errors import UserError
from mailbot.policy.absence import week_number
from mailbot.store.people_records import StoredAbsence
from mailbot.work.absence_mails import COVER_TICKET, uncovered_mails
from mailbot.work.answers.answer import Answer, Done, Reaction, Unclear
from mailbot.work.answers.words import NO, YES, tokens
from mailbot.work.context import Context

_WEEKS = re.compile(
    r"\b(?:v|vecka|veckorna|uke|ukene|week|weeks|w)\.?\s*(\d{1,2}(?:\s*(?:,|och|og|and|&)\s*\d{1,2})*)", re.IGNORECASE
)
_ABBREVIATED = re.compile(r"\b(v|vecka|uke|week|w)\.", re.IGNORECASE)
#: where one statement ends and the next begins: "ja v. 30, nej v. 31"
_PARTS = re.compile(
    r"[,;.!](?=\s|$)\s*(?=(?:v|vecka|uke|week|w)?\.?\s*\d|ja\b|nej\b|nei\b|yes\b|no\b|men\b|but\b)", re.IGNORECASE
)
#: "jag kan", "det går bra", "I can" are a yes without the word; with a negation they are a no
_CAN = frozenset(["kan", "can", "går", "bra", "gjerne", "gärna", "fint", "funkar", "fungerer", "works"])


class CoverAnswers:
    """Tickets about an absence: `about` is its reference."""

    kind = COVER_TICKET

    def handle(self, context: Context, answer: Answer) -> Reaction:
        try:
            stored = context.store.absences.get(answer.ticket.about)
        except UserError:
            return Reaction(unclear=(Unclear(why="absence_gone"),))
        theirs = [cover.week for cover in stored.covers if cover.person == answer.person.id]
        if stored.state in ("ended", "cancelled") or not theirs:
            return Reaction(unclear=(Unclear(why="absence_gone", ref=stored.ref),))
        said = cover_words(answer.text, theirs)
        if not said:
            return Reaction(unclear=(Unclear(why="cover_yes_or_no", ref=stored.ref),))
        reaction = Reaction()
        for accepted in (True, False):
            weeks = tuple(week for week, yes in said.items() if yes is accepted)
            if weeks:
                reaction += _note(context, answer, stored, weeks, accepted=accepted)
        return reaction


def cover_words(text: str, weeks: Sequence[str]) -> dict[str, bool]:
    """What is said of which week: True for yes; nothing for weeks that are not spoken of."""
    said: dict[str, bool] = {}
    by_number = {week_number(week): week for week in weeks}
    # the dot of "v. 30" ends no statement
    plain = _ABBREVIATED.sub(r"\1 ", text).replace("\n", ". ")
    for part in _PARTS.split(plain):
        yes = _yes(part)
        if yes is None:
            continue
        numbers = [int(number) for found in _WEEKS.findall(part) for number in re.findall(r"\d+", found)]
        meant = [by_number[number] for number in numbers if number in by_number] if numbers else list(weeks)
        # what is said of one week counts more than what is said of all
        said.update({week: yes for week in meant if numbers or week not in said})
    return said


def _yes(part: str) -> bool | None:
    words = set(tokens(part))
    if words & NO:
        return False
    return True if words & (YES | _CAN) else None


def _note(
    context: Context, answer: Answer, stored: StoredAbsence, weeks: tuple[str, ...], *, accepted: bool
) -> Reaction:
    context.store.absences.answer_cover(
        stored.ref, person=answer.person.id, accepted=accepted, weeks=weeks, by=answer.by, now=answer.arrived_at
    )
    if accepted:
        return Reaction(done=(Done(what="cover_accepted", ref=stored.ref),))
    mails = uncovered_mails(context, stored, answer.person.id, "declined", answer.now, weeks=weeks)
    return Reaction(done=(Done(what="cover_declined", ref=stored.ref),), mail=tuple(mails))
