"""From a mail in the service mailbox to what it brings about: whose is it, what does it answer, what does it say."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from mailbot.config.model import PersonSettings
from mailbot.errors import MailbotError, UserError
from mailbot.log import get_logger
from mailbot.mail.message import Message, UnparsableMessage, parse
from mailbot.platforms.base import Folder, Mailbox
from mailbot.store.records import AnswerRow, NewMail, Ticket
from mailbot.store.references import ticket_codes
from mailbot.work import recovery
from mailbot.work.answers import absence_form, reports, returned, strays
from mailbot.work.answers.answer import Answer, Reaction, Unclear, Verdict
from mailbot.work.answers.handlers import HANDLERS
from mailbot.work.answers.lines import Written, own_text, without_greeting, written_lines
from mailbot.work.answers.provenance import claimed_person, is_automatic, proof
from mailbot.work.answers.words import GREETINGS
from mailbot.work.context import Context

log = get_logger(__name__)

#: a restored database may meet the answer before it has made the mail again that is answered
TICKET_MAY_TAKE = timedelta(days=2)
#: a mail that was moved while we read is found again in its new folder
MOVE_MAY_TAKE = timedelta(days=2)


def act_on(
    waiting: Sequence[AnswerRow], context: Context, mailbox: Mailbox, folders: Sequence[Folder], now: datetime
) -> int:
    """Act on every answer that nothing has come of yet, oldest first; how many brought something about.

    An unexpected failure concerns one answer: it goes to a person, and the next is acted upon.
    """
    by_id = {folder.id: folder for folder in folders}
    done = 0
    held = strays.must_hold_replies(context, waiting)
    for row in waiting:
        raw = mailbox.fetch(by_id[row.folder], row.delivery_id) if row.folder in by_id else None
        if raw is None:
            if now - row.arrived_at > MOVE_MAY_TAKE:
                _settle(context, row, Verdict(state="refused", reason="vanished"), None, now)
            continue
        # Commands and mailed answers come back into a restored database in the order in which they were given.
        recovery.bring_up_to(context, row.arrived_at)
        message = _parsed(raw)
        if message is not None and returned.note(context, raw, message, now):
            _settle(context, row, Verdict(state="ignored", reason="returned"), message, now)
            continue
        if message is not None and strays.is_from_outside(context.config, message):
            hold = row.content_print in held
            _take_in(context, row, mailbox, by_id[row.folder], message, now, hold_replies=hold)
            continue
        # What is read again after a loss was decided when it came, not now.
        decided_at = row.arrived_at if recovery.is_under_way(context) else now
        verdict = _judged(context, row, message, decided_at)
        if verdict.state != "waiting":
            _settle(context, row, verdict, message, now)
            done += verdict.state == "done"
    return done


def _take_in(
    context: Context,
    row: AnswerRow,
    mailbox: Mailbox,
    folder: Folder,
    message: Message,
    now: datetime,
    *,
    hold_replies: bool,
) -> None:
    """What somebody outside wrote is no answer to us but mail to the organisation."""
    try:
        if strays.take_in(context, row, mailbox, folder, message, now, hold_replies=hold_replies) == "automatic":
            _settle(context, row, Verdict(state="ignored", reason="automatic"), message, now)
    except (MailbotError, OSError):
        raise
    except Exception as error:  # a defect of ours: this mail goes to a person (invariant 1)
        log.exception("stray_not_judged", error=type(error).__name__)
        _settle(context, row, Verdict(state="refused", reason="failed"), message, now)


def _parsed(raw: bytes) -> Message | None:
    try:
        return parse(raw)
    except UnparsableMessage:
        return None


def _judged(context: Context, row: AnswerRow, message: Message | None, now: datetime) -> Verdict:
    if message is None:
        return Verdict(state="refused", reason="unparsable")
    try:
        return _read(context, row, message, now)
    except MailbotError:
        raise
    except Exception as error:  # a defect of ours: this answer goes to a person (invariant 1)
        log.exception("answer_not_read", error=type(error).__name__)
        return Verdict(state="refused", reason="failed", person=claimed_person(context.config, message))


def _read(context: Context, row: AnswerRow, message: Message, now: datetime) -> Verdict:
    person = _proved_person(context, row, message, now)
    if isinstance(person, Verdict):
        return person
    ticket = _ticket(context, message)
    if ticket is None and _answers_our_mail(context, message) and now - row.arrived_at < TICKET_MAY_TAKE:
        return Verdict(state="waiting")
    if ticket is None and absence_form.asks_for_form(message):
        mail = absence_form.form(context, person, row.content_print, now)
        return Verdict(state="done", person=person, reaction=Reaction(mail=(mail,)))
    if ticket is None or ticket.kind not in HANDLERS:
        return _refused("no_ticket", person)
    if ticket.person != person.id or ticket.expires_at <= row.arrived_at:
        return _refused("not_yours" if ticket.person != person.id else "expired", person)
    answer = Answer(
        ticket=ticket,
        person=person,
        lines=_lines(context, message, ticket),
        whole=message.body.text if message.body else "",
        content_print=row.content_print,
        message_id=message.message_id,
        arrived_at=row.arrived_at,
        now=now,
    )
    reaction = HANDLERS[ticket.kind].handle(context, answer)
    unclear = reaction.unclear[0].why if reaction.unclear else None
    return Verdict(
        state="unclear" if unclear else "done", reason=unclear, person=person, ticket=ticket, reaction=reaction
    )


def _proved_person(context: Context, row: AnswerRow, message: Message, now: datetime) -> PersonSettings | Verdict:
    """Who provably wrote it, or what becomes of a mail of which nobody can tell."""
    if message.author.email == context.config.service_mailbox.address or is_automatic(message):
        return Verdict(state="ignored", reason="automatic")
    person = claimed_person(context.config, message)
    if person is None:
        return Verdict(state="refused", reason="stranger")
    how = proof(context, message, person, row.content_print, row.arrived_at, now)
    if how == "proved":
        return person
    return Verdict(state="waiting") if how == "open" else Verdict(state="refused", reason="unproved", person=person)


def _refused(why: str, person: PersonSettings) -> Verdict:
    """It is theirs, so they are told why nothing came of it."""
    return Verdict(state="unclear", reason=why, person=person, reaction=Reaction(unclear=(Unclear(why=why),)))


def _ticket(context: Context, message: Message) -> Ticket | None:
    """By In-Reply-To, which every telephone keeps; by the code in subject or text; then by References."""
    answers = context.store.answers
    by_mail = answers.tickets_of_mails((*message.in_reply_to, *message.references))
    for message_id in message.in_reply_to:
        if message_id in by_mail:
            return by_mail[message_id]
    for code in ticket_codes(f"{message.subject}\n{message.body.text if message.body else ''}")[:20]:
        if (ticket := answers.ticket_of_code(code)) is not None:
            return ticket
    return next((by_mail[one] for one in reversed(message.references) if one in by_mail), None)


def _answers_our_mail(context: Context, message: Message) -> bool:
    """Whether it names a mail of ours, sealed with this installation's key, which the database does not know."""
    named = (*message.in_reply_to, *message.references)
    return bool(context.store.outbox.known_ids(named))


