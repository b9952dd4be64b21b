"""What every verb of the day works with; `wiring` builds it from the configuration."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mailbot.config.model import Config, MailboxSettings, PersonSettings
from mailbot.platforms.base import Mailbox, Sender, Watch
from mailbot.render import Templates
from mailbot.store.references import References
from mailbot.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Live objects of one installation. Opening a mailbox or the sender may raise TransientError or PermanentError."""

    config: Config
    store: Store
    references: References
    templates: Templates
    open_mailbox: Callable[[MailboxSettings], Mailbox]
    open_sender: Callable[[], Sender]
    #: waits for news in a mailbox; None where the server offers no such thing
    open_watch: Callable[[MailboxSettings], Watch | None] = lambda _: None
    #: how long an attempt to send may take before another process looks it up; longer than a server may (RFC 5321
    #: 4.5.3.2.6 gives it ten minutes for the last answer)
    lease_seconds: float = 1200

    @property
    def enforcing(self) -> bool:
        """Invariant 4: in observe mode nothing is sent but the operator's digest."""
        return self.config.mode == "enforce"


def acting_person(config: Config, person_ids: tuple[str, ...], now: datetime) -> PersonSettings | None:
    """Of a role's list the first one who is not away today (design section 7, [roles]).

    When all are away it is the first of the list: their mail then waits with them and their own cover, which is better
    than a duty that nobody is told of. None only for an empty list.
    """
    today = now.astimezone(config.zone).date()
    people = [person for person in map(config.person, person_ids) if person is not None]
    present = [p for p in people if not any(away.from_ <= today < away.back for away in p.absences)]
    return next(iter(present or people), None)
