"""A large message of Exchange without the content of its attachments (see `without_attachments`)."""

from mailbot.platforms.ews.xml import Element, each, first, text
from mailbot.platforms.without_attachments import LeftBehind, rebuilt

#: item:Body in the form in which it was written
FIELDS = ("item:Body", "item:Attachments")


def without_attachments(header: bytes, item: Element) -> bytes:
    """A message with this header block, the item's body, and its attachments left out."""
    body = first(item, "t:Body")
    is_html = body is not None and body.get("BodyType") == "HTML"
    written = (body.text or "") if body is not None else ""
    return rebuilt(header, written, is_html=is_html, attachments=map(_left, each(item, "t:Attachments/*")))


def _left(attachment: Element) -> LeftBehind:
    return LeftBehind(
        name=text(attachment, "t:Name"),
        content_type=text(attachment, "t:ContentType"),
        is_inline=text(attachment, "t:IsInline") == "true",
        is_message=attachment.tag.endswith("}ItemAttachment"),
    )
