"""The second opinion: it settles what is open, and never silences a must signal."""

from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.policy import learned, second_opinion
from mailbot.policy.decide import decide
from mailbot.policy.features import Features, Key, key_of, name_of, place_of
from mailbot.policy.judgment import Judgment
from mailbot.policy.learned import Opinion
from mailbot.policy.learned_rows import written
from mailbot.policy.model import Diarise, Kind, Verdict
from mailbot.policy.profile import load_policy
from mailbot.policy.reading import SenderClass, read
from tests.policy.mails import FACTS, mail
from tests.policy.test_decide import APPEAL, INCOMING, NOW, QUESTION

POLICY = load_policy("bjurholm")
WITHOUT = load_policy("bjurholm", {"learned": {"enabled": False}})

TABLE = """# a comment
question\tmust,reply,secret,appeal,enquiry
(bias)\t-50,25,-150,,-50
word bygga\t125,,,,
"""


FOUND = Features({"word": {2.0: ["bygga"], 9.0: ["okänt"]}, "": {1.0: ["asks"]}})


def test_a_table_is_read_and_answers_add_up() -> None:
    weights = learned.parse(TABLE.splitlines())
    known = weights.known(FOUND)
    assert weights.scores(known) == pytest.approx(
        {"must": 4.0, "reply": 0.5, "secret": -3.0, "appeal": 0.0, "enquiry": -1.0}
    )
    opinion = weights.opinion(known)
    assert opinion.must == pytest.approx(0.982, abs=0.001)
    assert opinion.kind is Kind.APPEAL
    assert weights.heaviest(known, "must") == [("word", "bygga", 5.0)]


#: what the page on the table says
WRITTEN = {".": 0, **{c: n for n, c in enumerate("123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", 1)}}
WRITTEN |= {c: -n for n, c in enumerate("abcdefghijklmnopqrstuvwxyz", 1)}

NAMES = ("word a", "word b", "stem a", "pair a b", "topics a+b", "start a b c", "short", "signal question")
named = st.dictionaries(st.sampled_from(NAMES), st.integers(-26, 35) | st.integers(-127, 127), min_size=1)


def features_of(values: dict[str, float]) -> Features:
    """Features by their whole names."""
    families: dict[str, dict[float, list[Key]]] = {}
    for name, value in values.items():
        family, key = key_of(name)
        families.setdefault(family, {}).setdefault(value, []).append(key)
    return Features(families)


@given(st.dictionaries(st.sampled_from(("must", "reply", "secret", "appeal")), named, min_size=2), st.data())
def test_packed_weights_add_up_as_single_ones(table: dict[str, dict[str, int]], data: st.DataObject) -> None:
    found_names = sorted({name for names in table.values() for name in names})
    lines = [f"question\t{','.join(table)}", f"(bias)\t{',' * (len(table) - 1)}"]
    lines += [f"{name}\t{written([names.get(name, 0) for names in table.values()])}" for name in found_names]
    weights = learned.parse(lines)
    numbers = st.sampled_from((-1 / 3, 0.25, 1.0, 3.0, 0.123456))
    values = data.draw(st.dictionaries(st.sampled_from((*NAMES, "word unknown", "pair a c", "pair c a")), numbers))
    found = features_of(values)
    assert found.by_name() == values
    known = weights.known(found)
    scores = weights.scores(known)
    for question, names in table.items():
        parts = {name: names.get(name, 0) / learned.SCALE * value for name, value in values.items()}
        assert scores[question] == pytest.approx(sum(parts.values()), abs=1e-9)
        heaviest = weights.heaviest(known, question, most=10)
        assert {name_of(family, key): points for family, key, points in heaviest} == pytest.approx(
            {name: points for name, points in parts.items() if points}
        )
        most = max((abs(points) for points in parts.values()), default=0.0)
        assert [abs(points) for _, _, points in weights.heaviest(known, question, most=1)] == (
            pytest.approx([most]) if most else []
        )


@pytest.mark.parametrize("sign", [1, -1])
def test_a_thousand_of_the_heaviest_weights_add_up(sign: int) -> None:
    names = [f"word {number}" for number in range(1_000)]
    lines = ["question\tmust,reply", "(bias)\t,", *(f"{name}\t{sign * 127},{-sign * 127}" for name in names)]
    weights = learned.parse(lines)
    scores = weights.scores(weights.known(features_of(dict.fromkeys(names, 1.0))))
    assert scores == pytest.approx({"must": sign * 2540.0, "reply": -sign * 2540.0})


