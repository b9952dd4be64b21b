"""From a rendered text to finished RFC 5322 bytes: the same input always gives the same bytes (invariant 2)."""

import re
from base64 import encodebytes
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from typing import Literal

from mailbot.mail.message import Address
from mailbot.render.templates import Rendered

AutoSubmitted = Literal["auto-replied", "auto-generated"]

_CRLF = b"\r\n"
#: RFC 5322 2.1.1 asks for lines of at most 78 characters
_LINE = 78
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_DOT_ATOM = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*")
_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]+>")
#: what fits a header line of 998 characters (RFC 5322 2.1.1) together with its name
_LONGEST_WORD = 900
_WITHOUT_QUOTES = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")


def compose(
    rendered: Rendered,
    *,
    from_: Address,
    to: Sequence[str],
    message_id: str,
    date: datetime,
    reply_to: str | None = None,
    in_reply_to: str | None = None,
    references: Sequence[str] = (),
    auto_submitted: AutoSubmitted | None,
    original: bytes | None = None,
    original_name: str | None = None,
    event: bytes | None = None,
) -> bytes:
    """A mail with text and HTML, and the untouched `original` as message/rfc822, or the calendar file `event`, when it
    is given.

    `date` is an aware instant. Addresses, names, ids and the subject may be hostile: they can neither add a header
    field nor end one. Ids that are none are left out. Lines end in CRLF, those of `original` as they are.
    """
    fields = [
        ("From", _mailbox(from_.email, from_.name)),
        ("To", ", ".join(_mailbox(address) for address in to)),
        ("Subject", rendered.subject),
        ("Date", format_datetime(date.astimezone(UTC))),
        ("Message-ID", message_id),
        ("Reply-To", _mailbox(reply_to) if reply_to else ""),
        ("In-Reply-To", " ".join(_ids((in_reply_to or "",)))),
        ("References", " ".join(_ids(references))),
        ("MIME-Version", "1.0"),
        ("Content-Language", rendered.language),
        *_automatic(auto_submitted),
    ]
    lines = [_field(name, value) for name, value in fields if value]
    content = _with_event(rendered, message_id, event) if event is not None else None
    return b"".join([*lines, *(content or _content(rendered, message_id, original, original_name))])


def _automatic(auto_submitted: AutoSubmitted | None) -> Iterator[tuple[str, str]]:
    if auto_submitted is None:
        return
    # RFC 3834 section 5; Exchange heeds only its own field (MS-OXCMAIL 2.1.3.2.20), older programs only Precedence.
    yield "Auto-Submitted", auto_submitted
    yield "X-Auto-Response-Suppress", "All"
    if auto_submitted == "auto-replied":
        yield "Precedence", "bulk"


# --- header fields --------------------------------------------------------------------------------------------------


def _field(name: str, value: str) -> bytes:
    """One folded header line. Text outside ASCII, or that could be read as an encoded word, is encoded (RFC 2047)."""
    value = _one_line(value)
    if name == "Subject" and (not value.isascii() or "=?" in value or max(map(len, value.split(" "))) > _LONGEST_WORD):
        encoded = Header(value, "utf-8", header_name=name, maxlinelen=_LINE - 2).encode(linesep="\r\n")
        return f"{name}: {encoded}".encode("ascii") + _CRLF
    # addresses outside ASCII need a server that speaks RFC 6531, and their header fields are UTF-8 (RFC 6532)
    return _folded(f"{name}: {value}").encode("utf-8") + _CRLF


def _folded(line: str) -> str:
    """`line` broken before words only: a Message-ID or address must stay in one piece."""
    lines, width = [""], 0
    for number, word in enumerate(line.split(" ")):
        if number > 1 and width + 1 + len(word) > _LINE and width > 0:
            lines.append(f" {word}")
            width = 1 + len(word)
        else:
            lines[-1] += f" {word}" if number else word
            width += len(word) + (number > 0)
    return "\r\n".join(lines)


