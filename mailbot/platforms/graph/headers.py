"""From the properties of a message to its header block, without its content leaving the mailbox.

Received mail keeps its header (`internetMessageHeaders`). What was written in Outlook never had one before it was sent:
for the copy in Sent it is put together from the properties that Exchange makes the header of.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mailbot.platforms.graph.answers import Json
from mailbot.platforms.outlook_header import Mailbox, Written, header_block

#: MAPI properties In-Reply-To and References (MS-OXPROPS 2.721, 2.726), which Graph has no property of its own for
IN_REPLY_TO, REFERENCES = "String 0x1042", "String 0x1039"
HEADER_PROPERTIES = (IN_REPLY_TO, REFERENCES)
SELECT = (
    "internetMessageHeaders,internetMessageId,subject,from,sender,replyTo,toRecipients,ccRecipients,bccRecipients,"
    "sentDateTime,receivedDateTime"
)


def expand(*ids: str) -> str:
    """The extended properties with these ids, to be asked for with a message."""
    wanted = " or ".join(f"id eq '{each}'" for each in ids)
    return f"singleValueExtendedProperties($filter={wanted})"


def header_of(message: Json) -> bytes:
    """A header block (RFC 5322) that ends with the empty line."""
    told = message.get("internetMessageHeaders") or ()
    fields = [(str(each.get("name") or ""), str(each.get("value") or "")) for each in told]
    if not any(name.lower() in ("from", "message-id") for name, _ in fields):
        fields = [*_written(message).fields(), *fields]
    return header_block(fields)


def instant(text: object) -> datetime | None:
    """A time as Graph writes it, aware UTC."""
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def extended(message: Json, property_id: str) -> str:
    """The value of an extended property that came along, "" where none did."""
    told = message.get("singleValueExtendedProperties") or ()
    wanted = _comparable(property_id)
    return next((str(each.get("value") or "") for each in told if _comparable(str(each.get("id"))) == wanted), "")


def _comparable(property_id: str) -> str:
    """Graph writes the tag of a property as it likes: 0x0E08 that was asked for comes as 0xe08."""
    kind, _, tag = property_id.lower().partition(" 0x")
    return f"{kind} 0x{tag.lstrip('0')}"


def _written(message: Json) -> Written:
    return Written(
        message_id=str(message.get("internetMessageId") or ""),
        date=instant(message.get("sentDateTime")) or instant(message.get("receivedDateTime")),
        from_=_mailboxes([message.get("from") or message.get("sender")]),
        reply_to=_mailboxes(message.get("replyTo")),
        to=_mailboxes(message.get("toRecipients")),
        cc=_mailboxes(message.get("ccRecipients")),
        bcc=_mailboxes(message.get("bccRecipients")),
        subject=str(message.get("subject") or ""),
        in_reply_to=extended(message, IN_REPLY_TO),
        references=extended(message, REFERENCES),
    )


def _mailboxes(recipients: Any) -> list[Mailbox]:
    addresses: list[Mapping[str, Any]] = [(each or {}).get("emailAddress") or {} for each in recipients or ()]
    return [(str(each.get("name") or ""), str(each.get("address") or "")) for each in addresses]
