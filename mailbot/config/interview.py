"""The questions of `mailbot config init`: each answer is checked when it is given, and each may come as an option."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Protocol, TypeVar

from mailbot.config import syntax
from mailbot.config.texts import catalogue
from mailbot.errors import UserError
from mailbot.policy.profile import profile_names

T = TypeVar("T")

#: what has no default, besides a registrar for each unit
REQUIRED = ("name", "domain", "operator", "registrar", "head")


#: options of which each may be given several times, and whose answers are words with spaces between
_SEVERAL = ("domain", "mail-host")


class Console(Protocol):
    """Whoever answers the questions."""

    def ask(self, question: str, default: str | None) -> str:
        """One answer; the default when it was left empty. None: there is no default."""
        ...

    def tell(self, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody who was named in an answer."""

    id: str
    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUnit:
    id: str
    name: str
    #: its authority mailbox
    mailbox: str
    diary_pattern: str
    registrar: NewPerson
    mail_officer: NewPerson


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """All that a first configuration needs."""

    name: str
    profile: str
    domains: tuple[str, ...]
    postal_address: str
    mail_hosts: tuple[str, ...]
    path: str
    #: where mail to other hosts is laid; empty = such mail is refused
    outside: str
    service: str
    units: tuple[NewUnit, ...]
    head: NewPerson
    administrator: NewPerson | None
    login: str
    operator: str
    #: everybody who was named, in the order of naming
    people: tuple[NewPerson, ...]
    #: whether the people's personal mailboxes are read (headers only)
    personal: bool
    database: str
    secrets: str


