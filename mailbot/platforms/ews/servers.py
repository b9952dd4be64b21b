"""From a server's settings to the sessions of its mailboxes; one session stays open per mailbox between passes."""

import math
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from datetime import datetime
from functools import cached_property
from tempfile import NamedTemporaryFile
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from mailbot.config.servers import EwsServer
from mailbot.errors import needs_extra
from mailbot.platforms.base import Folder
from mailbot.platforms.ews.auto_replies import EwsAutoReplies
from mailbot.platforms.ews.calendar import EwsCalendar
from mailbot.platforms.ews.failures import NotOffered
from mailbot.platforms.ews.filing import EwsFiling
from mailbot.platforms.ews.folders import count_inbox, find_folders
from mailbot.platforms.ews.forward_rules import EwsForwardRules
from mailbot.platforms.ews.gate import Gate
from mailbot.platforms.ews.mailbox import EwsMailbox
from mailbot.platforms.ews.marked import EwsMarkedMail
from mailbot.platforms.ews.people import EwsDirectory
from mailbot.platforms.ews.sender import EwsSender
from mailbot.platforms.ews.session import Endpoint, EwsSession
from mailbot.platforms.ews.signature import EwsSignatures
from mailbot.platforms.ews.watch import EwsWatch
from mailbot.platforms.kept import KeptConnections

#: less than the time between two polls: a folder that somebody makes is read with the next one
_FOLDERS_SECONDS = 45.0


class EwsServers:
    """The Exchange servers of one installation, for all threads. `secret` gives a secret by its name.

    Mail that arrived before `since` (aware) is never listed.
    """

    def __init__(self, secret: Callable[[str], str], *, since: datetime | None = None, keep: bool = True) -> None:
        self._secret = secret
        self._since = since
        self._keep = keep
        self._servers: dict[EwsServer, EwsServerSessions] = {}
        self._lock = threading.Lock()
        self._files = ExitStack()

    def mailbox(self, server: EwsServer, address: str) -> EwsMailbox:
        """The mailbox; nothing is asked before it is read."""
        return self.server(server).mailbox(address, since=self._since)

    def server(self, server: EwsServer) -> "EwsServerSessions":
        with self._lock:
            if server not in self._servers:
                keep = server.keep_connections if self._keep else 0
                self._servers[server] = EwsServerSessions(self._endpoint(server), keep=keep)
            return self._servers[server]

    def _endpoint(self, server: EwsServer) -> Endpoint:
        return Endpoint(
            url=server.url,
            auth=server.auth,
            user=server.user,
            secret=(lambda: self._secret(server.secret)) if server.secret else None,
            token=self._tokens(server) if server.auth == "oauth" else None,
            certificate=self._certificate(server) if server.auth == "certificate" else None,
            trusted=server.ca_file or system_authorities(),
        )

    def _tokens(self, server: EwsServer) -> Callable[[], str]:
        """Tokens made out for this server (hybrid modern authentication)."""
        with needs_extra("graph"):
            import httpx

            from mailbot.platforms.graph.token import Identity, Tokens

        identity = Identity(
            tenant=server.tenant,
            client_id=server.client_id,
            authority_url=server.authority_url,
            certificate=(lambda: self._secret(server.certificate)) if server.certificate else None,
            secret=(lambda: self._secret(server.secret)) if server.secret else None,
        )
        http = self._files.enter_context(httpx.Client(follow_redirects=False, timeout=60.0))
        return Tokens(identity, f"https://{urlsplit(server.url).hostname}/.default", http).get

    def _certificate(self, server: EwsServer) -> str:
        """TLS reads certificates from files only: one that nobody else can open, gone with us."""
        file = self._files.enter_context(NamedTemporaryFile("w", encoding="utf-8"))  # noqa: SIM115  (mode 0600)
        file.write(self._secret(server.certificate))
        file.flush()
        return file.name

    def close(self) -> None:
        for sessions in self._servers.values():
            sessions.close()
        self._servers.clear()
        self._files.close()


