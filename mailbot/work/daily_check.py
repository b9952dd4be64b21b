"""The daily check: has a person looked into every authority mailbox today, and how is it known?

Bjurholm p. 4: the authority mailbox "kontrolleras vid minst ett tillfälle varje arbetsdag". That mailbot reads it is no
check. Somebody says that they checked (by command, or by answering the morning mail), or is seen to have worked there:
an answer, a move or a decision, never the \\Seen flag.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from mailbot.config.model import Config, MailboxSettings, PersonSettings, Unit
from mailbot.errors import UserError
from mailbot.policy.workdays import WorkCalendar
from mailbot.store.audit import RULES
from mailbot.store.handling import Deed
from mailbot.store.people_records import Attestation, DailyReading
from mailbot.work.context import Context
from mailbot.work.intake import MailboxPass

#: checked: on the day itself; late: said on a later day; waiting: the day is not over; missed: nobody, past the hour
CheckState = Literal["checked", "late", "waiting", "missed"]

#: a command commits a moment after the time it bears; what is found twice is noted once
_OVERLAP = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckDay:
    """One authority mailbox on one local day on which it must be checked."""

    mailbox: str
    unit: str
    day: date
    state: CheckState
    #: None: mailbot did not read it that day
    reading: DailyReading | None
    #: those in time first, then the earliest
    checks: tuple[Attestation, ...]
    #: person id of who should check; None when all mail officers are away and nobody stands in
    checker: str | None

    @property
    def check(self) -> Attestation | None:
        """The one that counts."""
        return self.checks[0] if self.checks else None


def authority_mailboxes(config: Config, unit_id: str | None = None) -> list[MailboxSettings]:
    """The mailboxes that must be checked, of one unit when asked for."""
    return [one for one in config.mailboxes if one.role == "authority" and unit_id in (None, one.unit)]


def checker(context: Context, unit: Unit, day: date) -> PersonSettings | None:
    """Who checks the unit's mailboxes on `day`: the first mail officer present, else whom the head has named.

    None when nobody is left (Bjurholm p. 4: then the head sees to it that a substitute checks).
    """
    officer = context.presence.first_present(unit.mail_officers, day)
    return officer or _named(context, unit, day)


def _named(context: Context, unit: Unit, day: date) -> PersonSettings | None:
    named = [one.person for one in context.store.daily_checks.stand_ins(day, day) if one.unit == unit.id and one.person]
    return context.presence.first_present(named, day)


def may_attest(context: Context, mailbox: MailboxSettings, day: date) -> tuple[str, ...]:
    """Ids of those whose word counts: the unit's mail officers, whom the head named for that day, and the heads."""
    config = context.config
    officers = next((unit.mail_officers for unit in config.units if unit.id == mailbox.unit), ())
    named = [one.person for one in context.store.daily_checks.stand_ins(day, day) if one.unit == mailbox.unit]
    return (*officers, *filter(None, named), *config.roles.head_of_administration)


def attest(
    context: Context,
    mailbox: MailboxSettings,
    day: date,
    *,
    person: str,
    how: Literal["command", "mail"],
    by: str,
    at: datetime,
) -> Attestation:
    """Note that `person` says that the mailbox was checked on `day`; `at` (aware) is when they say it.

    UserError for a mailbox that needs no check, or a day that has not come.
    """
    if mailbox.role != "authority":
        boxes = ", ".join(one.address for one in authority_mailboxes(context.config)) or "none"
        raise UserError(f"{mailbox.address} is no authority mailbox, so no check is recorded; there are: {boxes}")
    today = at.astimezone(context.config.zone).date()
    if day > today:
        raise UserError(f"{day} has not come yet; what is checked today is attested for {today}")
    check = Attestation(mailbox=mailbox.address, day=day, how=how, person=person, at=at, late=day < today)
    context.store.daily_checks.attest(check, by=by, now=at)
    return check


# --- what people were seen to do ------------------------------------------------------------------------------------


def note_readings(context: Context, passes: Iterable[MailboxPass], now: datetime) -> None:
    """After mailboxes were read: note that, and what people were seen to have done in authority mailboxes since."""
    before = context.store.daily_checks.last_read()
    today = now.astimezone(context.config.zone).date()
    for result in passes:
        mailbox = context.config.mailbox(result.mailbox)
        if mailbox is None or mailbox.role != "authority" or result.error is not None:
            continue
        since = before.get(mailbox.address)
        if since is not None and context.config.policy.check.handling_counts:
            deeds = _deeds(context, mailbox, since, now, result.junk_folders)
            checks = _attestations(context, mailbox, deeds, since, today)
            context.store.daily_checks.note_handling(checks, by=RULES, now=now)
        context.store.daily_checks.read(mailbox.address, today, now)


