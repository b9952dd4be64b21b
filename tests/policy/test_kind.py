"""What kind of document a mail is: on labelled mail, and where structure must outweigh words."""

import pytest

from mailbot.policy.model import Kind
from tests.policy.labelled import Case, cases, judged, tally

ALL = {case.id: case for prefix in ("dev", "heldout") for case in cases(prefix)}


def test_labelled_mail_is_named_rightly() -> None:
    assert tally("dev").kind >= 0.95
    assert tally("heldout").kind >= 0.90


@pytest.mark.parametrize(
    ("case_id", "kind"),
    [
        ("appeal-do-not-agree", Kind.APPEAL),
        ("appeal-change-so-i-may-build", Kind.APPEAL),
        ("document-request-consultant", Kind.DOCUMENT_REQUEST),
        ("application-rink-ice", Kind.APPLICATION),
        ("ad-course-appeals", Kind.ADVERTISING),
        ("ad-newsletter-consultations", Kind.ADVERTISING),
        ("internal-quoted-appeal", Kind.INTERNAL),
        ("thanks-plain", Kind.OTHER),
    ],
)
def test_mail_that_avoids_or_misuses_the_obvious_words(case_id: str, kind: Kind) -> None:
    assert judged(ALL[case_id]).kind is kind


def test_every_point_is_shown_with_its_rule() -> None:
    verdicts = judged(ALL["appeal-do-not-agree"]).verdicts
    assert "kind.appeal.disagreement+our_decision" in {verdict.rule for verdict in verdicts}
    assert all("@" not in verdict.rule for verdict in verdicts)


def test_a_newsletter_header_outweighs_hot_nouns_but_not_a_persons_demand() -> None:
    headers = {"List-Unsubscribe": "<mailto:x@y.example>"}
    noun = Case(id="n", subject="Om beslut", text="Remiss och beslut i dag.", headers=headers, **_LABELS)
    demand = Case(
        id="d",
        subject="Överklagande",
        text="Härmed överklagar jag beslutet och yrkar att det ändras. Jag är inte nöjd med beslutet.",
        headers=headers,
        **_LABELS,
    )
    assert judged(noun).kind is Kind.ADVERTISING
    assert judged(demand).kind is Kind.APPEAL


_LABELS = {"kind": "other", "needs_reply": None, "diarise": "ask"}
