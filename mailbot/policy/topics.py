"""Topics of single words (`signals/topics.toml`): what a word is about, however rare the word.

A few hundred labelled mails never hold every word for a broken road or an illness. The topics say which words belong
together, so that what was learned from one is known of the others.
"""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final

from mailbot.once import once
from mailbot.policy.spelling import one_spelling

#: words of a mail that are remembered with their topics; mail repeats its words
_REMEMBERED = 20_000
_NONE: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class _Topics:
    """Whole words, beginnings and endings, each with its topics; the length of the longest beginning and ending."""

    words: dict[str, frozenset[str]]
    beginnings: dict[str, frozenset[str]]
    endings: dict[str, frozenset[str]]
    longest: int


@lru_cache(maxsize=_REMEMBERED)
def topics_of(token: str) -> tuple[str, ...]:
    """The topics of a word in one spelling, in their order; most words have none."""
    known = _load()
    found = set(known.words.get(token, ()))
    for length in range(1, min(known.longest, len(token)) + 1):
        found.update(known.beginnings.get(token[:length], ()))
        found.update(known.endings.get(token[-length:], ()))
    return tuple(sorted(found))


@once
def _load() -> _Topics:
    text = files("mailbot.policy").joinpath("signals", "topics.toml").read_text("utf-8")
    words: dict[str, frozenset[str]] = {}
    beginnings: dict[str, frozenset[str]] = {}
    endings: dict[str, frozenset[str]] = {}
    #: thousands of words share a few hundred sets of topics
    shared: dict[frozenset[str], frozenset[str]] = {}
    for topics in tomllib.loads(text).values():
        for topic, line in topics.items():
            for word in one_spelling(line).split():
                table = beginnings if word.endswith("*") else endings if word.startswith("*") else words
                bare = word.strip("*")
                topics_of_word = table.get(bare, _NONE) | {topic}
                table[bare] = shared.setdefault(topics_of_word, topics_of_word)
    longest = max(map(len, (*beginnings, *endings)))
    return _Topics(words, beginnings, endings, longest)
