"""Norwegian words as the Swedish words that a reader of both takes them for (`signals/kindred.txt`).

Labelled mail is mostly Swedish. What was learned from it is known of Norwegian mail too when "jeg søker" is counted as
"jag söker", and Swedish mail gains from Norwegian mail in the same way. Only counted: offsets and what people read
stay as they were written.
"""

from collections.abc import Iterable
from importlib.resources import files
from typing import Final

from mailbot.once import once
from mailbot.policy.spelling import one_spelling

#: Danish is near enough to bokmål
_NORWEGIAN: Final = frozenset({"nb", "nn", "da"})


def in_swedish(words: list[str], language: str | None) -> list[str]:
    """The words of a text in `language`, in one spelling; Norwegian ones in Swedish as far as the table knows them."""
    if language not in _NORWEGIAN:
        return words
    swedish = _table()
    return [swedish.get(word, word) for word in words]


@once
def _table() -> dict[str, str]:
    text = files("mailbot.policy").joinpath("signals", "kindred.txt").read_text("utf-8")
    return parse(text.splitlines())


def parse(lines: Iterable[str]) -> dict[str, str]:
    """Norwegian word -> Swedish word, from lines "norwegian swedish"; those that begin with # are comments.

    ValueError for a line that has not two words, and for a word that stands on the left twice.
    """
    table: dict[str, str] = {}
    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        words = one_spelling(line).split()
        if len(words) != 2 or words[0] in table:
            raise ValueError(f"kindred words: {line!r} is no pair, or its first word has been there before")
        table[words[0]] = words[1]
    return table
