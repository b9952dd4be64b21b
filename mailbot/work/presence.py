"""Who is away on which local day, and who acts for a role then. The one place that is asked.

Absences are known from several sources: the people file, what people said themselves (`store.away_notices`), and what
`Context.absence_sources` adds. A person is away when any of them says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from mailbot.config.model import Config, PersonSettings
from mailbot.store.store import Store

#: whether this source knows the person to be away on the local date; called often, so it answers from memory or by a
#: quick query
AbsenceSource = Callable[[PersonSettings, date], bool]


@dataclass(frozen=True, slots=True)
class Presence:
    """Asks every source. Role lists are person ids in order: whoever is not the first stands in for those before."""

    config: Config
    store: Store
    sources: Sequence[AbsenceSource] = ()

    def is_away(self, person: PersonSettings, day: date) -> bool:
        """Whether any source knows `person` to be away on the local date `day`."""
        return (
            person.is_away_on(day)
            or person.id in self.store.away_notices.on(day)
            or any(source(person, day) for source in self.sources)
        )

    def first_present(self, person_ids: Sequence[str], day: date) -> PersonSettings | None:
        """The first of a role's list who is not away on `day`; None when all are, or nobody is listed."""
        people = filter(None, map(self.config.person, person_ids))
        return next((person for person in people if not self.is_away(person, day)), None)

    def acting(self, person_ids: Sequence[str], day: date) -> PersonSettings | None:
        """Who is told what falls to a role on `day` (design section 7, [roles]).

        When all are away it is the first of the list: their mail then waits with them and their own cover, which is
        better than a duty that nobody is told of. None only for an empty list.
        """
        anybody = next(filter(None, map(self.config.person, person_ids)), None)
        return self.first_present(person_ids, day) or anybody

    def acting_at(self, person_ids: Sequence[str], now: datetime) -> PersonSettings | None:
        """Who is told on the local day of `now` (aware)."""
        return self.acting(person_ids, now.astimezone(self.config.zone).date())
