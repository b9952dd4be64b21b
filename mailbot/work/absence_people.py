"""Whom people mean when they write a name: id, address, account, name or part of it."""

from mailbot.config.model import Config, PersonSettings


def people_like(config: Config, who: str) -> list[PersonSettings]:
    """Who is meant by an id, an address, an account name, a name or part of a name; the most exact reading counts."""
    said = " ".join(who.split())
    exact = config.person(said) or config.person_by_address(said)
    if exact is not None:
        return [exact]
    folded = said.casefold()
    if not folded:
        return []
    readings = (
        lambda person: person.login and person.login == said,
        lambda person: shown(person).casefold() == folded or person.name.casefold() == folded,
        lambda person: folded in person.name.casefold().split(),
        lambda person: folded in person.name.casefold(),
    )
    for reading in readings:
        found = [person for person in config.people if reading(person)]
        if found:
            return found
    return []


def shown(person: PersonSettings) -> str:
    """How a person stands in the completion: two of the same name are told apart by their department."""
    return f"{person.name} ({person.department or person.email})"
