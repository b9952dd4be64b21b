"""What an administrator can set, as frozen dataclasses. `config.example.toml` shows and explains every key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

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
class Endpoint:
    """Where a protocol is spoken beside the main one (SMTP, ManageSieve)."""

    host: str
    port: int
    tls: Literal["implicit", "starttls", "none"] = "implicit"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaildirServer:
    kind: Literal["maildir"]
    #: folder of one mailbox; {address}, {user} and {domain} are filled in
    path: str
    #: folder where mail to other hosts is laid as .eml files for another program to send; empty = such mail is refused
    outside: str = ""

    def folder(self, address: str) -> Path:
        """Where the mail of `address` lies."""
        user, _, domain = address.rpartition("@")
        return Path(self.path.format(address=address, user=user, domain=domain))


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderNames:
    """Names of the folders with a role, as people see them, where the server does not say (RFC 6154)."""

    sent: tuple[str, ...] = ()
    drafts: tuple[str, ...] = ()
    trash: tuple[str, ...] = ()
    junk: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapServer:
    kind: Literal["imap"]
    host: str
    #: 0: 993 for tls = "implicit", else 143
    port: int = 0
    #: "none" only towards this machine itself
    tls: Literal["implicit", "starttls", "none"] = "implicit"
    #: PEM file of the authorities to trust; empty = those of the operating system
    ca_file: str = ""
    login: Literal["user", "master", "authzid", "xoauth2"] = "user"
    #: the master or service identity; unused where each mailbox logs in as itself
    user: str = ""
    #: name of the secret; with login = "user" the default for mailboxes that name none
    secret: str = ""
    #: prints an access token for {address}; arguments, no shell
    token_command: tuple[str, ...] = ()
    smtp: Endpoint | None = None
    managesieve: Endpoint | None = None
    folders: FolderNames = field(default_factory=FolderNames)
    #: connections that stay open between passes
    keep_connections: int = 200

    @property
    def imap_port(self) -> int:
        return self.port or (993 if self.tls == "implicit" else 143)


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphServer:
    """A Microsoft 365 tenant, opened by one application (docs/microsoft365.md)."""

    kind: Literal["graph"]
    #: id or domain of the tenant, and id of the application in it
    tenant: str
    client_id: str
    #: name of the secret that holds private key and certificate in PEM
    certificate: str = ""
    #: name of the secret that holds the client secret, where no certificate is used
    secret: str = ""
    base_url: str = "https://graph.microsoft.com/v1.0"
    authority_url: str = "https://login.microsoftonline.com"
    #: the most that all mailboxes of this tenant are asked together
    requests_per_second: int = 200
    #: whether people's calendars tell when they are out of office; needs a right of its own
    calendars: bool = False
    #: a mailbox outside the application's scope; `mailbot doctor` proves that it cannot be reached
    out_of_scope: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EwsServer:
    """Exchange on-premises, opened by one service account that impersonates (docs/exchange.md)."""

    kind: Literal["ews"]
    #: of Exchange Web Services, as in https://mail.bjurholm.example/EWS/Exchange.asmx
    url: str
    auth: Literal["ntlm", "kerberos", "certificate", "basic", "oauth"] = "ntlm"
    #: the service account, as in DOMAIN\\svc-mailbot; unused for kerberos, certificate and oauth
    user: str = ""
    #: name of the secret with its password; for oauth with the client secret
    secret: str = ""
    #: name of the secret that holds private key and certificate in PEM, for certificate and oauth
    certificate: str = ""
    #: for oauth (hybrid modern authentication): the tenant and the application in it
    tenant: str = ""
    client_id: str = ""
    authority_url: str = "https://login.microsoftonline.com"
    #: PEM file of the authorities to trust; empty = those of the operating system
    ca_file: str = ""
    #: sessions that stay open between passes
    keep_connections: int = 200
    #: whether it has inbox rules; servers of other makes than Microsoft's may lack them, and mailbot forwards itself
    inbox_rules: bool = True
    #: a mailbox outside the service account's scope; `mailbot doctor` proves that it cannot be reached
    out_of_scope: str = ""


#: what `[servers.NAME]` can be, by its `kind`; a new platform adds its class here and to `Server`
Server = MaildirServer | ImapServer | GraphServer | EwsServer
SERVER_KINDS: Mapping[str, type[Server]] = {
    "maildir": MaildirServer,
    "imap": ImapServer,
    "graph": GraphServer,
    "ews": EwsServer,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LdapSettings:
    """The directory of the people who work here (docs/ldap.md); it is only read."""

    kind: Literal["ldap"]
    host: str
    #: 0: 636 for tls = "implicit", else 389
    port: int = 0
    #: "none" only towards this machine itself
    tls: Literal["implicit", "starttls", "none"] = "implicit"
    #: PEM file of the authorities to trust; empty = those of the operating system
    ca_file: str = ""
    #: who asks: a DN, or for Active Directory also name@domain; empty = anybody may read
    user: str = ""
    #: name of the secret with the password of `user`
    secret: str = ""
    #: below which entry people are, as in OU=Personal,DC=bjurholm,DC=example
    base: str
    #: which entries are people (RFC 4515)
    filter: str = "(mail=*)"

    @property
    def ldap_port(self) -> int:
        return self.port or (636 if self.tls == "implicit" else 389)


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

    def __post_init__(self) -> None:
        # of two with the same address the first one counts; `load` refuses such a configuration
        people, mailboxes = self.people[::-1], self.mailboxes[::-1]
        by_address = {a.lower(): person for person in people for a in (*person.aliases, person.email)}
        in_scope = {a.lower(): mailbox for mailbox in mailboxes for a in (*mailbox.aliases, mailbox.address)}
        object.__setattr__(self, "_people_by_id", {person.id: person for person in people})
        object.__setattr__(self, "_people_by_address", by_address)
        object.__setattr__(self, "_mailboxes_by_address", in_scope)

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
