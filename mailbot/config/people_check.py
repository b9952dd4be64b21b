"""What the people file must fulfil beyond the shape of its tables."""

from collections.abc import Iterator, Sequence
from datetime import date

from mailbot.config import syntax
from mailbot.config.tables import Entry, repeated


def people_problems(people: Sequence[Entry]) -> Iterator[str]:
    """Ids, addresses, logins and managers: unique, well-formed, existing."""
    ids = [person.text("id") for person in people if person.text("id")]
    for person in people:
        yield from _person(person, ids)
        yield from _absences(person)
    yield from _manager_circles(people)
    yield from repeated([(p.at("id"), p.text("id")) for p in people], "person id")
    addresses = [pair for p in people for pair in [(p.at("email"), p.text("email")), *p.texts("aliases")]]
    yield from repeated(addresses, "address")
    yield from repeated([(p.at("login"), p.text("login")) for p in people], "login")


def _person(person: Entry, ids: Sequence[str]) -> Iterator[str]:
    person_id, manager = person.text("id"), person.text("manager")
    if person_id and not syntax.is_id(person_id):
        yield person.problem("id", f"'{person_id}' is no id; use letters a-z, digits, dot, hyphen and underscore")
    if "name" in person.table and not person.text("name").strip():
        yield person.problem("name", "is empty; write first and last name")
    for path, address in [(person.at("email"), person.text("email")), *person.texts("aliases")]:
        if address and not syntax.is_address(address):
            yield f"{path}: '{address}' is no mail address; write it as in eva.lind@bjurholm.example"
    if manager and manager not in ids:
        near = syntax.nearest(manager, ids)
        remedy = f"did you mean '{near}'?" if near else "add the person, or take the line out"
        yield person.problem("manager", f"nobody in the people file has the id '{manager}'; {remedy}")
    if any(character.isspace() for character in person.text("login")):
        yield person.problem("login", "has a space; write the account name on the server, as `whoami` prints it")


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
    manager_of = {person.text("id"): person.text("manager") for person in people}
    told: set[str] = set()
    for person in people:
        chain = [person.text("id")]
        while (above := manager_of.get(chain[-1], "")) and above not in chain:
            chain.append(above)
        if above and above == chain[0] and not told & set(chain):
            told |= set(chain)
            yield person.problem("manager", f"goes in a circle ({' - '.join([*chain, above])}); take one out")
