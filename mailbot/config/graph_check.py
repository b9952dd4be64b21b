"""What the table of a Microsoft 365 tenant must fulfil beyond its shape."""

import re
from collections.abc import Iterator

from mailbot.config import syntax
from mailbot.config.tables import Entry

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SET = "run `mailbot secret set NAME` and write its NAME"


def graph_problems(server: Entry) -> Iterator[str]:
    """Every problem, each "key path: what is wrong; remedy"."""
    tenant, client_id = server.text("tenant").strip(), server.text("client_id").strip()
    yield from server.empty("tenant", "client_id")
    if tenant and not (_GUID.fullmatch(tenant) or syntax.is_domain(tenant)):
        yield server.problem("tenant", "is neither the id of a tenant nor a domain; Entra shows it as Directory ID")
    if client_id and not _GUID.fullmatch(client_id):
        yield server.problem("client_id", "is no id of an application; Entra shows it as Application ID")
    yield from _credential(server)
    for key in ("base_url", "authority_url"):
        url = server.text(key)
        if url and (problem := syntax.web_address_problem(url)):
            yield server.problem(key, problem)
    rate = server.table.get("requests_per_second")
    if isinstance(rate, int) and not 1 <= rate <= 10_000:
        yield server.problem("requests_per_second", f"is {rate}; write 1 to 10000")
    outside = server.text("out_of_scope")
    if outside and not syntax.is_address(outside):
        yield server.problem("out_of_scope", "is no address of a mailbox")


def _credential(server: Entry) -> Iterator[str]:
    """The values are never shown: somebody may have written the secret itself."""
    named = [key for key in ("certificate", "secret") if server.text(key)]
    if not named:
        yield server.problem("certificate", f"is missing, and there is no secret either; {_SET}")
    if len(named) > 1:
        yield server.problem("secret", "is not used beside certificate; take one of them out")
    for key in named:
        if not syntax.is_id(server.text(key)):
            yield server.problem(key, f"is no name of a secret; {_SET}")
