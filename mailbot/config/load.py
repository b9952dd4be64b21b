"""From config.toml and its people file to a checked `Config`; every problem of both files at once."""

import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal, TypeVar

from mailbot.config import check
from mailbot.config.model import (
    Config,
    MailboxSettings,
    Marks,
    Monitoring,
    Organisation,
    Paths,
    PersonSettings,
    Probe,
    Roles,
    Schedule,
    Unit,
    WebForm,
)
from mailbot.config.refused import without_refused
from mailbot.config.servers import SERVER_KINDS, EwsServer, GraphServer, ImapServer, LdapSettings, Server
from mailbot.errors import UserError
from mailbot.policy.profile import Policy, load_policy
from mailbot.settings import structure

#: where a configuration is looked for, after --config and $MAILBOT_CONFIG
USUAL_PLACES = (Path("config.toml"), Path("/etc/mailbot/config.toml"))

_SQLITE = "sqlite:///"

T = TypeVar("T")
Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFile:
    """The keys of config.toml as they are written; `Config` is what becomes of them."""

    mode: Literal["observe", "enforce"] = "observe"
    start_from: date | None = None
    operator: str
    organisation: Organisation
    paths: Paths = field(default_factory=Paths)
    schedule: Schedule = field(default_factory=Schedule)
    monitoring: Monitoring = field(default_factory=Monitoring)
    roles: Roles = field(default_factory=Roles)
    units: tuple[Unit, ...] = ()
    #: structured one by one: each kind has keys of its own
    servers: Mapping[str, Any] = field(default_factory=dict)
    mailboxes: tuple[MailboxSettings, ...] = ()
    web_forms: tuple[WebForm, ...] = ()
    probe: Probe = field(default_factory=Probe)
    directory: LdapSettings | None = None
    marks: Marks = field(default_factory=Marks)
    #: overrides of the profile's keys
    policy: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleFile:
    """The keys of the people file."""

    people: tuple[PersonSettings, ...] = ()


def find(path: Path | None) -> Path:
    """The configuration file to use: `path`, $MAILBOT_CONFIG, ./config.toml, /etc/mailbot/config.toml.

    Raises UserError when there is none; one that is named but missing is never replaced by another.
    """
    named = path or (Path(os.environ["MAILBOT_CONFIG"]) if os.environ.get("MAILBOT_CONFIG") else None)
    if named is not None:
        if _exists(named):
            return named
        origin = "" if path else " (named by $MAILBOT_CONFIG)"
        raise UserError(f"there is no configuration file {named}{origin}; `mailbot config init` writes one")
    for place in USUAL_PLACES:
        if _exists(place):
            return place
    looked = ", ".join(("$MAILBOT_CONFIG", *map(str, USUAL_PLACES)))
    raise UserError(f"there is no configuration (looked for {looked}); `mailbot config init` writes one")


def _exists(path: Path) -> bool:
    """Whether there is such a file; one that may not be looked at is there, and reading it tells what to do."""
    try:
        return path.is_file()
    except OSError:
        return True


def load(path: Path | None) -> Config:
    """The checked configuration with all paths absolute. Raises UserError that lists every problem of both files."""
    source = find(path).absolute()
    try:
        raw = read_toml(source)
    except UserError as error:
        # the people file cannot be found without the configuration, so this is all that can be told
        raise UserError(f"cannot use the configuration {source}:", error.problems or (str(error),)) from None
    unreadable: list[str] = []
    people_file = _people_path(raw, source.parent)
    people = _attempt(unreadable, lambda: read_toml(people_file), prefix="paths.people: ")
    return build(raw, people, source, unreadable)


def build(raw: Table, people: Table | None, source: Path, unreadable: Sequence[str] = ()) -> Config:
    """The configuration from the tables of both files; `people` is None where `unreadable` says why there are none.

    Relative paths count from the folder of `source`. Raises UserError that lists every problem.
    """
    problems = [*unreadable, *check.problems(raw, people)]
    raw = without_refused(raw)
    servers = _servers(raw, problems)
    file = _attempt(problems, lambda: structure(raw, ConfigFile))
    directory = _attempt(problems, lambda: structure(without_refused(people or {}), PeopleFile))
    policy = _policy(raw, source.parent, problems)
    if problems or file is None or directory is None or policy is None:
        raise UserError(f"the configuration {source} needs to be put right:", list(dict.fromkeys(problems)))
    return _config(file, directory, policy, servers, source)


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file. Raises UserError that names file, line and remedy."""
    try:
        # some editors begin a file with a byte order mark, which TOML does not know
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"there is no file {path}") from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        remedy = "save the file in UTF-8"
        raise UserError(f"{path} is not UTF-8 text", [f"line {line}: not UTF-8; {remedy}"]) from None
    except OSError as error:
        remedy = "mailbot must be able to read it: try `sudo -u mailbot mailbot ...`"
        raise UserError(f"cannot read {path} ({error.strerror}); {remedy}") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path} is not valid TOML", [f"{path.name}: {_syntax_problem(str(error), text)}"]) from None
    except RecursionError:
        raise UserError(f"{path} is not valid TOML", [f"{path.name}: tables are nested too deep"]) from None


def _syntax_problem(message: str, text: str) -> str:
    """tomllib's words with what most often helps; it says "at end of document" without a line."""
    line = f" (line {text.count(chr(10)) + 1})" if "end of document" in message else ""
    return f"{message}{line}; texts stand in quotes, lists in [ ], and each key only once per table"


