"""Weights learned from labelled mail: a second opinion where no phrase of the signal files fits.

`signals/learned.tsv` is a table that people can read: a feature and its weight for each question. Each question is
answered by a sum over `features`; nothing else is kept of the mail it was fitted on. The three general questions then
take the likely kinds into account: an application must be registered whatever its words. The weights are fitted by
`benchmarks/quality/judgments` on invented mail, and measured on mail they have never met (docs/quality.md).
"""

import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from heapq import heappop, heappush
from importlib.resources import files
from math import exp

from mailbot.policy.features import OTHER, SHARED, Features
from mailbot.policy.model import Kind

#: questions: must it be registered, does it need a reply, is it confidential, and for each kind whether it is one
MUST, REPLY, SECRET = "must", "reply", "secret"
_OTHER_THAN_KINDS = frozenset({MUST, REPLY, SECRET})
_BIAS, _ITSELF = "(bias)", "(itself)"
#: behind the name of a general question: how much its own score and each kind count for its answer
GIVEN_KIND = " given kind"
#: scores of kinds lie near one another; so much sharper they are likelihoods
_SHARPNESS = 10.0


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the weights say about one message."""

    #: probabilities 0..1
    must: float
    reply: float
    secret: float
    kind: Kind
    kind_score: float


# The weights of one feature are packed into one whole number of 32 bits per question: adding up the features of a mail
# is then adding numbers, for all questions at once.
_BITS = 32
_HALF = 1 << (_BITS - 1)
_MASK = (1 << _BITS) - 1
#: weights are whole numbers of so many parts
SCALE = 50
#: halves, thirds and hundredths of points are whole numbers of these
_PARTS = 600
_EXACT = 1e-9
#: heavier weights might spill over into the next field
_HEAVIEST = 10 * SCALE
#: every weight as it is written: looked up, a million and a half of them are read in a fifth of the time
_WEIGHTS = {str(weight): weight for weight in range(-_HEAVIEST, _HEAVIEST + 1)} | {"": 0}


@dataclass(frozen=True, slots=True)
class Weights:
    """Packed weights by family and name of the feature, and the bias of each question."""

    questions: tuple[str, ...]
    biases: tuple[float, ...]
    rows: Mapping[str, Mapping[str, int]]
    #: general question -> kind, "(itself)" or "(bias)" -> weight; a question that is not here is its own log-odds
    given_kind: Mapping[str, Mapping[str, float]]

    def scores(self, found: Features) -> dict[str, float]:
        """The sum of every question."""
        packed: dict[float, int] = {}
        for family, values in found.families.items():
            rows = self.rows[family]
            for value, names in values.items():
                row = sum(filter(None, map(rows.get, names)))
                unit, times = _in_parts(value)
                packed[unit] = packed.get(unit, 0) + row * times
        sums = list(self.biases)
        for value, row in packed.items():
            if row:
                share = value / SCALE
                fields = self._unpacked(row)
                sums = [total + (field - _HALF) * share for total, field in zip(sums, fields, strict=True)]
        return dict(zip(self.questions, sums, strict=True))

    def _unpacked(self, packed: int) -> "array[int]":
        """The field of each question, made positive by a half."""
        halves = _all_halves(len(self.questions))
        octets = (packed + halves).to_bytes(len(self.questions) * _BITS // 8, sys.byteorder)
        fields = array("I", octets)
        if sys.byteorder == "big":
            fields.reverse()
        return fields

    def opinion(self, found: Features) -> Opinion:
        """The answers to all questions."""
        scores = self.scores(found)
        kinds = {name: score for name, score in scores.items() if name not in _OTHER_THAN_KINDS}
        best = max(kinds, key=lambda name: kinds[name])
        likely = likelihoods(kinds)
        return Opinion(
            must=self._probability(MUST, scores, likely),
            reply=self._probability(REPLY, scores, likely),
            secret=self._probability(SECRET, scores, likely),
            kind=Kind(best),
            kind_score=kinds[best],
        )

    def _probability(self, question: str, scores: Mapping[str, float], likely: Mapping[str, float]) -> float:
        given = self.given_kind.get(question, {_ITSELF: 1.0})
        odds = given.get(_BIAS, 0.0) + given[_ITSELF] * scores[question]
        odds += sum(given.get(kind, 0.0) * share for kind, share in likely.items())
        return _probability(odds)

    def heaviest(self, found: Features, question: str, *, most: int = 3) -> list[tuple[str, str, float]]:
        """Family, name and points of the features that spoke most for the answer to `question`."""
        shift = _BITS * self.questions.index(question)
        halves = _all_halves(len(self.questions))
        # A heap of the best so far, its least on top; of equally heavy ones the first stays.
        best: list[tuple[float, int, str, str, float]] = []
        least, order = 0.0, 0
        for family, values in found.families.items():
            rows = self.rows[family]
            for value, names in values.items():
                for name in filter(rows.__contains__, names):
                    points = (((rows[name] + halves) >> shift & _MASK) - _HALF) * value / SCALE
                    weighs = abs(points)
                    if weighs > least:
                        order -= 1
                        heappush(best, (weighs, order, family, name, points))
                        if len(best) > most:
                            heappop(best)
                            least = best[0][0]
        return [(family, name, points) for _, _, family, name, points in sorted(best, reverse=True)]


def likelihoods(kinds: Mapping[str, float]) -> dict[str, float]:
    """Shares of 1 from the scores of the kinds."""
    highest = max(kinds.values())
    shares = {kind: exp(_SHARPNESS * (score - highest)) for kind, score in kinds.items()}
    total = sum(shares.values())
    return {kind: share / total for kind, share in shares.items()}


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
    """Weights from lines "feature <tab> weight,weight,..."; lines that begin with # are comments.

    The first line names the questions, "question" before them; an empty weight is 0. Lines of a general question
    "given kind" hold names and numbers instead.
    """
    questions: tuple[str, ...] = ()
    biases: tuple[float, ...] = ()
    rows: dict[str, dict[str, int]] = {family: {} for family in (*SHARED, OTHER)}
    given_kind: dict[str, dict[str, float]] = {}
    for line in lines:
        if not line.strip() or line.startswith("# "):
            continue
        feature, _, weights = line.rstrip("\n").partition("\t")
        if not questions:
            questions = tuple(weights.split(","))
        elif feature.endswith(GIVEN_KIND):
            pairs = (pair.rpartition("=") for pair in weights.split(","))
            given_kind[feature.removesuffix(GIVEN_KIND)] = {name: float(number) for name, _, number in pairs}
        else:
            numbers = [_WEIGHTS.get(weight, _HEAVIEST + 1) for weight in weights.split(",")]
            if len(numbers) != len(questions) or max(numbers) > _HEAVIEST:
                raise ValueError(f"learned weights: {feature!r} has too many, too few or too heavy weights")
            if feature == _BIAS:
                biases = tuple(number / SCALE for number in numbers)
                continue
            family, _, name = feature.partition(" ")
            family, name = (family, name) if family in SHARED else (OTHER, feature)
            rows[family][name] = _packed(numbers)
    return Weights(questions, biases, rows, given_kind)


def _packed(numbers: Sequence[int]) -> int:
    """The numbers in one, the first in the lowest bits."""
    return int.from_bytes(array("I", [number + _HALF for number in numbers]).tobytes(), sys.byteorder) - _all_halves(
        len(numbers)
    )