class _Wrong(ValueError):
    """An answer that cannot be used; `key` names the text that says why and what to write instead."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


class Interview:
    """Asks what the options left open. `given` holds option values by key; without a console nothing is asked."""

    def __init__(self, language: str, given: Mapping[str, Sequence[str]], console: Console | None) -> None:
        self._texts = catalogue("mailbot.config", "interview_texts", language)
        self._given = given
        self._console = console
        self._people: dict[str, NewPerson] = {}
        self._domains: tuple[str, ...] = ()

    def run(self, *, database: str, secrets: str) -> Answers:
        """All answers; the parameters are the defaults of the two places. Raises UserError for unusable options."""
        self._require_options()
        name = self._one("name", _some_text)
        profile = self._one("profile", _profile, self._texts["default.profile"])
        self._domains = self._one("domain", _domains)
        postal_address = self._one("postal-address", _one_line, "")
        mail_hosts = self._one("mail-host", _hosts, "")
        path = self._one("path", _path, "/var/mail/{domain}/{user}/Maildir")
        outside = self._one("outside", _one_line, "")
        service = self._one("service", self._own_address, f"mailbot@{self._domains[0]}")
        units = self._units()
        head = self._one("head", self._person)
        administrator = self._one("administrator", self._optional(self._person), "")
        login = self._one("login", _one_line, "") if administrator else ""
        operator = self._one("operator", _address, administrator.email if administrator else None)
        self._further_people()
        return Answers(
            name=name, profile=profile, domains=self._domains, postal_address=postal_address,
            mail_hosts=mail_hosts, path=path, outside=outside, service=service, units=units, head=head, administrator=administrator, login=login, operator=operator,
            people=tuple(self._people.values()),
            personal=self._one("personal", _yes_or_no, self._texts["default.no"]),
            database=self._one("database", _one_line, database),
            secrets=self._one("secrets", _one_line, secrets),
        )  # fmt: skip

    # --- one question ---

    def _require_options(self) -> None:
        if self._console is None:
            covered = {"operator"} if self._given.get("administrator") else set()
            missing = [f"--{key}" for key in REQUIRED if not self._given.get(key) and key not in covered]
            if missing:
                raise UserError("with --yes nothing is asked, so these options are needed too:", missing)

    def _one(self, key: str, parse: Callable[[str], T], default: str | None = None, *, unit: str = "") -> T:
        """The option's value; else the answer, asked again until it can be used; else the default."""
        option = self._option(key, unit)
        if option is not None or self._console is None:
            text = option if option is not None else default
            if text is None:
                raise UserError(f"--{key} is missing for the unit {unit!r}; write --{key} {unit}=...")
            try:
                return parse(text.strip())
            except _Wrong as wrong:
                raise UserError(f"--{key}: {self._say(wrong.key, **wrong.values)}") from None
        while True:
            answer = self._console.ask(self._say(f"question.{key}", unit=unit), default)
            try:
                return parse(answer.strip())
            except _Wrong as wrong:
                self._console.tell(self._say(wrong.key, **wrong.values))

    def _option(self, key: str, unit: str) -> str | None:
        """What was given for `key`; for a unit as "ID=value", where "value" alone counts for every unit."""
        values = self._given.get(key, ())
        if unit:
            own = [value.removeprefix(f"{unit}=") for value in values if value.startswith(f"{unit}=")]
            values = own or [value for value in values if not re.match(r"[\w.-]+=", value)]
        elif key in _SEVERAL and values:
            return " ".join(values)
        return values[0] if values else None

    def _say(self, key: str, **values: object) -> str:
        return self._texts[key].format(**values)

    # --- units and people ---

    def _units(self) -> tuple[NewUnit, ...]:
        given = self._given.get("unit", ())
        if given or self._console is None:
            pairs = [text.partition("=") for text in given or (self._texts["default.unit"],)]
            return tuple(self._unit(i.strip(), name.strip(), first=n == 0) for n, (i, _, name) in enumerate(pairs))
        default_id, _, default_name = self._texts["default.unit"].partition("=")
        units: list[NewUnit] = []
        while unit_id := self._one("unit-more" if units else "unit", self._unit_id(units), "" if units else default_id):
            default = default_name if unit_id == default_id else None
            name = self._one("unit-name", _some_text, default, unit=unit_id)
            units.append(self._unit(unit_id, name, first=not units))
        return tuple(units)

    def _unit(self, unit_id: str, name: str, *, first: bool) -> NewUnit:
        if not syntax.is_id(unit_id) or not name:
            raise UserError("--unit: " + self._say("wrong.unit"))
        suggested = f"{self._texts['default.mailbox']}@{self._domains[0]}" if first else None
        mailbox = self._one("mailbox", self._own_address, suggested, unit=unit_id)
        example = self._say("default.diary_number", unit=unit_id.upper())
        pattern = self._one("diary-number", _diary_number, example, unit=unit_id)
        registrar = self._one("registrar", self._person, unit=unit_id)
        officer = self._one("mail-officer", self._person, _written(registrar), unit=unit_id)
        return NewUnit(
            id=unit_id, name=name, mailbox=mailbox, diary_pattern=pattern, registrar=registrar, mail_officer=officer
        )

    def _unit_id(self, units: Sequence[NewUnit]) -> Callable[[str], str]:
        def parse(text: str) -> str:
            if (text or not units) and (not syntax.is_id(text) or text in {unit.id for unit in units}):
                raise _Wrong("wrong.unit")
            return text

        return parse

    def _further_people(self) -> None:
        for text in self._given.get("person", ()):
            try:
                self._person(text)
            except _Wrong as wrong:
                raise UserError(f"--person: {self._say(wrong.key, **wrong.values)}") from None
        if self._console is not None and not self._given.get("person"):
            while self._one("person", self._optional(self._person), ""):
                pass

    def _person(self, text: str) -> NewPerson:
        """A person written as in mail: First Last <address>. Who was named before is the same person."""
        name, address = parseaddr(text)
        if not name or not syntax.is_address(address) or syntax.has_control_characters(name):
            raise _Wrong("wrong.person", domain=self._domains[0])
        if syntax.domain_of(address) not in self._domains:
            raise _Wrong("wrong.domain", address=address, domains=", ".join(self._domains))
        email = address.lower()
        if email not in self._people:
            taken = {person.id for person in self._people.values()}
            self._people[email] = NewPerson(_person_id(name, email, taken), name, email)
        return self._people[email]

    @staticmethod
    def _optional(parse: Callable[[str], T]) -> Callable[[str], T | None]:
        return lambda text: parse(text) if text else None

    def _own_address(self, text: str) -> str:
        address = _address(text)
        if syntax.domain_of(address) not in self._domains:
            raise _Wrong("wrong.domain", address=address, domains=", ".join(self._domains))
        return address


