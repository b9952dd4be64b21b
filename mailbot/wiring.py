"""The only place where configuration becomes live objects."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from mailbot.config.model import Config, MailboxSettings, MaildirServer
from mailbot.platforms.base import Mailbox, Sender
from mailbot.render import Templates
from mailbot.secrets import Secrets
from mailbot.store.lock import exclusive
from mailbot.store.references import References
from mailbot.store.store import Store
from mailbot.work.context import Context

REFERENCE_KEY = "reference-key"


def references(config: Config) -> References:
    """The keyed hashes behind every REF and Message-ID. UserError names the command that creates the key."""
    return References(Secrets(Path(config.paths.secrets)).reference_key())


def templates(config: Config) -> Templates:
    """The organisation's own templates before the shipped ones."""
    own = Path(config.paths.templates) if config.paths.templates else None
    return Templates(own, config.policy.language)


@contextmanager
def installation(config: Config) -> Iterator[Context]:
    """Everything a command on a configured installation needs; closed at the end."""
    keys = references(config)
    with Store.open(config.paths.database, keys) as store:
        yield Context(
            config=config,
            store=store,
            references=keys,
            templates=templates(config),
            open_mailbox=lambda settings: open_mailbox(config, settings),
            open_sender=lambda: open_sender(config),
        )


@contextmanager
def daemon_installation(config: Config) -> Iterator[Context]:
    """Like `installation`, and refuses to start beside another daemon on the same database."""
    with exclusive(config.paths.database), installation(config) as context:
        yield context


def open_mailbox(config: Config, settings: MailboxSettings) -> Mailbox:
    """The mailbox on the server the configuration names; platforms are imported only when they are used."""
    server = config.servers[settings.server]
    match server:
        case MaildirServer():
            from mailbot.platforms.maildir.mailbox import MaildirMailbox

            return MaildirMailbox(server.folder(settings.address))


def open_sender(config: Config, *, delivered_at: Callable[[], datetime] | None = None) -> Sender:
    """Sending from the service mailbox. `delivered_at` dates local deliveries (default: the real time)."""
    service = config.service_mailbox
    server = config.servers[service.server]
    match server:
        case MaildirServer():
            from mailbot.platforms.maildir.sender import MaildirSender

            paths = local_mailboxes(config)
            outside = Path(server.outside) if server.outside else None
            return MaildirSender(paths.get, server.folder(service.address), outside=outside, delivered_at=delivered_at)


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
