"""Which mail came back undelivered: delivery reports (RFC 3464), and the forms of programs that never took them up."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailbot.mail.message import Message, UnparsableMessage, attachment_content, parse_headers

_REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RETURNED = frozenset({"message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"})
_MOST_OCTETS = 200_000

_ACTION = re.compile(r"^Action:[ \t]*([a-z]+)", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(r"^Status:[ \t]*([245]\.\d{1,3}\.\d{1,3})", re.IGNORECASE | re.MULTILINE)
#: RFC 3463 codes that a mail system wrote into its text
_CODE = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.])")
_QUOTED_ID = re.compile(r"^[> \t]*Message-ID:[ \t]*(<[^<>\s]{1,300}>)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Undelivered:
    """`message_ids` (with angle brackets) one of which is the mail that came back; `status` as in RFC 3463, or ""."""

    message_ids: tuple[str, ...]
    status: str


def undelivered(raw: bytes, message: Message) -> Undelivered | None:
    """What a bounce, parsed from `raw`, says of the mail it is about; None when that may still arrive, or has.

    Whether `message` is a bounce at all is the caller's to know: of other mail the answer means nothing.
    """
    if message.body is None:
        return None
    reports = [_text(raw, message, number) for number in _attached(message, _REPORTS)]
    if reports:
        failed = [group for report in reports for group in re.split(r"\r?\n\r?\n", report) if _failed(group)]
        if not failed:
            return None  # delayed, relayed, delivered or expanded
        status = next((found[1] for group in failed if (found := _STATUS.search(group))), "")
    else:
        codes = _CODE.findall(message.body.text)
        if codes and all(code.startswith("4") for code in codes):
            return None  # a warning: the mail is tried again
        status = next((code for code in codes if code.startswith("5")), "")
    return Undelivered(message_ids=tuple(dict.fromkeys(_ids(raw, message))), status=status)


def _failed(group: str) -> bool:
    """One recipient's fields (RFC 3464 2.3.3)."""
    action = _ACTION.search(group)
    return action is not None and action[1].lower() == "failed"


def _ids(raw: bytes, message: Message) -> Iterator[str]:
    for number in _attached(message, _RETURNED):
        try:
            returned = parse_headers(_content(raw, message, number)).message_id
        except UnparsableMessage:
            continue
        if returned is not None:
            yield returned
    yield from message.in_reply_to
    yield from message.references
    if message.body is not None:
        yield from _QUOTED_ID.findall(message.body.text)


def _attached(message: Message, types: frozenset[str]) -> Iterator[int]:
    if message.body is not None:
        yield from (number for number, one in enumerate(message.body.attachments) if one.content_type in types)


def _content(raw: bytes, message: Message, number: int) -> bytes:
    assert message.body is not None
    return attachment_content(raw, message.body.attachments[number])[:_MOST_OCTETS]


def _text(raw: bytes, message: Message, number: int) -> str:
    return _content(raw, message, number).decode("utf-8", "replace")