# --- answers --------------------------------------------------------------------------------------------------------


def _one_line(text: str) -> str:
    if syntax.has_control_characters(text):
        raise _Wrong("wrong.line")
    return text


def _some_text(text: str) -> str:
    if not text:
        raise _Wrong("wrong.empty")
    return _one_line(text)


def _profile(text: str) -> str:
    if text.lower() not in profile_names():
        raise _Wrong("wrong.profile", names=", ".join(profile_names()))
    return text.lower()


def _domains(text: str) -> tuple[str, ...]:
    domains = _words(text)
    wrong = [domain for domain in domains if not syntax.is_domain(domain)]
    if wrong or not domains:
        shown = wrong[0] if wrong else ""
        raise _Wrong("wrong.domain_name", domain=shown, example=syntax.ascii_domain(shown) or "bjurholm.example")
    return domains


def _hosts(text: str) -> tuple[str, ...]:
    hosts = _words(text)
    if not all(map(syntax.is_host, hosts)):
        raise _Wrong("wrong.host")
    return hosts


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.lower() for word in re.split(r"[\s,;]+", text) if word))


def _address(text: str) -> str:
    if not syntax.is_address(text):
        raise _Wrong("wrong.address", address=text)
    return text.lower()


def _path(text: str) -> str:
    names_mailbox = "{address}" in text or "{user}" in text
    if not names_mailbox or syntax.placeholder_problem(text):
        raise _Wrong("wrong.path")
    return _some_text(text)


def _diary_number(example: str) -> str:
    """The pattern of diary numbers like `example`: "KS 2026/123" gives KS[ -]\\d{4}/\\d+; "-": none."""
    if example in ("", "-"):
        return ""
    if not re.search(r"\d", example):
        raise _Wrong("wrong.diary_number")
    words = re.findall(r"\d+|[^\d\s]+|\s+", _one_line(example))
    return "".join(_diary_part(word) for word in words)


def _diary_part(word: str) -> str:
    if word.isdigit():
        # four digits are the year, others count up
        return r"\d{4}" if len(word) == 4 else r"\d+"
    return "[ -]" if word.isspace() else re.escape(word)


def _yes_or_no(text: str) -> bool:
    answers = {"j": True, "ja": True, "y": True, "yes": True, "n": False, "nej": False, "nei": False, "no": False}
    if text.lower() not in answers:
        raise _Wrong("wrong.yes_or_no")
    return answers[text.lower()]


def _written(person: NewPerson) -> str:
    return f"{person.name} <{person.email}>"


def _person_id(name: str, email: str, taken: set[str]) -> str:
    """First name, address before the @, or first name with a number: ASCII, as ids are typed on command lines."""
    first = _ascii(name.split(maxsplit=1)[0]) or "person"
    numbered = (f"{first}{number}" for number in range(2, len(taken) + 3))
    candidates = (first, _ascii(email.partition("@")[0]), *numbered)
    return next(person_id for person_id in candidates if syntax.is_id(person_id) and person_id not in taken)


def _ascii(text: str) -> str:
    spelled = text.lower().replace("ø", "o").replace("æ", "ae")
    return re.sub(r"[^a-z0-9._-]", "", unicodedata.normalize("NFKD", spelled)).lstrip("._-")
