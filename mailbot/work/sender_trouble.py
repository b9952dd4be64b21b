"""When nothing can be sent at all: the queue waits as it is, and the server is asked again less and less often."""

import json
from datetime import datetime, timedelta

from mailbot.errors import MailbotError, TransientError
from mailbot.log import get_logger
from mailbot.work.context import Context

log = get_logger(__name__)

_NAME = "sender_trouble"
_SHORTEST_WAIT = timedelta(minutes=1)
#: short enough that a person who has mended it does not wait long; directories lock accounts after many refused logins
_LONGEST_WAIT = timedelta(minutes=15)


def stands(context: Context) -> bool:
    """Whether the last attempt to send anything failed for a reason that concerns all mail."""
    return bool(context.store.installation.get(_NAME))


def must_wait(context: Context, now: datetime) -> bool:
    """Whether it is too early to ask the server again."""
    text = context.store.installation.get(_NAME)
    return bool(text) and now < datetime.fromisoformat(json.loads(text or "{}")["retry_at"])


def note(context: Context, error: MailbotError, now: datetime) -> datetime:
    """Remember it; when to ask again. The wait grows with the time that the trouble has lasted."""
    text = context.store.installation.get(_NAME)
    since = datetime.fromisoformat(json.loads(text)["since"]) if text else now
    wait = max(_SHORTEST_WAIT, min(now - since, _LONGEST_WAIT))
    if isinstance(error, TransientError) and error.retry_after_seconds:
        wait = max(wait, timedelta(seconds=error.retry_after_seconds))
    value = {"since": since.isoformat(), "retry_at": (now + wait).isoformat()}
    context.store.installation.set(_NAME, json.dumps(value))
    log.error("sender_unavailable", error=str(error), since=since.isoformat())
    return now + wait


def is_over(context: Context) -> None:
    """Something was sent."""
    if stands(context):
        context.store.installation.set(_NAME, "")
