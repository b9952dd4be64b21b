"""yes, no or ask: on labelled mail, and the precedence of requirements 0."""

from dataclasses import replace

import pytest

from mailbot.mail.message import parse
from mailbot.policy import diary, reading, scores, signals
from mailbot.policy.model import Diarise, Facts, Kind
from tests.policy.labelled import POLICY, Case, cases, judged, tally


def test_nothing_that_must_be_registered_is_silently_lost() -> None:
    for prefix in ("dev", "heldout", "frozen"):
        assert tally(prefix).silently_lost == ()


def test_labelled_mail_is_judged_rightly() -> None:
    assert tally("dev").diarise >= 0.90
    assert tally("heldout").diarise >= 0.88
    assert tally("dev").asked <= 0.25
    assert tally("heldout").asked <= 0.25


def test_unmet_mail_is_asked_about_rather_than_lost() -> None:
    # Written after the tuning; the floor guards against getting worse, it is not a goal.
    measured = tally("frozen")
    assert measured.diarise >= 0.35
    assert measured.needs_reply >= 0.80


def decide(text: str, *, confidential: bool = False, facts: Facts | None = None, kind: Kind = Kind.FOR_INFORMATION):
    raw = f"From: a@mejl.example\nSubject: x\nContent-Type: text/plain; charset=utf-8\n\n{text}".encode()
    facts = facts or Facts()
    read = reading.read(parse(raw), facts)
    weighed = scores.weigh(read, facts, signals.hits(read, POLICY))
    return diary.judge(read, facts, weighed, kind, confidential=confidential, needs_reply=False, rules=POLICY.diary)


def test_secrecy_comes_before_everything() -> None:
    text = "Endast för kännedom, ingen åtgärd krävs."
    assert decide(text)[0] is Diarise.NO
    assert decide(text, confidential=True)[0] is Diarise.YES


def test_a_must_signal_wins_over_a_need_not_signal() -> None:
    answer, verdicts = decide("Endast för kännedom. Jag överklagar härmed beslutet om bygglov.")
    assert answer is Diarise.YES
    assert verdicts[0].rule == "diary.must.appeal"


def test_nothing_found_is_asked_about() -> None:
    assert decide("Blåbär.", kind=Kind.OTHER)[0] is Diarise.ASK


@pytest.mark.parametrize("pattern", [r"KS \d{4}/\d+"])
def test_a_diary_number_ties_the_mail_to_its_case(pattern: str) -> None:
    facts = Facts(diary_patterns={"ks": pattern})
    answer, verdicts = decide("Se uppgifterna nedan i KS 2026/17.", facts=facts)
    assert answer is Diarise.YES
    number = next(verdict for verdict in verdicts if verdict.rule == "diary.must.case")
    assert number.evidence and number.evidence.end - number.evidence.start == len("KS 2026/17")


def test_the_profile_decides_what_must_be_registered() -> None:
    case = next(case for case in cases("dev_sv") if case.id == "complaint-school-lunch")
    assert judged(case).diarise is Diarise.YES
    lenient = replace(POLICY, diary=replace(POLICY.diary, must=("decision",), need_not=()))
    assert judged(case, lenient).diarise is not Diarise.NO


@pytest.mark.parametrize(
    "text",
    [
        "Får en restaurang kasta olja i brunnen? Det gör de på Hamngatan varje kväll.",
        "Är det ens tillåtet? I huset mittemot bor det tjugo personer i en källare.",
        "Detta kan jag inte gå med på. Vem tar över härifrån?",
        "Finns det kvar? Jag vill läsa vad som skrevs om mig.",
        "Kan dere gi meg lov til å kjøre snøscooter til hytta?",
    ],
)
def test_a_question_that_tells_of_a_matter_is_never_waved_through(text: str) -> None:
    case = Case(id="q", subject="En fråga", text=text, kind="other", needs_reply=True, diarise="ask")
    assert judged(case).diarise is not Diarise.NO
