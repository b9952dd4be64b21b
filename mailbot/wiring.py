"""The only place where configuration becomes live objects."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypedDict

from mailbot.config.model import (
    Config,
    EwsServer,
    GraphServer,
    ImapServer,
    MailboxSettings,
    MaildirServer,
    PersonSettings,
)
from mailbot.errors import PermanentError, TransientError, UserError
from mailbot.platforms.base import (
    AutoReplies,
    Calendar,
    Directory,
    ForwardRules,
    Mailbox,
    MarkedMail,
    NoCalendar,
    Sender,
    Signatures,
    Watch,
)
from mailbot.render import Templates
from mailbot.secrets import Secrets
from mailbot.store.journal import Journal
from mailbot.store.lock import exclusive
from mailbot.store.references import References
from mailbot.store.store import Store
from mailbot.work.absence_facts import calendar_absences, stored_absences
from mailbot.work.context import Context

if TYPE_CHECKING:
    from mailbot.platforms.ews.servers import EwsServers
    from mailbot.platforms.graph.servers import GraphServers
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
    with opened as store, live_servers(config) as servers:
        yield _context(config, store, keys, servers)


def _context(config: Config, store: Store, keys: References, servers: "LiveServers") -> Context:
    calendar = calendars(config, servers)
    return Context(
        config=config,
        store=store,
        references=keys,
        templates=templates(config),
        open_mailbox=lambda settings: open_mailbox(config, settings, servers),
        open_sender=lambda: open_sender(config, servers),
        open_watch=lambda settings: open_watch(config, settings, servers),
        open_auto_replies=lambda settings: open_auto_replies(config, settings, servers),
        open_forward_rules=lambda settings: open_forward_rules(config, settings, servers),
        open_signatures=lambda settings: open_signatures(config, settings, servers),
        open_sender_as=lambda settings: open_sender_as(config, settings, servers),
        open_marked_mail=lambda settings: open_marked_mail(config, settings, servers),
        look_ahead=lambda mailboxes: look_ahead(config, mailboxes, store, servers),
        absence_sources=(stored_absences(store), calendar_absences(calendar)),
        calendar=calendar,
        may_read=lambda mailbox, colleague: may_read(config, mailbox, colleague, servers),
    )


def _what_servers_know(config: Config) -> tuple[object, ...]:
    """What of the configuration live servers were made from."""
    users = {mailbox.address: mailbox.user for mailbox in config.mailboxes}
    return config.servers, users, _since(config), config.paths.secrets


class ReloadableInstallation:
    """The daemon's: `context`, and `reload` that reads the configuration again. Closed at the end.

    The database stays open, and so do the connections to the servers unless their settings have changed.
    """

    def __init__(self, config: Config) -> None:
        self._closing = ExitStack()
        self._servers = ExitStack()
        try:
            self._closing.enter_context(exclusive(config.paths.database))
            self._closing.push(lambda *_: self._servers.close())
            self._keys = references(config)
            journal = Journal(Path(config.paths.journal))
            self._store = self._closing.enter_context(Store.open(config.paths.database, self._keys, journal=journal))
            self._live = self._servers.enter_context(live_servers(config))
        except BaseException:
            self._closing.close()
            raise
        self.context = _context(config, self._store, self._keys, self._live)

    def reload(self) -> Context:
        """The context of the configuration as it is written now; UserError with every problem leaves all as it was."""
        from mailbot.config.load import load

        old, new = self.context.config, load(self.context.config.source)
        if (new.paths.database, new.paths.journal) != (old.paths.database, old.paths.journal):
            raise UserError("paths.database and paths.journal cannot change while mailbot runs; restart it")
        if _what_servers_know(new) != _what_servers_know(old):
            servers = ExitStack()
            self._live = servers.enter_context(live_servers(new))
            self._servers, before = servers, self._servers
            before.close()
        self.context = _context(new, self._store, self._keys, self._live)
        return self.context

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()


@contextmanager
def daemon_installation(config: Config) -> Iterator[Context]:
    """Like `installation`, and refuses to start beside another daemon on the same database."""
    with exclusive(config.paths.database), installation(config, by_command=False) as context:
        yield context


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
    try:
        from mailbot.platforms.graph.servers import GraphServers
    except ImportError as error:
        raise UserError(f"{error.name} is missing: run `pip install 'mailbot[graph]'`") from error

    users = {mailbox.address: mailbox.user for mailbox in config.mailboxes if mailbox.user}
    graph = GraphServers(Secrets(Path(config.paths.secrets)).get, since=_since(config), users=users)
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
    try:
        from mailbot.platforms.ews.servers import EwsServers
    except ImportError as error:
        raise UserError(f"{error.name} is missing: run `pip install 'mailbot[ews]'`") from error

    ews = EwsServers(Secrets(Path(config.paths.secrets)).get, since=_since(config), keep=keep)
    try:
        yield ews
    finally:
        ews.close()


def _since(config: Config) -> datetime | None:
    """When mail begins to count, as an instant; older mail need not even be listed."""
    if config.start_from is None:
        return None
    return datetime.combine(config.start_from, time(), config.zone).astimezone(UTC)


def calendars(config: Config, servers: LiveServers) -> Calendar:
    """When people's calendars say that they are out of office: their file's, else the one beside their mailbox."""
    files = {person.id: Path(person.calendar) for person in config.people if person.calendar}
    in_files: Calendar = NoCalendar()
    if files:
        from mailbot.platforms.files.ics import IcsCalendars

        in_files = IcsCalendars(files, config.zone)
    beside = {
        person.id: _calendar_beside(config, person, servers) for person in config.people if person.id not in files
    }
    on_servers = {person_id: calendar for person_id, calendar in beside.items() if calendar is not None}
    if not on_servers:
        return in_files
    from mailbot.platforms.calendars import CombinedCalendar

    return CombinedCalendar(dict.fromkeys(files, in_files) | on_servers)


def _calendar_beside(config: Config, person: PersonSettings, servers: LiveServers) -> Calendar | None:
    """The calendar on the server of a person's mailbox; None where that has none."""
    settings = config.mailbox(person.email)
    server = config.servers[settings.server] if settings is not None else None
    if isinstance(server, EwsServer):
        assert servers.ews is not None
        return servers.ews.server(server).calendar(person.email, config.zone)
    if isinstance(server, GraphServer) and server.calendars:
        assert servers.graph is not None
        return servers.graph.calendar(server, person.email, config.zone)
    return None


