"""Mail from outside that strayed into mailbot's own mailbox: somebody's program ignored Reply-To, or they wrote to the
address that they saw. It has legally arrived, so it is judged, and dealt with, like mail to the authority mailbox.

Nobody but mailbot looks into its mailbox: what a person must act upon is passed on to where it counts.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from mailbot.config.model import Config, MailboxSettings
from mailbot.errors import UserError
from mailbot.log import get_logger
from mailbot.mail.conversation import linked_ids
from mailbot.mail.message import Message
from mailbot.platforms.base import Arrival, Folder, Mailbox
from mailbot.store.lineage import RESTORED
from mailbot.store.records import AnswerRow, Matter, NewMail, Outcome
from mailbot.work.context import Context
from mailbot.work.facts import clocks_start_at
from mailbot.work.judging import Judge
from mailbot.work.mode import enforced_since
from mailbot.work.staff_mail import staff_mail

log = get_logger(__name__)

#: clocks of servers differ, and a pass takes its time
_MARGIN = timedelta(days=1)


def is_from_outside(config: Config, message: Message) -> bool:
    """Whether nobody of the organisation wrote it, nor claims to have: what those write here is no mail to it."""
    domains = {domain.lower() for domain in config.organisation.domains}
    forms = {form.from_.lower() for form in config.web_forms}
    senders = [one for one in (*message.from_, message.sender) if one is not None]
    return all(
        one.email in forms
        or not (
            one.domain in domains
            or one.email == config.service_mailbox.address
            or config.person_by_address(one.email) is not None
        )
        for one in senders
    )


def must_hold_replies(context: Context, rows: Iterable[AnswerRow]) -> frozenset[str]:
    """Of which mail a person releases the automatic reply (invariant 3): after a first reading, in a burst, and of what
    should have been seen long before (a folder that is listed anew)."""
    service, waiting = context.config.service_mailbox.address, list(rows)
    checks = [one for one in context.store.intake.last_checks() if one.mailbox == service and one.completed_at]
    restored = context.store.installation.get(RESTORED) is not None
    burst = len(waiting) >= context.config.policy.storm.burst and not restored
    if burst or not checks:
        return frozenset(row.content_print for row in waiting)
    last = max(one.completed_at for one in checks if one.completed_at is not None)
    return frozenset(row.content_print for row in waiting if row.arrived_at < last - _MARGIN)


def take_in(
    context: Context,
    row: AnswerRow,
    mailbox: Mailbox,
    folder: Folder,
    message: Message,
    now: datetime,
    *,
    hold_replies: bool,
) -> str:
    """Record what follows from it, and what came of it: "citizen", "automatic", or "waiting" for the next pass."""
    service = context.config.service_mailbox.address
    matter = context.store.intake.matter(linked_ids(message))
    settings = _counts_to(context.config, matter)
    judge = Judge(context, settings, mailbox, folder, now, lies_in=service)
    arrival = Arrival(row.delivery_id, row.arrived_at)
    heads = [(arrival, raw) for _, raw in mailbox.fetch_headers(folder, [row.delivery_id]) if raw is not None]
    if not heads:
        return "waiting"
    outcome = next(iter(judge.outcomes(judge.begin(heads), hold_replies=hold_replies)), None)
    if outcome is None or (outcome.decision is not None and outcome.decision.automatic):
        return "automatic"
    if _was_moved(context, outcome):
        return "waiting"
    if matter is not None:
        outcome = replace(outcome, assignee=matter.assignee)
    context.store.answers.settle_as_mail(
        row.content_print,
        replace(outcome, mail=(*outcome.mail, *_passed_on(context, outcome, mailbox, folder, now))),
        reason="citizen",
        now=now,
    )
    return "citizen"


def _counts_to(config: Config, matter: Matter | None) -> MailboxSettings:
    """Where the conversation is dealt with; else the first unit's authority mailbox. Read in full wherever it counts:
    mailbot's mailbox is nobody's private one. Whoever wrote to mailbot's address wrote to this one."""
    service = config.service_mailbox
    found, unit = (config.mailbox(matter.mailbox), matter.unit) if matter else (None, "")
    if found is None:
        shared = [one for one in config.mailboxes if one.role == "authority"]
        shared += [one for one in config.mailboxes if one.role == "function"]
        order = [unit, *(one.id for one in config.units)]
        units = [one for one in order if any(box.unit == one for box in shared)]
        unit = units[0] if units else config.units[0].id
        found = next((box for box in shared if box.unit == unit), replace(service, role="function"))
    aliases = (*found.aliases, service.address, *service.aliases)
    return replace(found, unit=found.unit or unit, read="full", aliases=aliases)


def _was_moved(context: Context, outcome: Outcome) -> bool:
    """Whether it could not be judged because it was moved meanwhile; what was judged before is not judged again."""
    start = clocks_start_at(context)
    too_old = start is not None and outcome.received_at < start
    if outcome.decision is not None or too_old:
        return False
    return not context.store.intake.known_messages([outcome.content_key])


def _passed_on(
    context: Context, outcome: Outcome, mailbox: Mailbox, folder: Folder, now: datetime
) -> tuple[NewMail, ...]:
    """The untouched original to the mailbox where it counts; of a confidential one only reference and date."""
    since, decision, message = enforced_since(context), outcome.decision, outcome.message
    if not context.enforcing or (since and outcome.received_at < since):
        return ()  # invariant 4
    if decision is None or message is None or not decision.actions:
        return ()
    try:
        return (
            _to_its_mailbox(context, outcome, message, mailbox, folder, now, secret=decision.confidential is not False),
        )
    except UserError as error:  # a template of the organisation's own: what is owed stands all the same
        log.warning("stray_not_passed_on", error=str(error))
        return ()


def _to_its_mailbox(
    context: Context,
    outcome: Outcome,
    message: Message,
    mailbox: Mailbox,
    folder: Folder,
    now: datetime,
    *,
    secret: bool,
) -> NewMail:
    config = context.config
    original = None if secret else mailbox.fetch(folder, outcome.delivery.delivery_id, with_attachments=True)
    rendered = context.templates.render(
        "stray_mail",
        config.policy.language,
        ref=outcome.item_ref,
        mailbox=outcome.delivery.mailbox,
        received_at=outcome.received_at.astimezone(config.zone),
        confidential=secret,
        title=None if secret else message.subject,
        sender=None if secret else outcome.asker or message.author.email,
        has_original=original is not None,
    )
    return staff_mail(
        context,
        rendered,
        dedup_key=f"stray_mail:{outcome.item_ref}",
        kind="notice",
        to=(outcome.mailbox,),
        now=now,
        original=original,
        ref=outcome.item_ref,
        # A person's answer goes to whoever asked, and is seen as the answer to their mail.
        reply_to=None if secret else outcome.asker or message.author.email,
        in_reply_to=None if secret else message.message_id,
    )
