"""Fit the learned weights on `corpus/` and write `mailbot/policy/signals/learned.tsv`.

Ridge regression on all questions at once: with so few mails for so many features it generalises as well as logistic
regression, and leaving out a hand costs a second. What its scores are worth as probabilities is then fitted on mails
whose hand was left out (scikit-learn, dependency group "quality"). Nothing under `heldout/` is looked at.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.quality.judgments import corpus
from benchmarks.quality.judgments.corpus import Mail
from mailbot.policy import automatic, judgment, learned, learned_rows, signals
from mailbot.policy.features import SHARED, features
from mailbot.policy.profile import Policy, load_policy
from mailbot.policy.reading import read

TABLE = Path(__file__).parents[3] / "mailbot" / "policy" / "signals" / "learned.tsv"

#: how much each group of features may tell: the variance that ridge regression expects of it
_GROUPS = {
    **{"word": 10.0, "stem": 3.0, "pair": 8.0, "apart": 8.0, "start": 3.0, "last": 3.0, "subject": 3.0},
    **{"topic": 6.0, "about": 2.0},
    **{"signal": 0.6, "rule": 1.0, "envelope": 6.0, "shape": 4.0},
}
#: rare features tell more than common ones: powers of their logarithmic inverse frequency
_RARITY_OF_WORDS, _RARITY_OF_TOPICS = 0.7, 0.5
_ENVELOPE = ("to ", "from ", "domain ", "person", "name in address")
_PENALTY = 15.0
#: kinds that few mails are of count so much more
_BALANCE = 0.6
#: what only one hand writes tells of that hand, not of mail
_FEWEST_HANDS = 2
#: the questions that are not a kind
_GENERAL = (learned.MUST, learned.REPLY, learned.SECRET)
_HEADER = """\
# Learned weights in fiftieths: feature <tab> one character per question. 1 to 9 and A (10) to Z (35) speak for it,
# a (1) to z (26) against it; a row with heavier weights holds numbers between commas. Made by
# `python -m benchmarks.quality.judgments fit` on invented, labelled mail; see mailbot/policy/learned.py.
# Change the mail, not this file.
"""


def features_of(mail: Mail, policy: Policy) -> dict[str, float]:
    """The features of a labelled mail, exactly as `decide` sees them."""
    reading = read(mail.message, mail.facts)
    hits = signals.hits(reading, policy)
    judged = judgment.from_text(reading, mail.facts, policy, automatic.judge(mail.message, mail.facts), hits)
    assert judged.kind is not None
    assert judged.diarise is not None
    return features(
        reading,
        mail.facts,
        hits,
        kind=judged.kind,
        needs_reply=judged.needs_reply,
        diarise=judged.diarise,
        confidential=judged.confidential,
        verdicts=judged.verdicts,
    ).by_name()


def questions(mails: Sequence[Mail]) -> dict[str, list[bool]]:
    """Every question with the right answers."""
    answers = {
        learned.MUST: [mail.diarise == "yes" for mail in mails],
        learned.REPLY: [mail.needs_reply for mail in mails],
        learned.SECRET: [mail.confidential for mail in mails],
    }
    for kind in sorted({mail.kind for mail in mails}):
        answers[kind] = [mail.kind == kind for mail in mails]
    return answers


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights of every question: numbers per feature and question, and per question."""

    questions: tuple[str, ...]
    names: Sequence[str]
    weights: Any
    biases: Any
    #: question -> kind, "(itself)" or "(bias)" -> what its score becomes part of
    given_kind: dict[str, dict[str, float]]
    #: per mail the score of each question by the mails of all other hands
    unseen: Any


def fitted(mails: Sequence[Mail], policy: Policy) -> Fitted:
    """Everything learned from `mails`."""
    import numpy as np

    names, scaled, scales = _design([features_of(mail, policy) for mail in mails], [mail.hand for mail in mails])
    answers = questions(mails)
    wanted = np.array(list(answers.values())).T * 2.0 - 1.0
    general = np.array([question in _GENERAL for question in answers])
    kernel = np.asarray((scaled @ scaled.T).todense()) + 1.0
    hands = np.array([mail.hand for mail in mails])
    groups = [np.flatnonzero(hands == hand) for hand in sorted(set(hands))]
    solved, unseen = np.zeros_like(wanted), np.zeros_like(wanted)
    for asked, counts in ((general, np.ones(len(mails))), (~general, _balance(mails))):
        solved[:, asked], unseen[:, asked] = _solve(kernel, wanted[:, asked], _PENALTY / counts, groups)
    weights = (scaled.T @ solved) * scales[:, None]
    given_kind = _given_kind(answers, dict(zip(answers, unseen.T, strict=True)))
    return Fitted(tuple(answers), names, weights, solved.sum(axis=0), given_kind, unseen)


