"""The category of what has gone to the registrar, in shared mailboxes: off unless `marks.handed_over` names one.

People's mail is theirs (invariant 5): nothing but this category is ever added, by nobody's leave but the
administrator's, and to no personal mailbox.
"""

from contextlib import closing
from datetime import datetime, timedelta

import structlog

from mailbot.config.model import MailboxSettings
from mailbot.errors import MailbotError
from mailbot.work.context import Context

log = structlog.get_logger(__name__)

#: what was handed over before that, while it was switched off or could not be done, stays as it is
_LOOK_BACK = timedelta(days=7)


def mark_handed_over(context: Context, now: datetime) -> bool:
    """Categorise what was handed over lately; whether all of it could be. Never while observing or paused."""
    category = context.config.marks.handed_over
    if not category or not context.enforcing or context.store.installation.paused() is not None:
        return True
    shared = {one.address: one for one in context.config.mailboxes if one.role in ("authority", "function")}
    waiting = context.store.intake.not_categorised(list(shared), since=now - _LOOK_BACK)
    marked = [_mark(context, shared[mailbox], ids, category, now) for mailbox, ids in waiting.items()]
    return all(marked)


def _mark(context: Context, settings: MailboxSettings, ids: list[str], category: str, now: datetime) -> bool:
    filing = context.open_filing(settings)
    if filing is None:
        return True
    done = []
    try:
        with closing(filing):
            for delivery_id in ids:
                filing.categorise(delivery_id, category)
                done.append(delivery_id)
    except (MailbotError, OSError) as trouble:
        log.warning("not_categorised", mailbox=settings.address, error=type(trouble).__name__)
    context.store.intake.categorised(settings.address, done, now=now)
    return len(done) == len(ids)
