"""A municipality's rules as data: `profiles/NAME.toml`, any key of which `[policy]` in the configuration overrides."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from difflib import get_close_matches
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Literal

from mailbot.errors import UserError
from mailbot.policy.closed_days import days_of_year, entries_remedy
from mailbot.policy.model import Kind
from mailbot.settings import checked, structure, within, zone_remedy


def _kinds_remedy(kinds: tuple[str, ...]) -> str | None:
    unknown = [kind for kind in kinds if kind not in set(Kind)]
    return f"{unknown[0]!r} is no kind of document; write one of {', '.join(Kind)}" if unknown else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarRules:
    """Which days are working days (requirements section 3)."""

    country: Literal["SE", "NO"] = "SE"
    #: extra closed days of this municipality: dates ("2026-05-15"), every year ("12-24"), or counted from Easter Sunday
    #: ("easter-4" is the Wednesday before skjærtorsdag)
    closed_days: tuple[str, ...] = field(default=(), metadata=checked(entries_remedy))
    #: the same, for days worked although the calendar says closed (also the remedy when a holiday law changes)
    open_days: tuple[str, ...] = field(default=(), metadata=checked(entries_remedy))
    #: single working days between two closed ones ("klämdagar") are closed
    bridge_days_closed: bool = False
    #: local closed days move reply deadlines, but the daily mailbox check goes on (JO 2668-2000)
    closed_days_suspend_mailbox_check: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyRules:
    """The reply clock (Bjurholm p. 4, "inom tre arbetsdagar")."""

    #: 0 = the same day (Hattfjelldal p. 6, "samme dag"); -1 = no clock (Borås sets no times)
    working_days: int = field(default=3, metadata=within(-1, 60))
    warn_on_day: int = field(default=2, metadata=within(1, 60))
    #: mail after `office_closes` or on a closed day counts as arrived the next working day
    office_hours_shift: bool = False
    office_closes: time = time(16, 0)
    #: internal mail needs an answer in the same time ("Extern och intern e-post")
    internal_mail: bool = True
    #: the reminder clock that runs after a holding reply
    follow_up_working_days: int = field(default=5, metadata=within(1, 250))
    holding_reply: bool = True
    #: local time on the due date
    holding_reply_at: time = time(15, 0)
    #: clock for requests for public documents: the arrival date, or the next working day if that is closed
    document_request_clock: bool = True
    #: working days added to that; the norm is none
    document_request_working_days: int = field(default=0, metadata=within(0, 30))

    @property
    def has_clock(self) -> bool:
        return self.working_days >= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DiaryRules:
    """What must and need not be registered (Bjurholm p. 6), and when to ask."""

    #: kinds that always must be registered once established
    must: tuple[str, ...] = field(default=(), metadata=checked(_kinds_remedy))
    #: kinds that need not be registered once positively established
    need_not: tuple[str, ...] = field(default=(), metadata=checked(_kinds_remedy))
    #: points from which a must or need-not signal counts as established, and from which it raises a question
    established: float = field(default=3.0, metadata=within(0, 100))
    suspected: float = field(default=2.0, metadata=within(0, 100))
    #: working days after which an unconfirmed item stands in the digest, and is told to the head
    remind_after: int = field(default=1, metadata=within(0, 60))
    escalate_after: int = field(default=3, metadata=within(0, 60))
    #: paper, pdfa or both: how what must be registered is kept
    paper: Literal["paper", "pdfa", "both"] = "pdfa"


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedRules:
    """How far the weights learned from labelled mail may settle what the rules leave open. Probabilities."""

    enabled: bool = True
    #: must be registered from here on, whatever the rules found
    yes_from: float = field(default=0.3, metadata=within(0, 1))
    #: need not be registered up to here, where no must signal is even suspected
    no_up_to: float = field(default=0.1, metadata=within(0, 1))
    reply_from: float = field(default=0.5, metadata=within(0, 1))
    #: announced without content from here on
    secret_from: float = field(default=0.33, metadata=within(0, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class SecrecyRules:
    """When a message is treated as confidential."""

    #: points from which a message is announced without content
    threshold: float = field(default=3.0, metadata=within(0.1, 100))


@dataclass(frozen=True, slots=True, kw_only=True)
class StormRules:
    """Brakes against mail storms (invariant 3)."""

    holding_replies_per_sender_and_day: int = field(default=3, metadata=within(1, 100))
    #: outgoing mails per hour of the whole installation before the circuit breaker trips
    outgoing_per_hour: int = field(default=300, metadata=within(1, 100000))
    #: new messages in one mailbox and pass from which automatic replies are held until a person releases them
    burst: int = field(default=200, metadata=within(1, 1000000))


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRules:
    """The daily check of authority mailboxes by a person (Bjurholm p. 4, "minst ett tillfälle varje arbetsdag")."""

    required: bool = True
    #: local time at which the head of administration hears of mailboxes that nobody has checked
    alarm_at: time = time(14, 0)
    #: an answer, a move or a decision that a person made in the mailbox shows that it was checked
    handling_counts: bool = True
    #: calendar days ahead for which the head is asked who checks when all mail officers are away
    ask_days_ahead: int = field(default=7, metadata=within(1, 60))


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestRules:
    """The short mails to people who have something to do."""

    #: mail officers get their morning mail on empty days too
    officer_on_empty_days: bool = True
    #: everyone else gets no mail when there is nothing to do
    others_on_empty_days: bool = False
    #: rows of each list before the rest is only counted
    most_rows: int = field(default=50, metadata=within(5, 1000))


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceRules:
    """What is asked of people who go away (Bjurholm p. 5)."""

    #: print the letter of the option, "A) Min e-postlåda kontrolleras av ..." (requirements 0: off)
    print_letter: bool = False
    #: working days that a cover has to say whether they can; then the person and the manager are told
    cover_answer_working_days: int = field(default=3, metadata=within(1, 30))
    #: on Mondays the week's own contact moves to the top of the text
    current_cover_first: bool = False
    #: working days before a registered leave on which a plan is asked for
    remind_before: int = field(default=5, metadata=within(0, 60))
    #: working days without any sent mail after which somebody counts as away; 0 = never
    inactive_after: int = field(default=0, metadata=within(0, 60))


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRules:
    """How long personal data stays in mailbot's own database, in days. The diary and the mailboxes are not touched."""

    settled_mail: int = field(default=14, metadata=within(1, 3650))
    settled_items: int = field(default=365, metadata=within(1, 36500))
    #: decisions in the journal beside the database; a backup older than this cannot be brought up to date from it
    journal: int = field(default=90, metadata=within(1, 3650))
    unmatched_sent_traces: int = field(default=60, metadata=within(1, 3650))


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Every rule a municipality might decide otherwise."""

    name: str
    title: str
    #: default language of texts that leave the house: sv, nb or en
    language: Literal["sv", "nb", "en"] = "sv"
    timezone: str = field(default="Europe/Stockholm", metadata=checked(zone_remedy))
    calendar: CalendarRules = field(default_factory=CalendarRules)
    reply: ReplyRules = field(default_factory=ReplyRules)
    diary: DiaryRules = field(default_factory=DiaryRules)
    secrecy: SecrecyRules = field(default_factory=SecrecyRules)
    learned: LearnedRules = field(default_factory=LearnedRules)
    storm: StormRules = field(default_factory=StormRules)
    check: CheckRules = field(default_factory=CheckRules)
    digest: DigestRules = field(default_factory=DigestRules)
    absence: AbsenceRules = field(default_factory=AbsenceRules)
    retention: RetentionRules = field(default_factory=RetentionRules)
    #: weights that override or extend `signals/LANG.toml`: language -> kind -> phrase -> points
    signals: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)


def profile_names() -> tuple[str, ...]:
    """The shipped profiles."""
    entries = (entry.name for entry in _shipped().iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in entries if name.endswith(".toml")))


def load_policy(name: str, overrides: Mapping[str, Any] | None = None) -> Policy:
    """The profile `name` with `overrides` merged over it: a shipped profile, or the path of a TOML file of one's own.

    Tables are merged key by key, lists and values are replaced. Raises UserError that names every problem, those of the
    overrides as "policy.reply.working_days".
    """
    table = _merged(_read(name), overrides or {})
    try:
        policy = structure(table, Policy, where="policy")
    except UserError as error:
        raise UserError(f"the rules of profile {name!r} need to be put right:", error.problems) from None
    if problems := [f"policy.{problem}" for problem in _contradictions(policy)]:
        raise UserError(f"the rules of profile {name!r} need to be put right:", problems)
    return policy


def is_closed_day(day: date, closed_days: tuple[str, ...]) -> bool:
    """Whether `day` is one of the municipality's own closed days."""
    return bool(closed_days) and day in days_of_year(closed_days, day.year)


