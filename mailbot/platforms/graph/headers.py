"""From the properties of a message to its header block, without its content leaving the mailbox.

Received mail keeps its header (`internetMessageHeaders`). What was written in Outlook never had one before it was sent:
for the copy in Sent it is put together from the properties that Exchange makes the header of.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime
from typing import Any

from mailbot.platforms.graph.answers import Json

#: MAPI properties In-Reply-To and References (MS-OXPROPS 2.721, 2.726), which Graph has no property of its own for
IN_REPLY_TO, REFERENCES = "String 0x1042", "String 0x1039"
SELECT = (
    "internetMessageHeaders,internetMessageId,subject,from,sender,replyTo,toRecipients,ccRecipients,bccRecipients,"
    "sentDateTime,receivedDateTime"
)
EXPAND = f"singleValueExtendedProperties($filter=id eq '{IN_REPLY_TO}' or id eq '{REFERENCES}')"
_LINE_ENDS = re.compile(r"[\r\n]+[ \t]*")
_FIELD_NAME = re.compile(r"[!-9;-~]+")
_PLAIN = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ .-]*")


def header_block(message: Json) -> bytes:
    """A header block (RFC 5322) that ends with the empty line."""
    told = message.get("internetMessageHeaders") or ()
    fields = [(str(each.get("name") or ""), str(each.get("value") or "")) for each in told]
    if not any(name.lower() in ("from", "message-id") for name, _ in fields):
        fields = [*_made(message), *fields]
    lines = [f"{name}: {_LINE_ENDS.sub(' ', value)}" for name, value in fields if _FIELD_NAME.fullmatch(name)]
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("utf-8", "replace")


def instant(text: object) -> datetime | None:
    """A time as Graph writes it, aware UTC."""
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _made(message: Json) -> Iterator[tuple[str, str]]:
    extended = {
        str(each.get("id", "")).lower(): str(each.get("value") or "")
        for each in message.get("singleValueExtendedProperties") or ()
    }
    date = instant(message.get("sentDateTime")) or instant(message.get("receivedDateTime"))
    made: Sequence[tuple[str, str]] = (
        ("Message-ID", str(message.get("internetMessageId") or "")),
        ("Date", format_datetime(date) if date else ""),
        ("From", _addresses([message.get("from") or message.get("sender")])),
        ("Reply-To", _addresses(message.get("replyTo"))),
        ("To", _addresses(message.get("toRecipients"))),
        ("Cc", _addresses(message.get("ccRecipients"))),
        ("Bcc", _addresses(message.get("bccRecipients"))),
        ("Subject", _encoded(str(message.get("subject") or ""))),
        ("In-Reply-To", extended.get(IN_REPLY_TO.lower(), "")),
        ("References", extended.get(REFERENCES.lower(), "")),
    )
    yield from ((name, value) for name, value in made if value)


def _addresses(recipients: Any) -> str:
    found = []
    for each in recipients or ():
        address: Mapping[str, Any] = (each or {}).get("emailAddress") or {}
        spec = re.sub(r"[\s<>,;]", "", str(address.get("address") or ""))
        name = str(address.get("name") or "")
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
