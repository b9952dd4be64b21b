"""Who is told of an absence: the person, the covers, the switchboard, the head, and whoever counted on the person.

Every mail has a dedup_key of absence and version, so telling again after a crash adds nothing (invariant 2). In observe
mode nobody is told.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Literal

from mailbot.config.model import PersonSettings
from mailbot.platforms.files.ics import absence_event
from mailbot.policy.absence import Option, days_in_week, first_day, week_number
from mailbot.policy.absence_model import AbsenceRequest, Finding
from mailbot.policy.workdays import WorkCalendar
from mailbot.store.people_records import StoredAbsence
from mailbot.store.records import NewMail, NewTicket
from mailbot.work.absence_plan import examine, sentence
from mailbot.work.absence_texts import values_of
from mailbot.work.context import Context
from mailbot.work.staff_mail import staff_mail

#: tickets of this kind let a cover accept or decline; they are about the absence's reference
COVER_TICKET = "cover"


def tell(context: Context, stored: StoredAbsence, now: datetime) -> int:
    """Queue what everybody concerned should know of this version; how many mails were new. None in observe mode."""
    if not context.enforcing:
        return 0
    queued = context.store.outbox.enqueue(list(_mails(context, stored, now)), now=now)
    context.store.absences.told(stored.ref, stored.text_version, now=now)
    return queued


def tell_cancelled(context: Context, stored: StoredAbsence, now: datetime) -> int:
    """Covers, colleague and switchboard, where they had heard of the absence."""
    if not context.enforcing or not stored.told_version:
        return 0
    mails = [
        _mail(
            context,
            stored,
            "absence_cancelled",
            reader.email,
            now,
            language=reader.language,
            values={"ref": stored.ref},
        )
        for reader in _helpers(context, stored)
    ]
    mails += _to_switchboard(context, stored, now, cancelled=True)
    return context.store.outbox.enqueue(mails, now=now)


def uncovered_mails(
    context: Context,
    stored: StoredAbsence,
    cover: str,
    reason: Literal["declined", "silent"],
    now: datetime,
    *,
    weeks: Sequence[str] | None = None,
) -> list[NewMail]:
    """A cover said no, or nothing: the person and their manager name another for the cover's weeks (None: all)."""
    config = context.config
    person, cover_person = config.person(stored.absence.person), config.person(cover)
    manager = config.person(person.manager) if person else None
    theirs = weeks or [one.week for one in stored.covers if one.person == cover]
    values = {
        "ref": stored.ref,
        "weeks": _weeks(context, stored, theirs),
        "cover": cover_person.name if cover_person else cover,
        "reason": reason,
    }
    about = f"{reason}:{cover}:{','.join(theirs)}"
    return [
        _mail(context, stored, "absence_uncovered", one.email, now, language=one.language, about=about, values=values)
        for one in (person, manager)
        if one is not None
    ]


def event_of(context: Context, stored: StoredAbsence, now: datetime) -> bytes:
    """The absence as a calendar file for the person."""
    person = context.config.person(stored.absence.person)
    words = context.templates.words(person.language if person else "")
    return absence_event(
        uid=f"{stored.ref}@{context.config.service_mailbox.address.rpartition('@')[2]}",
        title=words.word("away", "absence"),
        from_=stored.absence.from_,
        back=stored.absence.back,
        stamp=now,
        version=stored.text_version,
        # who reads their mail every day is not out of office, and the calendar must not say so
        out_of_office=stored.absence.option is not Option.READS_ONESELF,
    )


def _mails(context: Context, stored: StoredAbsence, now: datetime) -> Iterator[NewMail]:
    roles = [finding for finding in _again(context, stored, now) if "deputy" in finding.rule]
    yield from _to_person(context, stored, roles, now)
    for helper in _helpers(context, stored):
        yield _to_helper(context, stored, helper, now)
    yield from _to_switchboard(context, stored, now)
    yield from _to_head(context, stored, roles, now)
    yield from _to_those_who_counted_on(context, stored, now)


def _again(context: Context, stored: StoredAbsence, now: datetime) -> Sequence[Finding]:
    absence = stored.absence
    request = AbsenceRequest(
        person=absence.person,
        from_=absence.from_,
        back=absence.back,
        option=absence.option,
        colleague=absence.colleague,
        covers={cover.week: cover.person for cover in absence.covers},
        replaces=(stored.ref,),
    )
    return examine(context, request, now)


def _to_person(context: Context, stored: StoredAbsence, roles: Sequence[Finding], now: datetime) -> Iterator[NewMail]:
    person = context.config.person(stored.absence.person)
    if person is None:
        return
    yield _mail(
        context,
        stored,
        "absence_confirmed",
        person.email,
        now,
        language=person.language,
        event=event_of(context, stored, now),
        values={
            "ref": stored.ref,
            "set_up_by": _another(context, stored),
            "roles": [sentence(context.templates.words(person.language), finding) for finding in roles],
        },
    )


