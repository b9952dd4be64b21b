"""What Outlook and others note on a message that was replied to or forwarded.

PidTagLastVerbExecuted and PidTagLastVerbExecutionTime (MS-OXOMSG 2.2.1.4): 102 reply to sender, 103 reply to all, 104
forward. Only the last one is kept: who forwards an answered message hides the answer.
"""

from typing import Literal

from mailbot.platforms.base import AnswerMark
from mailbot.platforms.ews.xml import Element, T, each, first, instant, text

_VERB, _TIME = 0x1081, 0x1082
_KINDS: dict[str, Literal["replied", "forwarded"]] = {"102": "replied", "103": "replied", "104": "forwarded"}


def fields() -> tuple[Element, Element]:
    """To be asked for with an item; messages that bear no mark have neither."""
    return (
        T.ExtendedFieldURI(PropertyTag=f"{_VERB:#x}", PropertyType="Integer"),
        T.ExtendedFieldURI(PropertyTag=f"{_TIME:#x}", PropertyType="SystemTime"),
    )


def mark_of(item_id: str, item: Element) -> AnswerMark | None:
    """The mark of an item, anywhere below `item`."""
    told = {}
    for extended in each(item, ".//t:ExtendedProperty"):
        uri = first(extended, "t:ExtendedFieldURI")
        told[_tag(uri)] = text(extended, "t:Value")
    kind = _KINDS.get(told.get(_VERB, "").strip())
    return AnswerMark(item_id, kind, instant(told.get(_TIME, ""))) if kind else None


def _tag(uri: Element | None) -> int:
    """A property tag is written in hexadecimal or decimal, as the server likes (types.xsd, PropertyTagType)."""
    try:
        return int(uri.get("PropertyTag", ""), 0) if uri is not None else 0
    except ValueError:
        return 0
