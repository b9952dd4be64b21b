"""One parsed mail: the values every rule reads.

`parse_headers` and `parse` turn any bytes into a `Message` or raise `UnparsableMessage`; they never raise anything
else and their cost is linear in the size of the input.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mailbot.errors import MailbotError
from mailbot.mail import transfer
from mailbot.mail.addresses import Address, parse_addresses
from mailbot.mail.body import Attachment, Body, Protection, TextSource, read_body
from mailbot.mail.dates import parse_date
from mailbot.mail.headers import MAX_FIELD_OCTETS, HeaderBlock, Headers, read_block, skip_leading
from mailbot.mail.identifiers import identifiers, message_id
from mailbot.mail.mime import walk

__all__ = [
    "Address",
    "Attachment",
    "Body",
    "Message",
    "Protection",
    "TextSource",
    "UnparsableMessage",
    "attachment_content",
    "parse",
    "parse_headers",
]

#: characters of a subject that are kept
MAX_SUBJECT = 2_000

#: RFC 5322 3.6 and 3.6.7: at least one of these makes bytes a mail
_USABLE = frozenset(
    {
        "from", "sender", "reply-to", "to", "cc", "bcc", "subject", "date", "message-id", "in-reply-to", "references",
        "received", "return-path", "delivered-to",
    }
)  # fmt: skip
#: fields of which RFC 5322 3.6 allows one
_SINGLE = ("from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id", "content-type")


class UnparsableMessage(MailbotError):
    """These bytes are not a mail message; the text says why, without quoting them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Parsed content, the same wherever a copy of it lies. `body` is None when only headers were read."""

    headers: Headers
    #: with angle brackets; None when missing or unusable
    message_id: str | None
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    #: the Message-ID of the mail that Exchange passed on by rule, when this copy got one of its own; else empty
    originals: tuple[str, ...] = ()
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
    #: What was wrong with the bytes, as short fixed words, sorted. Missing or unusable: "from", "date", "message_id".
    #: Header: "header_line" (no field), "header_length" (cut), "header_repeated".
    #: Structure: "boundary", "depth", "parts", "transfer_encoding". Text: "charset" (undeclared or wrong), "truncated".
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
    """A message of which only the header block is known (`body` is None); `raw` may go on after it."""
    return _from_headers(_read_block(_with_line_feeds(raw)))


def parse(raw: bytes, *, own_signature_lines: Sequence[str] = (), known: Message | None = None) -> Message:
    """The whole message, read in one linear pass. `known`: what its header block, read before, came to."""
    text = _with_line_feeds(raw)
    block = _read_block(text)
    if known is not None and known.headers == block.headers:
        message = replace(known, defects=_header_defects(block, known.message_id, known.date))
    else:
        message = _from_headers(block)
    structure = walk(text, block.headers, block.body_start)
    body, defects = read_body(text, structure, own_signature_lines)
    all_defects = tuple(sorted(structure.defects.union(defects, message.defects)))
    return replace(message, size=len(raw), body=body, defects=all_defects)


def attachment_content(raw: bytes, attachment: Attachment) -> bytes:
    """The decoded content of one attachment of `raw`, the very bytes it was parsed from."""
    return transfer.decode(memoryview(raw)[attachment.start : attachment.end], attachment.transfer_encoding)


def _with_line_feeds(raw: bytes) -> bytes:
    """Old Macintosh files end lines with CR alone; offsets stay the same."""
    return raw.replace(b"\r", b"\n") if b"\n" not in raw and b"\r" in raw else raw


def _read_block(raw: bytes) -> HeaderBlock:
    block = read_block(raw, skip_leading(raw))
    if _USABLE.isdisjoint(block.headers.names()):
        raise UnparsableMessage("no header field of a mail message" if raw.strip() else "empty")
    return block


def _from_headers(block: HeaderBlock) -> Message:
    headers = block.headers
    subject = headers.get("subject") or ""
    identifier = message_id(headers.get("message-id"))
    date = parse_date(headers.get("date"))
    sender = _addresses(headers, "sender")
    return Message(
        headers=headers,
        message_id=identifier,
        in_reply_to=identifiers(" ".join(headers.get_all("in-reply-to"))),
        references=identifiers(" ".join(headers.get_all("references"))),
        originals=identifiers(headers.get("x-ms-exchange-parent-message-id") or "")[:1],
        subject=subject[:MAX_SUBJECT],
        from_=_addresses(headers, "from"),
        sender=sender[0] if sender else None,
        reply_to=_addresses(headers, "reply-to"),
        to=_addresses(headers, "to"),
        cc=_addresses(headers, "cc"),
        date=date,
        size=block.body_start,
        body=None,
        defects=_header_defects(block, identifier, date),
    )


def _addresses(headers: Headers, name: str) -> tuple[Address, ...]:
    """All fields of that name: programs that may not write To twice do, and each holds people who got the mail."""
    raw = headers.raw_all(name)
    if not raw:
        return ()
    return parse_addresses(raw[0]) if len(raw) == 1 else parse_addresses(b",".join(raw))


def _header_defects(block: HeaderBlock, identifier: str | None, date: datetime | None) -> tuple[str, ...]:
    headers = block.headers
    found = {
        "header_line": block.broken,
        "header_length": any(len(body) > MAX_FIELD_OCTETS for _, body in headers),
        "header_repeated": any(headers.count(name) > 1 for name in _SINGLE),
        "message_id": identifier is None,
        "from": headers.raw("from") is None,
        "date": date is None,
    }
    return tuple(sorted(word for word, wrong in found.items() if wrong))
