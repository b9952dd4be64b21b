"""What a configuration must fulfil beyond the shape of its tables: names that exist, addresses that are ours.

The checks read the tables as they are written, not the dataclasses, so that one wrong type does not hide other
problems. A value of the wrong type is skipped here: `mailbot.settings.structure` names it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import time

from mailbot.config import syntax
from mailbot.config.people_check import people_problems
from mailbot.config.refused import SECRETS_BELONG, control_characters, secrets
from mailbot.config.server_check import directory_problems, server_problems
from mailbot.config.servers import SERVER_KINDS, MaildirServer
from mailbot.config.tables import Entry, Table, entries, named, repeated
from mailbot.config.value_check import number_between, web_addresses

_LONGEST_CATEGORY = 255


@dataclass(frozen=True, slots=True)
class Known:
    """Names that other entries may refer to."""

    servers: frozenset[str]
    units: frozenset[str]
    #: None: the people file could not be read, so nobody can be called unknown
    people: Mapping[str, str] | None
    domains: frozenset[str]


def problems(raw: Table, people: Table | None) -> list[str]:
    """Every problem of the tables of config.toml and of the people file, each "key path: what is wrong; remedy"."""
    persons = None if people is None else entries(people, "people")
    known = Known(
        servers=frozenset(named(raw, "servers")),
        units=frozenset(unit.text("id") for unit in entries(raw, "units")),
        people=None if persons is None else {p.text("id"): p.text("email").lower() for p in persons if p.text("id")},
        domains=frozenset(domain.lower() for _, domain in Entry.of(raw, "organisation").texts("domains")),
    )
    return [
        *secrets(raw),
        *secrets(people or {}),
        *control_characters(raw),
        *control_characters(people or {}),
        *_operator(raw),
        *_organisation(Entry.of(raw, "organisation")),
        *_paths(Entry.of(raw, "paths")),
        *_schedule(Entry.of(raw, "schedule")),
        *_monitoring(Entry.of(raw, "monitoring")),
        *_roles(Entry.of(raw, "roles"), known),
        *_units(entries(raw, "units"), known),
        *_servers(raw),
        *server_problems(named(raw, "servers"), entries(raw, "mailboxes")),
        *_mailboxes(entries(raw, "mailboxes"), known),
        *_folders(raw),
        *directory_problems(raw),
        *_marks(raw),
        *_web_forms(entries(raw, "web_forms")),
        *_probe(Entry.of(raw, "probe"), entries(raw, "mailboxes"), known),
        *people_problems(persons or []),
    ]


def _operator(raw: Table) -> Iterator[str]:
    operator = raw.get("operator")
    if isinstance(operator, str) and not syntax.is_address(operator):
        yield f"operator: '{operator}' is no mail address; write whoever looks after mailbot, as in it@bjurholm.example"


def _organisation(organisation: Entry) -> Iterator[str]:
    yield from organisation.empty("name", "profile")
    zone = organisation.text("timezone")
    if zone and not syntax.is_zone(zone):
        yield organisation.problem("timezone", f"'{zone}' is no known time zone; write for example Europe/Stockholm")
    if organisation.table.get("domains") == []:
        yield organisation.problem("domains", 'is empty; write your mail domains, as in ["bjurholm.example"]')
    for path, domain in organisation.texts("domains"):
        if not syntax.is_domain(domain):
            ascii_form = syntax.ascii_domain(domain)
            remedy = f"write {ascii_form}" if ascii_form else "write it as in bjurholm.example"
            yield f"{path}: '{domain}' is no mail domain; {remedy}"
    for path, host in organisation.texts("mail_hosts"):
        if not syntax.is_host(host):
            yield f"{path}: '{host}' is no host name; write it as in mail.bjurholm.example"
    yield from repeated(organisation.texts("domains"), "domain")


def _paths(paths: Entry) -> Iterator[str]:
    yield from paths.empty("database", "people", "secrets")
    url = paths.text("database")
    if syntax.url_has_password(url):
        yield paths.problem("database", f"holds a password; {SECRETS_BELONG}, or in the service user's ~/.pgpass")
    elif url and not url.startswith(("sqlite:///", "postgresql://", "postgresql+")):
        remedy = (
            "write sqlite:////var/lib/mailbot/mailbot.db (four slashes before an absolute path) or postgresql://..."
        )
        yield paths.problem("database", f"'{url}' is no database that mailbot knows; {remedy}")
    elif url in ("sqlite:///", "sqlite:///:memory:"):
        yield paths.problem("database", "would be lost when mailbot stops; name a file after sqlite:///")


def _monitoring(monitoring: Entry) -> Iterator[str]:
    yield from web_addresses(monitoring, "ping_url")
    yield from number_between(monitoring, "stuck_minutes", 5, 24 * 60)


def _schedule(schedule: Entry) -> Iterator[str]:
    passes = [str(value)[:5] for value in schedule.list_of("passes", (str, time))]
    if schedule.table.get("passes") == []:
        yield schedule.problem("passes", 'is empty; the mailboxes are read daily, as in ["07:00"]')
    elif passes != sorted(set(passes)):
        in_order = ", ".join(f'"{value}"' for value in sorted(set(passes)))
        yield schedule.problem("passes", f"must rise through the day; write [{in_order}]")
    yield from number_between(schedule, "poll_minutes", 1, 24 * 60)
    yield from number_between(schedule, "workers", 1, 64)


def _roles(roles: Entry, known: Known) -> Iterator[str]:
    for key in ("head_of_administration", "administrators"):
        yield from _persons(roles, key, known, inside=key == "head_of_administration")
    switchboard = roles.text("switchboard")
    if switchboard and not syntax.is_address(switchboard):
        yield roles.problem("switchboard", f"'{switchboard}' is no mail address; write it as in vaxel@bjurholm.example")


def _units(units: Sequence[Entry], known: Known) -> Iterator[str]:
    for unit in units:
        yield from unit.empty("id", "name")
        unit_id = unit.text("id")
        if unit_id and not syntax.is_id(unit_id):
            yield unit.problem("id", f"'{unit_id}' is no id; use letters a-z, digits, dot, hyphen and underscore")
        for key in ("registrars", "mail_officers"):
            yield from _persons(unit, key, known, inside=True)
        pattern = unit.text("diary_pattern")
        wrong = syntax.pattern_problem(pattern) if pattern else ""
        if wrong:
            yield unit.problem("diary_pattern", f"{wrong}; write for example 'KS[ -]\\d{{4}}/\\d+' in single quotes")
    yield from repeated([(unit.at("id"), unit.text("id")) for unit in units], "unit id")


def _persons(entry: Entry, key: str, known: Known, *, inside: bool) -> Iterator[str]:
    """Person ids that exist; with `inside` their mail must stay in the organisation, as originals are sent to them."""
    if known.people is None:
        return
    for path, person_id in entry.texts(key):
        if person_id not in known.people:
            by_address = next((i for i, email in known.people.items() if email and email == person_id.lower()), "")
            near = by_address or syntax.nearest(person_id, known.people)
            remedy = f"did you mean '{near}'?" if near else "add the person to the people file"
            yield f"{path}: nobody in the people file has the id '{person_id}'; {remedy}"
        elif inside and known.domains and syntax.domain_of(known.people[person_id]) not in known.domains:
            remedy = "originals are sent there and must stay inside; write an address of ours"
            yield f"{path}: the address of '{person_id}' is outside organisation.domains; {remedy}"
    yield from repeated(entry.texts(key), "person")


def _servers(raw: Table) -> Iterator[str]:
    available = " and ".join(SERVER_KINDS)
    for name, table in named(raw, "servers").items():
        server = Entry(f"servers.{name}", table)
        kind = server.table.get("kind", "maildir")
        if not isinstance(kind, str) or kind not in SERVER_KINDS:
            is_or_are = "is" if len(SERVER_KINDS) == 1 else "are"
            yield server.problem("kind", f"'{kind}' is not available in this version; {available} {is_or_are}")
        yield from server.empty("path")
        path = server.text("path")
        if kind == "maildir" and path:
            wrong = syntax.placeholder_problem(path)
            if wrong:
                yield server.problem("path", f"{wrong}; as in /var/mail/{{domain}}/{{user}}/Maildir")


def _mailboxes(mailboxes: Sequence[Entry], known: Known) -> Iterator[str]:
    for mailbox in mailboxes:
        yield from mailbox.empty("address", "server")
        yield from _mailbox_addresses(mailbox, known)
        yield from _mailbox_names(mailbox, known)
    service = [mailbox for mailbox in mailboxes if mailbox.text("role") == "service"]
    if not service:
        yield 'mailboxes: none has role = "service"; add mailbot\'s own, which its mail comes from'
    for extra in service[1:]:
        yield extra.problem("role", f"is a second service mailbox beside {service[0].text('address')}; keep one")
    taken = [pair for mailbox in mailboxes for pair in [(mailbox.at("address"), mailbox.text("address"))]]
    aliases = [pair for mailbox in mailboxes for pair in mailbox.texts("aliases")]
    yield from repeated([*taken, *aliases], "address")


def _mailbox_addresses(mailbox: Entry, known: Known) -> Iterator[str]:
    address = mailbox.text("address")
    for path, text in [(mailbox.at("address"), address), *mailbox.texts("aliases")]:
        if not text:
            continue
        if not syntax.is_address(text):
            yield f"{path}: '{text}' is no mail address; write it as in kommunen@bjurholm.example"
        elif known.domains and syntax.domain_of(text) not in known.domains:
            ours = ", ".join(sorted(known.domains))
            yield f"{path}: '{text}' is outside organisation.domains ({ours}); add its domain there"


def _mailbox_names(mailbox: Entry, known: Known) -> Iterator[str]:
    server, unit, role = mailbox.text("server"), mailbox.text("unit"), mailbox.text("role")
    if server and server not in known.servers:
        yield mailbox.problem("server", f"there is no [servers.{server}]; {_did_you_mean(server, known.servers)}")
    if unit and unit not in known.units:
        yield mailbox.problem("unit", f"there is no unit '{unit}'; {_did_you_mean(unit, known.units)}")
    elif not unit and role not in ("service", "") and len(known.units) != 1:
        choices = f"write one of {', '.join(sorted(known.units))}" if known.units else "add a [[units]] table"
        yield mailbox.problem("unit", f"is missing, and it decides who registers and answers; {choices}")
    if role == "service" and mailbox.text("read") == "headers":
        yield mailbox.problem("read", "people's answers to mailbot must be read in full; take the line out")


def _folders(raw: Table) -> Iterator[str]:
    """No two mailboxes may share a folder: each mail would be counted for both."""
    servers = {name: Entry("", table).text("path") for name, table in named(raw, "servers").items()}
    taken: dict[str, str] = {}
    for mailbox in entries(raw, "mailboxes"):
        address, path = mailbox.text("address").lower(), servers.get(mailbox.text("server"), "")
        if not path or syntax.placeholder_problem(path) or not syntax.is_address(address):
            continue
        folder = str(MaildirServer(kind="maildir", path=path).folder(address))
        other = taken.setdefault(folder, address)
        if other != address:
            where = f"servers.{mailbox.text('server')}.path"
            yield f"{where}: {other} and {address} would share the folder {folder}; add {{address}} or {{user}} to it"


def _marks(raw: Table) -> Iterator[str]:
    """Outlook separates categories by commas and semicolons, and takes 255 characters (MS-OXCMSG 2.2.1.22)."""
    marks = Entry.of(raw, "marks")
    category = marks.text("handed_over")
    if len(category) > _LONGEST_CATEGORY or set(category) & set(",;"):
        yield marks.problem("handed_over", f"is no category; write up to {_LONGEST_CATEGORY} characters, no , or ;")
    kinds = [table.get("kind") for table in named(raw, "servers").values()]
    if category and "graph" not in kinds and "ews" not in kinds:
        yield marks.problem(
            "handed_over", "needs Exchange or Microsoft 365; no other server has categories; leave it out"
        )


def _probe(probe: Entry, mailboxes: Sequence[Entry], known: Known) -> Iterator[str]:
    """Test accounts are one inside and one outside, and nobody's mailbox: what lies in them is read for probes only."""
    in_scope = {each.text("address").lower() for each in mailboxes}
    for side in ("internal", "external"):
        table = probe.table.get(side)
        if not isinstance(table, Mapping):
            continue
        account = Entry(probe.at(side), table)
        yield from account.empty("address", "server")
        address, server = account.text("address"), account.text("server")
        if address and not syntax.is_address(address):
            yield account.problem("address", f"'{address}' is no mail address; write a test account of your own")
        elif address and known.domains and (syntax.domain_of(address) in known.domains) != (side == "internal"):
            where = "outside" if side == "internal" else "in"
            yield account.problem("address", f"'{address}' is {where} organisation.domains; take one that is {side}")
        elif address.lower() in in_scope:
            yield account.problem("address", f"'{address}' is a mailbox that is read; take a test account of its own")
        if server and server not in known.servers:
            yield account.problem("server", f"there is no [servers.{server}]; {_did_you_mean(server, known.servers)}")


def _web_forms(forms: Sequence[Entry]) -> Iterator[str]:
    for form in forms:
        yield from form.empty("from")
        address = form.text("from")
        if address and not syntax.is_address(address):
            yield form.problem("from", f"'{address}' is no mail address; write the From of the form's mail")
    yield from repeated([(form.at("from"), form.text("from")) for form in forms], "form")


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    near = syntax.nearest(word, known)
    if near:
        return f"did you mean '{near}'?"
    return f"known: {', '.join(sorted(known))}" if known else "none is configured yet"
