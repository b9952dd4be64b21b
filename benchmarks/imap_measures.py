"""What is measured on an IMAP server; each measure runs in a process of its own (see benchmarks/measures.py).

`on` is the folder of an installation; its configuration names the server.
"""

from collections.abc import Callable
from pathlib import Path

from benchmarks.imap_client import BareClient
from benchmarks.measures import NOW, Measured, measured

#: what a header-first reader needs
_HEADERS = "(BODYSTRUCTURE BODY.PEEK[HEADER])"
_LIST = 'LIST "" "*" RETURN (SPECIAL-USE STATUS (MESSAGES UIDNEXT UIDVALIDITY))'
PASSWORD = "anna-password"


def _drain(on: Path, items: str) -> Measured:
    port, user, _ = _server(on)

    def work() -> int:
        with BareClient(port, user, PASSWORD) as client:
            client.ask("EXAMINE INBOX")
            client.ask(f"UID FETCH 1:* {items}")
        return 0

    return measured(work)


def imap_drain(on: Path) -> Measured:
    return _drain(on, "BODY.PEEK[]")


def imap_drain_headers(on: Path) -> Measured:
    return _drain(on, _HEADERS)


def imap_pass(on: Path) -> Measured:
    """One observing pass, from opening the database to closing it."""
    from mailbot.config.load import load
    from mailbot.wiring import daemon_installation
    from mailbot.work.passes import one_pass

    config = load(on / "config.toml")

    def work() -> int:
        with daemon_installation(config) as context:
            report = one_pass(context, NOW)
        troubles = [mailbox.error for mailbox in report.mailboxes if mailbox.error]
        if troubles:
            raise RuntimeError("; ".join(troubles))
        return report.mailboxes[0].new_messages

    return measured(work)


def imap_fetch(on: Path) -> Measured:
    """The platform alone: all header blocks of the first mailbox, nothing judged or recorded."""
    from mailbot.config.load import load
    from mailbot.wiring import live_servers, open_mailbox

    config = load(on / "config.toml")

    def work() -> int:
        seen = 0
        with live_servers(config) as servers:
            mailbox = open_mailbox(config, config.mailboxes[0], servers)
            inbox = next(folder for folder in mailbox.folders() if folder.role == "inbox")
            for changes in mailbox.changes(inbox, None):
                found = mailbox.fetch_headers(inbox, [each.delivery_id for each in changes.arrived])
                seen += sum(raw is not None for _, raw in found)
            mailbox.close()
        return seen

    return measured(work)


def imap_round(on: Path) -> Measured:
    """The third pass of a daemon: nothing is new, every connection is kept."""
    from mailbot.config.load import load
    from mailbot.wiring import daemon_installation
    from mailbot.work.passes import one_pass

    with daemon_installation(load(on / "config.toml")) as context:
        for _ in range(2):
            one_pass(context, NOW)
        return measured(lambda: len(one_pass(context, NOW).mailboxes))


def imap_round_bare(on: Path) -> Measured:
    """The same mailboxes asked the same question, one after the other, on connections that are open already."""
    port, _, users = _server(on)
    clients = [BareClient(port, user, PASSWORD) for user in users]
    for client in clients:
        client.ask(_LIST)

    def work() -> int:
        return sum(bool(client.ask(_LIST)) for client in clients)

    return measured(work)


def _server(on: Path) -> tuple[int, str, list[str]]:
    from mailbot.config.load import load
    from mailbot.config.servers import ImapServer

    config = load(on / "config.toml")
    server = config.servers["post"]
    assert isinstance(server, ImapServer)
    users = [mailbox.address for mailbox in config.mailboxes if mailbox.role != "service"]
    return server.imap_port, users[0], users


MEASURES: dict[str, Callable[[Path], Measured]] = {
    each.__name__: each
    for each in (
        imap_drain,
        imap_drain_headers,
        imap_fetch,
        imap_pass,
        imap_round,
        imap_round_bare,
    )
}
