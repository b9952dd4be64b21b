"""What a mail server's table must fulfil beyond its shape, and the mailboxes on it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import get_args, get_type_hints

from mailbot.config import syntax
from mailbot.config.ews_check import ews_problems
from mailbot.config.graph_check import graph_problems
from mailbot.config.servers import ImapServer
from mailbot.config.tables import Entry, Table, repeated
from mailbot.config.value_check import SET_AND_NAME, number_between, secret_names

_METHODS = get_args(get_type_hints(ImapServer)["login"])


def server_problems(servers: Mapping[str, Table], mailboxes: Sequence[Entry]) -> Iterator[str]:
    """Every problem of the mail servers, each "key path: what is wrong; remedy"."""
    for name, table in servers.items():
        if table.get("kind") == "graph":
            yield from graph_problems(Entry(f"servers.{name}", table))
        if table.get("kind") == "ews":
            yield from ews_problems(Entry(f"servers.{name}", table))
        if table.get("kind") == "imap":
            server = Entry(f"servers.{name}", table)
            here = [mailbox for mailbox in mailboxes if mailbox.text("server") == name]
            yield from _endpoint(server)
            for key in ("smtp", "managesieve"):
                yield from _endpoint(Entry(server.at(key), Entry.of(table, key).table))
            yield from number_between(server, "keep_connections", 0, 10_000)
            yield from _login(server)
            yield from _mailboxes(server, here)


def directory_problems(raw: Table) -> Iterator[str]:
    """Every problem of the [directory] of people."""
    directory = Entry.of(raw, "directory")
    if not directory.table:
        return
    yield from _endpoint(directory)
    yield from directory.empty("base", "filter")
    yield from secret_names(directory, "secret")
    for key, other in (("secret", "user"), ("user", "secret")):
        if directory.text(other) and not directory.text(key):
            yield directory.problem(key, f"is missing beside {directory.at(other)}; {_secret_remedy(key)}")


def _endpoint(endpoint: Entry) -> Iterator[str]:
    """Host, port and encryption of one place where a protocol is spoken."""
    host, port = endpoint.text("host"), endpoint.table.get("port")
    yield from endpoint.empty("host")
    if host.strip() and not (syntax.is_host(host) or syntax.is_ip(host)):
        yield endpoint.problem("host", f"'{host}' is no host name; write it as in mail.bjurholm.example")
    if isinstance(port, int) and not 0 <= port <= 65_535:
        yield endpoint.problem("port", f"is {port}; write 1 to 65535, or leave it out")
    if endpoint.text("tls") == "none" and host and not syntax.is_loopback(host):
        yield endpoint.problem(
            "tls", 'is "none", so that all mail could be read on the way; write implicit or starttls'
        )


def _login(server: Entry) -> Iterator[str]:
    """What the way of logging in needs."""
    method = server.text("login") or "user"
    if method in ("master", "authzid"):
        for key in ("user", "secret"):
            if not server.text(key).strip():
                yield server.problem(key, f'is missing, and login = "{method}" needs it; {_secret_remedy(key)}')
    if method == "xoauth2":
        if not server.list_of("token_command", (str,)):
            yield server.problem("token_command", 'is missing; write ["/path/to/program", "{address}"]')
    elif method in _METHODS and server.table.get("token_command"):
        yield server.problem("token_command", f'is used with login = "xoauth2" only, not with "{method}"; take it out')
    yield from secret_names(server, "secret")


def _mailboxes(server: Entry, mailboxes: Sequence[Entry]) -> Iterator[str]:
    method = server.text("login") or "user"
    for mailbox in mailboxes:
        yield from secret_names(mailbox, "secret")
        if method == "user" and not (mailbox.text("secret") or server.text("secret")):
            yield mailbox.problem("secret", f"is missing: this mailbox logs in by itself; {_secret_remedy('secret')}")
        elif method != "user" and mailbox.text("secret"):
            yield mailbox.problem("secret", f'is not used, as {server.at("login")} is "{method}"; take it out')
        if mailbox.text("role") == "service" and "smtp" not in server.table:
            remedy = 'add smtp = { host = "...", port = 465 }'
            yield server.problem("smtp", f"is missing, and {mailbox.text('address')} sends from here; {remedy}")
    users = [(each.at("user"), each.text("user") or each.text("address")) for each in mailboxes]
    yield from repeated([pair for pair in users if pair[0]], "user") if method == "user" else ()


def _secret_remedy(key: str) -> str:
    return SET_AND_NAME if key == "secret" else "write the name that logs in"
