"""What single values must be that stand in several tables. Each check gives "key path: what is wrong; remedy"."""

from collections.abc import Iterator

from mailbot.config import syntax
from mailbot.config.tables import Entry

#: the remedy where a secret is wanted
SET_AND_NAME = "run `mailbot secret set NAME` and write its NAME"


def number_between(entry: Entry, key: str, least: int, most: int) -> Iterator[str]:
    """A whole number from `least` to `most`."""
    value = entry.table.get(key)
    if isinstance(value, int) and not least <= value <= most:
        yield entry.problem(key, f"is {value}; write {least} to {most}")


def web_addresses(entry: Entry, *keys: str) -> Iterator[str]:
    """Addresses to which secrets may be sent."""
    for key in keys:
        url = entry.text(key)
        if url and (problem := syntax.web_address_problem(url)):
            yield entry.problem(key, problem)


def secret_names(entry: Entry, *keys: str) -> Iterator[str]:
    """Names of secrets. The value is never shown: somebody may have written the secret itself."""
    for key in keys:
        name = entry.text(key)
        if name and not syntax.is_id(name):
            yield entry.problem(key, f"is no name of a secret; {SET_AND_NAME}")


def out_of_scope(server: Entry) -> Iterator[str]:
    """The mailbox that must be out of reach."""
    outside = server.text("out_of_scope")
    if outside and not syntax.is_address(outside):
        yield server.problem("out_of_scope", "is no address of a mailbox")
