"""The sample municipality's mail: readable TOML files become real RFC 5322 messages.

Everybody in `mail/*.toml` is invented; telephone numbers and identity numbers come from series that nobody has.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, getaddresses
from functools import cached_property
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from mailbot.demo import entities, quoting
from mailbot.errors import UserError
from mailbot.settings import structure

ZONE = ZoneInfo("Europe/Stockholm")
DOMAIN = "lillan.example"
MAIL_HOST = "mail.lillan.example"
_FOLDER = Path(__file__).parent / "mail"
#: a mail is written so long before it arrives
_IN_TRANSIT = timedelta(seconds=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterEntry:
    """One [[letters]] table."""

    id: str
    #: local time of arrival (of sending, for the staff's own mail)
    at: datetime
    from_: str = ""
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    reply_to: str = ""
    subject: str = ""
    text: str = ""
    html: str = ""
    #: the id of the letter this one answers, and how the writer's program quotes it
    in_reply_to: str = ""
    quote: quoting.Style = ""
    #: the id of a letter that is attached as message/rfc822
    forwards: str = ""
    attachments: tuple[entities.File, ...] = ()
    calendar: entities.Meeting | None = None
    #: an address that could not be reached: the letter is a delivery report
    bounced: str = ""
    shape: Literal["plain", "signed", "encrypted"] = "plain"
    headers: Mapping[str, str] = field(default_factory=dict)
    #: header fields that a broken program left out
    without: tuple[str, ...] = ()
    charset: str = "utf-8"
    #: what the message claims about its charset, when that is wrong
    charset_label: str = ""
    #: the message itself, for broken ones
    raw: str = ""
    raw_hex: str = ""
    #: whose Sent folder keeps a copy
    sent_by: str = ""
    #: where copies arrive; left out: every local address among the recipients
    mailboxes: tuple[str, ...] = ()
    folder: str = "INBOX"


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFile:
    letters: tuple[LetterEntry, ...]


@dataclass(frozen=True, slots=True)
class Copy:
    """One file to lay into a mailbox."""

    mailbox: str
    folder: str
    raw: bytes


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A message of the sample week, with the letters it refers to."""

    entry: LetterEntry
    original: "Letter | None" = None
    forwarded: "Letter | None" = None

    @property
    def id(self) -> str:
        return self.entry.id

    @property
    def at(self) -> datetime:
        """When it arrives or is sent: aware UTC."""
        return self.entry.at.replace(tzinfo=ZONE).astimezone(UTC)

    @property
    def message_id(self) -> str:
        return f"<{self.entry.at:%Y%m%d%H%M}.{self.id}@{self._sender_domain}>"

    @property
    def references(self) -> tuple[str, ...]:
        """The Message-IDs of the thread so far, oldest first (RFC 5322 3.6.4)."""
        return () if self.original is None else (*self.original.references, self.original.message_id)

    @property
    def _sender_domain(self) -> str:
        addresses = getaddresses([self.entry.from_])
        return addresses[0][1].rpartition("@")[2] if addresses else "gammalpost.example"

    @property
    def text(self) -> str:
        """The whole text, with what it quotes."""
        own = self.entry.text.strip("\n") + "\n"
        if self.original is None or not self.entry.quote:
            return own
        return quoting.quoted(own, self.original.quotable, self.entry.quote)

    @property
    def quotable(self) -> quoting.Quotable:
        entry = self.entry
        return quoting.Quotable(entry.at, entry.from_, entry.to, entry.subject, self.text, entry.html)

    @property
    def recipients(self) -> tuple[str, ...]:
        """Addresses of the organisation among the recipients."""
        found = (address for _, address in getaddresses([*self.entry.to, *self.entry.cc]))
        return tuple(dict.fromkeys(address for address in found if address.endswith("@" + DOMAIN)))

    def build(self) -> bytes:
        """The message as it arrives, with trace fields and CRLF line ends."""
        return self._trace() + self._content

    def copies(self) -> tuple[Copy, ...]:
        """Every copy: in the mailboxes it reaches, and in the sender's own Sent folder."""
        arrived = self.build()
        places = self.entry.mailboxes or self.recipients
        copies = [Copy(mailbox, self.entry.folder, arrived) for mailbox in places]
        if self.entry.sent_by:
            copies.append(Copy(self.entry.sent_by, "Sent", self._content))
        return tuple(copies)

    @cached_property
    def _content(self) -> bytes:
        entry = self.entry
        if entry.raw_hex:
            return bytes.fromhex(entry.raw_hex)
        if entry.raw:
            return entry.raw.lstrip("\n").replace("\n", "\r\n").encode()
        message = self._entity()
        for name, value in self._fields():
            if name not in entry.without:
                message[name] = value
        entities.name_boundaries(message, self.id)
        content = message.as_bytes()
        if entry.charset_label:
            content = content.replace(entry.charset.encode(), entry.charset_label.encode(), 1)
        return content

    def _entity(self) -> entities.Entity:
        entry = self.entry
        if entry.bounced:
            return entities.delivery_report(self.text, entry.bounced, MAIL_HOST)
        if entry.shape == "encrypted":
            return entities.encrypted(self.id)
        parts = entities.Parts(
            text=self.text if entry.text or not entry.html else "",
            html=entry.html,
            charset=entry.charset,
            files=entry.attachments,
            meeting=entry.calendar,
            forwarded=self.forwarded.build() if self.forwarded else None,
        )
        message = entities.content(parts)
        return entities.signed(message, self.id) if entry.shape == "signed" else message

    def _fields(self) -> Iterator[tuple[str, str]]:
        entry = self.entry
        yield "Date", format_datetime(entry.at.replace(tzinfo=ZONE) - _IN_TRANSIT)
        yield "From", entry.from_
        yield "To", ", ".join(entry.to)
        if entry.cc:
            yield "Cc", ", ".join(entry.cc)
        if entry.reply_to:
            yield "Reply-To", entry.reply_to
        yield "Subject", entry.subject
        yield "Message-ID", self.message_id
        if self.original is not None:
            yield "In-Reply-To", self.original.message_id
            yield "References", " ".join(self.references)
        for name, value in entry.headers.items():
            if name != "Return-Path":
                yield name, value

    def _trace(self) -> bytes:
        """What the municipality's mail server writes on top: Return-Path, Received, Authentication-Results."""
        if self.entry.folder == "Drafts" or self.entry.raw_hex:
            return b""  # a draft never travelled; a file damaged on disk has lost its header
        domain = self._sender_domain
        at = self.entry.at.replace(tzinfo=ZONE)
        address = getaddresses([self.entry.from_ or "okand@gammalpost.example"])[0][1]
        return_path = self.entry.headers.get("Return-Path", f"<{address}>")
        lines = [f"Return-Path: {return_path}"]
        mark = f"{at:%Y%m%d}{abs(hash_of(self.id)):06d}"
        if domain in (DOMAIN, MAIL_HOST):
            lines.append(f"Received: from kontor.{DOMAIN} (kontor.{DOMAIN} [10.20.0.7])")
            lines.append(f"\tby {MAIL_HOST} with ESMTPSA id {mark}; {format_datetime(at)}")
        else:
            lines.append(f"Received: from mx.{domain} (mx.{domain} [192.0.2.{hash_of(domain) % 250 + 1}])")
            lines.append(f"\tby {MAIL_HOST} with ESMTPS id {mark}; {format_datetime(at)}")
            lines.append(f"Received: from [198.51.100.{hash_of(self.id) % 250 + 1}] by mx.{domain} with ESMTPSA;")
            lines.append(f"\t{format_datetime(at - _IN_TRANSIT / 2)}")
        lines.append(f"Authentication-Results: {MAIL_HOST}; dmarc=pass header.from={domain}")
        return "".join(line + "\r\n" for line in lines).encode()


