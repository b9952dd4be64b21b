"""Silence is alarming (invariant 10): who is told that nobody has checked, or that nobody will be there to check.

The head of administration; while mailbot only observes, the operator (invariant 4).
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from mailbot.config.model import PersonSettings, Unit
from mailbot.policy.workdays import WorkCalendar
from mailbot.store.records import NewMail, NewTicket
from mailbot.work.context import Context
from mailbot.work.daily_check import CheckDay, authority_mailboxes, check_days, checker, is_past_alarm
from mailbot.work.mode import enforced_since
from mailbot.work.staff_mail import staff_mail

_TOLD_UNTIL = "missed_checks_told_until"
#: the head is asked about a whole holiday at once
_LONGEST_GAP = timedelta(days=60)


def raise_check_alarms(context: Context, now: datetime) -> int:
    """Queue what must be told at `now` (aware); how many mails. Each day's news is told once.

    Noted as told only once it is queued: a process that dies in between finds the dedup key when it begins again.
    """
    if not context.config.policy.check.required:
        return 0
    return _tell_missed(context, now) + sum(_ask_who_checks(context, unit, now) for unit in context.config.units)


# --- nobody has checked ---------------------------------------------------------------------------------------------


def _tell_missed(context: Context, now: datetime) -> int:
    """Of the last day whose hour has passed. What a daemon that stood still slept through is in the head's digest."""
    today = now.astimezone(context.config.zone).date()
    day = today if is_past_alarm(context, today, now) else today - timedelta(days=1)
    told = context.store.installation.get(_TOLD_UNTIL)
    if told and date.fromisoformat(told) >= day:
        return 0
    since = enforced_since(context)
    accumulated = since is not None and day < since.astimezone(context.config.zone).date()
    missed = [] if accumulated else [one for one in check_days(context, day, day, now) if one.state == "missed"]
    queued = context.store.outbox.enqueue(list(_missed_mail(context, day, missed, now)), now=now) if missed else 0
    context.store.installation.set(_TOLD_UNTIL, day.isoformat())
    return queued


def _missed_mail(context: Context, day: date, missed: list[CheckDay], now: datetime) -> Iterator[NewMail]:
    lines = [
        {"mailbox": one.mailbox, "checker": _name(context, one.checker), "read_at": _local(context, one)}
        for one in missed
    ]
    values = {"day": day, "lines": lines, "is_today": day == now.astimezone(context.config.zone).date()}
    yield from _told(context, "check_missed", f"unchecked:{day.isoformat()}", values, now)


def _local(context: Context, one: CheckDay) -> datetime | None:
    return one.reading.last_read_at.astimezone(context.config.zone) if one.reading else None


# --- nobody will be there -------------------------------------------------------------------------------------------


def _ask_who_checks(context: Context, unit: Unit, now: datetime) -> int:
    """Asked before the day starts (Bjurholm p. 4, "ansvarar kommunchefen för att en vikarie kontrollerar")."""
    days = _unasked_days(context, unit, now) if authority_mailboxes(context.config, unit.id) else []
    if not days:
        return 0
    queued = context.store.outbox.enqueue(list(_who_checks_mail(context, unit, days, now)), now=now)
    context.store.daily_checks.ask_for_stand_in(unit.id, days, now=now)
    return queued


def _unasked_days(context: Context, unit: Unit, now: datetime) -> list[date]:
    """The days with nobody to check of which the head has not heard; with the next one the rest of that gap."""
    today = now.astimezone(context.config.zone).date()
    soon = today + timedelta(days=context.config.policy.check.ask_days_ahead)
    calendar = WorkCalendar(context.config.policy.calendar)
    asked = {
        one.day
        for one in context.store.daily_checks.stand_ins(today, today + _LONGEST_GAP)
        if one.unit == unit.id and one.person is None
    }
    found: list[date] = []
    for day in calendar.days_from(today, today + _LONGEST_GAP):
        if day > soon and not found:
            break
        if not calendar.is_mailbox_check_day(day):
            continue
        if checker(context, unit, day) is not None:
            if day >= soon:
                break
            continue
        if day not in asked:
            found.append(day)
    return found


def _who_checks_mail(context: Context, unit: Unit, days: list[date], now: datetime) -> Iterator[NewMail]:
    config = context.config
    officers = [person.name for person in map(config.person, unit.mail_officers) if person is not None]
    values: dict[str, object] = {
        "unit": unit.name,
        "unit_id": unit.id,
        "days": days,
        "away": officers,
        "mailboxes": [one.address for one in authority_mailboxes(config, unit.id)],
    }
    key = f"nobody_checks:{unit.id}:{days[0].isoformat()}:{now.astimezone(config.zone).date().isoformat()}"
    about = f"{unit.id} {days[0].isoformat()} {days[-1].isoformat()}"
    yield from _told(context, "check_stand_in", key, values, now, ticket=("stand_in", about))


# --- to whom --------------------------------------------------------------------------------------------------------


def _told(
    context: Context,
    template: str,
    dedup_key: str,
    values: dict[str, object],
    now: datetime,
    *,
    ticket: tuple[str, str] | None = None,
) -> Iterator[NewMail]:
    """A mail to the head, or to the operator while mailbot only observes; none where nobody has that duty."""
    config = context.config
    head = context.presence.acting_at(config.roles.head_of_administration, now) if context.enforcing else None
    address = head.email if head else config.operator
    if not address:
        return
    reader: PersonSettings | None = head or config.person_by_address(config.operator)
    language = (reader.language if reader else "") or config.policy.language
    observing = not context.enforcing
    rendered = context.templates.render(template, language, observing=observing, **values)
    yield staff_mail(
        context,
        rendered,
        dedup_key=dedup_key,
        kind="notice",
        to=(address,),
        now=now,
        ticket=NewTicket(kind=ticket[0], person=head.id, about=ticket[1]) if ticket and head else None,
    )


def _name(context: Context, person_id: str | None) -> str:
    person = context.config.person(person_id) if person_id else None
    return person.name if person else ""
