"""Who is away, or soon will be, without a plan; and whose week begins. Once on each working day, in enforce mode.

People are away when an absence is registered (people file, calendar, their own notice), or when they have sent nothing
for a number of working days. Whoever is away owes a correct automatic reply and a cover for every week (B5).
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from mailbot.config.model import MailboxSettings, PersonSettings
from mailbot.errors import MailbotError
from mailbot.log import get_logger
from mailbot.policy.absence_text import breaches
from mailbot.policy.workdays import WorkCalendar, iso_week
from mailbot.store.absences import STANDING
from mailbot.store.people_records import StoredAbsence
from mailbot.work.absence_install import local_date, opened
from mailbot.work.absence_notices import manager_of, tell_covers_of_next_week, tell_unplanned
from mailbot.work.context import Context

log = get_logger(__name__)


def enforce(context: Context, now: datetime) -> int:
    """Everything of this working day; how many mails were queued. Repeating it on the same day adds none."""
    if not context.enforcing:
        return 0
    today = local_date(context.config, now)
    standing = context.store.absences.list(states=STANDING)
    told = sum(tell_covers_of_next_week(context, stored, now) for stored in standing)
    for person, _ in _with_mailbox(context):
        theirs = [stored for stored in standing if stored.absence.person == person.id]
        told += _about(context, person, theirs, today, now)
    return told


def _about(context: Context, person: PersonSettings, planned: list[StoredAbsence], today: date, now: datetime) -> int:
    first = next(_unplanned_days(context, person, planned, today), None)
    if first == today:
        return _is_away(context, person, _since(context, person, planned, today), now)
    if first is not None:
        return _goes_away(context, person, first, today, now)
    if not any(stored.absence.is_away_on(today) for stored in planned):
        return _is_silent(context, person, today, now)
    return 0


def _unplanned_days(
    context: Context, person: PersonSettings, planned: list[StoredAbsence], today: date
) -> Iterator[date]:
    """Working days from today to the horizon on which somebody is away without a plan."""
    calendar = WorkCalendar(context.config.policy.calendar)
    last = calendar.add_working_days(today, context.config.policy.absence.remind_before)
    for day in calendar.days_from(today, last):
        has_plan = any(stored.absence.is_away_on(day) for stored in planned)
        if calendar.is_working_day(day) and not has_plan and context.presence.is_away(person, day):
            yield day


def _since(context: Context, person: PersonSettings, planned: list[StoredAbsence], today: date) -> date:
    """The first day of what is under way: the same for every day of it, so that the manager is told once."""
    day = today
    for _ in range(60):
        before = day - timedelta(days=1)
        if any(stored.absence.is_away_on(before) for stored in planned) or not context.presence.is_away(person, before):
            break
        day = before
    return day


def _goes_away(context: Context, person: PersonSettings, first: date, today: date, now: datetime) -> int:
    """The person is reminded; on the last working day the manager too."""
    calendar = WorkCalendar(context.config.policy.calendar)
    readers = [person]
    manager = manager_of(context, person, now)
    if manager is not None and calendar.on_or_after(today + timedelta(days=1)) >= first:
        readers.append(manager)
    return tell_unplanned(context, person, first, readers=readers, away_now=False, now=now)


def _is_away(context: Context, person: PersonSettings, first: date, now: datetime) -> int:
    manager = manager_of(context, person, now)
    problems = own_reply_problems(context, person, now)
    return tell_unplanned(
        context,
        person,
        first,
        readers=[manager] if manager is not None else [],
        away_now=True,
        now=now,
        problems=problems or (),
    )


def _is_silent(context: Context, person: PersonSettings, today: date, now: datetime) -> int:
    """Nothing sent for so many working days: away, as far as those who write can tell."""
    days = context.config.policy.absence.inactive_after
    settings = context.config.mailbox(person.email)
    last = context.store.intake.last_sent_at(settings.address) if days and settings is not None else None
    if last is None:
        return 0  # never seen to send: no measure
    calendar = WorkCalendar(context.config.policy.calendar)
    last_day = local_date(context.config, last)
    quiet_from = calendar.add_working_days(last_day, 1)
    if calendar.add_working_days(last_day, days) >= today:
        return 0
    manager = manager_of(context, person, now)
    return tell_unplanned(
        context,
        person,
        quiet_from,
        readers=[manager] if manager is not None else [],
        away_now=True,
        now=now,
        inactive_days=days,
    )


def own_reply_problems(context: Context, person: PersonSettings, now: datetime) -> tuple[str, ...] | None:
    """How a reply that a person has set up without a plan breaks the template; None: there is none, or none can be
    read."""
    settings = context.config.mailbox(person.email)
    if settings is None:
        return None
    try:
        with opened(context.open_auto_replies(settings)) as replies:
            found = replies.read(settings.address) if replies is not None else None
    except MailbotError as error:
        log.warning("auto_reply_not_read", mailbox=settings.address, error=type(error).__name__)
        return None
    if found is None or not found.enabled:
        return None
    week = iso_week(local_date(context.config, now))
    return breaches(found.external_text, context.config.policy.language, week=week)


def _with_mailbox(context: Context) -> Iterator[tuple[PersonSettings, MailboxSettings]]:
    for person in context.config.people:
        settings = context.config.mailbox(person.email)
        if settings is not None and settings.role == "personal":
            yield person, settings
