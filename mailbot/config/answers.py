"""What the interview wants to know, and how an answer is read. Every reader raises Wrong for an unusable answer."""

import re
import unicodedata
from dataclasses import dataclass

from mailbot.config import syntax
from mailbot.policy.profile import profile_names


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


@dataclass(frozen=True, slots=True)
class Organisation:
    name: str
    profile: str
    domains: tuple[str, ...]
    postal_address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Where mail lies and which way it goes."""

    mail_hosts: tuple[str, ...]
    #: folder of a mailbox, with placeholders
    path: str
    #: where mail to other hosts is laid; empty = such mail is refused
    outside: str
    #: mailbot's own address
    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """All that a first configuration needs."""

    organisation: Organisation
    post: Post
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


class Wrong(ValueError):
    """An answer that cannot be used; `key` names the text that says why and what to write instead."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


def read_one_line(text: str) -> str:
    if syntax.has_control_characters(text):
        raise Wrong("wrong.line")
    return text


def read_some_text(text: str) -> str:
    if not text:
        raise Wrong("wrong.empty")
    return read_one_line(text)


def read_profile(text: str) -> str:
    if text.lower() not in profile_names():
        raise Wrong("wrong.profile", names=", ".join(profile_names()))
    return text.lower()


def read_domains(text: str) -> tuple[str, ...]:
    domains = _words(text)
    wrong = [domain for domain in domains if not syntax.is_domain(domain)]
    if wrong or not domains:
        shown = wrong[0] if wrong else ""
        raise Wrong("wrong.domain_name", domain=shown, example=syntax.ascii_domain(shown) or "bjurholm.example")
    return domains


def read_hosts(text: str) -> tuple[str, ...]:
    hosts = _words(text)
    if not all(map(syntax.is_host, hosts)):
        raise Wrong("wrong.host")
    return hosts


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.lower() for word in re.split(r"[\s,;]+", text) if word))


def read_address(text: str) -> str:
    if not text:
        raise Wrong("wrong.empty")
    if not syntax.is_address(text):
        raise Wrong("wrong.address", address=text)
    return text.lower()


def read_path(text: str) -> str:
    names_mailbox = "{address}" in text or "{user}" in text
    if not names_mailbox or syntax.placeholder_problem(text):
        raise Wrong("wrong.path")
    return read_some_text(text)


def read_diary_number(example: str) -> str:
    """The pattern of diary numbers like `example`: "KS 2026/123" gives KS[ -]\\d{4}/\\d+; "-": none."""
    if example in ("", "-"):
        return ""
    if not re.search(r"[0-9]", example):
        raise Wrong("wrong.diary_number")
    pattern, year_seen = "", False
    for word in re.findall(r"[0-9]+|\s+|[^0-9\s]+", read_one_line(example)):
        if re.fullmatch(r"[0-9]+", word):
            # the first one that looks like a year has always four digits, others count up
            is_year = not year_seen and re.fullmatch(r"(19|20)[0-9]{2}", word) is not None
            year_seen = year_seen or is_year
            pattern += r"\d{4}" if is_year else r"\d+"
        else:
            pattern += "[ -]" if word.isspace() else re.escape(word).replace(r"\-", "-")
    return pattern


def read_yes_or_no(text: str) -> bool:
    answers = {"j": True, "ja": True, "y": True, "yes": True, "n": False, "nej": False, "nei": False, "no": False}
    if text.lower() not in answers:
        raise Wrong("wrong.yes_or_no")
    return answers[text.lower()]


def written(person: NewPerson) -> str:
    return f"{person.name} <{person.email}>"


def person_id(name: str, email: str, taken: set[str]) -> str:
    """First name, address before the @, or first name with a number: ASCII, as ids are typed on command lines."""
    first = _ascii(name.split(maxsplit=1)[0]) or "person"
    numbered = (f"{first}{number}" for number in range(2, len(taken) + 3))
    candidates = (first, _ascii(email.partition("@")[0]), *numbered)
    return next(person_id for person_id in candidates if syntax.is_id(person_id) and person_id not in taken)


def _ascii(text: str) -> str:
    spelled = text.lower().replace("ø", "o").replace("æ", "ae")
    return re.sub(r"[^a-z0-9._-]", "", unicodedata.normalize("NFKD", spelled)).lstrip("._-")
