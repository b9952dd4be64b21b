"""The header of mail that was written in Outlook or came from within the organisation: it has no transport headers."""

from mailbot.platforms.ews.xml import Element, each, first, instant, text
from mailbot.platforms.outlook_header import Mailbox, Written, header_block

FIELDS = (
    "item:Subject",
    "item:InReplyTo",
    "item:DateTimeSent",
    "item:DateTimeReceived",
    "message:ToRecipients",
    "message:CcRecipients",
    "message:From",
    "message:InternetMessageId",
    "message:References",
    "message:ReplyTo",
)


def header_of(item: Element) -> bytes:
    """A header block (RFC 5322) made of the item's properties, `FIELDS`."""
    written = Written(
        message_id=text(item, "t:InternetMessageId"),
        date=instant(text(item, "t:DateTimeSent")) or instant(text(item, "t:DateTimeReceived")),
        from_=_mailboxes(item, "t:From"),
        reply_to=_mailboxes(item, "t:ReplyTo"),
        to=_mailboxes(item, "t:ToRecipients"),
        cc=_mailboxes(item, "t:CcRecipients"),
        subject=text(item, "t:Subject"),
        in_reply_to=text(item, "t:InReplyTo"),
        references=text(item, "t:References"),
    )
    return header_block(written.fields())


def _mailboxes(item: Element, path: str) -> list[Mailbox]:
    holder = first(item, path)
    if holder is None:
        return []
    return [(text(one, "t:Name"), text(one, "t:EmailAddress")) for one in each(holder, "t:Mailbox")]
