"""From a finished mail to what one SMTP server can carry, without ever touching an attached original.

Our own parts may be encoded anew; the original inside message/rfc822 may not (RFC 2046 section 5.2.1 forbids it, and a
registrar needs what was received). What then cannot go raises CannotCarry, and the caller says where the original lies.
"""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser
from io import BytesIO

from mailbot.errors import PermanentError
from mailbot.platforms.sending import CannotCarry, OutgoingMail

_CRLF = b"\r\n"
#: RFC 5321 4.5.3.1.6: a text line has at most 1,000 octets with its CRLF
_LONGEST_LINE = 998
_ENCODING_FIELD = re.compile(rb"^content-transfer-encoding:[^\n]*(?:\n[ \t][^\n]*)*\n?", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a server says it can take (RFC 6152, RFC 6531, RFC 1870)."""

    eight_bit: bool = False
    utf8: bool = False
    #: octets; None: no limit announced
    size_limit: int | None = None


@dataclass(frozen=True, slots=True)
class Carriage:
    """A mail in the form in which it goes over the wire, before dot-stuffing."""

    content: bytes
    envelope_from: str
    recipients: tuple[str, ...]
    needs_utf8: bool
    eight_bit: bool

    def parameters(self, offer: Offer) -> str:
        """What follows MAIL FROM:<...>, with a space before each."""
        words = [f" SIZE={len(self.content)}"] if offer.size_limit is not None else []
        words += [" BODY=8BITMIME"] if self.eight_bit and offer.eight_bit else []
        words += [" SMTPUTF8"] if self.needs_utf8 else []
        return "".join(words)


def carriage(mail: OutgoingMail, offer: Offer) -> Carriage:
    """The mail for a server with this `offer`.

    Raises CannotCarry when that would alter an attached original or the mail is too large, PermanentError when an
    address needs SMTPUTF8 and the server does not offer it, or is none.
    """
    content = _with_line_ends(mail.raw)
    addresses = (mail.envelope_from, *mail.recipients)
    head, separator, body = content.partition(_CRLF + _CRLF)
    if not offer.utf8 and not (all(map(str.isascii, addresses)) and head.isascii()):
        names = {address: _ascii_domain(address) for address in addresses}
        for address, spelled in names.items():
            head = head.replace(address.encode(), spelled.encode())
        addresses = tuple(names[address] for address in addresses)
        if not (all(map(str.isascii, addresses)) and head.isascii()):
            raise PermanentError("an address outside ASCII needs a server with SMTPUTF8 (RFC 6531), and this has none")
        content = head + separator + body
    if not offer.eight_bit:
        content = _seven_bit(content)
    if offer.size_limit and len(content) > offer.size_limit:
        raise CannotCarry(f"{len(content)} octets are more than the server's {offer.size_limit}", "too_large")
    for address in addresses:
        _check_address(address)
    return Carriage(
        content,
        addresses[0],
        addresses[1:],
        needs_utf8=not (all(map(str.isascii, addresses)) and head.isascii()),
        eight_bit=not content.isascii(),
    )


def stuffed(content: bytes) -> bytes:
    """`content` ending in CRLF, with the dots that RFC 5321 4.5.2 adds."""
    content = content if content.endswith(_CRLF) else content + _CRLF
    stuffed_lines = content.replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed_lines if stuffed_lines.startswith(b".") else stuffed_lines


def _check_address(address: str) -> None:
    """An envelope address must not be able to end its command (RFC 5321 4.1.2)."""
    forbidden = "<>" if address.startswith('"') else "<> "
    if any(character in forbidden or not character.isprintable() for character in address):
        raise PermanentError("an address holds characters that no address may hold")


def _ascii_domain(address: str) -> str:
    local, at, domain = address.rpartition("@")
    try:
        return f"{local}{at}{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return address


# --- lines ----------------------------------------------------------------------------------------------------------


def _with_line_ends(raw: bytes) -> bytes:
    """Lines end in CRLF on the wire (RFC 5321 2.3.8). A file that has LF throughout means the same (RFC 2049 section
    4); loose ends among CRLFs are content, and no server carries them unaltered."""
    content = _ended(raw)
    # Iterating over a BytesIO copies no more than a line.
    if any(len(line) > _LONGEST_LINE + len(_CRLF) for line in BytesIO(content)):
        raise CannotCarry(f"a line is longer than {_LONGEST_LINE} octets", "line_ends")
    return content


def _ended(part: bytes) -> bytes:
    if part.count(_CRLF) == part.count(b"\n") == part.count(b"\r"):
        return part
    if b"\r" not in part:
        return part.replace(b"\n", _CRLF)
    head, separator, body = part.partition(_CRLF + _CRLF)
    fields = _fields(head)
    if fields.get_content_maintype() == "multipart":
        return head + separator + _each_part(body, fields, _ended)
    if fields.get_content_maintype() == "message" and b"\r" not in body:
        return head + separator + body.replace(b"\n", _CRLF)
    raise CannotCarry("lines end in different ways", "line_ends")


# --- encodings ------------------------------------------------------------------------------------------------------


def _seven_bit(part: bytes) -> bytes:
    """`part` with everything of ours in 7 bits."""
    if part.isascii():
        return part
    head, separator, body = part.partition(_CRLF + _CRLF)
    fields = _fields(head)
    if not head.isascii():
        raise CannotCarry("header fields outside ASCII", "eight_bit")
    if fields.get_content_maintype() == "multipart":
        return _relabelled(head, "7bit") + separator + _each_part(body, fields, _seven_bit)
    if fields.get_content_maintype() == "message":
        raise CannotCarry("the attached original has 8-bit content, which this server cannot take", "eight_bit")
    if fields.get_content_maintype() == "text":
        lines = binascii.b2a_qp(body.replace(_CRLF, b"\n"), istext=True).replace(b"\n", _CRLF)
        return _relabelled(head, "quoted-printable") + separator + lines
    return _relabelled(head, "base64") + separator + base64.encodebytes(body).replace(b"\n", _CRLF)


def _relabelled(head: bytes, encoding: str) -> bytes:
    kept = _ENCODING_FIELD.sub(b"", head + _CRLF).removesuffix(_CRLF)
    return kept + _CRLF + b"Content-Transfer-Encoding: " + encoding.encode()


def _each_part(body: bytes, fields: Message, change: Callable[[bytes], bytes]) -> bytes:
    """The body of a multipart with every part changed; preamble, delimiters and epilogue stay."""
    boundary = fields.get_boundary()
    if not boundary:
        return body
    delimiter = b"--" + boundary.encode("ascii", "replace")
    first, *others = (_CRLF + body).split(_CRLF + delimiter)
    parts = [part if part.startswith(b"--") else _CRLF + change(part.removeprefix(_CRLF)) for part in others]
    return (_CRLF + delimiter).join([first, *parts]).removeprefix(_CRLF)


def _fields(head: bytes) -> Message:
    return BytesHeaderParser().parsebytes(head)
