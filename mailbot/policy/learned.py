"""Weights learned from labelled mail: a second opinion where no phrase of the signal files fits.

`signals/learned.tsv` is a table that people can read: a feature and its weight for each question. Each question is
answered by a sum over `features`; nothing else is kept of the mail it was fitted on. The three general questions then
take the likely kinds into account: an application must be registered whatever its words. The weights are fitted by
`benchmarks/quality/judgments` on invented mail, and measured on mail they have never met (docs/quality.md).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from math import exp

from mailbot.once import once
from mailbot.policy.features import Features, Key
from mailbot.policy.learned_rows import SCALE, Rows
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


@dataclass(frozen=True, slots=True)
class Known:
    """What the table knows of a message's features: family, value, keys, and the row of each key or None."""

    parts: Sequence[tuple[str, float, Sequence[Key], Sequence[int | None]]]


@dataclass(frozen=True, slots=True)
class Weights:
    """The rows of the features, and the bias of each question."""

    questions: tuple[str, ...]
    biases: tuple[float, ...]
    rows: Rows
    #: general question -> kind, "(itself)" or "(bias)" -> weight; a question that is not here is its own log-odds
    given_kind: Mapping[str, Mapping[str, float]]

    def known(self, found: Features) -> Known:
        """The features looked up: everything else is asked of these."""
        return Known(
            [
                (family, value, list(keys), self.rows.of(family, keys))
                for family, values in found.families.items()
                for value, keys in values.items()
            ]
        )

    def scores(self, known: Known) -> dict[str, float]:
        """The sum of every question."""
        known_rows = ((family, value, rows) for family, value, _, rows in known.parts)
        sums = self.rows.scores(known_rows, list(self.biases))
        return dict(zip(self.questions, sums, strict=True))

    def opinion(self, known: Known) -> Opinion:
        """The answers to all questions."""
        scores = self.scores(known)
        kinds = {name: score for name, score in scores.items() if name not in _OTHER_THAN_KINDS}
        best = max(kinds, key=kinds.__getitem__)
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

    def heaviest(self, known: Known, question: str, *, most: int = 3) -> list[tuple[str, Key, float]]:
        """Family, key and points of the features that spoke most for the answer to `question`."""
        number = self.questions.index(question)
        families: list[str] = []
        keys: list[Key] = []
        points: list[float] = []
        for family, value, named, rows in known.parts:
            families += [family] * len(named)
            keys += named
            points += [weight * value / SCALE for weight in self.rows.weights(family, rows, number)]
        # sorting keeps the order of equals: of equally heavy features the first stays
        order = sorted(range(len(points)), key=list(map(abs, points)).__getitem__, reverse=True)
        return [(families[place], keys[place], points[place]) for place in order[:most] if points[place]]


def likelihoods(kinds: Mapping[str, float]) -> dict[str, float]:
    """Shares of 1 from the scores of the kinds."""
    highest = max(kinds.values())
    shares = {kind: exp(_SHARPNESS * (score - highest)) for kind, score in kinds.items()}
    total = sum(shares.values())
    return {kind: share / total for kind, share in shares.items()}


def _probability(score: float) -> float:
    return 1 / (1 + exp(-max(min(score, 30.0), -30.0)))


@once
def load() -> Weights:
    """The shipped weights."""
    with files("mailbot.policy").joinpath("signals", "learned.tsv").open(encoding="utf-8") as table:
        return parse(table)


def parse(lines: Iterable[str]) -> Weights:
    """Weights from lines "feature <tab> weights"; lines that begin with # are comments.

    The first line names the questions, "question" before them. Behind a feature stands one character for each of them
    (`learned_rows.WEIGHTS`). Lines of a general question "given kind" hold names and numbers instead.
    """
    questions: tuple[str, ...] = ()
    biases: tuple[float, ...] = ()
    given_kind: dict[str, dict[str, float]] = {}
    rows = Rows(0)
    for line in lines:
        feature, tab, weights = line.rstrip("\n").partition("\t")
        if not tab or line.startswith("# "):
            continue
        if not questions:
            questions = tuple(weights.split(","))
            rows = Rows(len(questions))
        elif feature.endswith(GIVEN_KIND):
            pairs = (pair.rpartition("=") for pair in weights.split(","))
            given_kind[feature.removesuffix(GIVEN_KIND)] = {name: float(number) for name, _, number in pairs}
        elif feature == _BIAS:
            biases = tuple(int(weight or 0) / SCALE for weight in weights.split(","))
        else:
            rows.add(feature, weights)
    return Weights(questions, biases, rows, given_kind)
