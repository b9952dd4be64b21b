"""What Outlook and others note on a message that was replied to or forwarded.

PidTagLastVerbExecuted and PidTagLastVerbExecutionTime (MS-OXOMSG 2.2.1.4), which Graph has no properties of its own
for: 102 reply to sender, 103 reply to all, 104 forward. Only the last one is kept: who forwards an answered message
hides the answer.
"""

from collections.abc import Iterable, Iterator
from typing import Literal

from mailbot.platforms.base import AnswerMark
from mailbot.platforms.graph.answers import Json
from mailbot.platforms.graph.headers import expand, extended, instant

_VERB, _TIME = "Integer 0x1081", "SystemTime 0x1082"
_KINDS: dict[str, Literal["replied", "forwarded"]] = {"102": "replied", "103": "replied", "104": "forwarded"}

#: to be asked for with a message; those that bear no mark have neither
EXPAND = expand(_VERB, _TIME)


def marks_of(messages: Iterable[Json]) -> Iterator[AnswerMark]:
    for message in messages:
        if kind := _KINDS.get(extended(message, _VERB).strip()):
            yield AnswerMark(str(message["id"]), kind, instant(extended(message, _TIME)))
