"""A header block for mail that was written in Outlook: it never had one, as it has not passed through transport.

Exchange makes the header when the mail leaves. For the copy in Sent it is put together here from the same properties,
so that no content has to leave the mailbox.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime

_LINE_ENDS = re.compile(r"[\r\n]+[ \t]*")
_FIELD_NAME = re.compile(r"[!-9;-~]+")
_PLAIN = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ .-]*")

#: (display name, address)
Mailbox = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What Outlook knows of a message; empty where it says nothing."""

    message_id: str = ""
    date: datetime | None = None
    from_: Sequence[Mailbox] = ()
    reply_to: Sequence[Mailbox] = ()
    to: Sequence[Mailbox] = ()
    cc: Sequence[Mailbox] = ()
    bcc: Sequence[Mailbox] = ()
    subject: str = ""
    in_reply_to: str = ""
    references: str = ""

    def fields(self) -> list[tuple[str, str]]:
        """Header fields (RFC 5322) in their usual order, empty ones left out."""
        made = (
            ("Message-ID", self.message_id),
            ("Date", format_datetime(self.date) if self.date else ""),
            ("From", _addresses(self.from_)),
            ("Reply-To", _addresses(self.reply_to)),
            ("To", _addresses(self.to)),
            ("Cc", _addresses(self.cc)),
            ("Bcc", _addresses(self.bcc)),
            ("Subject", _encoded(self.subject)),
            ("In-Reply-To", self.in_reply_to),
            ("References", self.references),
        )
        return [(name, value) for name, value in made if value]


def header_block(fields: Iterable[tuple[str, str]]) -> bytes:
    """A header block that ends with the empty line; no value can begin a field of its own."""
    lines = [f"{name}: {_LINE_ENDS.sub(' ', value)}" for name, value in fields if _FIELD_NAME.fullmatch(name)]
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("utf-8", "replace")


def _addresses(mailboxes: Iterable[Mailbox]) -> str:
    found = []
    for name, address in mailboxes:
        spec = re.sub(r"[\s<>,;]", "", address)
        if spec:
            found.append(f"{_phrase(name)} <{spec}>" if name and name != spec else f"<{spec}>")
    return ", ".join(found)


def _phrase(name: str) -> str:
    if _PLAIN.fullmatch(name) and "." not in name:
        return name
    if not name.isascii() or "=?" in name:
        return _encoded(name)
    return '"' + re.sub(r'(["\\])', r"\\\1", _LINE_ENDS.sub(" ", name)) + '"'


def _encoded(text: str) -> str:
    """Text as RFC 2047 wants it in a header; what could be read as an encoded word is encoded."""
    text = _LINE_ENDS.sub(" ", text)
    return text if text.isascii() and "=?" not in text else Header(text, "utf-8", maxlinelen=10_000).encode()
