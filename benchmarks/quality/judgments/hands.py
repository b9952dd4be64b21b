"""Every hand of the corpus judged by weights fitted on the others: what mailbot makes of a style it has not met.

The scores are those of the other hands alone; how much each family of features counts, and what scores are worth as
probabilities, is fitted on all of them.
"""

from collections.abc import Sequence
from unittest.mock import patch

from benchmarks.quality.judgments import corpus, fit
from benchmarks.quality.judgments.measure import Judged, judge
from mailbot.policy import learned
from mailbot.policy.profile import Policy


def judged_by_others(policy: Policy) -> Sequence[Judged]:
    """Every mail of the corpus with the decision of weights that know no mail of its hand."""
    mails = corpus.load("corpus")
    found = fit.fitted(mails, policy)
    weights = learned.parse(fit.table(found).splitlines())
    judged = []
    with patch.object(learned, "load", lambda: weights):
        for mail, row in zip(mails, found.unseen, strict=True):
            scores = dict(zip(found.questions, map(float, row), strict=True))
            with patch.object(learned.Weights, "scores", lambda *_, scores=scores: scores):
                judged += judge([mail], policy)
    return judged