def hash_of(text: str) -> int:
    """A small number that is the same in every run."""
    return sum(index * ord(letter) for index, letter in enumerate(text, start=1)) % 1_000_000


def load(folder: Path = _FOLDER) -> tuple[Letter, ...]:
    """Every letter of the sample week, in the order of arrival.

    Raises UserError for unknown keys, repeated ids and answers to letters that do not exist.
    """
    entries = [entry for path in sorted(folder.glob("*.toml")) for entry in _read(path)]
    known: dict[str, LetterEntry] = {}
    for entry in entries:
        if known.setdefault(entry.id, entry) is not entry:
            raise UserError(f'the id "{entry.id}" is used twice in {folder}; give each letter its own')
    built: dict[str, Letter] = {}
    for entry in sorted(entries, key=lambda entry: entry.at):
        built[entry.id] = Letter(
            entry=entry,
            original=_earlier(entry.in_reply_to, entry, built),
            forwarded=_earlier(entry.forwards, entry, built),
        )
    return tuple(built.values())


def _read(path: Path) -> Sequence[LetterEntry]:
    return structure(tomllib.loads(path.read_text("utf-8")), LetterFile, where=path.name).letters


def _earlier(wanted: str, entry: LetterEntry, built: Mapping[str, Letter]) -> Letter | None:
    if not wanted:
        return None
    if wanted not in built:
        raise UserError(f'"{entry.id}" refers to "{wanted}", which is no earlier letter; mend the id or the time')
    return built[wanted]
