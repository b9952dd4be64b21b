"""From one mailbox of the configuration to what its server can do."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from mailbot.config.model import Config, MailboxSettings
from mailbot.config.servers import EwsServer, GraphServer, ImapServer, MaildirServer
from mailbot.platforms.base import Filing, Mailbox, Watch
from mailbot.platforms.people import Signatures
from mailbot.platforms.replies import AutoReplies, ForwardRules, MarkedMail
from mailbot.platforms.sending import Sender
from mailbot.store.store import Store
from mailbot.wiring.servers import LiveServers

if TYPE_CHECKING:
    pass


def open_mailbox(config: Config, settings: MailboxSettings, servers: LiveServers) -> Mailbox:
    """The mailbox on the server the configuration names."""
    server = config.servers[settings.server]
    match server:
        case ImapServer():
            assert servers.imap is not None
            return servers.imap.mailbox(server, settings)
        case GraphServer():
            assert servers.graph is not None
            return servers.graph.mailbox(server, settings.address)
        case EwsServer():
            assert servers.ews is not None
            return servers.ews.mailbox(server, settings.address)
        case MaildirServer():
            from mailbot.platforms.maildir.mailbox import MaildirMailbox

            return MaildirMailbox(server.folder(settings.address))


def open_watch(config: Config, settings: MailboxSettings, servers: LiveServers) -> Watch | None:
    """Waiting for news in a mailbox; None where its server cannot tell."""
    server = config.servers[settings.server]
    if servers.imap and isinstance(server, ImapServer):
        return servers.imap.watch(server, settings)
    if servers.ews and isinstance(server, EwsServer):
        return servers.ews.server(server).watch(settings.address)
    return None


def open_signatures(config: Config, settings: MailboxSettings, servers: LiveServers) -> Signatures | None:
    """The automatic signature of one mailbox; None where its server has no interface for it."""
    server = config.servers[settings.server]
    if isinstance(server, EwsServer):
        assert servers.ews is not None
        return servers.ews.server(server).signatures
    return None


def look_ahead(config: Config, mailboxes: Sequence[MailboxSettings], store: Store, servers: LiveServers) -> None:
    """Ask for many mailboxes at once what is new in them, where a server can tell; they are read one by one after."""
    if servers.graph is None:
        return
    for name, server in config.servers.items():
        here = [mailbox.address for mailbox in mailboxes if mailbox.server == name]
        if isinstance(server, GraphServer) and here:
            servers.graph.look_ahead(server, store.intake.cursors(here))


def open_auto_replies(config: Config, settings: MailboxSettings, servers: LiveServers) -> AutoReplies | None:
    """Automatic replies of one mailbox; None where its server gives none, and mailbot answers itself."""
    server = config.servers[settings.server]
    match server:
        case ImapServer():
            assert servers.imap is not None
            return servers.imap.auto_replies(server, settings, **_house(config))
        case GraphServer():
            assert servers.graph is not None
            return servers.graph.auto_replies(server)
        case EwsServer():
            assert servers.ews is not None
            return servers.ews.server(server).auto_replies
        case MaildirServer():
            return None


def open_forward_rules(config: Config, settings: MailboxSettings, servers: LiveServers) -> ForwardRules | None:
    """Forwarding from one mailbox; None where its server does none, and mailbot forwards itself."""
    server = config.servers[settings.server]
    match server:
        case ImapServer():
            assert servers.imap is not None
            return servers.imap.forward_rules(server, settings, **_house(config))
        case GraphServer():
            assert servers.graph is not None
            return servers.graph.forward_rules(server)
        case EwsServer():
            assert servers.ews is not None
            return servers.ews.server(server).forward_rules if server.inbox_rules else None
        case MaildirServer():
            return None


def open_sender_as(config: Config, settings: MailboxSettings, servers: LiveServers) -> Sender | None:
    """Sending as a test account; None where the platform has no means to."""
    server = config.servers[settings.server]
    match server:
        case ImapServer():
            assert servers.imap is not None
            return servers.imap.sender(server, settings)
        case GraphServer():
            assert servers.graph is not None
            return servers.graph.sender(server, settings.address)
        case EwsServer():
            assert servers.ews is not None
            return servers.ews.server(server).sender(settings.address)
        case MaildirServer():
            return _maildir_sender(config, server, settings, None)


def open_filing(config: Config, settings: MailboxSettings, servers: LiveServers) -> Filing | None:
    """Sorting mail in a mailbox; None where the platform has no categories."""
    server = config.servers[settings.server]
    match server:
        case GraphServer():
            assert servers.graph is not None
            return servers.graph.filing(server, settings.address)
        case EwsServer():
            assert servers.ews is not None
            return servers.ews.server(server).filing(settings.address)
        case _:
            return None


def open_marked_mail(config: Config, settings: MailboxSettings, servers: LiveServers) -> MarkedMail | None:
    """Probes in a mailbox; None where the platform has no means to find them."""
    server = config.servers[settings.server]
    match server:
        case ImapServer():
            assert servers.imap is not None
            return servers.imap.marked_mail(server, settings)
        case GraphServer():
            assert servers.graph is not None
            return servers.graph.marked_mail(server, settings.address)
        case EwsServer():
            assert servers.ews is not None
            return servers.ews.server(server).marked_mail(settings.address)
        case MaildirServer():
            from mailbot.platforms.maildir.marked import MaildirMarkedMail

            return MaildirMarkedMail(server.folder(settings.address))


class _House(TypedDict):
    domains: tuple[str, ...]
    service_address: str


def _house(config: Config) -> _House:
    """What rules on a server must know of the organisation."""
    return {"domains": config.organisation.domains, "service_address": config.service_mailbox.address}


def open_sender(
    config: Config, servers: LiveServers | None = None, *, delivered_at: Callable[[], datetime] | None = None
) -> Sender:
    """Sending from the service mailbox. `delivered_at` dates local deliveries (default: the real time)."""
    service = config.service_mailbox
    server = config.servers[service.server]
    match server:
        case MaildirServer():
            return _maildir_sender(config, server, service, delivered_at)
        case ImapServer():
            assert servers is not None and servers.imap is not None
            return servers.imap.sender(server, service)
        case GraphServer():
            assert servers is not None and servers.graph is not None
            return servers.graph.sender(server, service.address)
        case EwsServer():
            assert servers is not None and servers.ews is not None
            return servers.ews.server(server).sender(service.address)


def _maildir_sender(
    config: Config, server: MaildirServer, settings: MailboxSettings, delivered_at: Callable[[], datetime] | None
) -> Sender:
    from mailbot.platforms.maildir.sender import MaildirSender

    paths = local_mailboxes(config)
    outside = Path(server.outside) if server.outside else None
    return MaildirSender(
        lambda address: paths.get(address.lower()),
        server.folder(settings.address),
        outside=outside,
        delivered_at=delivered_at,
    )


def local_mailboxes(config: Config) -> dict[str, Path]:
    """Address -> Maildir of every mailbox that lies in files on this host, aliases included."""
    paths: dict[str, Path] = {}
    for mailbox in config.mailboxes:
        server = config.servers[mailbox.server]
        if isinstance(server, MaildirServer):
            owner = config.person_by_address(mailbox.address)
            for address in (mailbox.address, *mailbox.aliases, *((owner.email, *owner.aliases) if owner else ())):
                paths[address.lower()] = server.folder(mailbox.address)
    for account in filter(None, (config.probe.internal, config.probe.external)):
        server = config.servers[account.server]
        if isinstance(server, MaildirServer):
            paths[account.address.lower()] = server.folder(account.address)
    return paths