def _one_line(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()


def _mailbox(address: str, name: str = "") -> str:
    """`name <address>` as RFC 5322 3.4 writes it. A local part that is no dot-atom is quoted."""
    local, at, domain = re.sub(r"[\s<>,;]", "", _one_line(address)).rpartition("@")
    if not at:
        local, domain = domain, ""
    if not _DOT_ATOM.fullmatch(local):
        inner = local[1:-1] if len(local) > 1 and local[0] == local[-1] == '"' else local
        local = '"' + re.sub(r'(["\\])', r"\\\1", re.sub(r"\\(.)", r"\1", inner)) + '"'
    domain = re.sub(r"[^\w.:\[\]-]", "", domain)
    spec = f"{local}@{domain}" if at else local
    return f"{_phrase(_one_line(name))} <{spec}>" if name else f"<{spec}>"


def _phrase(name: str) -> str:
    if not name.isascii() or "=?" in name:
        return Header(name, "utf-8", header_name="From", maxlinelen=10_000).encode()
    return name if _WITHOUT_QUOTES.fullmatch(name) else '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'


def _ids(candidates: Sequence[str]) -> list[str]:
    return [
        found for found in map(str.strip, candidates) if _MESSAGE_ID.fullmatch(found) and len(found) <= _LONGEST_WORD
    ]


# --- content --------------------------------------------------------------------------------------------------------


def _content(rendered: Rendered, message_id: str, original: bytes | None, original_name: str | None) -> Iterator[bytes]:
    """Content fields, the empty line, and the body."""
    texts = EmailMessage(policy=SMTP)
    # quoted-printable passes servers without 8BITMIME unchanged
    texts.set_content(rendered.text, cte="quoted-printable")
    texts.add_alternative(rendered.html, subtype="html", cte="quoted-printable")
    texts.set_boundary(_boundary("text", message_id, b""))
    del texts["MIME-Version"]
    alternative = texts.as_bytes()
    if original is None:
        yield alternative
        return
    boundary = _boundary("mail", message_id, original).encode("ascii")
    delimiter = _CRLF + b"--" + boundary
    yield b'Content-Type: multipart/mixed; boundary="' + boundary + b'"' + _CRLF + _CRLF
    yield delimiter[len(_CRLF) :] + _CRLF + alternative
    # RFC 2046 5.2.1: only 7bit, 8bit or binary are allowed here, so nothing of the original is ever encoded
    encoding = b"7bit" if original.isascii() else b"8bit"
    yield delimiter + _CRLF + b"Content-Type: message/rfc822" + _CRLF
    yield b"Content-Transfer-Encoding: " + encoding + _CRLF
    yield b'Content-Disposition: attachment; filename="' + _file_name(original_name) + b'"' + _CRLF + _CRLF
    yield original
    yield delimiter + b"--" + _CRLF


def _with_event(rendered: Rendered, message_id: str, event: bytes) -> list[bytes]:
    """The same with a calendar file (RFC 5545) that mail programs offer to open."""
    boundary = _boundary("event", message_id, event).encode("ascii")
    return [
        b'Content-Type: multipart/mixed; boundary="' + boundary + b'"' + _CRLF + _CRLF,
        b"--" + boundary + _CRLF + b"".join(_content(rendered, message_id, None, None)),
        _CRLF + b"--" + boundary + _CRLF + b"Content-Type: text/calendar; charset=utf-8; method=PUBLISH" + _CRLF,
        b"Content-Transfer-Encoding: base64" + _CRLF,
        b'Content-Disposition: attachment; filename="absence.ics"' + _CRLF + _CRLF,
        encodebytes(event).replace(b"\n", _CRLF),
        b"--" + boundary + b"--" + _CRLF,
    ]


def _boundary(purpose: str, message_id: str, content: bytes) -> str:
    """Derived from the Message-ID, and never a line of `content`."""
    attempt = 0
    while True:
        seed = f"{purpose} {attempt} {message_id}".encode("utf-8", "replace")
        boundary = f"=_{sha256(seed).hexdigest()[:32]}"
        if boundary.encode("ascii") not in content:
            return boundary
        attempt += 1


def _file_name(name: str | None) -> bytes:
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name or "").strip("-.")[:80]
    return (plain or "original.eml").encode("ascii")
