"""The rows about people: who is away and who covers, who may read whose mailbox, who checked which one.

Frozen values, as they enter and leave the store. Instants are aware UTC, dates are local.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from mailbot.policy.absence import Absence

#: planned: stored, and nothing is installed yet; active: installed, read back and inside its window; proven: a probe
#: mail was answered; broken: what should be installed is not
AbsenceState = Literal["planned", "active", "proven", "broken", "ended", "cancelled"]
CoverState = Literal["asked", "accepted", "declined"]
#: how it is known that somebody checked a mailbox: said by command or by mail, or seen there
CheckedHow = Literal["command", "mail", "reply", "move", "decision"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverAnswer:
    """One week of an absence, who covers it, and what they said."""

    week: str
    person: str
    state: CoverState
    #: None: the mail that asks has not been queued
    asked_at: datetime | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAbsence:
    """An absence as it was planned, and what became of it."""

    ref: str
    absence: Absence
    state: AbsenceState
    #: rises with every change of the text, from 1
    text_version: int
    #: the version that covers and switchboard have heard of; 0: none
    told_version: int
    covers: tuple[CoverAnswer, ...]
    #: the actor who planned it
    created_by: str
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """`reader` may read the personal mailbox of `owner` on the local dates from `from_` to `to`, both included."""

    ref: str
    owner: str
    reader: str
    from_: date
    #: None: until it is revoked
    to: date | None
    #: person id: on whose word
    granted_by: str
    absence_ref: str | None
    created_by: str
    created_at: datetime
    revoked_by: str | None
    revoked_at: datetime | None

    def holds_on(self, day: date) -> bool:
        return self.revoked_at is None and self.from_ <= day and (self.to is None or day <= self.to)


@dataclass(frozen=True, slots=True)
class AwayNotice:
    """Somebody is away from the local date `from_on`, and back on `back_on`."""

    person: str
    from_on: date
    back_on: date


@dataclass(frozen=True, slots=True)
class DailyReading:
    """mailbot read an authority mailbox on a local day."""

    mailbox: str
    day: date
    first_read_at: datetime
    last_read_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """Somebody checked an authority mailbox on the local date `day`."""

    mailbox: str
    day: date
    how: CheckedHow
    #: person id; "" where a shared mailbox does not tell who it was
    person: str
    #: when it was said or done
    at: datetime
    #: said on a later day
    late: bool = False


@dataclass(frozen=True, slots=True)
class StandIn:
    """A day for which the head was asked who checks a unit's mailboxes; `person` is the answer, None as yet."""

    unit: str
    day: date
    person: str | None
