"""What the check of an absence needs to know: who is away when, who holds which role, who may read what."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from mailbot.config.model import Config, MailboxSettings, PersonSettings
from mailbot.errors import MailbotError
from mailbot.log import get_logger
from mailbot.platforms.people import Away, Calendar
from mailbot.policy.absence_model import AbsenceFacts, AbsenceRequest, Colleague, Duty, KnownAway
from mailbot.policy.workdays import WorkCalendar
from mailbot.store.absences import STANDING
from mailbot.store.store import Store
from mailbot.work.context import Context
from mailbot.work.presence import AbsenceSource

log = get_logger(__name__)

#: no plan is longer; a mistyped year costs no more than this
_FURTHEST = timedelta(days=3 * 366)


def facts_for(context: Context, request: AbsenceRequest, now: datetime) -> AbsenceFacts:
    """What is known at `now` (aware) about everybody whom `request` names or concerns."""
    config = context.config
    calendar = WorkCalendar(config.policy.calendar)
    today = now.astimezone(config.zone).date()
    last = min(max(request.back, request.from_), request.from_ + _FURTHEST)
    duties = tuple(_duties(config, request.person))
    concerned = {request.colleague, *request.covers.values(), *(one for duty in duties for one in duty.people)} - {""}
    owner = config.person(request.person)
    mailbox = personal_mailbox(config, owner) if owner else None
    colleague = config.person(request.colleague)
    away = [*_planned(context.store, request.from_, last), *_from_people_file(config)]
    away += [one for person in sorted(concerned) for one in _from_calendar(context, person, request.from_, last)]
    away += [
        KnownAway(person=notice.person, from_=notice.from_on, back=notice.back_on)
        for notice in context.store.away_notices.list(request.from_)
    ]
    return AbsenceFacts(
        today=today,
        calendar=calendar,
        people={person.id: _colleague(config, person) for person in config.people},
        away=tuple(away),
        duties=duties,
        has_authority_mailbox=mailbox is not None and authority_mailbox(config, mailbox) is not None,
        may_read=context.may_read(mailbox, colleague) if mailbox and colleague else None,
        has_mandate=_has_mandate(context.store, request, last),
        out_of_office=_out_of_office(context, request, last),
    )


def personal_mailbox(config: Config, person: PersonSettings) -> MailboxSettings | None:
    """The mailbox of a person that mailbot looks after, or None."""
    found = (config.mailbox(address) for address in (person.email, *person.aliases))
    return next((mailbox for mailbox in found if mailbox is not None and mailbox.role == "personal"), None)


def authority_mailbox(config: Config, mailbox: MailboxSettings) -> MailboxSettings | None:
    """Where option B forwards the mail of `mailbox`: its unit's first authority mailbox."""
    return next((m for m in config.mailboxes if m.role == "authority" and m.unit == mailbox.unit), None)


def stored_absences(store: Store) -> AbsenceSource:
    """Planned absences, for `Presence`."""

    def is_away(person: PersonSettings, day: date) -> bool:
        return bool(store.absences.list(states=STANDING, person=person.id, from_=day, to=day))

    return is_away


def calendar_absences(calendar: Calendar) -> AbsenceSource:
    """What calendars say, for `Presence`. One that cannot be read says nothing; `doctor` tells."""

    def is_away(person: PersonSettings, day: date) -> bool:
        return bool(read_calendar(calendar, person.id, day, day))

    return is_away


def read_calendar(calendar: Calendar, person: str, from_: date, to: date) -> tuple[Away, ...]:
    """Days out of office; nothing where the calendar cannot be read, which is logged."""
    try:
        return tuple(calendar.absences(person, from_, to))
    except MailbotError:
        log.warning("calendar_unreadable", person=person)
        return ()


def _colleague(config: Config, person: PersonSettings) -> Colleague:
    domains = set(config.organisation.domains)
    return Colleague(
        name=person.name,
        inside=person.email.rpartition("@")[2].lower() in domains,
        in_scope=personal_mailbox(config, person) is not None,
        has_phone=bool(person.phone or person.mobile),
    )


def _duties(config: Config, person: str) -> Iterator[Duty]:
    for unit in config.units:
        if person in unit.mail_officers:
            yield Duty(role="mail_officer", unit=unit.name, people=unit.mail_officers)
        if person in unit.registrars:
            yield Duty(role="registrar", unit=unit.name, people=unit.registrars)


def _planned(store: Store, from_: date, last: date) -> Iterator[KnownAway]:
    # a week more on both sides: whether a day is a working day is for the policy to say
    margin = timedelta(days=14)
    for stored in store.absences.list(states=STANDING, from_=from_ - margin, to=last + margin):
        plan = stored.absence
        yield KnownAway(person=plan.person, from_=plan.from_, back=plan.back, ref=stored.ref, plan=plan)


def _from_people_file(config: Config) -> Iterator[KnownAway]:
    for person in config.people:
        for known in person.absences:
            yield KnownAway(person=person.id, from_=known.from_, back=known.back)


def _from_calendar(context: Context, person: str, from_: date, last: date) -> Iterator[KnownAway]:
    for away in read_calendar(context.calendar, person, from_, last):
        yield KnownAway(person=person, from_=away.from_, back=away.back_on)


def _out_of_office(context: Context, request: AbsenceRequest, last: date) -> frozenset[date]:
    return frozenset(
        date.fromordinal(day)
        for away in read_calendar(context.calendar, request.person, request.from_, last)
        if away.all_day
        for day in range(away.from_.toordinal(), away.back_on.toordinal())
    )


def _has_mandate(store: Store, request: AbsenceRequest, last: date) -> bool:
    if not request.option.names_colleague or request.back <= request.from_:
        return False
    return store.mandates.allows(request.person, request.colleague, request.from_, last - timedelta(days=1))
