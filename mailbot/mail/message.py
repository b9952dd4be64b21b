"""One parsed mail: the values every rule reads.

`parse_headers` and `parse` turn any bytes into a `Message` or raise `UnparsableMessage`; they never raise anything
else and their cost is linear in the size of the input.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mailbot.errors import MailbotError
from mailbot.mail.headers import Headers
from mailbot.mail.parts import Span


class UnparsableMessage(MailbotError):
    """These bytes are not a mail message; the text says why, without quoting them."""


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox of RFC 5322 section 3.4. Both fields come from the sender and are hostile."""

    name: str
    #: lower case; may lack a domain when the header was broken
    email: str

    @property
    def domain(self) -> str:
        return self.email.rpartition("@")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A part that is not the text a person reads first. `start` and `end` are offsets of its encoded body."""

    filename: str | None
    content_type: str
    #: octets after decoding the transfer encoding (estimated from the encoded length for base64)
    size: int
    inline: bool
    transfer_encoding: str
    start: int
    end: int


Protection = Literal["none", "signed", "encrypted"]
TextSource = Literal["plain", "html", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The decoded text and what hangs on it."""

    #: decoded text/plain, or the plain-text rendering of the HTML; line ends are "\n"
    text: str
    text_source: TextSource
    #: ordered, without gaps, together exactly `text`
    spans: tuple[Span, ...]
    attachments: tuple[Attachment, ...]
    protection: Protection
    #: METHOD of a text/calendar part (REQUEST, REPLY, CANCEL), upper case
    calendar_method: str | None
    #: RFC 6522 multipart/report
    is_report: bool

    def joined(self, kind: str) -> str:
        """The text of all spans of one kind ("new", "signature", "quoted"), in order."""
        return "".join(self.text[span.start : span.end] for span in self.spans if span.kind == kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Parsed content, the same wherever a copy of it lies. `body` is None when only headers were read."""

    headers: Headers
    #: with angle brackets; None when missing or unusable
    message_id: str | None
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    #: decoded, one line, no control characters
    subject: str
    from_: tuple[Address, ...]
    #: the Sender field (RFC 5322 3.6.2), when present
    sender: Address | None
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    #: aware UTC; None when missing or out of range
    date: datetime | None
    #: octets of the raw message (of the header block when only that was read)
    size: int
    body: Body | None
    #: what was wrong with the bytes, as short fixed words: "charset", "boundary", "depth", "header_line" ...
    defects: tuple[str, ...] = ()

    @property
    def author(self) -> Address:
        """The first From address, or an empty address when there is none."""
        return self.from_[0] if self.from_ else Address("", "")

    @property
    def asker(self) -> Address:
        """Where an answer belongs (RFC 5322 3.6.2): Reply-To, else From."""
        return self.reply_to[0] if self.reply_to else self.author

    @property
    def recipients(self) -> tuple[Address, ...]:
        return self.to + self.cc


def parse_headers(raw: bytes) -> Message:
    """A message of which only the header block is known (`body` is None)."""
    raise NotImplementedError


def parse(raw: bytes, *, own_signature_lines: Sequence[str] = ()) -> Message:
    """The whole message, read in one linear pass."""
    raise NotImplementedError


def attachment_content(raw: bytes, attachment: Attachment) -> bytes:
    """The decoded content of one attachment of `raw`."""
    raise NotImplementedError