@contextmanager
def directory(config: Config, name: str) -> Iterator[Directory]:
    """Who works here, as the server of that name knows. UserError when there is none, or it has no directory."""
    match config.servers.get(name):
        case GraphServer() as server:
            with graph_servers(config) as graph:
                assert graph is not None
                yield graph.directory(server)
        case EwsServer() as server:
            personal = [one.address for one in config.mailboxes if one.server == name and one.role == "personal"]
            with ews_servers(config) as ews:
                assert ews is not None
                yield ews.server(server).directory(personal)
        case _:
            known = [each for each, one in config.servers.items() if isinstance(one, GraphServer | EwsServer)]
            there = ", ".join(known) or "none"
            raise UserError(f"no server with a directory is called {name!r}; in the configuration there is: {there}")


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
            return servers.ews.server(server).forward_rules
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


def may_read(config: Config, settings: MailboxSettings, colleague: PersonSettings, servers: LiveServers) -> bool | None:
    """Whether a colleague may open a mailbox on its server; None where that cannot be asked."""
    server = config.servers[settings.server]
    if servers.imap is None or not isinstance(server, ImapServer):
        return None
    own = config.mailbox(colleague.email)
    names = {colleague.email, *colleague.aliases, colleague.login, own.user if own else ""} - {""}
    try:
        return servers.imap.may_read(server, settings, sorted(names))
    except (TransientError, PermanentError):
        return None


def unowned_mailboxes(config: Config) -> list[str]:
    """Personal mailboxes that nobody in the directory owns: of the configuration, and of servers that list theirs."""
    from mailbot.platforms.maildir.listing import addresses

    found = [mailbox.address for mailbox in config.mailboxes if mailbox.role == "personal"]
    for server in config.servers.values():
        if isinstance(server, MaildirServer):
            found += addresses(server.path, config.organisation.domains)
    shared = {m.address for m in config.mailboxes if m.role != "personal"}
    return sorted({one for one in found if one not in shared and config.person_by_address(one) is None})


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
