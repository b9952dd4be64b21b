"""A message as a set of weighted features: its words, what the signal files found in them, and its structure.

The learned weights (`learned.py`) are fitted on exactly these features, so a change here asks for fitting anew:
`python -m benchmarks.quality.judgments fit`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, pairwise
from math import log1p, sqrt
from typing import Final

from mailbot.policy.model import Diarise, Facts, Kind, Verdict
from mailbot.policy.reading import Reading
from mailbot.policy.signals import Hit
from mailbot.policy.webforms import is_listed

#: Swedish and Norwegian letters; any run of digits is one sign
_TOKEN = re.compile(r"[a-zåäöéüáàè]+|\d+|[?!§]")
# "søker" and "söker" are one word to both readers; so are accents and their absence
_ONE_SPELLING = tuple(zip("æøéüáàè", "äöeuaae", strict=True))
#: letters of the pieces that words are cut into: the parts of compounds, which any mail may join anew
_PIECE_LETTERS = 4
_SHORTEST_CUT = 5
#: inflections share so many first letters ("överklagar", "överklagan")
_STEM_LETTERS = 5
#: words beyond this many tell nothing new about what a mail is
_MOST_TOKENS = 600
#: together the words weigh as much as four strong signals
_WORDS_WEIGH = 4.0

#: letters of a mailbox's name: what is behind tells offices of one kind apart
_MOST_LOCAL = 7

#: the families of features that are made of words of the message; a feature's name begins with its family
WORD, STEM, PAIR, PIECE = "word", "stem", "pair", "piece"
OF_WORDS: Final = frozenset({WORD, STEM, PAIR, PIECE})
#: all others: their names are whole
OTHER = ""


@dataclass(frozen=True, slots=True)
class Features:
    """What a message shows: per family, value -> names. Names without their family, in the order they were found."""

    families: Mapping[str, Mapping[float, Mapping[str, None]]]

    def by_name(self) -> dict[str, float]:
        """Whole name -> value."""
        return {
            (f"{family} {name}" if family else name): value
            for family, values in self.families.items()
            for value, names in values.items()
            for name in names
        }


def features(
    reading: Reading,
    facts: Facts,
    hits: Iterable[Hit],
    *,
    kind: Kind,
    needs_reply: bool | None,
    diarise: Diarise,
    confidential: bool | None,
    verdicts: Iterable[Verdict],
) -> Features:
    """The rules' own answers are features too: learning starts from them."""
    words, stems, pairs, beginnings = _words(reading)
    share = _WORDS_WEIGH / sqrt(len(words) + len(stems) + len(pairs) + len(beginnings) or 1)
    others: dict[float, dict[str, None]] = {share: beginnings}
    answers = (("kind", kind), ("reply", needs_reply), ("diary", diarise), ("secret", confidential))
    for name, value in (
        *_groups(hits),
        *_rules(verdicts),
        *_structure(reading, facts),
        *_envelope(reading, facts),
        *((f"rules.{question}={answer}", 1.0) for question, answer in answers),
    ):
        others.setdefault(value, {})[name] = None
    pieces = _pieces(words)
    cut_share = _WORDS_WEIGH / sqrt(len(pieces) or 1)
    families = {WORD: {share: words}, STEM: {share: stems}, PAIR: {share: pairs}, PIECE: {cut_share: pieces}}
    return Features({**families, OTHER: others})


def _words(reading: Reading) -> tuple[dict[str, None], ...]:
    """Words, beginnings of long words, pairs of neighbours, and how subject and text begin."""
    words, stems, pairs, beginnings = {}, {}, {}, {}
    for place, text in (("subject", reading.bare_subject), ("text", reading.new)):
        tokens = tokenise(text)
        starts = [token[:_STEM_LETTERS] for token in tokens]
        words.update(dict.fromkeys(tokens))
        stems.update(dict.fromkeys([start for start in starts if len(start) == _STEM_LETTERS]))
        pairs.update(dict.fromkeys(map(" ".join, pairwise(starts))))
        beginnings.update(dict.fromkeys([f"{place} begins {token}" for token in tokens[:2]]))
    return words, stems, pairs, beginnings


