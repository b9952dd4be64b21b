"""The second opinion: learned weights settle what the rules leave open, and never silence a must signal.

Precedence as in requirements 0: secrecy, the must list, the need-not list. The rules' established `yes` stands. A
silent `no` takes both: rules without even a suspected must signal, and weights that find registration improbable.
"""

from collections.abc import Iterable
from dataclasses import replace
from math import log

from mailbot.policy import learned
from mailbot.policy.features import OF_WORDS, features, place_of
from mailbot.policy.judgment import Judgment
from mailbot.policy.learned import Opinion
from mailbot.policy.model import Diarise, Evidence, Facts, Kind, Verdict
from mailbot.policy.profile import Policy
from mailbot.policy.reading import Reading, SenderClass
from mailbot.policy.signals import Hit, strongest_hit

#: structure alone settles that these need no answer
_REPLY_IS_SETTLED = frozenset({"reply_need.outgoing", "reply_need.calendar", "reply_need.internal_mail_exempt"})
#: that an authority wants to know who comes to its day is no demand that starts a case
_DEMANDS = "diary.must.authority_demands"
_DEMAND_LITTLE = frozenset({Kind.ADVERTISING, Kind.INVITATION, Kind.PRIVATE})
#: groups of the signal files in which something is asked of us
_ASKING = frozenset({"request", "question"})


def weigh(reading: Reading, facts: Facts, policy: Policy, hits: Iterable[Hit], judgment: Judgment) -> Judgment:
    """The judgment after both opinions; each change has its verdict."""
    if not policy.learned.enabled or judgment.kind is None or judgment.diarise is None:
        return judgment
    hits = tuple(hits)
    found = features(
        reading,
        facts,
        hits,
        kind=judgment.kind,
        needs_reply=judgment.needs_reply,
        diarise=judgment.diarise,
        confidential=judgment.confidential,
        verdicts=judgment.verdicts,
    )
    weights = learned.load()
    known = weights.known(found)
    opinion = weights.opinion(known)
    confidential = True if opinion.secret >= policy.learned.secret_from else judgment.confidential
    kind = _kind(judgment, opinion)
    diarise = Diarise.YES if confidential else _diarise(judgment, opinion, policy, kind, reading.sender_class)
    needs_reply = judgment.needs_reply
    settled: tuple[Verdict, ...] = ()
    if needs_reply is not None and not any(verdict.rule in _REPLY_IS_SETTLED for verdict in judgment.verdicts):
        settled = _settled_by_kind(reading, kind, hits)
        needs_reply = settled[0].points > 0 if settled else opinion.reply >= policy.learned.reply_from
    answers = (
        (learned.SECRET, opinion.secret, confidential != judgment.confidential),
        (learned.MUST, opinion.must, diarise is not judgment.diarise),
        (learned.REPLY, opinion.reply, not settled and needs_reply is not judgment.needs_reply),
    )
    verdicts = [
        Verdict(f"learned.{question}", round(_log_odds(probability), 1), _evidence(reading, weights, known, question))
        for question, probability, changed in answers
        if changed
    ]
    if kind is not judgment.kind:
        place = _evidence(reading, weights, known, opinion.kind)
        verdicts.append(Verdict(f"learned.kind.{opinion.kind}", round(opinion.kind_score, 1), place))
    return replace(
        judgment,
        kind=kind,
        confidential=confidential,
        needs_reply=needs_reply,
        diarise=diarise,
        verdicts=(*settled, *verdicts, *judgment.verdicts),
    )


def _kind(judgment: Judgment, opinion: Opinion) -> Kind:
    """An established appeal is against a decision of ours: called misdirected, it would be proposed to be passed on."""
    assert judgment.kind is not None, "only judged mail is weighed"
    is_our_decision = judgment.kind is Kind.APPEAL and judgment.diarise is Diarise.YES
    return judgment.kind if is_our_decision and opinion.kind is Kind.MISDIRECTED else opinion.kind


def _settled_by_kind(reading: Reading, kind: Kind, hits: Iterable[Hit]) -> tuple[Verdict, ...]:
    """An invitation that wants to know who comes (OSA, svar senast) is answered; advertising that asks nothing is not.

    An invitation without such words stays open: many ask in words that no file lists ("gi oss et pip").
    """
    asking = [hit for hit in hits if hit.kind in _ASKING]
    request = strongest_hit(hit for hit in asking if hit.kind == "request")
    if kind is Kind.INVITATION and request is not None:
        return (Verdict("reply_need.invitation_asks", request.points, request.evidence),)
    if kind is Kind.ADVERTISING and not asking and "?" not in reading.new:
        return (Verdict(f"reply_need.kind.{kind}", -3.0),)
    return ()


def _diarise(judgment: Judgment, opinion: Opinion, policy: Policy, kind: Kind, sender: SenderClass) -> Diarise:
    """An established must signal stands; a silent `no` takes that not even a suspected one does."""
    said = [verdict for verdict in judgment.verdicts if verdict.rule.startswith("diary.must.")]
    counted = [verdict for verdict in said if not (verdict.rule == _DEMANDS and kind in _DEMAND_LITTLE)]
    must = max((verdict.points for verdict in counted), default=0.0)
    stands = len(counted) == len(said) or must >= policy.diary.established
    if (judgment.diarise is Diarise.YES and stands) or opinion.must >= policy.learned.yes_from:
        return Diarise.YES
    # a company uses the words of a registry to be read ("Remiss, beslut, överklagande: veckans viktigaste")
    sells = kind is Kind.ADVERTISING and sender == "organisation"
    enough = policy.diary.established if sells else policy.diary.suspected
    silent = opinion.must <= policy.learned.no_up_to and must < enough
    return Diarise.NO if silent and not judgment.forbids_silence else Diarise.ASK


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, 1e-6), 1 - 1e-6)
    return log(bounded / (1 - bounded))


def _evidence(reading: Reading, weights: learned.Weights, known: learned.Known, question: str) -> Evidence | None:
    """Where the words stand that weighed most for an answer: offsets, as always (invariant 6)."""
    heaviest = weights.heaviest(known, question, most=8)
    of_words = [key if isinstance(key, str) else key[0] for family, key, _ in heaviest if family in OF_WORDS]
    place = place_of([key.partition(" ")[0] for key in of_words], reading)
    return reading.evidence(*place) if place else None
