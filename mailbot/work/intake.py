"""Fetch, parse, decide, record: one mailbox's new mail becomes decisions, obligations, diary items and queued mail.

Cursor and results are committed together (invariant 1); a message that can't be read is recorded and shown to a
person, and never stops the next.
"""

from dataclasses import dataclass
from datetime import datetime

import structlog

from mailbot.config.model import MailboxSettings
from mailbot.errors import MailbotError
from mailbot.platforms.base import Changes, Folder, Mailbox
from mailbot.store.records import MailboxCheck
from mailbot.work.context import Context
from mailbot.work.judging import Judge

log = structlog.get_logger(__name__)

#: RFC 6154 roles whose mail nobody has received: our own drafts, what a person threw away, and what we sent
NOT_RECEIVED = frozenset({"sent", "drafts", "trash"})


@dataclass(frozen=True, slots=True)
class MailboxPass:
    """What reading one mailbox came to; `error` is a fixed phrase for people, without mail content."""

    mailbox: str
    new_messages: int
    error: str | None


def read_received(context: Context, settings: MailboxSettings, now: datetime) -> MailboxPass:
    """Everything new outside Sent, Drafts and Trash, Junk included: spam-filtered mail has legally arrived."""
    return _read(context, settings, now, sent=False)


def read_sent(context: Context, settings: MailboxSettings, now: datetime) -> MailboxPass:
    """New mail in Sent: answers, and outgoing mail that may have to be registered."""
    return _read(context, settings, now, sent=True)


def _read(context: Context, settings: MailboxSettings, now: datetime, *, sent: bool) -> MailboxPass:
    """Read the folders of one kind; trouble with this mailbox is recorded and never reaches the next one."""
    new_messages, error = 0, None
    try:
        mailbox = context.open_mailbox(settings)
        try:
            for folder in mailbox.folders():
                if (folder.role == "sent") if sent else (folder.role not in NOT_RECEIVED):
                    new_messages += _read_folder(context, settings, mailbox, folder, now)
        finally:
            mailbox.close()
    except (MailbotError, OSError) as trouble:
        error = str(trouble) if isinstance(trouble, MailbotError) else type(trouble).__name__
        log.warning("mailbox_not_read", mailbox=settings.address, error=type(trouble).__name__)
    if error is not None or sent:
        # The check is complete only when Sent has been read too: an answer there may have settled a duty.
        check = MailboxCheck(
            mailbox=settings.address,
            started_at=now,
            completed_at=None if error else now,
            new_messages=new_messages,
            error=error,
        )
        context.store.intake.checked(check)
    return MailboxPass(settings.address, new_messages, error)


def _read_folder(context: Context, settings: MailboxSettings, mailbox: Mailbox, folder: Folder, now: datetime) -> int:
    """Judge and record what is new, batch by batch; the number of deliveries not known before."""
    intake = context.store.intake
    cursor = intake.cursor(settings.address, folder.id)
    judge = Judge(context, settings, mailbox, folder, now)
    first_pass = not any(check.mailbox == settings.address and check.completed_at for check in intake.last_checks())
    new_messages = 0
    for changes in mailbox.changes(folder, cursor):
        burst = new_messages + len(changes.arrived) >= context.config.policy.storm.burst
        hold = first_pass or changes.reset or burst
        new_messages += _record(context, judge, mailbox, folder, settings.address, changes, now, hold_replies=hold)
    return new_messages


def _record(
    context: Context,
    judge: Judge,
    mailbox: Mailbox,
    folder: Folder,
    address: str,
    changes: Changes,
    now: datetime,
    *,
    hold_replies: bool,
) -> int:
    """Judge one batch and commit it together with its cursor."""
    intake = context.store.intake
    known = intake.known_deliveries(address, folder.id, [arrival.delivery_id for arrival in changes.arrived])
    arrivals = {
        arrival.delivery_id: arrival
        for arrival in changes.arrived
        if (changes.reset or arrival.delivery_id not in known) and not judge.is_too_old(arrival)
    }
    fetched = dict(mailbox.fetch_headers(folder, list(arrivals)))
    present = [(arrivals[delivery_id], raw) for delivery_id, raw in fetched.items() if raw is not None]
    intake.record(
        mailbox=address,
        folder_id=folder.id,
        outcomes=list(judge.outcomes(present, hold_replies=hold_replies)),
        vanished=[delivery_id for delivery_id, raw in fetched.items() if raw is None],
        gone=changes.gone,
        cursor=changes.cursor,
        reset=changes.reset,
        now=now,
    )
    return len(fetched)