def _lines(context: Context, message: Message, ticket: Ticket) -> tuple[Written, ...]:
    if message.body is None:
        return ()
    sent = context.store.outbox.raw_of(ticket.message_id)
    return without_greeting(written_lines(message.body, own_text(sent) if sent else ""), GREETINGS)


def _reports(
    context: Context, row: AnswerRow, verdict: Verdict, message: Message | None, now: datetime
) -> tuple[NewMail, ...]:
    """What was decided counts although a template of the organisation's own cannot tell it."""
    try:
        return tuple(reports.mails(context, row, verdict, message, now))
    except UserError as error:
        log.warning("answer_report_not_made", error=str(error))
        return ()


def _settle(context: Context, row: AnswerRow, verdict: Verdict, message: Message | None, now: datetime) -> None:
    """Queue what is mailed back, then note the answer as done: a crash between repeats what changes nothing."""
    mails = (*verdict.reaction.mail, *_reports(context, row, verdict, message, now))
    if mails and context.enforcing:
        context.store.outbox.enqueue(mails, now=now)
    context.store.answers.settle(
        row.content_print,
        verdict.state,
        reason=verdict.reason,
        person=verdict.person.id if verdict.person else None,
        ticket=verdict.ticket if verdict.reaction.done else None,
        now=now,
    )
    log.info("answer", state=verdict.state, reason=verdict.reason)
