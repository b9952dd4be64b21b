"""What the table of an Exchange server must fulfil beyond its shape."""

from collections.abc import Iterator

from mailbot.config import syntax
from mailbot.config.tables import Entry

_SET = "run `mailbot secret set NAME` and write its NAME"
#: what each way of logging in cannot do without
_NEEDS = {
    "ntlm": ("user", "secret"),
    "basic": ("user", "secret"),
    "certificate": ("certificate",),
    "oauth": ("tenant", "client_id"),
}
_SECRETS = ("secret", "certificate")


def ews_problems(server: Entry) -> Iterator[str]:
    """Every problem, each "key path: what is wrong; remedy"."""
    yield from server.empty("url")
    url = server.text("url").strip()
    if url and (problem := syntax.web_address_problem(url)):
        yield server.problem("url", problem)
    authority = server.text("authority_url")
    if authority and (problem := syntax.web_address_problem(authority)):
        yield server.problem("authority_url", problem)
    yield from _login(server)
    keep = server.table.get("keep_connections")
    if isinstance(keep, int) and not 0 <= keep <= 10_000:
        yield server.problem("keep_connections", f"is {keep}; write 0 to 10000")
    outside = server.text("out_of_scope")
    if outside and not syntax.is_address(outside):
        yield server.problem("out_of_scope", "is no address of a mailbox")


def _login(server: Entry) -> Iterator[str]:
    """The values are never shown: somebody may have written the secret itself."""
    auth = server.text("auth") or "ntlm"
    for key in _NEEDS.get(auth, ()):
        if not server.text(key).strip():
            yield server.problem(
                key, f'is missing, and auth = "{auth}" needs it' + (f"; {_SET}" if key in _SECRETS else "")
            )
    if auth == "oauth" and not any(server.text(key) for key in _SECRETS):
        yield server.problem("certificate", f"is missing, and there is no secret either; {_SET}")
    for key in _SECRETS:
        if server.text(key) and not syntax.is_id(server.text(key)):
            yield server.problem(key, f"is no name of a secret; {_SET}")
