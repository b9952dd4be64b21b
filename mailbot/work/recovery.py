"""After the database was lost and an older one restored: what went out since is found in our own Sent folder.

The next pass reads everybody's mail since the backup again. Message-IDs of our mail are keyed hashes of what it is
about, so what is queued again is recognised in Sent and settled as sent, when it was sent. Nothing leaves before Sent
has been read; it all ends with a pass in which every mailbox could be read.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import Any

from mailbot.errors import MailbotError
from mailbot.log import get_logger
from mailbot.mail.message import parse_headers
from mailbot.policy.deadlines import follow_up_on
from mailbot.policy.workdays import WorkCalendar
from mailbot.store.lineage import RESTORED
from mailbot.store.records import NewMail, OutboxItem
from mailbot.work.context import Context
from mailbot.work.digest import addressed, digest_mail, digest_mails
from mailbot.work.intake import MailboxPass
from mailbot.work.sweep import holding_reply

log = get_logger(__name__)

#: clocks of servers differ, and a pass takes its time
_MARGIN = timedelta(days=1)
#: digests of so many lost days are remembered; older ones nobody answers any more
_MOST_DAYS = 31
_HEADERS_AT_ONCE = 200


def notice(context: Context) -> None:
    """At the beginning of a pass: has the database been restored?"""
    state = _state(context)
    if state is None and not context.store.lineage.is_older():
        return
    if state is not None and "since" in state:
        return
    ends = [check.completed_at for check in context.store.intake.last_checks() if check.completed_at is not None]
    since = max(ends, default=None)
    _keep(context, {"since": since.isoformat() if since else None, "sent": None})
    log.warning("database_restored", since=since and since.isoformat())


def is_under_way(context: Context) -> bool:
    return _state(context) is not None


def catch_up(context: Context, now: datetime) -> None:
    """After everybody's mail was read: settle what lies in Sent, also holding replies to what was answered since."""
    sent = _sent(context)
    if not sent:
        return
    waiting = context.store.obligations.list(states=("open", "answered", "dismissed"))
    replies = (holding_reply(context, one, now) for one in waiting if one.acknowledged_at is None and one.asker)
    _settle_again(context, sent, replies, now)


def bring_up_to(context: Context, until: datetime) -> None:
    """Before what somebody mailed at `until` is acted upon: what was decided by command up to then stands, and so do
    the digests that went out, which people answer. Nothing to do in a database that was not restored."""
    sent = _sent(context)
    for at in _digest_times(context, sent, until) if sent else ():
        context.store.replay(at)
        _settle_again(context, sent or {}, _digests(context, at), at)
        _keep(context, {**(_state(context) or {}), "digests_until": at.isoformat()})
    context.store.replay(until)


def may_send(context: Context) -> bool:
    """Before anything leaves. False while it cannot be told what has left already."""
    if not is_under_way(context):
        return True
    sent = _sent(context)
    if sent is None:
        return False
    _settle(context, sent)
    return True


def end(context: Context, mailboxes: Sequence[MailboxPass]) -> None:
    """After a pass: it is over when all mail has been read again."""
    state = _state(context)
    if state is None or state.get("sent") is None:
        return
    read = {one.mailbox for one in mailboxes if one.error is None}
    if len(read) == len(mailboxes) and all(
        one.address in read for one in context.config.mailboxes if one.role != "service"
    ):
        context.store.installation.drop(RESTORED)
        log.info("database_caught_up")


def _state(context: Context) -> dict[str, Any] | None:
    text = context.store.installation.get(RESTORED)
    return None if text is None else dict(json.loads(text))


def _keep(context: Context, state: Mapping[str, Any]) -> None:
    context.store.installation.set(RESTORED, json.dumps(state))


def _sent(context: Context) -> dict[str, datetime] | None:
    """Message-ID -> Date of our own mail in Sent since the backup; None while Sent cannot be read.

    Listed once: what leaves later stands in this database.
    """
    state = _state(context)
    if state is None:
        return None
    if state["sent"] is None:
        since = datetime.fromisoformat(state["since"]) - _MARGIN if state["since"] else None
        try:
            state["sent"] = {message_id: at.isoformat() for message_id, at in _listed(context, since)}
        except (MailbotError, OSError) as trouble:
            log.error("own_sent_folder_not_read", error=type(trouble).__name__)
            return None
        _keep(context, state)
    return {message_id: datetime.fromisoformat(at) for message_id, at in state["sent"].items()}


def _listed(context: Context, since: datetime | None) -> Iterator[tuple[str, datetime]]:
    service = context.config.service_mailbox
    domain = service.address.rpartition("@")[2]
    with closing(context.open_mailbox(service)) as mailbox:
        for folder in mailbox.folders():
            if folder.role != "sent":
                continue
            for changes in mailbox.changes(folder, None):
                wanted = [one for one in changes.arrived if since is None or one.internal_date >= since]
                dates = {one.delivery_id: one.internal_date for one in wanted}
                for start in range(0, len(wanted), _HEADERS_AT_ONCE):
                    piece = [one.delivery_id for one in wanted[start : start + _HEADERS_AT_ONCE]]
                    for delivery_id, raw in mailbox.fetch_headers(folder, piece):
                        mail = parse_headers(raw) if raw is not None else None
                        if mail and mail.message_id and context.references.is_ours(mail.message_id, domain):
                            yield mail.message_id, mail.date or dates[delivery_id]


def _settle(context: Context, sent: Mapping[str, datetime]) -> None:
    for item in context.store.outbox.list(states=("pending", "held", "sending", "failed", "unknown")):
        at = sent.get(item.message_id)
        if at is not None:
            context.store.outbox.found_in_sent(item.dedup_key, sent_at=at, follow_up_on=_follow_up(context, item, at))
            log.info("mail_went_out_before", ref=item.ref, kind=item.kind)


def _follow_up(context: Context, item: OutboxItem, at: datetime) -> date | None:
    if item.kind != "holding_reply":
        return None
    return follow_up_on(at.astimezone(context.config.zone).date(), context.config.policy)


def _settle_again(context: Context, sent: Mapping[str, datetime], mails: Iterable[NewMail], now: datetime) -> None:
    """Queue those of `mails` that went out, and settle them; the others are left alone."""
    context.store.outbox.enqueue([mail for mail in mails if mail.message_id in sent], now=now)
    _settle(context, sent)


def _digests(context: Context, at: datetime) -> Iterator[NewMail]:
    """Every digest that may have gone out then: who had something to do is not told by what stands now."""
    yield from digest_mails(context, at)
    for person in context.config.people:
        for one in addressed(context, at, "staff", person=person.id):
            yield digest_mail(context, one, at)


def _digest_times(context: Context, sent: Mapping[str, datetime], until: datetime) -> Iterator[datetime]:
    """When the digests of each day since the backup were written, as far as that is not done yet."""
    zone, calendar = context.config.zone, WorkCalendar(context.config.policy.calendar)
    done = (_state(context) or {}).get("digests_until")
    first = datetime.fromisoformat(done) if done else min(sent.values()) - timedelta(minutes=1)
    last_day = until.astimezone(zone).date()
    days = max(0, min((last_day - first.astimezone(zone).date()).days, _MOST_DAYS))
    for back in range(days, -1, -1):
        day = last_day - timedelta(days=back)
        at = datetime.combine(day, context.config.schedule.passes[0], zone).astimezone(UTC)
        if calendar.is_mailbox_check_day(day) and first < at <= until:
            yield at
