"""What the people file must fulfil beyond the shape of its tables."""

from collections.abc import Iterator, Sequence
from datetime import date

from mailbot.config import syntax
from mailbot.config.tables import Entry, repeated

_MOST_GUESSES = 20


def people_problems(people: Sequence[Entry]) -> Iterator[str]:
    """Ids, addresses, logins and managers: unique, well-formed, existing."""
    for person in people:
        yield from _person(person)
        yield from _absences(person)
    yield from _managers(people)
    yield from _manager_circles(people)
    yield from repeated([(p.at("id"), p.text("id")) for p in people], "person id")
    addresses = [pair for p in people for pair in [(p.at("email"), p.text("email")), *p.texts("aliases")]]
    yield from repeated(addresses, "address")
    yield from repeated([(p.at("login"), p.text("login")) for p in people], "login")


def _person(person: Entry) -> Iterator[str]:
    yield from person.empty("id", "name", "email")
    person_id = person.text("id")
    if person_id and not syntax.is_id(person_id):
        yield person.problem("id", f"'{person_id}' is no id; use letters a-z, digits, dot, hyphen and underscore")
    for path, address in [(person.at("email"), person.text("email")), *person.texts("aliases")]:
        if address and not syntax.is_address(address):
            yield f"{path}: '{address}' is no mail address; write it as in eva.lind@bjurholm.example"
    if any(character.isspace() for character in person.text("login")):
        yield person.problem("login", "has a space; write the account name on the server, as `whoami` prints it")


def _managers(people: Sequence[Entry]) -> Iterator[str]:
    id_by_address = {person.text("email").lower(): person.text("id") for person in people}
    ids = {person.text("id") for person in people} - {""}
    unknown = [person for person in people if person.text("manager") and person.text("manager") not in ids]
    for number, person in enumerate(unknown):
        manager = person.text("manager")
        # comparing everything with everything would take minutes when thousands are wrong
        guess = syntax.nearest(manager, ids) if number < _MOST_GUESSES else ""
        near = id_by_address.get(manager.lower()) or guess
        remedy = f"did you mean '{near}'?" if near else "add the person, or take the line out"
        yield person.problem("manager", f"nobody in the people file has the id '{manager}'; {remedy}")


def _absences(person: Entry) -> Iterator[str]:
    absences = person.table.get("absences")
    for index, absence in enumerate(absences if isinstance(absences, list) else ()):
        away, back = (_day(absence.get(key)) for key in ("from", "back")) if isinstance(absence, dict) else (None, None)
        if away and back and back <= away:
            yield f"{person.at('absences')}[{index}].back: {back} is not after {away}; write the first day back"


def _day(value: object) -> date | None:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, date) else None


def _manager_circles(people: Sequence[Entry]) -> Iterator[str]:
    """Somebody who is in the end their own manager would make every escalation go round."""
    by_id = {person.text("id"): person for person in people}
    done: set[str] = set()
    for start in by_id:
        chain: dict[str, None] = {}  # in order, and quick to look up
        above = start
        while above in by_id and above not in chain and above not in done:
            chain[above] = None
            above = by_id[above].text("manager")
        if above in chain:
            ids = list(chain)
            circle = ids[ids.index(above) :]
            yield by_id[above].problem("manager", f"goes in a circle ({' - '.join([*circle, above])}); take one out")
        done |= chain.keys()
