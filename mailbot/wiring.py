"""The only place where configuration becomes live objects."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from mailbot.config.model import Config, ImapServer, MailboxSettings, MaildirServer
from mailbot.platforms.base import AutoReplies, ForwardRules, Mailbox, Sender, Watch
from mailbot.render import Templates
from mailbot.secrets import Secrets
from mailbot.store.journal import Journal
from mailbot.store.lock import exclusive
from mailbot.store.references import References
from mailbot.store.store import Store
from mailbot.work.context import Context

if TYPE_CHECKING:
    from mailbot.platforms.imap.servers import ImapServers

REFERENCE_KEY = "reference-key"


def references(config: Config) -> References:
    """The keyed hashes behind every REF and Message-ID. UserError names the command that creates the key."""
    return References(Secrets(Path(config.paths.secrets)).reference_key())


def templates(config: Config) -> Templates:
    """The organisation's own templates before the shipped ones."""
    own = Path(config.paths.templates) if config.paths.templates else None
    return Templates(own, config.policy.language)


@contextmanager
def installation(config: Config, *, by_command: bool = True) -> Iterator[Context]:
    """Everything a command on a configured installation needs; closed at the end.

    `by_command`: what is decided goes into the journal of people's decisions.
    """
    keys = references(config)
    journal = Journal(Path(config.paths.journal))
    opened = Store.open(config.paths.database, keys, journal=journal, by_command=by_command)
    with opened as store, imap_servers(config) as imap:
        yield Context(
            config=config,
            store=store,
            references=keys,
            templates=templates(config),
            open_mailbox=lambda settings: open_mailbox(config, settings, imap),
            open_sender=lambda: open_sender(config, imap),
            open_watch=lambda settings: open_watch(config, settings, imap),
            open_auto_replies=lambda settings: open_auto_replies(config, settings, imap),
            open_forward_rules=lambda settings: open_forward_rules(config, settings, imap),
        )


@contextmanager
def daemon_installation(config: Config) -> Iterator[Context]:
    """Like `installation`, and refuses to start beside another daemon on the same database."""
    with exclusive(config.paths.database), installation(config, by_command=False) as context:
        yield context


@contextmanager
def imap_servers(config: Config) -> "Iterator[ImapServers | None]":
    """The IMAP servers with the connections that are kept between passes; None where there are none."""
    servers = [server for server in config.servers.values() if isinstance(server, ImapServer)]
    if not servers:
        yield None
        return
    from mailbot.platforms.imap.servers import ImapServers

    imap = ImapServers(Secrets(Path(config.paths.secrets)).get, keep=max(server.keep_connections for server in servers))
    try:
        yield imap
    finally:
        imap.close()


def _unkept(config: Config) -> "ImapServers":
    """For one use: no connection is kept."""
    from mailbot.platforms.imap.servers import ImapServers

    return ImapServers(Secrets(Path(config.paths.secrets)).get, keep=0)


def open_mailbox(config: Config, settings: MailboxSettings, imap: "ImapServers | None" = None) -> Mailbox:
    """The mailbox on the server the configuration names; platforms are imported only when they are used.

    Without `imap` the connection is not kept.
    """
    server = config.servers[settings.server]
    match server:
        case ImapServer():
            return (imap or _unkept(config)).mailbox(server, settings)
        case MaildirServer():
            from mailbot.platforms.maildir.mailbox import MaildirMailbox

            return MaildirMailbox(server.folder(settings.address))


def open_watch(config: Config, settings: MailboxSettings, imap: "ImapServers | None") -> Watch | None:
    """Waiting for news in a mailbox; None where its server cannot tell."""
    server = config.servers[settings.server]
    return imap.watch(server, settings) if imap is not None and isinstance(server, ImapServer) else None


def open_auto_replies(
    config: Config, settings: MailboxSettings, imap: "ImapServers | None" = None
) -> AutoReplies | None:
    """Automatic replies of one mailbox; None where its server gives none, and mailbot answers itself."""
    server = config.servers[settings.server]
    match server:
        case ImapServer():
            return (imap or _unkept(config)).auto_replies(server, settings, **_house(config))
        case MaildirServer():
            return None


def open_forward_rules(
    config: Config, settings: MailboxSettings, imap: "ImapServers | None" = None
) -> ForwardRules | None:
    """Forwarding from one mailbox; None where its server does none, and mailbot forwards itself."""
    server = config.servers[settings.server]
    match server:
        case ImapServer():
            return (imap or _unkept(config)).forward_rules(server, settings, **_house(config))
        case MaildirServer():
            return None


class _House(TypedDict):
    domains: tuple[str, ...]
    service_address: str


def _house(config: Config) -> _House:
    """What rules on a server must know of the organisation."""
    return {"domains": config.organisation.domains, "service_address": config.service_mailbox.address}


def open_sender(
    config: Config, imap: "ImapServers | None" = None, *, delivered_at: Callable[[], datetime] | None = None
) -> Sender:
    """Sending from the service mailbox. `delivered_at` dates local deliveries (default: the real time)."""
    service = config.service_mailbox
    server = config.servers[service.server]
    match server:
        case MaildirServer():
            from mailbot.platforms.maildir.sender import MaildirSender

            paths = local_mailboxes(config)
            outside = Path(server.outside) if server.outside else None
            return MaildirSender(
                lambda address: paths.get(address.lower()),
                server.folder(service.address),
                outside=outside,
                delivered_at=delivered_at,
            )
        case ImapServer():
            return (imap or _unkept(config)).sender(server, service)


def local_mailboxes(config: Config) -> dict[str, Path]:
    """Address -> Maildir of every mailbox that lies in files on this host, aliases included."""
    paths: dict[str, Path] = {}
    for mailbox in config.mailboxes:
        server = config.servers[mailbox.server]
        if isinstance(server, MaildirServer):
            owner = config.person_by_address(mailbox.address)
            for address in (mailbox.address, *mailbox.aliases, *((owner.email, *owner.aliases) if owner else ())):
                paths[address.lower()] = server.folder(mailbox.address)
    return paths
