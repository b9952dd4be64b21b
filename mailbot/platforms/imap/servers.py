"""From a server's settings to its mailboxes: who logs in where, and which connections are kept."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from ssl import SSLContext
from typing import TYPE_CHECKING

from mailbot.config.model import MailboxSettings
from mailbot.config.servers import Endpoint as EndpointSettings
from mailbot.config.servers import ImapServer
from mailbot.errors import PermanentError
from mailbot.platforms.imap.connection import ImapConnection
from mailbot.platforms.imap.folders import RoleNames
from mailbot.platforms.imap.idle import Waiting
from mailbot.platforms.imap.login import Login
from mailbot.platforms.imap.mailbox import ImapMailbox
from mailbot.platforms.imap.marked import ImapMarkedMail
from mailbot.platforms.imap.pool import ConnectionPool, RefusedLogins
from mailbot.platforms.imap.rights import Access, access, try_submission
from mailbot.platforms.imap.sender import SmtpSender
from mailbot.platforms.imap.sharing import may_read
from mailbot.platforms.imap.smtp import SmtpConnection
from mailbot.platforms.imap.tls import client_context
from mailbot.platforms.imap.token import token_from
from mailbot.platforms.imap.transport import Endpoint, Tls
from mailbot.platforms.imap.watch import ImapWatch

if TYPE_CHECKING:  # loaded where ManageSieve is configured
    from mailbot.platforms.imap.sieve_account import SieveScripts
    from mailbot.platforms.imap.sieve_connection import SieveConnection
    from mailbot.platforms.imap.sieve_replies import SieveAutoReplies, SieveForwardRules


class ImapServers:
    """The IMAP servers of one installation, for all threads. `secret` gives a secret by its name."""

    def __init__(
        self, secret: Callable[[str], str], *, keep: int = 200, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._secret = secret
        self._pool = ConnectionPool(keep)
        self._refused = RefusedLogins(monotonic)
        self._contexts: dict[str, SSLContext] = {}
        self._contexts_lock = threading.Lock()

    def mailbox(self, server: ImapServer, settings: MailboxSettings) -> ImapMailbox:
        """The mailbox; nothing is connected before it is read."""
        return ImapMailbox(
            self._pool,
            f"{server.host}:{server.imap_port} {settings.address}",
            lambda: self.connect(server, settings),
            folder_names=_role_names(server),
        )

    def sender(self, server: ImapServer, settings: MailboxSettings) -> SmtpSender:
        """Submission as this mailbox, and filing in its Sent folder; nothing is connected before it is needed."""
        return SmtpSender(
            lambda: self.submission(server, settings),
            lambda: self.connect(server, settings),
            folder_names=_role_names(server),
        )

    def submission(self, server: ImapServer, settings: MailboxSettings) -> SmtpConnection:
        """A connection of its own to the submission server, logged in as this mailbox; the caller closes it."""
        if server.smtp is None:
            raise PermanentError(
                f'no submission server is set; add smtp = {{ host = "...", port = 465 }} to {server.host}'
            )
        # RFC 5321 4.1.4 wants a name of our own, and our host's may be known to no DNS.
        domain = settings.address.rpartition("@")[2]
        return SmtpConnection(self.endpoint(server, server.smtp), self.login(server, settings), greeting_name=domain)

    def marked_mail(self, server: ImapServer, settings: MailboxSettings) -> ImapMarkedMail:
        """Probes in this mailbox; nothing is connected before it is asked for one."""
        return ImapMarkedMail(lambda: self.connect(server, settings), folder_names=_role_names(server))

    def access(self, server: ImapServer, settings: MailboxSettings) -> Access:
        """What may be done in this mailbox, on a connection of its own. Raises what stands in the way."""
        with closing(self.connect(server, settings)) as connection:
            return access(connection, _role_names(server), files=settings.role == "service")

    def may_read(self, server: ImapServer, settings: MailboxSettings, identifiers: Sequence[str]) -> bool | None:
        """Whether somebody who goes by one of `identifiers` may open this mailbox; None where the server tells not."""
        with closing(self.connect(server, settings)) as connection:
            return may_read(connection, identifiers)

    def try_submission(self, server: ImapServer, settings: MailboxSettings, recipient: str) -> None:
        """Whether mail from this mailbox would be taken; none is sent. Raises what stands in the way."""
        with closing(self.submission(server, settings)) as connection:
            try_submission(connection, settings.address, recipient)

    def auto_replies(
        self, server: ImapServer, settings: MailboxSettings, *, domains: Sequence[str], service_address: str
    ) -> "SieveAutoReplies | None":
        """Automatic replies of this mailbox through ManageSieve; None where none is configured."""
        scripts = self._scripts(server, settings, domains, service_address)
        if scripts is None:
            return None
        from mailbot.platforms.imap.sieve_replies import SieveAutoReplies

        return SieveAutoReplies(scripts)

    def forward_rules(
        self, server: ImapServer, settings: MailboxSettings, *, domains: Sequence[str], service_address: str
    ) -> "SieveForwardRules | None":
        """Forwarding from this mailbox through ManageSieve; None where none is configured."""
        scripts = self._scripts(server, settings, domains, service_address)
        if scripts is None:
            return None
        from mailbot.platforms.imap.sieve_replies import SieveForwardRules

        return SieveForwardRules(scripts)

    def _scripts(
        self, server: ImapServer, settings: MailboxSettings, domains: Sequence[str], service_address: str
    ) -> "SieveScripts | None":
        where = server.managesieve
        if where is None:
            return None
        from mailbot.platforms.imap.sieve_account import SieveScripts
        from mailbot.platforms.imap.sieve_script import House

        house = House(domains=tuple(domains), service_address=service_address)
        return SieveScripts(lambda _: self.managesieve(server, settings, where), house)

    def missing_extensions(self, server: ImapServer, settings: MailboxSettings) -> Sequence[str]:
        """Extensions of Sieve that absences need and this mailbox's server lacks. Raises what stands in the way."""
        if server.managesieve is None:
            return ()
        from mailbot.platforms.imap.sieve_account import missing_extensions

        with closing(self.managesieve(server, settings, server.managesieve)) as connection:
            return missing_extensions(connection)

    def managesieve(self, server: ImapServer, settings: MailboxSettings, where: EndpointSettings) -> "SieveConnection":
        """A connection of its own to the scripts of a mailbox; the caller closes it."""
        from mailbot.platforms.imap.sieve_connection import SieveConnection

        login, endpoint = self.login(server, settings), self.endpoint(server, where)
        identity = f"{endpoint} {server.user}" if login.method in ("master", "authzid") else ""
        return self._refused.connect(
            identity, f"{endpoint} {login.mailbox} {login.user}", lambda: SieveConnection(endpoint, login)
        )

    def watch(self, server: ImapServer, settings: MailboxSettings) -> ImapWatch | None:
        """Waiting for news in the inbox; None when the server does not offer IDLE (RFC 2177)."""
        connection = self.connect(server, settings)
        if not Waiting.is_offered(connection):
            connection.close()
            return None
        return ImapWatch(connection)

    def connect(self, server: ImapServer, settings: MailboxSettings) -> ImapConnection:
        """A connection of its own to a mailbox; the caller closes it."""
        login, endpoint = self.login(server, settings), self.imap(server)
        identity = f"{endpoint} {server.user}" if login.method in ("master", "authzid") else ""
        return self._refused.connect(
            identity, f"{endpoint} {login.mailbox} {login.user}", lambda: ImapConnection(endpoint, login)
        )

    def login(self, server: ImapServer, settings: MailboxSettings) -> Login:
        """How this mailbox is opened, also for submission and ManageSieve."""
        mailbox = settings.user or settings.address
        user = server.user if server.login in ("master", "authzid") else mailbox
        name = settings.secret or server.secret
        if server.login == "xoauth2":
            return Login(
                method="xoauth2", mailbox=mailbox, user=user, secret=lambda: token_from(server.token_command, mailbox)
            )
        return Login(method=server.login, mailbox=mailbox, user=user, secret=lambda: self._secret(name))

    def imap(self, server: ImapServer) -> Endpoint:
        context = self._context(server, server.tls)
        return Endpoint(host=server.host, port=server.imap_port, tls=server.tls, context=context)

    def endpoint(self, server: ImapServer, settings: EndpointSettings) -> Endpoint:
        """Where another protocol of the same server is spoken."""
        context = self._context(server, settings.tls)
        return Endpoint(host=settings.host, port=settings.port, tls=settings.tls, context=context)

    def close(self) -> None:
        self._pool.close()

    def _context(self, server: ImapServer, tls: Tls) -> SSLContext | None:
        """Reading the authorities takes longer than connecting, and each context holds all of them: one for each file,
        however many threads ask for it at once."""
        if tls == "none":
            return None
        with self._contexts_lock:
            if server.ca_file not in self._contexts:
                self._contexts[server.ca_file] = client_context(Path(server.ca_file) if server.ca_file else None)
            return self._contexts[server.ca_file]


def _role_names(server: ImapServer) -> RoleNames:
    names = server.folders
    return {"sent": names.sent, "drafts": names.drafts, "trash": names.trash, "junk": names.junk}