def _deeds(
    context: Context, mailbox: MailboxSettings, since: datetime, now: datetime, junk_folders: Sequence[str]
) -> Iterator[Deed]:
    config, handling = context.config, context.store.handling
    officers = next((unit.mail_officers for unit in config.units if unit.id == mailbox.unit), ())
    own = ((one, config.owner(one)) for one in config.mailboxes if one.role == "personal")
    theirs = [(one.address, owner.id) for one, owner in own if owner is not None and owner.id in officers]
    yield from handling.replies(mailbox.address, since, officers=theirs)
    yield from handling.decisions(mailbox.address, since - _OVERLAP, people=officers)
    # When a message moved is known no closer than between two readings: both must be of the same day.
    if since.astimezone(config.zone).date() == now.astimezone(config.zone).date():
        moved_at = handling.moved(mailbox.address, since, not_to=junk_folders)
        if moved_at is not None:
            yield Deed(how="move", at=moved_at)


def _attestations(
    context: Context, mailbox: MailboxSettings, deeds: Iterable[Deed], since: datetime, today: date
) -> Iterator[Attestation]:
    """What is dated before the last reading's day, or in the future, proves nothing about any day."""
    zone = context.config.zone
    first = since.astimezone(zone).date()
    for deed in deeds:
        day = deed.at.astimezone(zone).date()
        if first <= day <= today:
            yield Attestation(mailbox=mailbox.address, day=day, how=deed.how, person=deed.person, at=deed.at)


# --- how the days stand ---------------------------------------------------------------------------------------------


def check_days(context: Context, first: date, last: date, now: datetime) -> list[CheckDay]:
    """Every authority mailbox on every day from `first` to `last` on which it must be checked, as known at `now`.

    The duty begins on the day on which mailbot first read the mailbox, or on the next one when that was past the hour
    of the alarm: nobody could have known.
    """
    rules = context.config.policy.check
    if not rules.required:
        return []
    calendar, store = WorkCalendar(context.config.policy.calendar), context.store.daily_checks
    days = [day for day in calendar.days_from(first, last) if calendar.is_mailbox_check_day(day)]
    checks, readings = store.checks(first, last), {(one.mailbox, one.day): one for one in store.readings(first, last)}
    began = {mailbox: _duty_begins(context, at) for mailbox, at in store.first_read().items()}
    units = {unit.id: unit for unit in context.config.units}
    checkers = {(unit, day): checker(context, units[unit], day) for unit in units for day in days}
    return [
        _check_day(
            mailbox,
            day,
            tuple(one for one in checks if (one.mailbox, one.day) == (mailbox.address, day)),
            readings.get((mailbox.address, day)),
            checkers.get((mailbox.unit, day)),
            is_over=is_past_alarm(context, day, now),
        )
        for day in days
        for mailbox in authority_mailboxes(context.config)
        if mailbox.address in began and began[mailbox.address] <= day
    ]


def is_past_alarm(context: Context, day: date, now: datetime) -> bool:
    """Whether a check on `day` should have been made by `now`."""
    local = now.astimezone(context.config.zone)
    return (day, context.config.policy.check.alarm_at) <= (local.date(), local.time())


def standing(context: Context, now: datetime) -> list[CheckDay]:
    """Mailboxes that nobody has checked although it is time: today's, or on a closed day those of the last open one."""
    calendar = WorkCalendar(context.config.policy.calendar)
    day = now.astimezone(context.config.zone).date()
    while not calendar.is_mailbox_check_day(day):
        day -= timedelta(days=1)
    return [one for one in check_days(context, day, day, now) if one.state == "missed"]


def _duty_begins(context: Context, first_read_at: datetime) -> date:
    day = first_read_at.astimezone(context.config.zone).date()
    return day + timedelta(days=1) if is_past_alarm(context, day, first_read_at) else day


def _check_day(
    mailbox: MailboxSettings,
    day: date,
    checks: tuple[Attestation, ...],
    reading: DailyReading | None,
    should: PersonSettings | None,
    *,
    is_over: bool,
) -> CheckDay:
    state: CheckState = "missed" if is_over else "waiting"
    if checks:
        state = "late" if checks[0].late else "checked"
    return CheckDay(
        mailbox=mailbox.address,
        unit=mailbox.unit,
        day=day,
        state=state,
        reading=reading,
        checks=checks,
        checker=should.id if should else None,
    )
