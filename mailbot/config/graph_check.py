"""What the table of a Microsoft 365 tenant must fulfil beyond its shape."""

import re
from collections.abc import Iterator

from mailbot.config import syntax
from mailbot.config.tables import Entry
from mailbot.config.value_check import SET_AND_NAME, number_between, out_of_scope, secret_names, web_addresses

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def graph_problems(server: Entry) -> Iterator[str]:
    """Every problem, each "key path: what is wrong; remedy"."""
    tenant, client_id = server.text("tenant").strip(), server.text("client_id").strip()
    yield from server.empty("tenant", "client_id")
    if tenant and not (_GUID.fullmatch(tenant) or syntax.is_domain(tenant)):
        yield server.problem("tenant", "is neither the id of a tenant nor a domain; Entra shows it as Directory ID")
    if client_id and not _GUID.fullmatch(client_id):
        yield server.problem("client_id", "is no id of an application; Entra shows it as Application ID")
    yield from _credential(server)
    yield from web_addresses(server, "base_url", "authority_url")
    yield from number_between(server, "requests_per_second", 1, 10_000)
    yield from out_of_scope(server)


def _credential(server: Entry) -> Iterator[str]:
    """One of certificate and secret."""
    named = [key for key in ("certificate", "secret") if server.text(key)]
    if not named:
        yield server.problem("certificate", f"is missing, and there is no secret either; {SET_AND_NAME}")
    if len(named) > 1:
        yield server.problem("secret", "is not used beside certificate; take one of them out")
    yield from secret_names(server, *named)
