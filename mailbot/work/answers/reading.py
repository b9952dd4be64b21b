"""What is new in mailbot's own mailbox is noted together with the cursor, then acted upon."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from mailbot.errors import MailbotError
from mailbot.log import get_logger
from mailbot.mail.identity import content_key, raw_key
from mailbot.mail.message import UnparsableMessage, parse_headers
from mailbot.platforms.base import Arrival, Folder, Mailbox
from mailbot.store.records import AnswerSeen, MailboxCheck
from mailbot.work.context import Context
from mailbot.work.facts import clocks_start_at
from mailbot.work.intake import NOT_RECEIVED, MailboxPass

log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersRead:
    """What came of one look into the service mailbox."""

    mailbox: MailboxPass
    #: answers that brought something about
    done: int


def read_answers(context: Context, now: datetime) -> AnswersRead:
    """Read what people mailed back and act on it. After the reading round: their Sent folders prove what is theirs.

    Trouble with the mailbox is reported, never raised; what was noted before is acted upon when it can be fetched.
    """
    settings = context.config.service_mailbox
    new, done, error = 0, 0, None
    try:
        mailbox = context.open_mailbox(settings)
        with closing(mailbox):
            folders = [folder for folder in mailbox.folders() if folder.role not in NOT_RECEIVED]
            for folder in folders:
                new += sum(_noted(context, mailbox, folder, now))
            done = _act(context, mailbox, folders, now)
    except (MailbotError, OSError) as trouble:
        log.warning("answers_not_read", error=type(trouble).__name__)
        error = str(trouble) if isinstance(trouble, MailbotError) else type(trouble).__name__
    context.store.intake.checked(
        MailboxCheck(
            mailbox=settings.address,
            started_at=now,
            completed_at=None if error else now,
            new_messages=new,
            error=error,
        )
    )
    return AnswersRead(mailbox=MailboxPass(settings.address, new, error), done=done)


def _act(context: Context, mailbox: Mailbox, folders: Sequence[Folder], now: datetime) -> int:
    """How many answers brought something about."""
    waiting = context.store.answers.waiting()
    if not waiting:
        return 0
    from mailbot.work.answers.acting import act_on  # all that people may say, which on most days nobody does

    return act_on(waiting, context, mailbox, folders, now)


def _noted(context: Context, mailbox: Mailbox, folder: Folder, now: datetime) -> Iterator[int]:
    """Note what is new in a folder, batch by batch."""
    address = context.config.service_mailbox.address
    cursor = context.store.intake.cursor(address, folder.id)
    start = clocks_start_at(context)
    for changes in mailbox.changes(folder, cursor):
        if changes.cursor == cursor and not changes.arrived:
            continue
        arrived = {one.delivery_id: one for one in changes.arrived if start is None or one.internal_date >= start}
        fetched = dict(mailbox.fetch_headers(folder, list(arrived)))
        yield context.store.answers.record(
            mailbox=address,
            folder_id=folder.id,
            seen=[
                AnswerSeen(
                    content_key=_key(mailbox, folder, arrived[delivery_id], raw),
                    folder=folder.id,
                    delivery_id=delivery_id,
                    arrived_at=arrived[delivery_id].internal_date,
                )
                for delivery_id, raw in fetched.items()
                if raw is not None
            ],
            vanished=[delivery_id for delivery_id, raw in fetched.items() if raw is None],
            cursor=changes.cursor,
            now=now,
        )
        cursor = changes.cursor


def _key(mailbox: Mailbox, folder: Folder, arrival: Arrival, header_block: bytes) -> str:
    try:
        return content_key(parse_headers(header_block))
    except UnparsableMessage:
        return raw_key(mailbox.fetch(folder, arrival.delivery_id) or header_block)
