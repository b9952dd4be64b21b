"""Planning an absence: what stands against it, saving it, and what is said in words."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from mailbot.policy.absence import Option
from mailbot.policy.absence_check import check
from mailbot.policy.absence_model import AbsenceRequest, Finding
from mailbot.policy.workdays import WorkCalendar
from mailbot.render.words import Words
from mailbot.store.absences import STANDING
from mailbot.store.people_records import StoredAbsence
from mailbot.work.absence_facts import facts_for
from mailbot.work.context import Context


def examine(context: Context, request: AbsenceRequest, now: datetime) -> tuple[Finding, ...]:
    """Refusals and warnings at `now` (aware), refusals first."""
    return check(request, facts_for(context, request, now))


def sentence(words: Words, finding: Finding) -> str:
    """What was found and what to do, in the language of `words`."""
    values = {name: words.day(value) if isinstance(value, date) else value for name, value in finding.values.items()}
    found, remedy = words.word(finding.rule, "absence_findings"), words.word(finding.remedy, "absence_remedies")
    return f"{found} {remedy}".format_map(values)


def overlapping(context: Context, request: AbsenceRequest) -> list[StoredAbsence]:
    """Standing absences of the same person that share a day with the one asked for."""
    back = max(request.planned(WorkCalendar(context.config.policy.calendar)).back, request.back)
    last = date.fromordinal(back.toordinal() - 1)
    return context.store.absences.list(states=STANDING, person=request.person, from_=request.from_, to=last)


def replacing(request: AbsenceRequest, existing: Sequence[StoredAbsence]) -> AbsenceRequest:
    """The request in place of `existing`."""
    return replace(request, replaces=tuple(stored.ref for stored in existing))


def extending(request: AbsenceRequest, existing: Sequence[StoredAbsence]) -> AbsenceRequest:
    """The request and `existing` as one absence: all the days, earlier covers where no new one is named."""
    covers = {cover.week: cover.person for stored in existing for cover in stored.absence.covers}
    return replace(
        replacing(request, existing),
        from_=min([request.from_, *(stored.absence.from_ for stored in existing)]),
        back=max([request.back, *(stored.absence.back for stored in existing)]),
        covers={**covers, **request.covers},
    )


def save(context: Context, request: AbsenceRequest, *, by: str, now: datetime) -> StoredAbsence:
    """Store what was asked for and found in order, in one transaction; what it takes the place of goes with it.

    `by` is the actor ("person:ID"). A colleague named by the mailbox's own owner (A) gets a mandate for the absence.
    """
    absences = context.store.absences
    absence = request.planned(WorkCalendar(context.config.policy.calendar))
    grants_mandate = absence.option is Option.COLLEAGUE_CHECKS and not request.by_another
    if not request.replaces:
        return absences.get(absences.plan(absence, grants_mandate=grants_mandate, by=by, now=now))
    # The first goes on under its reference: what is installed for it is changed, and not taken away in between.
    ref, *others = request.replaces
    absences.change(ref, absence, grants_mandate=grants_mandate, replaces=tuple(others), by=by, now=now)
    return absences.get(ref)
