"""Whether an answer is expected."""

import pytest

from mailbot.mail.message import parse_headers
from mailbot.policy import reading, reply_need
from mailbot.policy.model import Facts, Kind
from tests.policy.labelled import Case, judged, tally


def test_labelled_mail_is_judged_rightly() -> None:
    assert tally("dev").needs_reply >= 0.95
    assert tally("heldout").needs_reply >= 0.95


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("När öppnar simhallen?", True),
        ("hur länge ska vi behöva vänta på ett besked", True),
        ("Tack för hjälpen!", False),
        ("Tack för svaret. Men hur blir det då med altanen?", True),
        ("Det är ett stort hål i Storgatan. Ni behöver inte svara.", False),
        ("Endast för kännedom: vi övar på torsdag.", False),
        ("Kan dere sende meg brevene fra utbyggeren?", True),
    ],
)
def test_questions_thanks_and_declined_answers(text: str, expected: bool) -> None:
    case = Case(id="x", subject="Hej", text=text, kind="other", needs_reply=expected, diarise="ask")
    assert judged(case).needs_reply is expected


def test_headers_alone_cannot_be_judged() -> None:
    read = reading.read(parse_headers(b"From: a@mejl.example\nSubject: Hej?\n\n"), Facts())
    assert reply_need.judge(read, Facts(), (), Kind.OTHER)[0] is None