def _people_path(raw: Table, folder: Path) -> Path:
    paths = raw.get("paths")
    named = paths.get("people") if isinstance(paths, Mapping) else None
    return folder / (named if isinstance(named, str) and named else Paths().people)


def _attempt(problems: list[str], step: Callable[[], T], *, prefix: str = "") -> T | None:
    """The result of `step`, or None with its problems added."""
    try:
        return step()
    except UserError as error:
        problems += error.problems or (f"{prefix}{error}",)
        return None


def _servers(raw: Table, problems: list[str]) -> dict[str, Server]:
    """Each server by the class of its kind; kinds that are not available were reported by `check`."""
    built: dict[str, Server] = {}
    tables = raw.get("servers")
    for name, table in tables.items() if isinstance(tables, Mapping) else ():
        kind = SERVER_KINDS.get(str(table.get("kind", "maildir"))) if isinstance(table, Mapping) else None
        if kind is not None:
            server = _attempt(problems, lambda t=table, k=kind, n=name: structure(t, k, where=f"servers.{n}"))  # type: ignore[misc]
            if server is not None:
                built[name] = server
    return built


def _policy(raw: Table, folder: Path, problems: list[str]) -> Policy | None:
    organisation, overrides = raw.get("organisation"), raw.get("policy", {})
    profile = organisation.get("profile", "bjurholm") if isinstance(organisation, Mapping) else "bjurholm"
    if not isinstance(profile, str) or not isinstance(overrides, Mapping):
        return None  # `structure` tells
    if profile.endswith(".toml"):
        profile = str(folder / profile)
    return _attempt(problems, lambda: load_policy(profile, overrides), prefix="organisation.profile: ")


def _config(
    file: ConfigFile, directory: PeopleFile, policy: Policy, servers: Mapping[str, Server], source: Path
) -> Config:
    folder = source.parent
    only_unit = file.units[0].id if len(file.units) == 1 else ""
    organisation = file.organisation
    return Config(
        mode=file.mode,
        start_from=file.start_from,
        operator=file.operator,
        organisation=replace(organisation, domains=_lower(organisation.domains)),
        paths=_absolute(file.paths, folder),
        schedule=file.schedule,
        monitoring=_monitoring(file, folder),
        roles=file.roles,
        units=file.units,
        servers={name: _server(server, folder) for name, server in servers.items()},
        mailboxes=tuple(_mailbox(mailbox, only_unit) for mailbox in file.mailboxes),
        web_forms=file.web_forms,
        probe=file.probe,
        marks=file.marks,
        policy=policy,
        people=tuple(_person(person, folder) for person in directory.people),
        directory=_directory(file.directory, folder),
        source=source,
    )


def _monitoring(file: ConfigFile, folder: Path) -> Monitoring:
    told = file.monitoring
    beside = Path(_absolute(file.paths, folder).journal).with_name("health.json")
    return replace(
        told,
        health_file=str(folder / told.health_file) if told.health_file else str(beside),
        prometheus_file=str(folder / told.prometheus_file) if told.prometheus_file else "",
    )


def _absolute(paths: Paths, folder: Path) -> Paths:
    database = paths.database
    if database.startswith(_SQLITE):
        database = _SQLITE + str(folder / database.removeprefix(_SQLITE))
    # A database server keeps no files here: then it is where the service keeps its own.
    beside = database.removeprefix(_SQLITE) if database.startswith(_SQLITE) else "/var/lib/mailbot/mailbot"
    return Paths(
        database=database,
        journal=str(folder / paths.journal) if paths.journal else str(Path(beside).with_suffix(".decisions.jsonl")),
        people=str(folder / paths.people),
        secrets=str(folder / paths.secrets),
        templates=str(folder / paths.templates) if paths.templates else "",
    )


def _server(server: Server, folder: Path) -> Server:
    if isinstance(server, ImapServer | EwsServer):
        return replace(server, ca_file=str(folder / server.ca_file) if server.ca_file else "")
    if isinstance(server, GraphServer):
        return server
    outside = str(folder / server.outside) if server.outside else ""
    return replace(server, path=str(folder / server.path), outside=outside)


def _directory(directory: LdapSettings | None, folder: Path) -> LdapSettings | None:
    if directory is None or not directory.ca_file:
        return directory
    return replace(directory, ca_file=str(folder / directory.ca_file))


def _mailbox(mailbox: MailboxSettings, only_unit: str) -> MailboxSettings:
    """Addresses in lower case, as mail servers keep them; the only unit is filled in where it was left out."""
    unit = mailbox.unit or ("" if mailbox.role == "service" else only_unit)
    return replace(mailbox, address=mailbox.address.lower(), aliases=_lower(mailbox.aliases), unit=unit)


def _person(person: PersonSettings, folder: Path) -> PersonSettings:
    calendar = str(folder / person.calendar) if person.calendar else ""
    return replace(person, calendar=calendar)


def _lower(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(text.lower() for text in texts)
