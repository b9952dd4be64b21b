"""The questions of `mailbot config init`: each answer is checked when it is given, and each may come as an option."""

import re
from collections.abc import Callable, Mapping, Sequence
from email.utils import parseaddr
from typing import Protocol, TypeVar

from mailbot.config import answers, syntax
from mailbot.config.answers import Answers, NewPerson, NewUnit, Organisation, Post, Wrong
from mailbot.config.texts import catalogue
from mailbot.errors import UserError

T = TypeVar("T")

#: what has no default, besides a registrar for each unit
REQUIRED = ("name", "domain", "operator", "registrar", "head")


#: options of which each may be given several times, and whose answers are words with spaces between
_SEVERAL = ("domain", "mail-host")

#: options whose values may begin with the id of a unit
_OF_UNITS = ("mailbox", "diary-number", "registrar", "mail-officer")


class Console(Protocol):
    """Whoever answers the questions."""

    def ask(self, question: str, default: str | None) -> str:
        """One answer; the default when it was left empty. None: there is no default."""
        ...

    def tell(self, text: str) -> None: ...


class Interview:
    """Asks what the options left open. `given` holds option values by key; without a console nothing is asked."""

    def __init__(self, language: str, given: Mapping[str, Sequence[str]], console: Console | None) -> None:
        self._texts = catalogue("mailbot.config", "interview_texts", language)
        self._given = given
        self._console = console
        self._people: dict[str, NewPerson] = {}
        self._domains: tuple[str, ...] = ()
        self._registrar: NewPerson | None = None

    def run(self, *, database: str, secrets: str) -> Answers:
        """All answers; the parameters are the defaults of the two places. Raises UserError for unusable options."""
        self._require_options()
        one = self._one
        name = one("name", answers.read_some_text)
        profile = one("profile", answers.read_profile, self._texts["default.profile"])
        self._domains = one("domain", answers.read_domains)
        organisation = Organisation(name, profile, self._domains, one("postal-address", answers.read_one_line, ""))
        post = Post(
            mail_hosts=one("mail-host", answers.read_hosts, ""),
            path=one("path", answers.read_path, "/var/mail/{domain}/{user}/Maildir"),
            outside=one("outside", answers.read_one_line, ""),
            service=one("service", self._own_address, f"mailbot@{self._domains[0]}"),
        )
        units = self._units()
        head = one("head", self._person)
        administrator = one("administrator", self._optional(self._person), "")
        login = one("login", answers.read_one_line, "") if administrator else ""
        operator = one("operator", answers.read_address, administrator.email if administrator else None)
        self._further_people()
        return Answers(
            organisation=organisation,
            post=post,
            units=units,
            head=head,
            administrator=administrator,
            login=login,
            operator=operator,
            people=tuple(self._people.values()),
            personal=one("personal", answers.read_yes_or_no, self._texts["default.no"]),
            database=one("database", answers.read_one_line, database),
            secrets=one("secrets", answers.read_one_line, secrets),
        )

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
            except Wrong as wrong:
                raise UserError(f"--{key}: {self._say(wrong.key, **wrong.values)}") from None
        while True:
            answer = self._console.ask(self._say(f"question.{key}", unit=unit), default)
            try:
                return parse(answer.strip())
            except Wrong as wrong:
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
            self._refuse_options_of_other_units({unit_id.strip() for unit_id, _, _ in pairs})
            return tuple(self._unit(i.strip(), name.strip(), first=n == 0) for n, (i, _, name) in enumerate(pairs))
        default_id, _, default_name = self._texts["default.unit"].partition("=")
        units: list[NewUnit] = []
        while unit_id := self._one("unit-more" if units else "unit", self._unit_id(units), "" if units else default_id):
            default = default_name if unit_id == default_id else None
            name = self._one("unit-name", answers.read_some_text, default, unit=unit_id)
            units.append(self._unit(unit_id, name, first=not units))
        return tuple(units)

    def _refuse_options_of_other_units(self, units: set[str]) -> None:
        for key in _OF_UNITS:
            for value in self._given.get(key, ()):
                named = re.match(r"([\w.-]+)=", value)
                if named and named[1] not in units:
                    raise UserError(f"--{key}: there is no unit {named[1]!r}; name it with --unit {named[1]}=NAME")

    def _unit(self, unit_id: str, name: str, *, first: bool) -> NewUnit:
        if not syntax.is_id(unit_id) or not name:
            raise UserError("--unit: " + self._say("wrong.unit"))
        suggested = f"{self._texts['default.mailbox']}@{self._domains[0]}" if first else None
        mailbox = self._one("mailbox", self._own_address, suggested, unit=unit_id)
        example = self._say("default.diary_number", unit=unit_id.upper())
        pattern = self._one("diary-number", answers.read_diary_number, example, unit=unit_id)
        registrar = self._one("registrar", self._person, self._registrar_before(), unit=unit_id)
        self._registrar = registrar
        officer = self._one("mail-officer", self._person, answers.written(registrar), unit=unit_id)
        return NewUnit(
            id=unit_id, name=name, mailbox=mailbox, diary_pattern=pattern, registrar=registrar, mail_officer=officer
        )

    def _registrar_before(self) -> str | None:
        """Suggested for every unit but the first: small municipalities have one. Options must name her themselves."""
        return answers.written(self._registrar) if self._registrar and self._console else None

    def _unit_id(self, units: Sequence[NewUnit]) -> Callable[[str], str]:
        def parse(text: str) -> str:
            if (text or not units) and (not syntax.is_id(text) or text in {unit.id for unit in units}):
                raise Wrong("wrong.unit")
            return text

        return parse

    def _further_people(self) -> None:
        for text in self._given.get("person", ()):
            try:
                self._person(text)
            except Wrong as wrong:
                raise UserError(f"--person: {self._say(wrong.key, **wrong.values)}") from None
        if self._console is not None and not self._given.get("person"):
            while self._one("person", self._optional(self._person), ""):
                pass

    def _person(self, text: str) -> NewPerson:
        """A person written as in mail: First Last <address>. Who was named before is the same person."""
        name, address = parseaddr(text)
        if not name or not syntax.is_address(address) or syntax.has_control_characters(name):
            raise Wrong("wrong.person", domain=self._domains[0])
        if syntax.domain_of(address) not in self._domains:
            raise Wrong("wrong.domain", address=address, domains=", ".join(self._domains))
        email = address.lower()
        if email not in self._people:
            taken = {person.id for person in self._people.values()}
            self._people[email] = NewPerson(answers.person_id(name, email, taken), name, email)
        return self._people[email]

    @staticmethod
    def _optional(parse: Callable[[str], T]) -> Callable[[str], T | None]:
        return lambda text: parse(text) if text else None

    def _own_address(self, text: str) -> str:
        address = answers.read_address(text)
        if syntax.domain_of(address) not in self._domains:
            raise Wrong("wrong.domain", address=address, domains=", ".join(self._domains))
        return address
