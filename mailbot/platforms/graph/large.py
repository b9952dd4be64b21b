"""Mail larger than one request may be: what it carries is uploaded to the draft piece by piece.

Microsoft Graph takes at most 4 MB at a time, and MIME in base64. Parts that do not fit are taken out of the mail and
attached to the draft as files, byte for byte: an enclosed original becomes the file `original.eml`, not a message that
Exchange would rebuild (learn.microsoft.com/graph/outlook-large-attachments).
"""

import base64
import email
import email.policy
from dataclasses import dataclass
from email.message import Message

from mailbot.errors import PermanentError
from mailbot.platforms.graph.answers import Json, Question
from mailbot.platforms.graph.client import IMMUTABLE, GraphClient, path

#: 4 MB of base64
LARGEST_MIME = 3_000_000
#: from here on a file needs an upload session; smaller ones must not have one
_SESSION_FROM = 3 * 1024 * 1024
_LARGEST_FILE = 150 * 1024 * 1024
#: at most 4 MB; a multiple of 320 KiB, as upload sessions of Graph want it
_PIECE = 12 * 320 * 1024


class TooLargeToCarry(PermanentError):
    """No way leads this mail into Exchange."""


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    content_type: str
    content: bytes


def divided(raw: bytes) -> tuple[bytes, list[Attachment]]:
    """The mail as it fits one request, and what is attached to it afterwards, largest first taken out."""
    if len(raw) <= LARGEST_MIME:
        return raw, []
    whole = email.message_from_bytes(raw, policy=email.policy.compat32)
    parts = whole.get_payload()
    if not isinstance(parts, list) or whole.get_content_type() != "multipart/mixed":
        raise TooLargeToCarry(f"the mail has {len(raw)} bytes and nothing that could be attached apart")
    taken: list[Attachment] = []
    for part in sorted(parts[1:], key=lambda each: -len(each.as_bytes())):
        if len(raw) - sum(len(each.content) for each in taken) <= LARGEST_MIME:
            break
        taken.append(_attachment(raw, part))
        parts.remove(part)
    skeleton = whole.as_bytes(policy=email.policy.SMTP)
    if len(skeleton) > LARGEST_MIME or any(len(each.content) > _LARGEST_FILE for each in taken):
        raise TooLargeToCarry(f"the mail has {len(raw)} bytes, and Exchange takes files of 150 MB at most")
    return skeleton, taken


def _attachment(raw: bytes, part: Message) -> Attachment:
    name = part.get_filename() or "original.eml"
    if part.get_content_type() != "message/rfc822":
        content = part.get_payload(decode=True)
        return Attachment(name, part.get_content_type(), content if isinstance(content, bytes) else b"")
    return Attachment(name, "message/rfc822", _enclosed(raw, part))


def _enclosed(raw: bytes, part: Message) -> bytes:
    """The bytes of the enclosed mail as they stand, not as a parser would write them anew."""
    parsed = email.message_from_bytes(raw)
    boundary = b"--" + str(parsed.get_boundary()).encode()
    for piece in raw.split(b"\r\n" + boundary)[1:]:
        head, _, content = piece.partition(b"\r\n\r\n")
        if b"content-type: message/rfc822" in head.lower():
            return content
    return part.get_payload(0).as_bytes()  # type: ignore[union-attr]


def upload(client: GraphClient, mailbox: str, draft_id: str, attachment: Attachment) -> None:
    where = ("users", mailbox, "messages", draft_id, "attachments")
    if len(attachment.content) < _SESSION_FROM:
        body: Json = {
            "@odata.type": "#microsoft.graph.fileAttachment",
            "name": attachment.name,
            "contentType": attachment.content_type,
            "contentBytes": base64.b64encode(attachment.content).decode(),
        }
        client.ask(Question("POST", path(*where), mailbox, "Mail.ReadWrite", body=body, prefer=(IMMUTABLE,)))
        return
    size = len(attachment.content)
    item = {"attachmentType": "file", "name": attachment.name, "contentType": attachment.content_type, "size": size}
    question = Question(
        "POST", path(*where, "createUploadSession"), mailbox, "Mail.ReadWrite", body={"AttachmentItem": item},
        prefer=(IMMUTABLE,),
    )  # fmt: skip
    url = str(client.ask(question).json()["uploadUrl"])
    for start in range(0, size, _PIECE):
        piece = attachment.content[start : start + _PIECE]
        client.put(url, piece, f"bytes {start}-{start + len(piece) - 1}/{size}")