def test_general_questions_follow_from_the_likely_kind_too() -> None:
    kinds = "must given kind\t(bias)=-1.0,(itself)=0.5,appeal=4.0,enquiry=-4.0"
    bare, told = learned.parse(TABLE.splitlines()), learned.parse([*TABLE.splitlines(), kinds])
    nothing = bare.known(Features({"": {}}))
    assert bare.opinion(nothing).must == pytest.approx(0.269, abs=0.001)  # log-odds -1
    # ten times the scores 0 and -1: an appeal almost for certain
    assert told.opinion(nothing).must == pytest.approx(0.924, abs=0.001)  # -1 + 0.5 * -1 + 4
    assert told.opinion(nothing).reply == bare.opinion(nothing).reply


@pytest.mark.parametrize("line", ["word a\t1", "word a\t1,2,3,4,5,6", "word a\t1.a.", "word a\t1.a..."])
def test_a_table_that_cannot_be_right_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="word a"):
        learned.parse([*TABLE.splitlines(), line])


@pytest.mark.parametrize(
    "line", ["word a\t1,,,,128", "pair a b\t1,,,,x", "word a\t1,,,,-501", "word a\t1..?.", "pair a b\t1...å"]
)
def test_weights_that_cannot_be_right_are_refused_when_their_feature_is_met(line: str) -> None:
    weights = learned.parse([*TABLE.splitlines(), line])
    name = line.partition("\t")[0]
    with pytest.raises(ValueError, match=name):
        weights.known(features_of({name: 1.0}))


def test_every_row_of_the_shipped_table_can_be_read() -> None:
    table = resources.files("mailbot.policy").joinpath("signals/learned.tsv").read_text(encoding="utf-8")
    lines = [line.split("\t") for line in table.splitlines() if not line.startswith("# ")]
    rows = {name: row for name, row in lines if name not in ("question", "(bias)") and not name.endswith(" given kind")}
    weights = learned.parse(table.splitlines())
    known = weights.known(features_of(dict.fromkeys(rows, 1.0)))
    assert sum(len(keys) for _, _, keys, _ in known.parts) == len(rows)
    must = [int(row.split(",")[0] or 0) if "," in row else WRITTEN[row[0]] for row in rows.values()]
    assert sum(must) == sum(sum(weights.rows.weights(family, read, 0)) for family, _, _, read in known.parts)


def test_the_shipped_table_answers_every_question() -> None:
    weights = learned.load()
    assert {learned.MUST, learned.REPLY, learned.SECRET} <= set(weights.questions)
    kinds = set(weights.questions) - {learned.MUST, learned.REPLY, learned.SECRET}
    assert kinds <= {str(kind) for kind in Kind}
    assert len(kinds) >= 20


@given(
    must=st.floats(0, 1),
    points=st.floats(0, 5),
    diarise=st.sampled_from(Diarise),
    forbids=st.booleans(),
    kind=st.sampled_from(Kind),
    sender=st.sampled_from(("own", "authority", "private", "organisation", "unknown")),
)
def test_no_must_signal_is_ever_silenced(
    must: float, points: float, diarise: Diarise, forbids: bool, kind: Kind, sender: SenderClass
) -> None:
    judgment = Judgment(
        kind=Kind.OTHER, diarise=diarise, forbids_silence=forbids, verdicts=(Verdict("diary.must.report", points),)
    )
    opinion = Opinion(must=must, reply=0.5, secret=0.0, kind=Kind.OTHER, kind_score=0.0)
    answer = second_opinion._diarise(judgment, opinion, POLICY, kind, sender)
    if diarise is Diarise.YES:
        assert answer is Diarise.YES
    if answer is Diarise.NO:
        # a company's hot words are no suspicion; an established signal stands there too
        sells = kind is Kind.ADVERTISING and sender == "organisation"
        assert points < (POLICY.diary.established if sells else POLICY.diary.suspected)
        assert must <= POLICY.learned.no_up_to
        assert not forbids


def test_an_established_must_signal_stands_with_and_without_the_weights() -> None:
    for policy in (POLICY, WITHOUT):
        decision = decide(mail(APPEAL), INCOMING, policy, NOW)
        assert (decision.kind, decision.diarise) == (Kind.APPEAL, Diarise.YES)


def test_switched_off_nothing_learned_is_in_the_reasons() -> None:
    decision = decide(mail(QUESTION), INCOMING, WITHOUT, NOW)
    assert not [verdict for verdict in decision.verdicts if verdict.rule.startswith("learned.")]


