"""What servers and files know of people: calendars, directories, rights."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mailbot.config.model import Config, MailboxSettings, PersonSettings
from mailbot.config.servers import EwsServer, GraphServer, ImapServer, MaildirServer
from mailbot.errors import PermanentError, TransientError, UserError, needs_extra
from mailbot.platforms.calendars import NoCalendar
from mailbot.platforms.people import Calendar, Directory
from mailbot.secrets import Secrets
from mailbot.wiring.servers import LiveServers, ews_servers, graph_servers

if TYPE_CHECKING:
    pass


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


def ldap_directory(config: Config) -> Directory | None:
    """The people of [directory]; None where there is none. UserError when the extra is not installed."""
    told = config.directory
    if told is None:
        return None
    with needs_extra("ldap"):
        from mailbot.platforms.ldap.connection import LdapServer
        from mailbot.platforms.ldap.directory import LdapDirectory

    server = LdapServer(
        host=told.host,
        port=told.ldap_port,
        tls=told.tls,
        ca_file=Path(told.ca_file) if told.ca_file else None,
        user=told.user,
        secret=lambda: Secrets(Path(config.paths.secrets)).get(told.secret),
    )
    return LdapDirectory(server, told.base, told.filter)


@contextmanager
def directory(config: Config, name: str = "") -> Iterator[Directory]:
    """Who works here, as the server of that name knows; without a name as [directory] does. UserError when there is
    none, or it has no directory."""
    if not name:
        people = ldap_directory(config)
        if people is None:
            raise UserError("the configuration has no [directory]; add one, or name a server (docs/ldap.md)")
        yield people
        return
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
