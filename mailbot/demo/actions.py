"""What the people of the sample municipality do besides sending mail."""

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from mailbot.demo.letters import ZONE
from mailbot.errors import UserError
from mailbot.settings import structure

_FILE = Path(__file__).parent / "week.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One [[actions]] table: a registrar's decision on a letter, an answer given otherwise than by mail, or the daily
    check of a mailbox."""

    #: local time
    at: datetime
    #: a person's id
    by: str
    do: Literal["confirm", "dismiss", "answered", "attest"]
    #: a letter's id; with "attest" there is none
    letter: str = ""
    #: an authority mailbox, with "attest"
    mailbox: str = ""
    #: diary number, with "confirm"
    number: str = ""
    #: why it need not be registered, with "dismiss"
    reason: str = ""
    #: by which means, with "answered"
    how: Literal["", "telephone", "visit", "letter"] = ""

    @property
    def done_at(self) -> datetime:
        """Aware UTC."""
        return self.at.replace(tzinfo=ZONE).astimezone(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Week:
    actions: tuple[Deed, ...]


def load(path: Path = _FILE) -> tuple[Deed, ...]:
    """Every deed of the week in order of time. Raises UserError for unknown keys and deeds without their value."""
    deeds = structure(tomllib.loads(path.read_text("utf-8")), _Week, where=path.name).actions
    for deed in deeds:
        needed = {"confirm": ("letter", "number"), "dismiss": ("letter", "reason"), "answered": ("letter", "how")}
        for key in needed.get(deed.do, ("mailbox",)):
            if not getattr(deed, key):
                raise UserError(f'{path.name}: "{deed.do}" of "{deed.letter or deed.mailbox}" needs {key}')
    return tuple(sorted(deeds, key=lambda deed: deed.at))
