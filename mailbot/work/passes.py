"""One complete pass: read every mailbox, let clocks fall due, write the digests, send what is queued."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailbot.log import get_logger
from mailbot.policy.workdays import WorkCalendar
from mailbot.work import breaker, recovery, sender_trouble
from mailbot.work.absence_covers import follow_up as follow_up_covers
from mailbot.work.absence_enforcement import enforce
from mailbot.work.absence_upkeep import keep_up
from mailbot.work.answers.reading import read_answers
from mailbot.work.categories import mark_handed_over
from mailbot.work.check_alarms import raise_check_alarms
from mailbot.work.context import Context
from mailbot.work.daily_check import note_readings, standing
from mailbot.work.digest import KINDS, digest_mails, role_readers
from mailbot.work.duties import tell_new_owners
from mailbot.work.intake import MailboxPass
from mailbot.work.mode import note_mode
from mailbot.work.outbox import deliver_all
from mailbot.work.reading_round import BackOff, Progress, read_all
from mailbot.work.sweep import send_holding_replies

log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PassReport:
    """What a pass did, and what a person must act on."""

    mailboxes: tuple[MailboxPass, ...]
    holding_replies: int
    digests: int
    #: mails from the staff that brought something about
    answers: int
    sent: int
    #: fixed keys: "mailbox_not_read", "mailbox_not_checked", "circuit_breaker", "sender_unavailable",
    #: "database_restored", "failed_mail", "unknown_mail", "not_categorised"
    alarms: tuple[str, ...]

    @property
    def new_messages(self) -> int:
        return sum(mailbox.new_messages for mailbox in self.mailboxes)

    @property
    def unread(self) -> tuple[MailboxPass, ...]:
        return tuple(mailbox for mailbox in self.mailboxes if mailbox.error is not None)


def one_pass(
    context: Context, now: datetime, progress: Progress = lambda _: None, back_off: BackOff | None = None
) -> PassReport:
    """Do everything that is due at `now` (aware UTC). Trouble with one mailbox is reported, never raised.

    With `back_off`, mailboxes that failed lately are left alone until their wait is over.
    """
    note_mode(context, now)
    recovery.notice(context)
    wanted = [mailbox for mailbox in context.config.mailboxes if mailbox.role != "service"]
    if back_off is not None:
        wanted = [mailbox for mailbox in wanted if back_off.may_try(mailbox.address, now)]
    context.look_ahead((*wanted, context.config.service_mailbox))
    mailboxes = read_all(context, wanted, now, progress)
    if back_off is not None:
        back_off.note(mailboxes, now)
    recovery.catch_up(context, now)
    answers = read_answers(context, now)
    if answers.mailbox.error is not None:
        mailboxes = (*mailboxes, answers.mailbox)
    # What people decided by command is heard before clocks fall due (a restored database lacks it).
    recovery.bring_up_to(context, now)
    note_readings(context, mailboxes, now)
    keep_up(context, now)
    tell_new_owners(context, now)
    holding_replies = send_holding_replies(context, now)
    raise_check_alarms(context, now)
    follow_up_covers(context, now)
    digests = _write_digests(context, now, polling=back_off is not None)
    sent = deliver_all(context, now)
    categorised = mark_handed_over(context, now)
    recovery.end(context, mailboxes)
    _forget(context, now)
    report = PassReport(
        mailboxes=mailboxes,
        holding_replies=holding_replies,
        digests=digests,
        answers=answers.done,
        sent=sent,
        alarms=_alarms(context, mailboxes, now, categorised=categorised),
    )
    log.info("pass", new=report.new_messages, sent=sent, unread=len(report.unread))
    return report


def news_pass(context: Context, now: datetime, addresses: Collection[str], back_off: BackOff) -> int:
    """Read only those mailboxes, in which something has come or gone (in mailbot's own: act on it), and send what
    follows; how many mails are new.

    Clocks and digests are left to the passes over everything.
    """
    wanted = [
        mailbox
        for mailbox in context.config.mailboxes
        if mailbox.address in addresses and mailbox.role != "service" and back_off.may_try(mailbox.address, now)
    ]
    service = context.config.service_mailbox
    answered = service.address in addresses and back_off.may_try(service.address, now)
    if not wanted and not answered:
        return 0
    recovery.notice(context)
    context.look_ahead((*wanted, service) if answered else wanted)
    mailboxes = read_all(context, wanted, now, lambda _: None)
    note_readings(context, mailboxes, now)
    # After a restored backup answers wait for the pass over everything, which says what went out before them.
    if answered and not recovery.is_under_way(context):
        mailboxes = (*mailboxes, read_answers(context, now).mailbox)
        recovery.bring_up_to(context, now)
        tell_new_owners(context, now)
    back_off.note(mailboxes, now)
    sent = deliver_all(context, now)
    new = sum(mailbox.new_messages for mailbox in mailboxes)
    log.info("news_pass", new=new, sent=sent, unread=sum(mailbox.error is not None for mailbox in mailboxes))
    return new


def _write_digests(context: Context, now: datetime, *, polling: bool) -> int:
    """With the first pass of a working day; the dedup key makes every further pass of that day add nothing.

    Whoever polls also passes at midnight, and people read in the morning: then the first scheduled pass is meant. A
    single pass was asked for, at whatever hour.
    """
    local_now = now.astimezone(context.config.zone)
    today = local_now.date()
    if not WorkCalendar(context.config.policy.calendar).is_mailbox_check_day(today):
        return 0
    if polling and local_now.time() < context.config.schedule.passes[0]:
        return 0
    installation, readers = context.store.installation, role_readers(context, now)
    written_today = installation.get("digests_written_on") == today.isoformat()
    if written_today and installation.get("digests_written_to") == readers:
        return 0
    if not written_today:
        enforce(context, now)
    # Who fell ill since, or was named: their deputies get the day's mail too. Nobody gets it twice (dedup key).
    mails = digest_mails(context, now, ("registrar", "officer") if written_today else KINDS)
    queued = context.store.outbox.enqueue(mails, now=now)
    installation.set("digests_written_to", readers)
    installation.set("digests_written_on", today.isoformat())
    return queued


def _forget(context: Context, now: datetime) -> None:
    """Personal data past its retention period leaves mailbot's own database."""
    last = context.store.installation.get("purged_at")
    if last is None or abs(now - datetime.fromisoformat(last)) >= timedelta(days=1):
        context.store.purge(now, context.config.policy.retention)
        context.store.installation.set("purged_at", now.isoformat())


def _alarms(
    context: Context, mailboxes: tuple[MailboxPass, ...], now: datetime, *, categorised: bool
) -> tuple[str, ...]:
    outbox = context.store.outbox
    alarms = {
        "mailbox_not_read": any(mailbox.error for mailbox in mailboxes),
        "mailbox_not_checked": bool(standing(context, now)),
        # A person's own pause is no alarm; a tripped circuit breaker waits for one.
        "circuit_breaker": breaker.is_tripped(context),
        "sender_unavailable": sender_trouble.stands(context),
        # Nothing leaves until it is over; mostly it is when the pass ends.
        "database_restored": recovery.is_under_way(context),
        "failed_mail": outbox.count(("failed",)) > 0,
        "not_categorised": not categorised,
        "unknown_mail": outbox.count(("unknown",)) > 0,
    }
    return tuple(name for name, raised in alarms.items() if raised)
