"""What ties messages together: reply marks in subjects, Message-IDs they refer to, diary numbers."""

import re
from collections.abc import Iterable

from mailbot.mail.message import Message

#: a giant References field must not make linking slow; the newest ids are what matters
MAX_LINKED_IDS = 50
_SUBJECT_LIMIT = 1_000

#: reply and forward marks of mail programs in the Nordic languages, English, German, French, Spanish and Dutch;
#: "Re[2]:" and "Re(3):" count rounds
_REPLY_WORDS = "re|sv|svar|vs|aw|antw|rif|odp|vast|ref"
_FORWARD_WORDS = "vb|vbf|fw|fwd|vl|vidarebefordrat|videresend|videresendt|wg|tr|enc|ks|edelleen"
_MARK = re.compile(
    rf"(?:(?P<reply>{_REPLY_WORDS})|{_FORWARD_WORDS}|ang|angående|automatiskt svar|automatisk svar)"
    r"\.?\s?(?:\[\d{1,3}\]|\(\d{1,3}\)|\^\d{1,3})?\s?[:：]\s*",
    re.IGNORECASE,
)
#: "[byalaget] Möte", "[EXTERN]": lists and gateways; not "[KS 2026/12]", which names a case
_TAG = re.compile(r"\[[^\[\]\d]{1,40}\]\s*")


def normalise_subject(subject: str) -> str:
    """`subject` without any number of leading "Re:", "SV:", "VB:" and list tags, in lower case with single spaces.

    Equal results only propose that two messages belong together (design: "a matching subject only proposes that").
    """
    rest = " ".join(subject[:_SUBJECT_LIMIT].split())
    position = 0
    while match := _MARK.match(rest, position) or _TAG.match(rest, position):
        position = match.end()
    return rest[position:].casefold()


def is_reply(message: Message) -> bool:
    """Does the message answer another? By its header fields, else by the subject: some web mail drops the fields."""
    if message.in_reply_to or message.references:
        return True
    match = _MARK.match(message.subject.strip()[:_SUBJECT_LIMIT])
    return match is not None and match["reply"] is not None


def linked_ids(message: Message) -> tuple[str, ...]:
    """Message-IDs that `message` refers to: In-Reply-To, References from the newest, originals; each once, at most 50.

    RFC 5322 3.6.4 lists References oldest first.
    """
    wanted = dict.fromkeys((*message.in_reply_to, *reversed(message.references), *message.originals))
    wanted.pop(message.message_id or "", None)
    return tuple(wanted)[:MAX_LINKED_IDS]


def diary_number(text: str, patterns: Iterable[str]) -> str | None:
    """The first diary number in `text` that one of a configuration's `diary_pattern`s finds, with single spaces.

    `text` is read up to 20,000 characters. Patterns come from the administrator; an empty one finds nothing.
    """
    head = text[:20_000]
    found = [match for pattern in patterns if pattern and (match := re.search(rf"(?<!\w)(?:{pattern})(?!\d)", head))]
    if not found:
        return None
    return " ".join(min(found, key=lambda match: match.start())[0].split())
