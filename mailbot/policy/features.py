"""A message as a set of weighted features: its words, what the signal files found in them, and its structure.

The learned weights (`learned.py`) are fitted on exactly these features, so a change here asks for fitting anew:
`python -m benchmarks.quality.judgments fit`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations, pairwise
from math import log1p, sqrt

from mailbot.policy.model import Diarise, Facts, Kind, Verdict
from mailbot.policy.reading import Reading
from mailbot.policy.signals import Hit

#: Swedish and Norwegian letters; any run of digits is one sign
_TOKEN = re.compile(r"[a-zåäöæøéü]+|\d+|[?!§]")
#: inflections share so many first letters ("överklagar", "överklagan")
_STEM_LETTERS = 5
#: words beyond this many tell nothing new about what a mail is
_MOST_TOKENS = 600
#: together the words weigh as much as four strong signals
_WORDS_WEIGH = 4.0


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
) -> dict[str, float]:
    """Feature -> weight. The rules' own answers are features too: learning starts from them."""
    found = _words(reading)
    found.update(_groups(hits))
    found.update(_rules(verdicts))
    found.update(_structure(reading, facts))
    answers: Mapping[str, object] = {
        "kind": kind, "reply": needs_reply, "diary": diarise, "secret": confidential,
    }  # fmt: skip
    found.update({f"rules.{question}={answer}": 1.0 for question, answer in answers.items()})
    return found


def _words(reading: Reading) -> dict[str, float]:
    """Words, beginnings of long words, pairs of neighbours, and how subject and text begin."""
    found: dict[str, float] = {}
    for place, text in (("subject", reading.subject[reading.subject_start :]), ("text", reading.new)):
        tokens = tokenise(text)
        found.update(dict.fromkeys((f"word {token}" for token in tokens), 1.0))
        stems = [token[:_STEM_LETTERS] for token in tokens]
        found.update(dict.fromkeys((f"stem {stem}" for stem in stems if len(stem) == _STEM_LETTERS), 1.0))
        found.update(dict.fromkeys((f"pair {first} {second}" for first, second in pairwise(stems)), 1.0))
        found.update(dict.fromkeys((f"{place} begins {token}" for token in tokens[:2]), 1.0))
    share = _WORDS_WEIGH / sqrt(len(found) or 1)
    return dict.fromkeys(found, share)


def tokenise(text: str) -> list[str]:
    """Lower-case words; every number is "#"."""
    tokens = _TOKEN.findall(text[: 20 * _MOST_TOKENS].lower())[:_MOST_TOKENS]
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
        rule = ".".join(verdict.rule.split(".")[:3])
        strongest[rule] = max(strongest.get(rule, verdict.points), verdict.points)
    yield from ((f"rule {rule}", min(points, 5.0) / 3) for rule, points in strongest.items())


def _structure(reading: Reading, facts: Facts) -> Iterator[tuple[str, float]]:
    words = len(reading.new.split())
    asks = "?" in reading.new
    yield f"sender {reading.sender_class}", 1.0
    yield f"direction {facts.direction}", 1.0
    yield "length", log1p(words) / 3
    yield "asks", float(asks)
    yield "asks at length", log1p(words) / 3 * asks
    yield "short", float(words < 15)
    yield "long", float(words > 80)
    yield "reply", float(reading.is_reply)
    yield "attachments", float(reading.has_attachments)
