"""The labelled mails: `corpus/` may be tuned on, `heldout/` is only ever measured."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path

from mailbot.mail.message import Message, parse
from mailbot.policy.model import Direction, Facts
from mailbot.settings import structure

_HERE = Path(__file__).parent
OWN_DOMAIN = "kommunen.example"


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One mail and what a registrar would say."""

    id: str
    from_: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    subject: str = ""
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    language: str
    kind: str
    #: answers that would be as right
    alternatives: tuple[str, ...] = ()
    needs_reply: bool
    diarise: str
    alternatives_diarise: tuple[str, ...] = ()
    confidential: bool = False
    automatic: bool = False
    note: str = ""

    @property
    def hand(self) -> str:
        """Who wrote it: the letter of its id; one hand wrote the Swedish mails M and the Norwegian N."""
        return {"N": "M"}.get(self.id[0], self.id[0])

    @cached_property
    def message(self) -> Message:
        mail = EmailMessage()
        mail.set_content(self.text)
        # A label names the content type that makes a bounce one; its text stays the only part.
        if "Content-Type" in self.headers:
            mail.replace_header("Content-Type", self.headers["Content-Type"])
        mail["From"], mail["To"], mail["Subject"] = self.from_, ", ".join(self.to), self.subject
        if self.cc:
            mail["Cc"] = ", ".join(self.cc)
        mail["Date"], mail["Message-ID"] = "Tue, 03 Mar 2026 09:00:00 +0100", f"<{self.id}@mail.example>"
        for name, value in self.headers.items():
            if name not in mail:
                mail[name] = " ".join(value.split())
        return parse(mail.as_bytes())

    @property
    def direction(self) -> Direction:
        message = self.message
        if message.author.domain != OWN_DOMAIN:
            return "incoming"
        return "outgoing" if any(one.domain != OWN_DOMAIN for one in message.recipients) else "internal"

    @property
    def facts(self) -> Facts:
        return Facts(own_domains=frozenset({OWN_DOMAIN}), direction=self.direction)


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    mail: tuple[Mail, ...]


def load(part: str) -> tuple[Mail, ...]:
    """Every mail of `corpus` or `heldout`, in order of file and place."""
    return tuple(mail for path in sorted((_HERE / part).glob("*.toml")) for mail in _read(path))


def _read(path: Path) -> Iterator[Mail]:
    yield from structure(tomllib.loads(path.read_text(encoding="utf-8")), _File, where=path.name).mail
