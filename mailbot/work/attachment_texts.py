"""What stands in the documents that hang on a mail: read in a child process with limits of time and memory.

A document that gives no text is told as such, with the reason; rules then have a person look at it. Nothing of the
content is logged or kept: rules report offsets.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mailbot.log import get_logger
from mailbot.mail import documents
from mailbot.mail.left_out import is_left_out
from mailbot.mail.message import Attachment, Message, attachment_content
from mailbot.policy.model import AttachedText
from mailbot.work.document_reader import Document, lent

log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What reading the documents of one mail may cost."""

    #: processor seconds of the child for one mail; waiting takes at most three times as long
    seconds: int = 10
    megabytes: int = 700
    #: octets of one document, and of all of one mail
    document: int = 5_000_000
    together: int = 20_000_000
    documents: int = 30


LIMITS = Limits()


def attachment_texts(raw: bytes, message: Message, limits: Limits = LIMITS) -> tuple[AttachedText, ...]:
    """Every attachment of `message` (parsed from `raw`) with its text, or the reason why there is none.

    Pictures shown inside the text are left out. Never raises for what is in a file.
    """
    attachments = message.body.attachments if message.body else ()
    found: list[AttachedText] = []
    waiting: list[Document] = []
    left, taken = limits.together, 0
    for number, attachment in enumerate(attachments):
        kind = documents.form(attachment.filename, attachment.content_type)
        if kind in ("picture", "sound"):
            if not (attachment.inline and kind == "picture"):
                found.append(AttachedText(number, unread="picture"))
            continue
        if _is_too_large(raw, attachment, min(limits.document, left)) or taken >= limits.documents:
            found.append(AttachedText(number, unread="too_large"))
            continue
        left, taken = left - attachment.size, taken + 1
        content = attachment_content(raw, attachment)
        text = documents.plain_text(content) if kind == "text" else None
        if text is not None:
            found.append(AttachedText(number, text=text))
        else:  # unknown forms are tried: their first octets may tell
            waiting.append(Document(number, kind, content))
    found += _read(waiting, limits)
    return tuple(sorted(found, key=lambda one: one.number))


def _is_too_large(raw: bytes, attachment: Attachment, limit: int) -> bool:
    """Also what a server was not asked for because of its size."""
    return attachment.size > limit or is_left_out(raw, attachment.start, attachment.end)


def _read(waiting: Sequence[Document], limits: Limits) -> Iterator[AttachedText]:
    """The texts in order. A child that dies over one document has read those before; a new one reads the rest."""
    while waiting:
        with lent(limits.megabytes) as reader:
            answers = reader.read(waiting, seconds=limits.seconds)
        for document, answer in zip(waiting, answers, strict=False):
            yield AttachedText(document.number, text=answer.get("text", ""), unread=_reason(answer))
        if len(answers) < len(waiting):
            lost = waiting[len(answers)]
            log.warning("document_given_up", form=lost.form, octets=len(lost.content))
            yield AttachedText(lost.number, unread="gave_up")
        waiting = waiting[len(answers) + 1 :]


def _reason(answer: dict[str, str]) -> str | None:
    return None if "text" in answer else answer.get("unread", "damaged")
