"""The servers of every kind, with what is kept of them between passes. Platforms are imported only when configured."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

from mailbot.config.model import Config
from mailbot.config.servers import EwsServer, GraphServer, ImapServer
from mailbot.errors import needs_extra
from mailbot.secrets import Secrets

if TYPE_CHECKING:
    from mailbot.platforms.ews.servers import EwsServers
    from mailbot.platforms.graph.servers import GraphServers
    from mailbot.platforms.imap.servers import ImapServers


@dataclass(frozen=True, slots=True)
class LiveServers:
    """What is kept of servers between passes (connections, tokens, how hard they may be pressed), a field per platform.

    None where no server of that kind is configured: platforms are imported only when they are used.
    """

    imap: "ImapServers | None" = None
    graph: "GraphServers | None" = None
    ews: "EwsServers | None" = None


@contextmanager
def live_servers(config: Config, *, keep: bool = True) -> Iterator[LiveServers]:
    """The servers of every kind, closed at the end. `keep`: connections stay open between uses."""
    with imap_servers(config, keep=keep) as imap, graph_servers(config) as graph, ews_servers(config, keep=keep) as ews:
        yield LiveServers(imap, graph, ews)


@contextmanager
def imap_servers(config: Config, *, keep: bool = True) -> "Iterator[ImapServers | None]":
    """The IMAP servers with the connections that are kept between passes; None where there are none."""
    servers = [server for server in config.servers.values() if isinstance(server, ImapServer)]
    if not servers:
        yield None
        return
    from mailbot.platforms.imap.servers import ImapServers

    kept = max(server.keep_connections for server in servers) if keep else 0
    imap = ImapServers(Secrets(Path(config.paths.secrets)).get, keep=kept)
    try:
        yield imap
    finally:
        imap.close()


@contextmanager
def graph_servers(config: Config) -> "Iterator[GraphServers | None]":
    """The Microsoft 365 tenants; None where there are none. UserError when the extra is not installed."""
    if not any(isinstance(server, GraphServer) for server in config.servers.values()):
        yield None
        return
    with needs_extra("graph"):
        from mailbot.platforms.graph.servers import GraphServers

    users = {mailbox.address: mailbox.user for mailbox in config.mailboxes if mailbox.user}
    graph = GraphServers(Secrets(Path(config.paths.secrets)).get, since=listed_since(config), users=users)
    try:
        yield graph
    finally:
        graph.close()


@contextmanager
def ews_servers(config: Config, *, keep: bool = True) -> "Iterator[EwsServers | None]":
    """The Exchange servers; None where there are none. UserError when the extra is not installed."""
    if not any(isinstance(server, EwsServer) for server in config.servers.values()):
        yield None
        return
    with needs_extra("ews"):
        from mailbot.platforms.ews.servers import EwsServers

    ews = EwsServers(Secrets(Path(config.paths.secrets)).get, since=listed_since(config), keep=keep)
    try:
        yield ews
    finally:
        ews.close()


def listed_since(config: Config) -> datetime | None:
    """When mail begins to count, as an instant; older mail need not even be listed."""
    if config.start_from is None:
        return None
    return datetime.combine(config.start_from, time(), config.zone).astimezone(UTC)