def _design(rows: Sequence[dict[str, float]], hands: Sequence[str]) -> tuple[Any, Any, Any]:
    """Names of the features that are kept, the mails in scaled features, and the scale of each feature."""
    import numpy as np
    from scipy.sparse import diags
    from sklearn.feature_extraction import DictVectorizer

    known = defaultdict(set)
    for row, hand in zip(rows, hands, strict=True):
        for name in row:
            known[name].add(hand)
    vectoriser = DictVectorizer()
    kept = [{name: value for name, value in row.items() if len(known[name]) >= _FEWEST_HANDS} for row in rows]
    matrix = vectoriser.fit_transform(kept).tocsr()
    names = vectoriser.get_feature_names_out()
    groups = np.array([_group(name) for name in names])
    mails = np.asarray((matrix != 0).sum(axis=0)).ravel()
    rarity = np.array([_rarity(group) for group in groups])
    scales = np.log(1 + len(rows) / mails) ** rarity
    for group, weight in _GROUPS.items():
        here = groups == group
        size = (matrix[:, here] @ diags(scales[here])).power(2).sum() / len(rows)
        scales[here] *= (weight / size) ** 0.5 if size else 0.0
    return names, matrix @ diags(scales), scales


def _group(name: str) -> str:
    first = name.partition(" ")[0]
    if first in SHARED:
        return first
    if first in ("signal", "signals"):
        return "signal"
    if name.startswith("rule"):
        return "rule"
    return "envelope" if name.startswith(_ENVELOPE) else "shape"


def _rarity(group: str) -> float:
    if group in ("topic", "about"):
        return _RARITY_OF_TOPICS
    return _RARITY_OF_WORDS if group in SHARED else 0.0


def _balance(mails: Sequence[Mail]) -> Any:
    """How much each mail counts when kinds are told apart."""
    import numpy as np

    kinds, numbers = np.unique([mail.kind for mail in mails], return_inverse=True)
    counts = np.bincount(numbers, minlength=len(kinds))
    weights = (counts.max() / counts[numbers]) ** _BALANCE
    return weights / weights.mean()


def _solve(kernel: Any, wanted: Any, penalty: Any, groups: Sequence[Any]) -> tuple[Any, Any]:
    """Kernel ridge regression: what each mail contributes to each question, and scores by the mails of other groups.

    To leave out a group takes no fitting anew: its part of the inverse tells what the others make of it.
    """
    import numpy as np

    inverse = np.linalg.inv(kernel + np.diag(penalty))
    solved = inverse @ wanted
    unseen = np.zeros_like(wanted)
    for group in groups:
        unseen[group] = wanted[group] - np.linalg.solve(inverse[np.ix_(group, group)], solved[group])
    return solved, unseen


def _given_kind(answers: dict[str, list[bool]], scores: dict[str, Any]) -> dict[str, dict[str, float]]:
    """How the general questions follow from their own score and from what kind it seems to be."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    kinds = [question for question in answers if question not in _GENERAL]
    of_kinds = np.array([scores[kind] for kind in kinds]).T
    likely = [learned.likelihoods(dict(zip(kinds, row, strict=True))) for row in of_kinds]
    given: dict[str, dict[str, float]] = {}
    for question in _GENERAL:
        pairs = zip(scores[question], likely, strict=True)
        columns = np.array([[own, *(one[kind] for kind in kinds)] for own, one in pairs])
        model = LogisticRegression(C=1.0, max_iter=5_000).fit(columns, answers[question])
        own, *rest = model.coef_[0]
        given[question] = {
            "(bias)": float(model.intercept_[0]),
            "(itself)": float(own),
            **dict(zip(kinds, map(float, rest), strict=True)),
        }
    return given


def table(found: Fitted) -> str:
    """The fitted weights in the form that `learned.parse` reads."""
    lines = [_HEADER, "question\t", ",".join(found.questions), "\n"]
    lines += ["(bias)\t", ",".join(map(str, _numbers(found.biases))), "\n"]
    lines += [_line(name, weights) for name, weights in zip(found.names, found.weights, strict=True)]
    for question, numbers in found.given_kind.items():
        pairs = ",".join(f"{name}={number:.3f}" for name, number in numbers.items())
        lines.append(f"{question}{learned.GIVEN_KIND}\t{pairs}\n")
    return "".join(lines)


def _line(name: str, weights: Iterable[float]) -> str:
    numbers = _numbers(weights)
    return f"{name}\t{learned_rows.written(numbers)}\n" if any(numbers) else ""


def _numbers(weights: Iterable[float]) -> list[int]:
    return [round(float(weight) * learned.SCALE) for weight in weights]


def write() -> int:
    """Fit on the whole corpus and write the table; the number of mails."""
    mails = corpus.load("corpus")
    TABLE.write_text(table(fitted(mails, load_policy("bjurholm"))), encoding="utf-8")
    return len(mails)
