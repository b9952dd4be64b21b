"""Diary numbers in a mail: the thread that ties it to a registered case."""

import re
from functools import lru_cache

from mailbot.policy.model import Evidence, Facts
from mailbot.policy.reading import Reading

#: numbers stand early; patterns come from configuration and must not be let loose on a megabyte
_LOOK_AT = 20_000


def diary_number(reading: Reading, facts: Facts) -> tuple[str | None, Evidence | None]:
    """The case this mail belongs to: a number of ours in subject or new text, else what the conversation carries."""
    for pattern in facts.diary_patterns.values():
        if not pattern:
            continue
        compiled = _compiled(pattern)
        if match := compiled.search(reading.subject):
            return match.group(), reading.subject_evidence(*match.span())
        if match := compiled.search(reading.new[:_LOOK_AT]):
            return match.group(), reading.evidence(*match.span())
    return facts.conversation_diary_number, None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
