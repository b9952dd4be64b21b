"""What the table of an Exchange server must fulfil beyond its shape."""

from collections.abc import Iterator

from mailbot.config.tables import Entry
from mailbot.config.value_check import SET_AND_NAME, number_between, out_of_scope, secret_names, web_addresses

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
    yield from web_addresses(server, "url", "authority_url")
    yield from _login(server)
    yield from number_between(server, "keep_connections", 0, 10_000)
    yield from out_of_scope(server)


def _login(server: Entry) -> Iterator[str]:
    """What the way of logging in needs."""
    auth = server.text("auth") or "ntlm"
    for key in _NEEDS.get(auth, ()):
        if not server.text(key).strip():
            yield server.problem(
                key, f'is missing, and auth = "{auth}" needs it' + (f"; {SET_AND_NAME}" if key in _SECRETS else "")
            )
    if auth == "oauth" and not any(server.text(key) for key in _SECRETS):
        yield server.problem("certificate", f"is missing, and there is no secret either; {SET_AND_NAME}")
    yield from secret_names(server, *_SECRETS)
