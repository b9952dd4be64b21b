"""Weights learned from labelled mail: a second opinion where no phrase of the signal files fits.

`signals/learned.tsv` is a table that people can read: question, feature, weight, the heaviest first. Each question is
answered by a logistic regression over `features`; nothing else is kept of the mail it was fitted on. The weights are
fitted by `benchmarks/quality/judgments` on invented mail, and measured on mail they have never met (docs/quality.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import exp

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


@dataclass(frozen=True, slots=True)
class Weights:
    """feature -> ((question number, weight), ...), and the bias of each question."""

    questions: tuple[str, ...]
    biases: tuple[float, ...]
    by_feature: Mapping[str, tuple[tuple[int, float], ...]]

    def scores(self, found: Mapping[str, float]) -> dict[str, float]:
        """Log-odds of every question."""
        sums = list(self.biases)
        for feature, value in found.items():
            for question, weight in self.by_feature.get(feature, ()):
                sums[question] += weight * value
        return dict(zip(self.questions, sums, strict=True))

    def opinion(self, found: Mapping[str, float]) -> Opinion:
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

    def heaviest(self, found: Mapping[str, float], question: str, *, most: int = 3) -> list[tuple[str, float]]:
        """The features that spoke most for the answer to `question`, with their points."""
        number = self.questions.index(question)
        points = {
            feature: weight * value
            for feature, value in found.items()
            for wanted, weight in self.by_feature.get(feature, ())
            if wanted == number
        }
        return sorted(points.items(), key=lambda item: -abs(item[1]))[:most]


def _probability(score: float) -> float:
    return 1 / (1 + exp(-max(min(score, 30.0), -30.0)))


@cache
def load() -> Weights:
    """The shipped weights."""
    source = files("mailbot.policy").joinpath("signals", "learned.tsv")
    return parse(source.read_text(encoding="utf-8"))


def parse(table: str) -> Weights:
    """Weights from lines "question <tab> feature <tab> weight"; lines that begin with # are comments."""
    questions: dict[str, int] = {}
    biases: list[float] = []
    by_feature: dict[str, list[tuple[int, float]]] = {}
    for line in table.splitlines():
        if not line or line.startswith("# "):
            continue
        question, feature, weight = line.split("\t")
        number = questions.setdefault(question, len(questions))
        if number == len(biases):
            biases.append(0.0)
        if feature == _BIAS:
            biases[number] = float(weight)
        else:
            by_feature.setdefault(feature, []).append((number, float(weight)))
    return Weights(tuple(questions), tuple(biases), {feature: tuple(found) for feature, found in by_feature.items()})
