"""What a platform knows of people, and keeps for them: directory, calendar, signature."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One member of staff as the directory knows them."""

    id: str
    name: str
    email: str
    title: str = ""
    department: str = ""
    aliases: tuple[str, ...] = ()
    phone: str = ""
    mobile: str = ""
    #: the account name on the server, for `sudo -u mailbot mailbot ...`
    login: str = ""
    #: person id
    manager: str = ""
    #: sv, nb or en; empty = the organisation's
    language: str = ""


class Directory(Protocol):
    """Who works here."""

    def people(self) -> Iterable[Person]: ...


@dataclass(frozen=True, slots=True)
class Away:
    """Absent from `from_` to the day before `back_on` (local dates)."""

    from_: date
    back_on: date
    #: False: by timed events that take up the working days
    all_day: bool = True


class Calendar(Protocol):
    """When people are away, as far as a calendar tells."""

    def absences(self, person_id: str, from_: date, to: date) -> Sequence[Away]:
        """When the calendar says out of office between `from_` and `to`, both included. PermanentError when it cannot
        be read; nothing for people without a calendar."""
        ...


class Signatures(Protocol):
    """The automatic signature, where the platform has an interface for it."""

    def read(self, address: str) -> str: ...

    def install(self, address: str, text: str, html: str) -> None: ...
