"""Every hand of the corpus judged by weights fitted on the others: what mailbot makes of a style it has not met."""

from collections.abc import Iterator, Sequence
from unittest.mock import patch

from benchmarks.quality.judgments import corpus, fit
from benchmarks.quality.judgments.measure import Judged, judge
from mailbot.policy import learned
from mailbot.policy.profile import Policy


def judged_by_others(policy: Policy) -> Sequence[Judged]:
    """Every mail of the corpus with the decision of weights that know no mail of its hand."""
    mails = corpus.load("corpus")
    return [one for hand in sorted({mail.hand for mail in mails}) for one in _of(hand, mails, policy)]


def _of(hand: str, mails: Sequence[corpus.Mail], policy: Policy) -> Iterator[Judged]:
    others = [mail for mail in mails if mail.hand != hand]
    weights = learned.parse(fit.table(others, policy).splitlines())
    with patch.object(learned, "load", lambda: weights):
        yield from judge([mail for mail in mails if mail.hand == hand], policy)
