"""What stands in the documents that hang on a mail: read in a child process with limits of time and memory.

A document that gives no text is told as such, with the reason; rules then have a person look at it. Nothing of the
content is logged or kept: rules report offsets.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import structlog

from mailbot.mail import documents
from mailbot.mail.message import Attachment, Message, attachment_content
from mailbot.policy.model import AttachedText
from mailbot.work.document_reader import Document, lent

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What reading the documents of one mail may cost."""

    #: processor seconds of one child; waiting takes at most three times as long
    seconds: int = 10
    megabytes: int = 700
    #: octets of one document, and of all of one mail
    document: int = 30_000_000
    together: int = 80_000_000
    documents: int = 30


LIMITS = Limits()


def attachment_texts(raw: bytes, message: Message, limits: Limits = LIMITS) -> tuple[AttachedText, ...]:
    """Every attachment of `message` (parsed from `raw`) with its text, or the reason why there is none.

    Pictures shown inside the text are left out. Never raises for what is in a file.
    """
    attachments = message.body.attachments if message.body else ()
    found: list[AttachedText] = []
    waiting: list[Document] = []
    left = limits.together
    for number, attachment in enumerate(attachments):
        if attachment.inline and documents.form(attachment.filename, attachment.content_type) == "picture":
            continue
        document = _document(raw, number, attachment)
        if document is None:
            found.append(AttachedText(number, unread=_unread(attachment)))
        elif attachment.size > limits.document or attachment.size > left or len(waiting) >= limits.documents:
            found.append(AttachedText(number, unread="too_large"))
        else:
            left -= attachment.size
            waiting.append(document)
    found += _read(waiting, limits)
    return tuple(sorted(found, key=lambda one: one.number))


def _unread(attachment: Attachment) -> documents.Unread:
    kind = documents.form(attachment.filename, attachment.content_type)
    return "picture" if kind in ("picture", "sound") else "format"


def _document(raw: bytes, number: int, attachment: Attachment) -> Document | None:
    """What the child is to read; None where nobody could. Unknown forms are tried: their first octets may tell."""
    kind = documents.form(attachment.filename, attachment.content_type)
    if kind in ("picture", "sound"):
        return None
    return Document(number, kind, attachment_content(raw, attachment))


def _read(waiting: Sequence[Document], limits: Limits) -> Iterator[AttachedText]:
    """The texts in order. A child that dies over one document has read those before; a new one reads the rest."""
    while waiting:
        with lent() as reader:
            answers = reader.read(waiting, seconds=limits.seconds, megabytes=limits.megabytes)
        for document, answer in zip(waiting, answers, strict=False):
            yield AttachedText(document.number, text=answer.get("text", ""), unread=_reason(answer))
        if len(answers) < len(waiting):
            lost = waiting[len(answers)]
            log.warning("document_given_up", form=lost.form, octets=len(lost.content))
            yield AttachedText(lost.number, unread="gave_up")
        waiting = waiting[len(answers) + 1 :]


def _reason(answer: dict[str, str]) -> str | None:
    return None if "text" in answer else answer.get("unread", "damaged")
