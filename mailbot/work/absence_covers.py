"""Covers who have not said whether they can, and versions of an absence that nobody has heard of yet."""

from datetime import datetime

from mailbot.policy.workdays import WorkCalendar
from mailbot.store.absences import STANDING
from mailbot.store.people_records import CoverAnswer, StoredAbsence
from mailbot.work.absence_mails import tell, uncovered_mails
from mailbot.work.context import Context


def follow_up(context: Context, now: datetime) -> int:
    """Tell what is untold (a process may have died), and of covers who stay silent; how many mails were queued.

    In observe mode nothing. An absence that was planned then is told once mailbot enforces, as long as it is ahead.
    """
    if not context.enforcing:
        return 0
    today = now.astimezone(context.config.zone).date()
    queued = 0
    for stored in context.store.absences.list(states=STANDING, from_=today):
        if stored.told_version < stored.text_version:
            queued += tell(context, stored, now)
            continue
        for cover in {one.person for one in stored.covers if _is_late(context, stored, one, now)}:
            queued += context.store.outbox.enqueue(uncovered_mails(context, stored, cover, "silent", now), now=now)
    return queued


def _is_late(context: Context, stored: StoredAbsence, cover: CoverAnswer, now: datetime) -> bool:
    """No answer within the time given, or on the working day before the absence begins."""
    if cover.state != "asked" or cover.asked_at is None:
        return False
    zone, calendar = context.config.zone, WorkCalendar(context.config.policy.calendar)
    today, asked_on = now.astimezone(zone).date(), cover.asked_at.astimezone(zone).date()
    patience = context.config.policy.absence.cover_answer_working_days
    last_call = calendar.next_working_day(today) >= stored.absence.from_ > today
    return today > calendar.add_working_days(asked_on, patience) or (last_call and today > asked_on)
