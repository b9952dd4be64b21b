"""A municipality's rules as data: `profiles/NAME.toml`, any key of which `[policy]` in the configuration overrides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarRules:
    """Which days are working days (requirements section 3)."""

    country: Literal["SE", "NO"] = "SE"
    #: extra closed days of this municipality: dates ("2026-05-15") or every year ("12-24")
    closed_days: tuple[str, ...] = ()
    #: local closed days move reply deadlines, but the daily mailbox check goes on (JO 2668-2000)
    closed_days_suspend_mailbox_check: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyRules:
    """The reply clock (Bjurholm p. 4, "inom tre arbetsdagar")."""

    #: 0 = the same day (Hattfjelldal p. 6, "samme dag"); -1 = no clock (Borås sets no times)
    working_days: int = 3
    warn_on_day: int = 2
    #: mail after `office_closes` or on a closed day counts as arrived the next working day
    office_hours_shift: bool = False
    office_closes: time = time(16, 0)
    #: internal mail needs an answer in the same time ("Extern och intern e-post")
    internal_mail: bool = True
    #: the reminder clock that runs after a holding reply
    follow_up_working_days: int = 5
    holding_reply: bool = True
    #: local time on the due date
    holding_reply_at: time = time(15, 0)
    #: clock for requests for public documents: the arrival date, or the next working day if that is closed
    document_request_clock: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DiaryRules:
    """What must and need not be registered (Bjurholm p. 6), and when to ask."""

    #: kinds that always must be registered once established
    must: tuple[str, ...] = ()
    #: kinds that need not be registered once positively established
    need_not: tuple[str, ...] = ()
    #: points from which a must or need-not signal counts as established, and from which it raises a question
    established: float = 3.0
    suspected: float = 1.0
    #: working days after which an unconfirmed item stands in the digest, and is told to the head
    remind_after: int = 1
    escalate_after: int = 3
    #: paper, pdfa or both: how what must be registered is kept
    paper: Literal["paper", "pdfa", "both"] = "pdfa"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecrecyRules:
    """When a message is treated as confidential."""

    #: points from which a message is announced without content
    threshold: float = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StormRules:
    """Brakes against mail storms (invariant 3)."""

    holding_replies_per_sender_and_day: int = 3
    #: outgoing mails per hour of the whole installation before the circuit breaker trips
    outgoing_per_hour: int = 300
    #: new messages in one mailbox and pass from which automatic replies are held until a person releases them
    burst: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestRules:
    """The short mails to people who have something to do."""

    #: mail officers get their morning mail on empty days too
    officer_on_empty_days: bool = True
    #: everyone else gets no mail when there is nothing to do
    others_on_empty_days: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRules:
    """How long personal data stays in mailbot's own database, in days. The diary and the mailboxes are not touched."""

    settled_mail: int = 14
    settled_items: int = 365
    unmatched_sent_traces: int = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Every rule a municipality might decide otherwise."""

    name: str
    title: str
    #: default language of texts that leave the house: sv, nb or en
    language: Literal["sv", "nb", "en"] = "sv"
    timezone: str = "Europe/Stockholm"
    calendar: CalendarRules = field(default_factory=CalendarRules)
    reply: ReplyRules = field(default_factory=ReplyRules)
    diary: DiaryRules = field(default_factory=DiaryRules)
    secrecy: SecrecyRules = field(default_factory=SecrecyRules)
    storm: StormRules = field(default_factory=StormRules)
    digest: DigestRules = field(default_factory=DigestRules)
    retention: RetentionRules = field(default_factory=RetentionRules)
    #: weights that override or extend `signals/LANG.toml`: language -> kind -> phrase -> points
    signals: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)


def profile_names() -> tuple[str, ...]:
    """The shipped profiles."""
    raise NotImplementedError


def load_policy(name: str, overrides: Mapping[str, Any] | None = None) -> Policy:
    """The shipped profile `name` with `overrides` merged over it; UserError names every problem."""
    raise NotImplementedError


def is_closed_day(day: date, closed_days: tuple[str, ...]) -> bool:
    """Whether `day` is one of the municipality's own closed days."""
    raise NotImplementedError
