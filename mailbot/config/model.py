"""What an administrator can set, as frozen dataclasses. `config.example.toml` shows and explains every key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from mailbot.config.servers import LdapSettings, Server
from mailbot.policy.profile import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    name: str
    profile: str = "bjurholm"
    #: IANA name; empty = the profile's
    timezone: str = ""
    domains: tuple[str, ...]
    #: our own mail servers, whose Received fields tell the legal arrival time
    mail_hosts: tuple[str, ...] = ()
    #: whose Authentication-Results fields are trusted (RFC 8601)
    authserv_ids: tuple[str, ...] = ()
    postal_address: str = ""
    phone: str = ""
    website: str = ""
    signature_lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    database: str = "sqlite:////var/lib/mailbot/mailbot.db"
    #: what people decided by command, for a database that has to be restored; empty = beside the SQLite database
    journal: str = ""
    people: str = "people.toml"
    secrets: str = "/etc/mailbot/secrets"
    templates: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    #: local times at which a pass is made on working days, beside the polling; the first one writes the digests
    passes: tuple[time, ...] = (time(7, 0), time(12, 30), time(15, 30))
    poll_minutes: int = 5
    #: mailboxes read at the same time
    workers: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitoring:
    """What tells the outside that mailbot lives; see docs/operations.md."""

    #: written after every pass; empty = health.json beside the database
    health_file: str = ""
    #: the same for Prometheus' node exporter; empty = not written
    prometheus_file: str = ""
    #: called after every pass, with /fail at its end when something is wrong; empty = nobody is called
    ping_url: str = ""
    #: a pass that achieves nothing for so long is stuck: the watchdog ends mailbot, and monitors are to act
    stuck_minutes: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Person ids; of a list the first one present acts."""

    head_of_administration: tuple[str, ...] = ()
    administrators: tuple[str, ...] = ()
    switchboard: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """An authority of its own: kommunstyrelsen, each board."""

    id: str
    name: str
    registrars: tuple[str, ...] = ()
    mail_officers: tuple[str, ...] = ()
    #: regular expression that finds this unit's diary numbers in text
    diary_pattern: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxSettings:
    address: str
    server: str
    role: Literal["authority", "function", "personal", "service"]
    #: unit id; may be left out when there is only one unit, and for the service mailbox
    unit: str = ""
    #: default: headers for personal mailboxes, full for the others (requirements 0, "Private-use scope")
    read: Literal["headers", "full", ""] = ""
    aliases: tuple[str, ...] = ()
    #: login name on the server; empty = the address
    user: str = ""
    #: name of this mailbox's own secret, on servers with login = "user"
    secret: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebForm:
    """A form or e-service whose mail carries a person's words in an automatic envelope."""

    from_: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeAddress:
    """A test account that sends probe mails and receives the automatic replies to them."""

    address: str
    server: str
    #: login name on the server; empty = the address
    user: str = ""
    #: name of its secret, on servers with login = "user"
    secret: str = ""

    @property
    def mailbox(self) -> MailboxSettings:
        """Its account, which is nobody's mailbox and read for probes only."""
        return MailboxSettings(
            address=self.address, server=self.server, role="function", user=self.user, secret=self.secret
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Where probe mails come from that prove automatic replies; none: they are not proven."""

    internal: ProbeAddress | None = None
    external: ProbeAddress | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What mailbot may write on people's mail; without it nothing."""

    #: category of what has gone to the registrar, in authority and function mailboxes on Exchange and Microsoft 365
    handed_over: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAbsence:
    from_: date
    back: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonSettings:
    """One [[people]] entry of the people file."""

    id: str
    name: str
    email: str
    title: str = ""
    department: str = ""
    aliases: tuple[str, ...] = ()
    phone: str = ""
    mobile: str = ""
    login: str = ""
    manager: str = ""
    language: Literal["sv", "nb", "en", ""] = ""
    calendar: str = ""
    absences: tuple[KnownAbsence, ...] = ()

    def is_away_on(self, day: date) -> bool:
        """Whether an absence known from the people file covers the local date `day`."""
        return any(absence.from_ <= day < absence.back for absence in self.absences)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole configuration, checked."""

    mode: Literal["observe", "enforce"] = "observe"
    #: older mail starts no clocks
    start_from: date | None = None
    operator: str = ""
    organisation: Organisation
    paths: Paths = field(default_factory=Paths)
    schedule: Schedule = field(default_factory=Schedule)
    monitoring: Monitoring = field(default_factory=Monitoring)
    roles: Roles = field(default_factory=Roles)
    units: tuple[Unit, ...] = ()
    servers: Mapping[str, Server] = field(default_factory=dict)
    mailboxes: tuple[MailboxSettings, ...] = ()
    web_forms: tuple[WebForm, ...] = ()
    probe: Probe = field(default_factory=Probe)
    marks: Marks = field(default_factory=Marks)
    policy: Policy
    people: tuple[PersonSettings, ...] = ()
    directory: LdapSettings | None = None
    #: the file this came from; relative paths count from its folder
    source: Path | None = None
    #: looked up for every message, and a large municipality has thousands of each
    _people_by_id: Mapping[str, PersonSettings] = field(init=False, repr=False, compare=False)
    _people_by_address: Mapping[str, PersonSettings] = field(init=False, repr=False, compare=False)
    _mailboxes_by_address: Mapping[str, MailboxSettings] = field(init=False, repr=False, compare=False)
    #: every address and alias in scope, in lower case; one set for all who ask, as there are thousands
    own_addresses: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # of two with the same address the first one counts; `load` refuses such a configuration
        people, mailboxes = self.people[::-1], self.mailboxes[::-1]
        by_address = {a.lower(): person for person in people for a in (*person.aliases, person.email)}
        in_scope = {a.lower(): mailbox for mailbox in mailboxes for a in (*mailbox.aliases, mailbox.address)}
        object.__setattr__(self, "_people_by_id", {person.id: person for person in people})
        object.__setattr__(self, "_people_by_address", by_address)
        object.__setattr__(self, "_mailboxes_by_address", in_scope)
        object.__setattr__(self, "own_addresses", frozenset(in_scope))

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.organisation.timezone or self.policy.timezone)

    @property
    def service_mailbox(self) -> MailboxSettings:
        """mailbot's own address; checked to exist exactly once."""
        return next(mailbox for mailbox in self.mailboxes if mailbox.role == "service")

    def mailbox(self, address: str) -> MailboxSettings | None:
        """The mailbox in scope that `address` (its own or an alias, any case) belongs to."""
        return self._mailboxes_by_address.get(address.lower())

    def owner(self, mailbox: MailboxSettings) -> PersonSettings | None:
        """Whose personal mailbox this is; None for shared ones and where nobody in the directory has that address."""
        return self.person_by_address(mailbox.address) if mailbox.role == "personal" else None

    def unit(self, unit_id: str) -> Unit:
        return next(unit for unit in self.units if unit.id == unit_id)

    def person(self, person_id: str) -> PersonSettings | None:
        return self._people_by_id.get(person_id)

    def person_by_address(self, address: str) -> PersonSettings | None:
        return self._people_by_address.get(address.lower())

    def reads_headers_only(self, mailbox: MailboxSettings) -> bool:
        return (mailbox.read or ("headers" if mailbox.role == "personal" else "full")) == "headers"
