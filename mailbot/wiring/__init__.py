"""The only place where configuration becomes live objects: an installation, put together."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

from mailbot.config.model import Config
from mailbot.errors import UserError
from mailbot.render import Templates
from mailbot.secrets import Secrets
from mailbot.store.journal import Journal
from mailbot.store.lock import exclusive
from mailbot.store.references import References
from mailbot.store.store import Store
from mailbot.wiring.mailboxes import (
    local_mailboxes,
    look_ahead,
    open_auto_replies,
    open_filing,
    open_forward_rules,
    open_mailbox,
    open_marked_mail,
    open_sender,
    open_sender_as,
    open_signatures,
    open_watch,
)
from mailbot.wiring.people import calendars, directory, ldap_directory, may_read, unowned_mailboxes
from mailbot.wiring.servers import LiveServers, ews_servers, graph_servers, imap_servers, listed_since, live_servers
from mailbot.wiring.sparing import spare_memory
from mailbot.work.absence_facts import calendar_absences, stored_absences
from mailbot.work.context import Context

__all__ = [
    "REFERENCE_KEY",
    "LiveServers",
    "ReloadableInstallation",
    "daemon_installation",
    "directory",
    "ews_servers",
    "graph_servers",
    "imap_servers",
    "installation",
    "ldap_directory",
    "live_servers",
    "local_mailboxes",
    "open_mailbox",
    "open_sender",
    "templates",
    "unowned_mailboxes",
]

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
        open_filing=lambda settings: open_filing(config, settings, servers),
        open_marked_mail=lambda settings: open_marked_mail(config, settings, servers),
        look_ahead=lambda mailboxes: look_ahead(config, mailboxes, store, servers),
        absence_sources=(stored_absences(store), calendar_absences(calendar)),
        calendar=calendar,
        may_read=lambda mailbox, colleague: may_read(config, mailbox, colleague, servers),
    )


def _what_servers_know(config: Config) -> tuple[object, ...]:
    """What of the configuration live servers were made from."""
    users = {mailbox.address: mailbox.user for mailbox in config.mailboxes}
    return config.servers, users, listed_since(config), config.paths.secrets


class ReloadableInstallation:
    """The daemon's: `context`, and `reload` that reads the configuration again. Closed at the end.

    The database stays open, and so do the connections to the servers unless their settings have changed.
    """

    def __init__(self, config: Config) -> None:
        spare_memory()
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
    spare_memory()
    with exclusive(config.paths.database), installation(config, by_command=False) as context:
        yield context
