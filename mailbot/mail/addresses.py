"""Address lists (RFC 5322 3.4 and 4.4) as senders really write them.

The standard library's `getaddresses` recurses on nested comments, changed its answer to damaged lists between patch
releases of one Python version (`strict`), and wants encoded words decoded first, which turns an encoded comma into a
separator. This scanner takes raw octets, is linear and iterative, and always yields something a person recognises.
"""

import re
from dataclasses import dataclass, field

from mailbot.mail.charset import decode, one_line
from mailbot.mail.encoded_words import ENCODED_WORD, decode_field
from mailbot.mail.headers import MAX_FIELD_OCTETS


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox of RFC 5322 section 3.4. Both fields come from the sender and are hostile."""

    name: str
    #: lower case; may lack a domain when the header was broken
    email: str

    @property
    def domain(self) -> str:
        _, at, domain = self.email.rpartition("@")
        return domain if at else ""


_ATOM = rb"[^\s\"(),:;<>\\@\x00-\x1f]"
#: what nearly all mail has: one mailbox, a plain or quoted name
_ORDINARY = re.compile(
    rb'[ \t]*+(?:"([^"\\=\r\n]*+)"|([^"(),:;<>\\=@\r\n]*+))[ \t]*+<(' + _ATOM + rb"++@" + _ATOM + rb"++)>\s*+"
)
#: the same with a name in encoded words, as Nordic names mostly come
_ORDINARY_ENCODED = re.compile(
    rb"[ \t]*+(?P<name>(?>(?:" + ENCODED_WORD + rb"[ \t]*+)+))<(?P<email>" + _ATOM + rb"++@" + _ATOM + rb"++)>\s*+"
)
_TOKEN = re.compile(
    rb"(?P<space>\s++)"
    rb"|(?P<word>" + ENCODED_WORD + rb")"
    rb"|(?P<quoted>\"[^\"\\]*+(?>(?:\\.[^\"\\]*+)*)\")"
    rb"|(?P<angle><[^<>]*+>)"
    rb"|(?P<atom>[^\s\"(),:;<>\\=]++)"
    rb"|(?P<other>.)",
    re.DOTALL,
)
_IN_COMMENT = re.compile(rb"[()]|\\.", re.DOTALL)
_QUOTED_PAIR = re.compile(rb"\\(.)", re.DOTALL)


@dataclass(slots=True)
class _Mailbox:
    """What has been read of the mailbox at hand: words with whether white space came before them."""

    words: list[tuple[bool, bytes]] = field(default_factory=list)
    comment: bytes = b""
    angle: bytes | None = None


def parse_addresses(raw: bytes) -> tuple[Address, ...]:
    """The mailboxes of one address field, groups dissolved into their members, in order.

    Names are decoded; addresses are lower-cased, internationalised ones left as they are. Empty entries are dropped.
    """
    ordinary = _ORDINARY.fullmatch(raw)
    if ordinary is not None:
        name = ordinary[2] if ordinary[1] is None else ordinary[1]
        return (Address(one_line(decode(name)[0]), _email(ordinary[3])),)
    encoded = _ORDINARY_ENCODED.fullmatch(raw)
    if encoded is not None:
        return (Address(decode_field(encoded["name"]), _email(encoded["email"])),)
    found = [_finish(mailbox) for mailbox in _scan(raw[:MAX_FIELD_OCTETS])]
    return tuple(address for address in found if address.email or address.name)


def _scan(raw: bytes) -> list[_Mailbox]:
    mailboxes = [_Mailbox()]
    position, spaced, comments_close, quotes_close = 0, True, True, True
    while position < len(raw):
        token = _TOKEN.match(raw, position)
        assert token is not None, "the last alternative takes any octet"
        kind, text, position = token.lastgroup, token[0], token.end()
        current = mailboxes[-1]
        if text == b"(" and comments_close:
            end = _comment_end(raw, position)
            if end is None:  # nor will any later one: look no further, or "((((..." costs n * n
                comments_close = False
            else:
                current.comment = current.comment or raw[position : end - 1]
                position, spaced = end, True
        elif text == b'"' and quotes_close:
            # No closing quotation mark follows. Without this, every \" behind it would be tried again.
            quotes_close = False
            raw = raw[:position] + raw[position:].replace(b'"', b" ")
        elif kind == "angle":
            current.angle = text if current.angle is None else current.angle
        elif text in b",;":
            if current.words or current.angle is not None or current.comment:
                mailboxes.append(_Mailbox())
        elif text == b":":  # the name of a group ends here, or of an RFC 822 route outside of brackets
            mailboxes[-1] = _Mailbox()
        elif kind == "space":
            spaced = True
            continue
        elif text not in b'()<>\\"':
            current.words.append((spaced, text))
        spaced = kind == "space" or text in b",;:()"
    return mailboxes


def _comment_end(raw: bytes, position: int) -> int | None:
    """The position after the parenthesis that closes a comment (they nest); None when it never closes."""
    depth = 1
    for token in _IN_COMMENT.finditer(raw, position):
        if token[0] == b"(":
            depth += 1
        elif token[0] == b")":
            depth -= 1
            if depth == 0:
                return token.end()
    return None


def _finish(mailbox: _Mailbox) -> Address:
    words = _joined(mailbox.words)
    if mailbox.angle is not None:
        name = _name(words) or decode_field(mailbox.comment)
        return Address(name, _email(mailbox.angle[1:-1]))
    with_at = next((index for index, word in enumerate(words) if b"@" in word[1:]), None)
    if with_at is None:
        # "root" is a local part; "Anna Andersson" is a name whose address got lost
        return Address("", _email(words[0])) if len(words) == 1 else Address(_name(words), "")
    email = words.pop(with_at)
    return Address(_name(words) or decode_field(mailbox.comment), _email(email))


def _joined(words: list[tuple[bool, bytes]]) -> list[bytes]:
    """Words that touch, or that an "@" holds together (obsolete syntax allows white space around it), made one."""
    groups: list[list[bytes]] = []
    previous = b""
    for spaced, word in words:
        if groups and (not spaced or word.startswith(b"@") or previous.endswith(b"@")):
            groups[-1].append(word)
        else:
            groups.append([word])
        previous = word
    return [b"".join(group) for group in groups]


def _name(words: list[bytes]) -> str:
    return decode_field(b" ".join(_unquoted(word) for word in words))


def _unquoted(word: bytes) -> bytes:
    if len(word) >= 2 and word.startswith(b'"') and word.endswith(b'"'):
        return _QUOTED_PAIR.sub(rb"\1", word[1:-1])
    return word


def _email(raw: bytes) -> str:
    """An addr-spec in lower case, without route, white space, comments or control characters."""
    if raw.startswith(b"@"):  # RFC 5322 4.4: a route, to be ignored
        raw = raw.rpartition(b":")[2]
    text = one_line(decode(raw)[0])
    local, at, domain = text.rpartition("@")
    if local.startswith('"') and local.endswith('"') and len(local) > 1:
        return f"{local}{at}{''.join(domain.split())}".lower()
    return "".join(text.split()).lower().removeprefix("mailto:")
