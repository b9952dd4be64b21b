"""Weights learned from labelled mail: a second opinion where no phrase of the signal files fits.

`signals/learned.tsv` is a table that people can read: question, feature, weight, the heaviest first. Each question is
answered by a logistic regression over `features`; nothing else is kept of the mail it was fitted on. The weights are
fitted by `benchmarks/quality/judgments` on invented mail, and measured on mail they have never met (docs/quality.md).
"""

import sys
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import exp

from mailbot.policy.features import OF_WORDS, OTHER, Features
from mailbot.policy.model import Kind

#: questions: must it be registered, does it need a reply, is it confidential, and for each kind whether it is one
MUST, REPLY, SECRET = "must", "reply", "secret"
_OTHER_THAN_KINDS = frozenset({MUST, REPLY, SECRET})
_BIAS = "(bias)"


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the weights say about one message."""

    #: probabilities 0..1
    must: float
    reply: float
    secret: float
    kind: Kind
    kind_score: float


# The weights of one feature, in thousandths, are packed into one whole number of 32 bits per question: adding up the
# features of a mail is then adding numbers, for all questions at once.
_BITS = 32
_HALF = 1 << (_BITS - 1)
_MASK = (1 << _BITS) - 1
_SCALE = 1000
#: halves, thirds and hundredths of points are whole numbers of these
_PARTS = 600
_EXACT = 1e-9
#: heavier weights might spill over into the next field
_HEAVIEST = 10.0


@dataclass(frozen=True, slots=True)
class Weights:
    """Packed weights by family and name of the feature, and the bias of each question."""

    questions: tuple[str, ...]
    biases: tuple[float, ...]
    rows: Mapping[str, Mapping[str, int]]

    def scores(self, found: Features) -> dict[str, float]:
        """Log-odds of every question."""
        packed: dict[float, int] = {}
        for family, values in found.families.items():
            rows = self.rows[family]
            for value, names in values.items():
                row = sum(map(rows.__getitem__, rows.keys() & names.keys()))
                unit, times = _in_parts(value)
                packed[unit] = packed.get(unit, 0) + row * times
        sums = list(self.biases)
        for value, row in packed.items():
            if row:
                share = value / _SCALE
                sums = [total + weight * share for total, weight in zip(sums, self._unpacked(row), strict=True)]
        return dict(zip(self.questions, sums, strict=True))

    def _unpacked(self, packed: int) -> Iterable[int]:
        halves = _all_halves(len(self.questions))
        octets = (packed + halves).to_bytes(len(self.questions) * _BITS // 8, sys.byteorder)
        fields = array("I", octets)
        if sys.byteorder == "big":
            fields.reverse()
        return [field - _HALF for field in fields]

    def opinion(self, found: Features) -> Opinion:
        """The answers to all questions."""
        scores = self.scores(found)
        kinds = {name: score for name, score in scores.items() if name not in _OTHER_THAN_KINDS}
        best = max(kinds, key=lambda name: kinds[name])
        return Opinion(
            must=_probability(scores[MUST]),
            reply=_probability(scores[REPLY]),
            secret=_probability(scores[SECRET]),
            kind=Kind(best),
            kind_score=kinds[best],
        )

    def heaviest(self, found: Features, question: str, *, most: int = 3) -> list[tuple[str, str, float]]:
        """Family, name and points of the features that spoke most for the answer to `question`."""
        shift = _BITS * self.questions.index(question)
        halves = _all_halves(len(self.questions))
        points: list[tuple[str, str, float]] = []
        for family, values in found.families.items():
            rows = self.rows[family]
            for value, names in values.items():
                for name in filter(rows.__contains__, names):
                    weight = ((rows[name] + halves) >> shift & _MASK) - _HALF
                    if weight:
                        points.append((family, name, weight * value / _SCALE))
        return sorted(points, key=lambda found: -abs(found[2]))[:most]


def _in_parts(value: float) -> tuple[float, int]:
    """`value` as a unit and how many of it: most share one unit, so that their rows become one sum."""
    parts = round(value * _PARTS)
    return (1 / _PARTS, parts) if abs(value * _PARTS - parts) < _EXACT else (value, 1)


@cache
def _all_halves(questions: int) -> int:
    """What makes every field of a packed number positive."""
    return sum(_HALF << (_BITS * number) for number in range(questions))


def _probability(score: float) -> float:
    return 1 / (1 + exp(-max(min(score, 30.0), -30.0)))


@cache
def load() -> Weights:
    """The shipped weights."""
    with files("mailbot.policy").joinpath("signals", "learned.tsv").open(encoding="utf-8") as table:
        return parse(table)


def parse(lines: Iterable[str]) -> Weights:
    """Weights from lines "question <tab> feature <tab> weight"; lines that begin with # are comments."""
    questions: dict[str, int] = {}
    biases: list[float] = []
    rows: dict[str, dict[str, int]] = {family: {} for family in (*OF_WORDS, OTHER)}
    for line in lines:
        if not line.strip() or line.startswith("# "):
            continue
        question, feature, weight = line.rstrip("\n").split("\t")
        number = questions.setdefault(question, len(questions))
        if number == len(biases):
            biases.append(0.0)
        if feature == _BIAS:
            biases[number] = float(weight)
            continue
        family, _, name = feature.partition(" ")
        if family not in OF_WORDS:
            family, name = OTHER, feature
        if abs(float(weight)) > _HEAVIEST:
            raise ValueError(f"learned weights: {feature!r} weighs more than {_HEAVIEST}")
        packed = round(float(weight) * _SCALE) << (_BITS * number)
        rows[family][name] = rows[family].get(name, 0) + packed
    return Weights(tuple(questions), tuple(biases), rows)
