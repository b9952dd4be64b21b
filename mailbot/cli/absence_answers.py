"""What people answer about an absence, on the command line and at its questions: days, options, people."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

from mailbot.errors import UserError
from mailbot.policy.absence import Option, week_number, weeks
from mailbot.policy.absence_model import REASONS, AbsenceRequest, Reason
from mailbot.policy.spoken_dates import read_day, read_week
from mailbot.work.absence_people import people_like

if TYPE_CHECKING:
    from mailbot.config.model import Config
    from mailbot.policy.workdays import WorkCalendar
    from mailbot.store.people_records import StoredAbsence

#: what becomes of an absence that is there already
OnOverlap = Literal["extend", "replace"]

_REASON_WORDS: Mapping[Reason, str] = {
    "leave": "ledighet ledig semester ferie fri leave vacation holiday",
    "trip": "tjänsteresa resa tjenestereise reise trip business travel",
    "course": "utbildning kurs course training opplæring",
    "illness": "sjukdom sjuk sykdom syk illness ill sick",
    "other": "annat annet other",
}


@dataclass(slots=True)
class Draft:
    """An absence as far as it has been answered. Weeks without an answer are missing in `covers`."""

    person: str
    by_another: bool
    today: date
    calendar: "WorkCalendar"
    from_: date | None = None
    back: date | None = None
    reason: Reason | None = None
    option: Option | None = None
    colleague: str = ""
    covers: dict[str, str] = field(default_factory=dict)
    on_overlap: OnOverlap | None = None
    option_kept: bool = False
    #: standing absences that this one takes the place of
    existing: "Sequence[StoredAbsence]" = ()

    def request(self) -> AbsenceRequest:
        """The request, with something harmless where nothing has been answered yet."""
        from mailbot.work.absence_plan import extending, replacing

        from_ = self.from_ or self.today
        request = AbsenceRequest(
            person=self.person,
            from_=from_,
            back=self.back or max(from_, self.today) + timedelta(days=7),
            option=self.option or Option.TO_AUTHORITY_MAILBOX,
            colleague=self.colleague,
            covers=self.covers,
            reason=self.reason or "leave",
            by_another=self.by_another,
            option_kept=self.option_kept,
        )
        if not self.existing:
            return request
        return (extending if self.on_overlap == "extend" else replacing)(request, self.existing)

    @property
    def weeks(self) -> tuple[str, ...]:
        """The weeks that need a cover."""
        request = self.request()
        return weeks(request.from_, request.planned(self.calendar).back, self.calendar)

    def fill_from(self, stored: "StoredAbsence") -> None:
        """Take over what was not answered from an absence that is to be changed."""
        before = stored.absence
        self.option_kept = self.option in (None, before.option)
        self.from_, self.back = self.from_ or before.from_, self.back or before.back
        self.option = self.option or before.option
        self.colleague = self.colleague or before.colleague
        self.covers = {cover.week: cover.person for cover in before.covers} | self.covers
        self.reason = self.reason or "leave"
        self.on_overlap, self.existing = "replace", (stored,)


def day_from(text: str, option: str, *, today: date, not_before: date | None = None) -> date:
    """The day that an option names. UserError with examples when it cannot be read."""
    found = read_day(text, today=today, not_before=not_before)
    if found is None:
        raise UserError(f"{option}: cannot read {text!r} as a day; write for example 2026-07-20, 20/7 or v. 31")
    return found


def read_option(text: str) -> Option | None:
    """A, B, C or D."""
    letter = text.strip().upper().rstrip(".)")
    return Option(letter) if letter in set(Option) else None


def read_reason(text: str) -> Reason | None:
    """1 to 5, or a word for it."""
    said = text.strip().casefold()
    if said.isdigit() and 1 <= int(said) <= len(REASONS):
        return REASONS[int(said) - 1]
    if len(said) < 3:
        return None
    fitting = [reason for reason, words in _REASON_WORDS.items() if any(w.startswith(said) for w in words.split())]
    return fitting[0] if len(fitting) == 1 else None


def covers_from(options: Iterable[str], config: "Config", needed: Sequence[str], not_before: date) -> dict[str, str]:
    """--cover 2026-W30=bo, v30=bo, or bo for all weeks. UserError for what cannot be read."""
    covers: dict[str, str] = {}
    for option in options:
        week, equals, who = option.rpartition("=")
        person = the_person(config, who, "--cover")
        if not equals:
            covers = dict.fromkeys(needed, person) | covers
            continue
        found = by_number(week, needed) or read_week(week, not_before=not_before)
        if found is None:
            raise UserError(f"--cover {option}: {week!r} is no week; write for example --cover 2026-W30={person}")
        covers[found] = person
    return covers


def by_number(text: str, needed: Sequence[str]) -> str | None:
    """The week of `needed` with this number ("30", "v. 30"), or None."""
    digits = "".join(letter for letter in text if letter.isdigit())
    if len(digits) > 2 or not digits:
        return None
    return next((week for week in needed if week_number(week) == int(digits)), None)


def the_person(config: "Config", who: str, option: str) -> str:
    """The person id that an option names. UserError with the remedy when nobody, or more than one, fits."""
    found = people_like(config, who)
    if len(found) == 1:
        return found[0].id
    if found:
        ids = ", ".join(person.id for person in found[:10])
        raise UserError(f"{option} {who!r} fits several people; write the id of one: {ids}")
    raise UserError(f"{option}: nobody in the directory is {who!r}; `mailbot person list` shows everybody")
