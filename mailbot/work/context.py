"""What every verb of the day works with; `wiring` builds it from the configuration."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from mailbot.config.model import Config, MailboxSettings, PersonSettings
from mailbot.platforms.base import Filing, Mailbox, Watch
from mailbot.platforms.calendars import NoCalendar
from mailbot.platforms.people import Calendar, Signatures
from mailbot.platforms.replies import AutoReplies, ForwardRules, MarkedMail
from mailbot.platforms.sending import Sender
from mailbot.render import Templates
from mailbot.store.references import References
from mailbot.store.store import Store
from mailbot.work.presence import AbsenceSource, Presence


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
    #: installs automatic replies and forwarding in a mailbox; None where its server cannot answer by itself
    open_auto_replies: Callable[[MailboxSettings], AutoReplies | None] = lambda _: None
    open_forward_rules: Callable[[MailboxSettings], ForwardRules | None] = lambda _: None
    #: the automatic signature of one mailbox; None where its server has no interface for it
    open_signatures: Callable[[MailboxSettings], Signatures | None] = lambda _: None
    #: asks for many mailboxes at once what is new in them, before they are read one by one
    look_ahead: Callable[[Sequence[MailboxSettings]], None] = lambda _: None
    #: sends as a test account, and finds and removes its mail; None where the platform has no means to
    open_sender_as: Callable[[MailboxSettings], Sender | None] = lambda _: None
    open_marked_mail: Callable[[MailboxSettings], MarkedMail | None] = lambda _: None
    #: sorts mail in a mailbox, where that was asked for; None where the platform has no categories
    open_filing: Callable[[MailboxSettings], Filing | None] = lambda _: None
    #: how long an attempt to send may take before another process looks it up; longer than a server may (RFC 5321
    #: 4.5.3.2.6 gives it ten minutes for the last answer)
    lease_seconds: float = 1200
    #: what else knows of absences, beside the people file and people's own notices
    absence_sources: Sequence[AbsenceSource] = ()
    #: when calendars say that somebody is out of office
    calendar: Calendar = field(default_factory=NoCalendar)
    #: whether a colleague may open a mailbox on its server; None: that cannot be asked
    may_read: Callable[[MailboxSettings, PersonSettings], bool | None] = lambda _mailbox, _colleague: None

    #: mailbox -> when its open questions were last looked at for marks of a reply
    marks_looked_at: dict[str, datetime] = field(default_factory=dict)

    #: whether mailbot is to end: what is begun is finished, and nothing else is begun
    stopping: Callable[[], bool] = lambda: False

    @property
    def enforcing(self) -> bool:
        """Invariant 4: in observe mode nothing is sent but the operator's digest."""
        return self.config.mode == "enforce"

    @property
    def presence(self) -> Presence:
        """Who is away, and who acts for a role."""
        return Presence(self.config, self.store, self.absence_sources)