def _read(name: str) -> dict[str, Any]:
    """The table of a shipped profile or of the file at the path `name`."""
    if name in profile_names():
        return tomllib.loads((_shipped() / f"{name}.toml").read_text(encoding="utf-8"))
    if not name.endswith(".toml"):
        near = get_close_matches(name, profile_names(), n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        shipped = ", ".join(profile_names())
        raise UserError(f"unknown profile {name!r}; {hint}shipped: {shipped}; or give the path of a .toml file")
    try:
        return tomllib.loads(Path(name).read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(
            f"cannot read the profile {name}: {error.strerror}; shipped: {', '.join(profile_names())}"
        ) from None
    except ValueError as error:
        raise UserError(f"the profile {name} is not valid TOML in UTF-8: {error}") from None


def _shipped() -> Traversable:
    return files("mailbot.policy") / "profiles"


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    both = {key for key in base.keys() & over.keys() if isinstance(base[key], dict) and isinstance(over[key], dict)}
    return {**base, **over, **{key: _merged(base[key], over[key]) for key in both}}


def _contradictions(policy: Policy) -> Iterator[str]:
    """Keys that are right each for itself, but not together."""
    if policy.diary.suspected > policy.diary.established:
        yield "diary.suspected: is above diary.established; write a number that is not larger"
    if both := set(policy.diary.must) & set(policy.diary.need_not):
        yield f"diary.need_not: has {', '.join(sorted(both))} that diary.must has too; leave each in one list"
    if policy.storm.outgoing_per_hour < policy.storm.holding_replies_per_sender_and_day:
        yield "storm.outgoing_per_hour: is below storm.holding_replies_per_sender_and_day; raise it"
