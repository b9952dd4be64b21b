"""From a tenant's settings to its mailboxes: one application, one token and one pacing for all threads."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import httpx

from mailbot.config.servers import GraphServer
from mailbot.platforms.graph.ahead import Ahead
from mailbot.platforms.graph.autoreplies import GraphAutoReplies
from mailbot.platforms.graph.calendar import GraphCalendar
from mailbot.platforms.graph.client import GraphClient
from mailbot.platforms.graph.filing import GraphFiling
from mailbot.platforms.graph.mailbox import GraphMailbox
from mailbot.platforms.graph.marked import GraphMarkedMail
from mailbot.platforms.graph.people import GraphDirectory
from mailbot.platforms.graph.rules import GraphForwardRules
from mailbot.platforms.graph.sender import GraphSender
from mailbot.platforms.graph.token import Identity, Tokens, scope_for
from mailbot.platforms.pacing import Pacing

#: learn.microsoft.com/graph/throttling-limits: to one mailbox, whatever the application does there
_AT_A_TIME = 4
_TIMEOUT = httpx.Timeout(60.0, connect=15.0)
_LOGGERS = ("httpx", "httpcore", "msal", "urllib3")


class GraphServers:
    """The Microsoft 365 tenants of one installation, for all threads. `secret` gives a secret by its name."""

    def __init__(
        self,
        secret: Callable[[str], str],
        *,
        since: datetime | None = None,
        users: Mapping[str, str] | None = None,
        pacing: Callable[[GraphServer], Pacing] | None = None,
    ) -> None:
        self._secret = secret
        self._since = since
        self._users = users or {}
        self._pacing = pacing or (lambda server: Pacing(_AT_A_TIME, server.requests_per_second))
        self._clients: dict[tuple[str, str, str], GraphClient] = {}
        self._ahead = Ahead()
        silence()

    def mailbox(self, server: GraphServer, address: str) -> GraphMailbox:
        """The mailbox; nothing is asked before it is read."""
        return GraphMailbox(self.client(server), address, self._ahead, since=self._since)

    def sender(self, server: GraphServer, address: str) -> GraphSender:
        return GraphSender(self.client(server), address)

    def auto_replies(self, server: GraphServer) -> GraphAutoReplies:
        return GraphAutoReplies(self.client(server))

    def forward_rules(self, server: GraphServer) -> GraphForwardRules:
        return GraphForwardRules(self.client(server))

    def marked_mail(self, server: GraphServer, address: str) -> GraphMarkedMail:
        return GraphMarkedMail(self.client(server), address)

    def filing(self, server: GraphServer, address: str) -> GraphFiling:
        return GraphFiling(self.client(server), address)

    def calendar(self, server: GraphServer, address: str, zone: ZoneInfo) -> GraphCalendar:
        return GraphCalendar(self.client(server), address, zone)

    def directory(self, server: GraphServer) -> GraphDirectory:
        return GraphDirectory(self.client(server))

    def look_ahead(self, server: GraphServer, cursors: Sequence[tuple[str, str]]) -> None:
        """Ask what is new after each (mailbox, cursor) before they are read, 20 in one request."""
        self._ahead.poll(self.client(server), cursors)

    def client(self, server: GraphServer) -> GraphClient:
        key = (server.base_url, server.tenant, server.client_id)
        if key not in self._clients:
            self._clients[key] = self._connected(server)
        return self._clients[key]

    def _connected(self, server: GraphServer) -> GraphClient:
        # No redirects: they could lead the token elsewhere. A proxy is named by HTTPS_PROXY in the environment.
        http = httpx.Client(
            timeout=_TIMEOUT,
            follow_redirects=False,
            limits=httpx.Limits(max_keepalive_connections=32, keepalive_expiry=60.0),
        )
        certificate, secret = server.certificate, server.secret
        identity = Identity(
            tenant=server.tenant,
            client_id=server.client_id,
            authority_url=server.authority_url,
            certificate=(lambda: self._secret(certificate)) if certificate else None,
            secret=(lambda: self._secret(secret)) if secret else None,
        )
        tokens = Tokens(identity, scope_for(server.base_url), http)
        return GraphClient(server.base_url.rstrip("/"), tokens, self._pacing(server), http, self._users)

    def close(self) -> None:
        for client in self._clients.values():
            client.http.close()
        self._clients.clear()


def silence(names: Iterable[str] = _LOGGERS) -> None:
    """Their messages hold URLs with addresses, headers with tokens and answers with mail: none is ever written.

    A level would not do: whoever raises it for a look would get all of that.
    """
    for name in names:
        logger = logging.getLogger(name)
        # what loggers below it say stops here too
        logger.handlers, logger.propagate, logger.disabled = [logging.NullHandler()], False, True
