"""What the check of an absence is given, and what it finds: plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from mailbot.policy.absence import Absence, Option, planned
from mailbot.policy.workdays import WorkCalendar

#: decides which rules apply and is neither stored nor shown: why somebody is away is nobody's business
Reason = Literal["leave", "trip", "course", "illness", "other"]
REASONS: tuple[Reason, ...] = ("leave", "trip", "course", "illness", "other")

#: the answer to give anew: "from", "back", "option", "colleague", "person", "overlap", or "cover 2026-W53"
Question = str


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceRequest:
    """What somebody asked for, as they said it."""

    person: str
    from_: date
    #: "back on": need not be a working day
    back: date
    option: Option
    colleague: str = ""
    #: ISO week -> person id
    covers: Mapping[str, str] = field(default_factory=dict)
    reason: Reason = "leave"
    #: somebody else sets it up (requirements B15: for one who fell ill)
    by_another: bool = False
    #: the option is the one that the person chose themselves; only other things are changed
    option_kept: bool = False
    #: references of standing absences that this one takes the place of
    replaces: tuple[str, ...] = ()

    def planned(self, calendar: WorkCalendar) -> Absence:
        """The absence that is stored."""
        return planned(
            calendar,
            person=self.person,
            from_=self.from_,
            back=self.back,
            option=self.option,
            colleague=self.colleague,
            covers=self.covers,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """Somebody of the directory."""

    name: str
    #: the address belongs to a domain of the organisation
    inside: bool = True
    #: mailbot looks after their personal mailbox
    in_scope: bool = True
    has_phone: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAway:
    """That somebody is away from `from_` to the day before `back`; from a plan, the people file or a calendar."""

    person: str
    from_: date
    back: date
    ref: str = ""
    plan: Absence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """A role of a unit: the first person present of the list acts."""

    role: Literal["mail_officer", "registrar"]
    unit: str
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceFacts:
    """What the check needs to know of the world."""

    today: date
    calendar: WorkCalendar
    people: Mapping[str, Colleague]
    away: Sequence[KnownAway] = ()
    duties: Sequence[Duty] = ()
    #: the person's unit has an authority mailbox, for option B
    has_authority_mailbox: bool = True
    #: whether the colleague may open the mailbox on its server; None: it cannot be asked
    may_read: bool | None = None
    #: a mandate lets the colleague read on every day of the absence
    has_mandate: bool = False
    #: days on which the person's calendar says all day that they are out of office
    out_of_office: frozenset[date] = frozenset()

    def is_away(self, person: str, day: date) -> bool:
        return any(known.person == person and known.from_ <= day < known.back for known in self.away)

    def name(self, person: str) -> str:
        known = self.people.get(person)
        return known.name if known else person


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found. `rule` and `remedy` name their sentences, `values` fill them: names, dates, week numbers."""

    rule: str
    remedy: str
    question: Question
    refused: bool = True
    values: Mapping[str, str | int | date] = field(default_factory=dict)
