"""What stands against an absence as it was asked for, and what to do instead (Bjurholm p. 4-5; requirements B15-B17).

Everything is found at once. A refusal must be put right; a warning is told, and the absence can be saved all the same.
Somebody is "away that week" when they are away on a working day of it on which the absent person is away too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from mailbot.policy.absence import Absence, Option, absent_working_days, days_in_week, gaps, week_number
from mailbot.policy.absence_model import AbsenceFacts, AbsenceRequest, Duty, Finding, KnownAway, Question

#: longer is a mistyped year
_LONGEST_DAYS = 3 * 366


def check(request: AbsenceRequest, facts: AbsenceFacts) -> tuple[Finding, ...]:
    """All refusals and warnings. Where the dates make no sense nothing that depends on them is told."""
    scope = tuple(_scope(request, facts))
    dates = tuple(_dates(request, facts))
    if any(finding.refused for finding in (*scope, *dates)):
        return (*scope, *dates)
    standing = tuple(known for known in facts.away if not known.ref or known.ref not in request.replaces)
    facts = replace(facts, away=standing)
    absence = request.planned(facts.calendar)
    days = tuple(absent_working_days(absence.from_, absence.back, facts.calendar))
    if not days:
        values = {"from_": request.from_, "back": absence.back}
        return (*dates, Finding(rule="no_working_day", remedy="nothing_needed", question="back", values=values))
    findings = (
        *dates,
        *_overlaps(absence, facts),
        *_option(request, days, facts),
        *_colleague(request, absence, days, facts),
        *_covers(request, absence, facts),
        *_duties(absence, days, facts),
        *_covers_others(absence, facts),
    )
    return tuple(sorted(findings, key=lambda finding: not finding.refused))


def _scope(request: AbsenceRequest, facts: AbsenceFacts) -> Iterator[Finding]:
    person = facts.people.get(request.person)
    values = {"name": facts.name(request.person)}
    if person is None:
        yield Finding(rule="unknown_person", remedy="name_from_directory", question="person", values=values)
    elif not person.inside:
        yield Finding(rule="outside_organisation", remedy="name_colleague", question="person", values=values)
    elif not person.in_scope:
        yield Finding(rule="out_of_scope", remedy="add_mailbox", question="person", values=values)


def _dates(request: AbsenceRequest, facts: AbsenceFacts) -> Iterator[Finding]:
    values = {"from_": request.from_, "back": request.back, "today": facts.today}
    if request.back <= request.from_:
        yield Finding(rule="back_before_from", remedy="first_day_back", question="back", values=values)
    elif request.back <= facts.today:
        yield Finding(rule="over_already", remedy="nothing_needed", question="back", values=values)
    elif request.from_ < facts.today and not request.replaces:
        yield Finding(rule="in_the_past", remedy="from_today", question="from", values=values)
    elif (request.back - request.from_).days > _LONGEST_DAYS:
        yield Finding(rule="too_long", remedy="check_year", question="back", values=values)


def _overlaps(absence: Absence, facts: AbsenceFacts) -> Iterator[Finding]:
    for known in facts.away:
        if known.person == absence.person and known.ref and _share_a_day(absence, known):
            values: dict[str, str | int | date] = {"ref": known.ref, "from_": known.from_, "back": known.back}
            yield Finding(rule="overlap", remedy="extend_or_replace", question="overlap", values=values)


def _share_a_day(absence: Absence, known: KnownAway) -> bool:
    return known.from_ < absence.back and absence.from_ < known.back


def _option(request: AbsenceRequest, days: Sequence[date], facts: AbsenceFacts) -> Iterator[Finding]:
    out = [day for day in days if day in facts.out_of_office]
    if request.option is Option.READS_ONESELF and out:
        # p. 5 asks "att man själv kontrollerar e-posten varje dag", and the calendar says the opposite
        yield Finding(rule="calendar_says_away", remedy="other_option", question="option", values={"day": out[0]})
    if request.option is Option.READS_ONESELF and request.reason == "illness":
        yield Finding(rule="ill_and_reading", remedy="other_option", question="option")
    if request.option is Option.READS_ONESELF and request.by_another and not request.option_kept:
        values = {"name": facts.name(request.person)}
        yield Finding(rule="others_promise", remedy="other_option", question="option", values=values)
    if request.option is Option.TO_AUTHORITY_MAILBOX and not facts.has_authority_mailbox:
        yield Finding(rule="no_authority_mailbox", remedy="other_option", question="option")


def _colleague(
    request: AbsenceRequest, absence: Absence, days: Sequence[date], facts: AbsenceFacts
) -> Iterator[Finding]:
    if not request.option.names_colleague:
        return
    if not request.colleague:
        yield Finding(rule="colleague_missing", remedy="name_colleague", question="colleague")
        return
    unfit = _unfit(request.colleague, request.person, facts, "colleague")
    if unfit is not None:
        yield unfit
        return
    values: dict[str, str | int | date] = {"name": facts.name(request.colleague), "owner": facts.name(request.person)}
    missed = next((day for day in days if facts.is_away(request.colleague, day)), None)
    if missed is not None:
        values["day"] = missed
        yield Finding(rule="colleague_away", remedy="other_colleague", question="colleague", values=values)
    if request.option is Option.TO_COLLEAGUE:
        circle = _forwarding_circle(absence, facts)
        if circle:
            names = " - ".join(map(facts.name, circle))
            yield Finding(
                rule="forwarding_circle", remedy="other_colleague", question="colleague", values={"names": names}
            )
    if request.option is Option.COLLEAGUE_CHECKS and facts.may_read is False:
        yield Finding(rule="may_not_read", remedy="give_right", question="colleague", values=values)
    if request.by_another and not facts.has_mandate:
        # JO: personally addressed mail is opened by others only under the person's own mandate. A copy that the
        # server forwards (C) is told; reading the mailbox itself (A) is refused.
        values = {**values, "reader_id": request.colleague, "owner_id": request.person}
        refused = request.option is Option.COLLEAGUE_CHECKS
        yield Finding(rule="no_mandate", remedy="add_mandate", question="colleague", refused=refused, values=values)


def _covers(request: AbsenceRequest, absence: Absence, facts: AbsenceFacts) -> Iterator[Finding]:
    for week in gaps(absence, facts.calendar):
        yield Finding(
            rule="week_without_cover", remedy="name_cover", question=f"cover {week}", values={"week": week_number(week)}
        )
    needed = {cover.week for cover in absence.covers}
    for week in sorted(request.covers.keys() - needed):
        values: dict[str, str | int | date] = {"week": week_number(week), "name": facts.name(request.covers[week])}
        yield Finding(
            rule="cover_not_needed", remedy="check_week", question=f"cover {week}", refused=False, values=values
        )
    for cover in absence.covers:
        unfit = _unfit(cover.person, absence.person, facts, f"cover {cover.week}")
        if unfit is not None:
            yield unfit
            continue
        yield from _cover_away(absence, cover.person, cover.week, facts)
        first_week = absence.covers[[one.person for one in absence.covers].index(cover.person)].week
        if not facts.people[cover.person].has_phone and cover.week == first_week:
            values = {"name": facts.name(cover.person), "week": week_number(cover.week)}
            yield Finding(
                rule="no_phone", remedy="add_phone", question=f"cover {cover.week}", refused=False, values=values
            )


def _cover_away(absence: Absence, person: str, week: str, facts: AbsenceFacts) -> Iterator[Finding]:
    days = days_in_week(absence, week, facts.calendar)
    missed = next((day for day in days if facts.is_away(person, day)), None)
    if missed is None:
        return
    values: dict[str, str | int | date] = {"name": facts.name(person), "week": week_number(week), "day": missed}
    chain = _chain(absence.person, person, week, days, facts)
    values["names"] = " - ".join(map(facts.name, chain))
    last = chain[-1]
    if last == absence.person:
        yield Finding(rule="cover_circle", remedy="other_cover", question=f"cover {week}", values=values)
    elif any(facts.is_away(last, day) for day in days):
        yield Finding(rule="cover_away", remedy="other_cover", question=f"cover {week}", values=values)
    else:
        values["stand_in"] = facts.name(last)
        yield Finding(rule="cover_away", remedy="name_stand_in", question=f"cover {week}", values=values)


def _chain(owner: str, person: str, week: str, days: Sequence[date], facts: AbsenceFacts) -> tuple[str, ...]:
    """From `person` along the covers of those who are away that week themselves: it ends with somebody who is there,
    with somebody who has no cover, or where it comes round."""
    chain = [person]
    while chain[-1] != owner and any(facts.is_away(chain[-1], day) for day in days):
        plans = (known.plan for known in facts.away if known.person == chain[-1] and known.plan is not None)
        following = next((cover for plan in plans if (cover := plan.cover_in(week)) is not None), None)
        if following is None or following in chain:
            break
        chain.append(following)
    return tuple(chain)


def _unfit(person: str, owner: str, facts: AbsenceFacts, question: Question) -> Finding | None:
    """Why this person can never stand in, whatever the days."""
    known = facts.people.get(person)
    values = {"name": facts.name(person)}
    if known is None:
        return Finding(rule="unknown_person", remedy="name_from_directory", question=question, values=values)
    if not known.inside:
        return Finding(rule="outside_organisation", remedy="name_colleague", question=question, values=values)
    if person == owner:
        return Finding(rule="oneself", remedy="name_colleague", question=question, values=values)
    return None


def _forwarding_circle(absence: Absence, facts: AbsenceFacts) -> tuple[str, ...]:
    """The people through whom a copy would come back, in order, ending where it began; empty when it does not.

    Rules forward on closed days too, and a circle spins only while all of them do: its windows share a day.
    """

    forwards: dict[str, list[Absence]] = {}
    for known in facts.away:
        if known.plan is not None and known.plan.option is Option.TO_COLLEAGUE:
            forwards.setdefault(known.plan.person, []).append(known.plan)
    start = (absence.person, absence.colleague)
    ahead: list[tuple[tuple[str, ...], date, date]] = [(start, absence.from_, absence.back)]
    seen = set()
    while ahead:
        path, from_, back = ahead.pop()
        if path[-1] == absence.person:
            return path
        if (path[-1], from_, back) in seen:
            continue
        seen.add((path[-1], from_, back))
        for plan in forwards.get(path[-1], ()):
            first, last = max(from_, plan.from_), min(back, plan.back)
            if first < last:
                ahead.append(((*path, plan.colleague), first, last))
    return ()


def _duties(absence: Absence, days: Sequence[date], facts: AbsenceFacts) -> Iterator[Finding]:
    """A role that falls to somebody else meanwhile (p. 4: "ansvarar kommunchefen för att en vikarie kontrollerar")."""
    for duty in facts.duties:
        deputies = dict.fromkeys(
            _acting(duty, day, facts, without=absence.person)
            for day in days
            if _acting(duty, day, facts, without="") == absence.person
        )
        for deputy in deputies:
            values: dict[str, str | int | date] = {"unit": duty.unit, "owner": facts.name(absence.person)}
            if deputy is None:
                rule, remedy = f"no_deputy_{duty.role}", "name_deputy"
            else:
                rule, remedy = f"deputy_{duty.role}", "head_is_told"
                values["name"] = facts.name(deputy)
            yield Finding(rule=rule, remedy=remedy, question="person", refused=False, values=values)


def _acting(duty: Duty, day: date, facts: AbsenceFacts, *, without: str) -> str | None:
    return next((person for person in duty.people if person != without and not facts.is_away(person, day)), None)


def _covers_others(absence: Absence, facts: AbsenceFacts) -> Iterator[Finding]:
    """Others who count on this person in those days: they need somebody else."""
    for known in facts.away:
        plan = known.plan
        if plan is None or plan.person == absence.person or not _share_a_day(absence, known):
            continue
        if plan.option.names_colleague and plan.colleague == absence.person:
            values: dict[str, str | int | date] = {"name": facts.name(plan.person), "ref": known.ref}
            yield Finding(rule="looks_after", remedy="tell_them", question="person", refused=False, values=values)
        for cover in plan.covers:
            shared = (day for day in days_in_week(plan, cover.week, facts.calendar) if absence.is_away_on(day))
            if cover.person == absence.person and any(shared):
                values = {"name": facts.name(plan.person), "week": week_number(cover.week), "ref": known.ref}
                yield Finding(rule="covers_for", remedy="tell_them", question="person", refused=False, values=values)