class EwsServerSessions:
    """One server, for all threads: at most one session per mailbox and at most `keep` idle ones."""

    def __init__(self, endpoint: Endpoint, *, keep: int = 200, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._endpoint = endpoint
        self._kept: KeptConnections[EwsSession] = KeptConnections(keep)
        self._gate = Gate(endpoint.host, monotonic)
        self._monotonic = monotonic
        self._folders: dict[str, tuple[float, tuple[Folder, ...]]] = {}
        #: for single requests about people's settings, which share a session per mailbox and thread
        self._local = threading.local()

    def mailbox(self, address: str, *, since: datetime | None = None) -> EwsMailbox:
        session = self._kept.take(address) or self.session(address)
        return EwsMailbox(
            session, since=since, list_folders=self._list_folders, give_back=lambda: self._kept.keep(address, session)
        )

    def _list_folders(self, session: EwsSession) -> Sequence[Folder]:
        """A pass opens each mailbox twice, for what was received and for what was sent."""
        now = self._monotonic()
        at, folders = self._folders.get(session.address, (-math.inf, ()))
        if now - at > _FOLDERS_SECONDS:
            folders = tuple(find_folders(session))
            self._folders[session.address] = (now, folders)
        return folders

    def sender(self, address: str) -> EwsSender:
        return EwsSender(self.session(address))

    def inbox_count(self, address: str) -> int:
        """How many items lie in the inbox; raises what stands in the way. Nothing is written."""
        with closing(self.session(address)) as session:
            return count_inbox(session)

    def lacking(self, address: str) -> list[str]:
        """Operations that this server does not have, of those that some capability hangs on. Nothing is written."""
        asked: dict[str, Callable[[], object]] = {
            "GetUserOofSettings": lambda: self.auto_replies.read(address),
            "GetInboxRules": lambda: self.forward_rules.require(address),
            "GetUserConfiguration": lambda: self.signatures.read(address),
        }
        found = []
        for operation, ask in asked.items():
            try:
                ask()
            except NotOffered:
                found.append(operation)
        watch = self.watch(address)
        if watch is None:
            return [*found, "Subscribe"]
        watch.close()
        return found

    def watch(self, address: str) -> EwsWatch | None:
        """None where the server tells of no news by itself."""
        session = self.session(address)
        try:
            return EwsWatch(session)
        except NotOffered:
            session.close()
            return None

    def session(self, address: str) -> EwsSession:
        """A session of its own; the caller closes it."""
        return EwsSession(self._endpoint, address, self._gate)

    @cached_property
    def auto_replies(self) -> EwsAutoReplies:
        return EwsAutoReplies(self._own)

    @cached_property
    def forward_rules(self) -> EwsForwardRules:
        return EwsForwardRules(self._own)

    @cached_property
    def signatures(self) -> EwsSignatures:
        return EwsSignatures(self._own)

    def marked_mail(self, address: str) -> EwsMarkedMail:
        return EwsMarkedMail(self.session(address))

    def filing(self, address: str) -> EwsFiling:
        return EwsFiling(self.session(address))

    def directory(self, addresses: Sequence[str]) -> EwsDirectory:
        return EwsDirectory(self._own, addresses)

    def calendar(self, address: str, zone: ZoneInfo) -> EwsCalendar:
        return EwsCalendar(lambda: self._own(address), zone)

    def _own(self, address: str) -> EwsSession:
        sessions: dict[str, EwsSession] = self._local.__dict__.setdefault("sessions", {})
        if address not in sessions:
            sessions.clear()  # settings of one person after the other: the last one's session is enough
            sessions[address] = self.session(address)
        return sessions[address]

    def close(self) -> None:
        self._kept.close()


def system_authorities() -> str:
    """The operating system's certificate authorities: requests would bring a list of its own."""
    paths = ssl.get_default_verify_paths()
    return paths.cafile or paths.capath or ""
