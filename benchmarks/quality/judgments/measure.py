"""How often mailbot judges as a registrar would, and what it costs when it does not."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import comb

from benchmarks.quality.judgments.corpus import Mail
from mailbot.policy.decide import decide
from mailbot.policy.model import Decision
from mailbot.policy.profile import Policy

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Judged:
    """A labelled mail and the decision about it."""

    mail: Mail
    decision: Decision

    @property
    def kind_right(self) -> bool:
        return self.decision.kind is not None and str(self.decision.kind) in (self.mail.kind, *self.mail.alternatives)

    @property
    def reply_right(self) -> bool:
        return self.decision.needs_reply is self.mail.needs_reply

    @property
    def diary_right(self) -> bool:
        return str(self.decision.diarise) in (self.mail.diarise, *self.mail.alternatives_diarise)

    @property
    def lost(self) -> bool:
        """The worst error: what must be registered passes silently."""
        return self.mail.diarise == "yes" and str(self.decision.diarise) == "no" and not self.diary_right

    @property
    def secrecy_right(self) -> bool:
        return bool(self.decision.confidential) is self.mail.confidential


def judge(mails: Sequence[Mail], policy: Policy) -> list[Judged]:
    """Decide about every mail, all of it read."""
    return [Judged(mail, decide(mail.message, mail.facts, policy, NOW)) for mail in mails]


def share(judged: Sequence[Judged], what: str) -> float:
    """Per cent of `judged` whose property `what` is true."""
    return 100 * sum(bool(getattr(one, what)) for one in judged) / len(judged) if judged else 0.0


def ask_rate(judged: Sequence[Judged]) -> float:
    return 100 * sum(str(one.decision.diarise) == "ask" for one in judged) / len(judged) if judged else 0.0


def upper_bound(errors: int, of: int, confidence: float = 0.95) -> float:
    """The one-sided Clopper-Pearson bound on an error rate, in per cent."""
    if of == 0:
        return 100.0
    low, high = errors / of, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        tail = sum(comb(of, k) * middle**k * (1 - middle) ** (of - k) for k in range(errors + 1))
        low, high = (middle, high) if tail > 1 - confidence else (low, middle)
    return 100 * high


def confusion(judged: Sequence[Judged]) -> Counter[tuple[str, str]]:
    """(what the registrar says, what mailbot says) -> mails, for the diary."""
    return Counter((one.mail.diarise, str(one.decision.diarise)) for one in judged)