def test_reasons_point_at_words_and_never_hold_them() -> None:
    text = "Hej! Lampan vid busskuren på Storgatan har varit släckt i tre veckor och barnen går där i mörkret."
    decision = decide(mail(text), FACTS, POLICY, NOW)
    known = {"learned.must", "learned.reply", "learned.secret", *(f"learned.kind.{kind}" for kind in Kind)}
    found = [verdict for verdict in decision.verdicts if verdict.rule.startswith("learned.")]
    assert {verdict.rule for verdict in found} <= known
    for verdict in found:
        assert verdict.evidence is None or verdict.evidence.end <= len(text) + 1


_FOREST_DAY = "Välkomna till årets skogsdag torsdagen den 4 juni! Kaffe 09.30, vandring 10.00, lunch vid sjön."
_REDUCED = "Passa på! Fri frakt och 20 procent rabatt på alla våra roll-ups."


@pytest.mark.parametrize(
    ("kind", "likely", "text", "expected"),
    [
        ("invitation", False, _FOREST_DAY + "\n\nAnmäl dig senast den 22 maj. OSA gärna med allergier.", True),
        ("invitation", False, _FOREST_DAY + "\n\nSvar senast den 22 maj.", True),
        # nothing asks: the weights decide, as many ask in words that no file lists
        ("invitation", False, _FOREST_DAY, False),
        ("invitation", True, _FOREST_DAY, True),
        ("advertising", True, _REDUCED, False),
        ("advertising", True, _REDUCED + "\n\nNär kan vi ringa er?", True),
        ("other", True, _REDUCED, True),
    ],
)
def test_an_invitation_is_answered_where_it_asks_and_advertising_only_then(
    monkeypatch: pytest.MonkeyPatch, kind: str, likely: bool, text: str, expected: bool
) -> None:
    reply = 450 if likely else -450
    table = f"question\tmust,reply,secret,{kind}\n(bias)\t-450,{reply},-450,0\n"
    monkeypatch.setattr(learned, "load", lambda: learned.parse(table.splitlines()))
    message = mail(text, {"Subject": "Skogsdag"})
    decision = decide(message, INCOMING, POLICY, NOW)
    assert (str(decision.kind), decision.needs_reply) == (kind, expected)
    named = next((one for one in decision.verdicts if one.rule == "reply_need.invitation_asks"), None)
    assert (named is not None) is (kind == "invitation" and "senast" in text)
    if named is not None and "OSA" in text:
        assert named.evidence is not None and message.body is not None
        assert message.body.text[named.evidence.start : named.evidence.end] == "OSA"


def test_an_appeal_against_our_decision_is_not_proposed_to_be_passed_on() -> None:
    text = "Hej!\nJag håller inte med om det ni kommit fram till om bygglovet och vill att ni ändrar det.\nMvh Bo\n"
    decision = decide(mail(text, {"Subject": "Beslutet"}), INCOMING, POLICY, NOW)
    assert (decision.kind, decision.diarise) == (Kind.APPEAL, Diarise.YES)
    assert not any(type(action).__name__ == "ProposePassingOn" for action in decision.actions)


def test_advertising_stuffed_with_the_words_of_a_registry_is_silent() -> None:
    text = (
        "Veckans viktigaste för dig som arbetar i nämnd: ny remiss om förskolan, beslut från JO om sekretess, och så "
        "skriver du rätt när någon överklagar. Läs mer på vår sida. Vill du inte ha fler brev klickar du här."
    )
    headers = {
        "Subject": "Remiss, beslut, överklagande: veckans viktigaste",
        "From": "Kommunjuridik i fokus <nyhetsbrev@kommunjuridik.example>",
        "List-Unsubscribe": "<https://kommunjuridik.example/av>",
    }
    decision = decide(mail(text, headers), INCOMING, POLICY, NOW)
    assert (decision.kind, decision.diarise, decision.needs_reply) == (Kind.ADVERTISING, Diarise.NO, False)


def test_that_an_authority_wants_to_know_who_comes_starts_no_case() -> None:
    text = "Välkommen till en förmiddag om bussar den 14 april i Umeå. Vi bjuder på lunch. Säg till före den 1 april."
    headers = {"Subject": "Dialog om bussar", "From": "Region Norr <moten@regionnorr.example>"}
    decision = decide(mail(text, headers), INCOMING, POLICY, NOW)
    assert decision.kind is Kind.INVITATION
    assert decision.diarise is not Diarise.YES or any(one.rule == "learned.must" for one in decision.verdicts)


def test_the_reason_for_a_swedish_word_is_shown_where_its_norwegian_one_stands() -> None:
    reading = read(mail(text="Jeg er ikke enig i det vedtaket dere har gjort om garasjen."), FACTS)
    assert reading.language == "nb"
    place = place_of(["beslu"], reading)
    assert place is not None
    assert reading.new[slice(*place)] == "vedtaket"
    assert place_of(["ansök"], reading) is None