def _pieces(words: Iterable[str]) -> dict[str, None]:
    """Four letters at every place of the longer words, their ends marked."""
    marked = [f"<{word}>" for word in words if len(word) >= _SHORTEST_CUT]
    return dict.fromkeys(
        word[at : at + _PIECE_LETTERS] for word in marked for at in range(len(word) - _PIECE_LETTERS + 1)
    )


def one_spelling(text: str) -> str:
    """`text` in lower case and in one spelling for both languages; every character keeps its place."""
    text = text.lower()
    for spelling, kept in _ONE_SPELLING:  # an order of magnitude cheaper than str.translate, which looks at each letter
        text = text.replace(spelling, kept)
    return text


def tokenise(text: str) -> list[str]:
    """Lower-case words in one spelling; every number is "#"."""
    tokens = _TOKEN.findall(one_spelling(text[: 20 * _MOST_TOKENS]))[:_MOST_TOKENS]
    return ["#" if token.isdigit() else token for token in tokens]


def _groups(hits: Iterable[Hit]) -> Iterator[tuple[str, float]]:
    """Groups of the signal files that fired, and which fired together."""
    strongest: dict[str, float] = {}
    for hit in hits:
        strongest[hit.kind] = max(strongest.get(hit.kind, 0.0), hit.points)
    yield from ((f"signal {group}", min(points, 3.0) / 2) for group, points in strongest.items())
    yield from ((f"signals {first} + {second}", 0.5) for first, second in combinations(sorted(strongest), 2))


def _rules(verdicts: Iterable[Verdict]) -> Iterator[tuple[str, float]]:
    strongest: dict[str, float] = {}
    for verdict in verdicts:
        rule = _general(verdict.rule)
        strongest[rule] = max(strongest.get(rule, verdict.points), verdict.points)
    yield from ((f"rule {rule}", min(points, 5.0) / 3) for rule, points in strongest.items())


@lru_cache(maxsize=4_096)
def _general(rule: str) -> str:
    """The first three parts of a rule's id: the same for all lines of a group."""
    return ".".join(rule.split(".")[:3])


def _structure(reading: Reading, facts: Facts) -> Iterator[tuple[str, float]]:
    words = len(reading.new.split())
    asks = "?" in reading.new
    form = is_listed(reading.message, facts)  # a person's words, whatever the envelope says
    yield f"sender {'private' if form else reading.sender_class}", 1.0
    yield f"direction {'incoming' if form else facts.direction}", 1.0
    yield "length", log1p(words) / 3
    yield "asks", float(asks)
    yield "asks at length", log1p(words) / 3 * asks
    yield "short", float(words < 15)
    yield "long", float(words > 80)
    yield "reply", float(reading.is_reply)
    yield "attachments", float(reading.has_attachments)


def _envelope(reading: Reading, facts: Facts) -> Iterator[tuple[str, float]]:
    """Which of our mailboxes is written to, and what a sender calls itself; nothing is learned from people's names."""
    for recipient in reading.message.to[:5]:
        yield f"to {one_spelling(recipient.email.partition('@')[0])[:_MOST_LOCAL]}", 1.0
    message = reading.message
    author = message.asker if is_listed(message, facts) else message.author
    name = author.name[:200].split()
    person = len(name) in (2, 3) and all(word[:1].isupper() and word.isalpha() for word in name)
    yield "person", float(person)
    yield "name in address", float(bool(name) and one_spelling(name[-1])[:4] in one_spelling(author.email))
    if person:
        return
    for word in dict.fromkeys(tokenise(f"{author.name[:200]} {author.email.partition('@')[0][:64]}")):
        yield f"from {word}", 0.5
    for word in dict.fromkeys(tokenise(author.domain[:200].rpartition(".")[0])):
        yield from ((f"domain {word}", 0.5), (f"domain {word[:_STEM_LETTERS]}-", 0.5), (f"domain -{word[-5:]}", 0.5))
