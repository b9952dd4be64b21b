"""Mail of ours that came back: it did not reach whom it was for, so it counts as not sent, and a person must act."""

from datetime import datetime

from mailbot.mail.message import Message
from mailbot.mail.undelivered import undelivered
from mailbot.policy import automatic
from mailbot.policy.model import Facts, Kind
from mailbot.work.context import Context


def note(context: Context, raw: bytes, message: Message, now: datetime) -> bool:
    """Whether `message` is a bounce of our mail, which is now among what failed.

    Who forges one must know the Message-ID of a mail of ours, and brings about no more than that a person looks.
    """
    if automatic.judge(message, Facts(direction="incoming")).kind is not Kind.BOUNCE:
        return False
    found = undelivered(raw, message)
    if found is None:
        return False
    ours = context.store.outbox.known_ids(found.message_ids)
    error = f"came back undelivered ({found.status})" if found.status else "came back undelivered"
    for message_id in sorted(ours):
        context.store.outbox.returned(message_id, error=error, now=now)
    return bool(ours)
