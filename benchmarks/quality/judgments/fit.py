"""Fit the learned weights on `corpus/` and write `mailbot/policy/signals/learned.tsv`.

Logistic regression per question (scikit-learn, dependency group "quality"); weights that hardly matter are left out.
Nothing under `heldout/` is looked at.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.quality.judgments import corpus
from benchmarks.quality.judgments.corpus import Mail
from mailbot.policy import automatic, judgment, learned, signals
from mailbot.policy.features import features
from mailbot.policy.profile import Policy, load_policy
from mailbot.policy.reading import read

TABLE = Path(__file__).parents[3] / "mailbot" / "policy" / "signals" / "learned.tsv"

#: inverse strength of the penalty: the few general questions stand on more examples than each kind does
_STRENGTH = {learned.MUST: 0.3, learned.REPLY: 0.3, learned.SECRET: 0.3}
_STRENGTH_OF_KINDS = 1.0
#: a feature of fewer mails tells of those mails, not of mail
_FEWEST_MAILS = 3
#: lighter weights are not kept; each kind is one question of many, so its small weights matter less
_LIGHT = 0.03
_LIGHT_OF_KINDS = 0.1
_HEADER = """\
# Learned weights: question <tab> feature <tab> weight. Made by `python -m benchmarks.quality.judgments fit` from
# invented, labelled mail; see mailbot/policy/learned.py. Positive speaks for it, negative against it.
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


def table(mails: Sequence[Mail], policy: Policy) -> str:
    """The weights fitted on `mails`, in the form that `learned.parse` reads."""
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    vectoriser = DictVectorizer()
    rows = vectoriser.fit_transform(_frequent([features_of(mail, policy) for mail in mails]))
    rows.indices, rows.indptr = rows.indices.astype("int32"), rows.indptr.astype("int32")
    names = vectoriser.get_feature_names_out()
    lines = [_HEADER]
    for question, answers in questions(mails).items():
        strength = _STRENGTH.get(question, _STRENGTH_OF_KINDS)
        fitted = LogisticRegression(C=strength, solver="liblinear", random_state=0).fit(rows, answers)
        lines += _lines(question, float(fitted.intercept_[0]), zip(names, fitted.coef_[0], strict=True))
    return "".join(lines)


def _frequent(rows: Sequence[dict[str, float]]) -> list[dict[str, float]]:
    mails = Counter(feature for row in rows for feature in row)
    return [{name: value for name, value in row.items() if mails[name] >= _FEWEST_MAILS} for row in rows]


def _lines(question: str, bias: float, weights: Iterable[tuple[str, float]]) -> Iterable[str]:
    light = _LIGHT if question in _STRENGTH else _LIGHT_OF_KINDS
    kept = [(feature, round(float(weight), 3)) for feature, weight in weights if abs(weight) >= light]
    yield f"{question}\t(bias)\t{bias:.3f}\n"
    for feature, weight in sorted(kept, key=lambda item: (-abs(item[1]), item[0])):
        yield f"{question}\t{feature}\t{weight:.3f}\n"


def write() -> int:
    """Fit on the whole corpus and write the table; the number of mails."""
    mails = corpus.load("corpus")
    TABLE.write_text(table(mails, load_policy("bjurholm")), encoding="utf-8")
    return len(mails)