def _another(context: Context, stored: StoredAbsence) -> str:
    """Who set it up, when it was not the person."""
    by = stored.created_by
    person_id = by.removeprefix("person:").split(" ")[0]
    if by.startswith("person:") and person_id == stored.absence.person:
        return ""
    known = context.config.person(person_id)
    return known.name if known else by


def _to_helper(context: Context, stored: StoredAbsence, helper: PersonSettings, now: datetime) -> NewMail:
    theirs = [cover.week for cover in stored.covers if cover.person == helper.id and cover.state != "accepted"]
    looks_after = stored.absence.option.value if stored.absence.colleague == helper.id else ""
    return _mail(
        context,
        stored,
        "absence_cover",
        helper.email,
        now,
        language=helper.language,
        ticket=NewTicket(kind=COVER_TICKET, person=helper.id, about=stored.ref, days=90) if theirs else None,
        values={"weeks": _weeks(context, stored, theirs), "looks_after": looks_after},
    )


def _helpers(context: Context, stored: StoredAbsence) -> list[PersonSettings]:
    """Covers and colleague, each once."""
    ids = dict.fromkeys([*(cover.person for cover in stored.covers), stored.absence.colleague])
    return [person for person in map(context.config.person, ids) if person is not None]


def _to_switchboard(
    context: Context, stored: StoredAbsence, now: datetime, *, cancelled: bool = False
) -> Iterator[NewMail]:
    """B4: "Vid frånvaro ska växeln meddelas, om möjligt ange alternativ person att kontakta"."""
    if address := context.config.roles.switchboard:
        about = "cancelled" if cancelled else ""
        yield _mail(context, stored, "absence_switchboard", address, now, about=about, values={"cancelled": cancelled})


def _to_head(context: Context, stored: StoredAbsence, roles: Sequence[Finding], now: datetime) -> Iterator[NewMail]:
    """B4: "Om postansvarig ... är frånvarande ansvarar kommunchefen för att en vikarie kontrollerar"."""
    head = context.presence.acting_at(context.config.roles.head_of_administration, now)
    if head is not None and roles:
        words = context.templates.words(head.language)
        lines = [sentence(words, finding) for finding in roles]
        yield _mail(context, stored, "absence_head", head.email, now, language=head.language, values={"roles": lines})


def _to_those_who_counted_on(context: Context, stored: StoredAbsence, now: datetime) -> Iterator[NewMail]:
    """People whose cover goes away too, and their managers."""
    config, gone = context.config, stored.absence
    for finding in _again(context, stored, now):
        if finding.rule not in ("covers_for", "looks_after"):
            continue
        other = context.store.absences.get(str(finding.values["ref"]))
        cover = config.person(gone.person)
        weeks = [c.week for c in other.covers if c.person == gone.person and _shares(context, stored, c.week)]
        person = config.person(other.absence.person)
        manager = config.person(person.manager) if person else None
        for reader in filter(None, (person, manager)):
            yield _mail(
                context,
                other,
                "absence_uncovered",
                reader.email,
                now,
                language=reader.language,
                about=f"away:{stored.ref}:{stored.text_version}",
                values={
                    "ref": other.ref,
                    "weeks": _weeks(context, other, weeks),
                    "cover": cover.name if cover else gone.person,
                    "reason": "away",
                },
            )


def _shares(context: Context, stored: StoredAbsence, week: str) -> bool:
    return bool(days_in_week(stored.absence, week, WorkCalendar(context.config.policy.calendar)))


def _weeks(context: Context, stored: StoredAbsence, weeks: Iterable[str]) -> list[Mapping[str, object]]:
    """Weeks with their absent working days, for templates."""
    calendar = WorkCalendar(context.config.policy.calendar)
    shown: list[Mapping[str, object]] = []
    for week in sorted(weeks):
        days: Sequence[date] = days_in_week(stored.absence, week, calendar)
        first = days[0] if days else first_day(week)
        last = days[-1] if days else first + timedelta(days=4)
        shown.append({"week": week, "number": week_number(week), "first": first, "last": last})
    return shown


def _mail(
    context: Context,
    stored: StoredAbsence,
    template: str,
    to: str,
    now: datetime,
    *,
    language: str = "",
    about: str = "",
    event: bytes | None = None,
    ticket: NewTicket | None = None,
    values: Mapping[str, object] | None = None,
) -> NewMail:
    absence = values_of(context.config, stored.absence)
    rendered = context.templates.render(template, language or None, absence=absence, **(values or {}))
    return staff_mail(
        context,
        rendered,
        dedup_key=f"{template}:{stored.ref}:{stored.text_version}:{to}:{about}",
        kind="notice",
        to=(to,),
        now=now,
        event=event,
        ticket=ticket,
    )
