"""Whose mail a copy is that a server has forwarded to another mailbox for an absence.

It joins the original: it is judged for the unit, and as the mailbox, of the person who is away, whichever of the two is
read first. So a colleague's unit owes nothing for it, and it is judged once.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailbot.config.model import MailboxSettings
from mailbot.errors import UserError
from mailbot.mail.message import Message
from mailbot.policy.model import Facts
from mailbot.work.absence_install import forward_to, local_date, mailbox_of, window
from mailbot.work.context import Context
from mailbot.work.facts import static_facts

#: a copy may be read some days after it came
_LOOK_BACK = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class _Source:
    """An absence whose mail is forwarded to this mailbox."""

    person: str
    starts_at: datetime
    ends_at: datetime
    facts: Facts


class ForwardedCopies:
    """Recognises forwarded copies in one mailbox, whose own facts are `static`."""

    def __init__(self, context: Context, settings: MailboxSettings, static: Facts, now: datetime) -> None:
        self._own_addresses = static.mailbox_addresses
        self._sources = tuple(_sources(context, settings, static, now))

    def source(self, message: Message, arrived_at: datetime) -> _Source | None:
        """The absence for which `message` lies here: it is addressed to who is away, and not to this mailbox."""
        if not self._sources:
            return None
        recipients = {each.email for each in message.recipients}
        if recipients & self._own_addresses:
            return None
        for source in self._sources:
            if source.starts_at <= arrived_at < source.ends_at and recipients & source.facts.mailbox_addresses:
                return source
        return None


def _sources(context: Context, settings: MailboxSettings, static: Facts, now: datetime) -> list[_Source]:
    """Also of absences that are over, or were cancelled: their copies may be read later."""
    config, found = context.config, []
    today = local_date(config, now)
    for stored in context.store.absences.list(from_=today - _LOOK_BACK, to=today):
        try:
            if (forward_to(config, stored.absence) or "").lower() != settings.address.lower():
                continue
            theirs = static_facts(context, mailbox_of(config, stored.absence))
        except UserError:  # out of scope by now
            continue
        starts_at, ends_at = window(config, stored.absence)
        # How far a mail may be read is this mailbox's affair: it lies here.
        facts = replace(theirs, last_stage=static.last_stage)
        found.append(_Source(stored.absence.person, starts_at, ends_at, facts))
    return found
