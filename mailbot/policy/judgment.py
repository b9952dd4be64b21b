"""The judgments on one message whose text was read, and how they bear on each other.

Each rule module answers one question; here stands which answer overrules which (requirements 0): secrecy before the
must list, the must list before the need-not list, and a silent `no` only where nothing speaks against it.
"""

from dataclasses import dataclass

from mailbot.policy import diary, kind, outgoing, reply_need, scores, secrecy
from mailbot.policy.automatic import Automatic
from mailbot.policy.model import Diarise, Facts, Kind, Verdict
from mailbot.policy.profile import Policy
from mailbot.policy.reading import Reading
from mailbot.policy.signals import Hit

#: a suspicion of secrecy from here on, short of the threshold, forbids a silent `no`
_SECRECY_SUSPECTED = 2.0
#: points for a concern about a person: what is told to social services is secret (OSL 26:1, barnevernsloven § 13-1)
_CONCERN = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgment:
    """Everything the rules say about a message; None is "cannot be judged from what was read"."""

    kind: Kind | None = None
    confidential: bool | None = None
    needs_reply: bool | None = None
    diarise: Diarise | None = None
    #: something other than a must signal speaks against a silent `no`: unreadable, very long, perhaps secret
    forbids_silence: bool = False
    #: in the order the rules ran
    verdicts: tuple[Verdict, ...] = ()


def from_headers(reading: Reading, facts: Facts, policy: Policy, automatic: Automatic) -> Judgment:
    """What may be said without the text: what automatic mail is, and what the subject gives away."""
    if automatic.automatic and facts.direction != "outgoing":
        return _automatic_by_headers(reading, policy, automatic)
    confidential, verdicts = secrecy.judge(reading, policy)
    return Judgment(
        confidential=confidential,
        needs_reply=False if facts.direction == "outgoing" else None,
        diarise=Diarise.YES if confidential else None,
        verdicts=verdicts,
    )


def settled_by_headers(reading: Reading, facts: Facts, policy: Policy, automatic: Automatic) -> bool:
    """Whether the text could not change anything: a bounce, or the absence reply of a person."""
    if not automatic.automatic or facts.direction == "outgoing" or automatic.kind not in policy.diary.need_not:
        return False
    return automatic.kind is Kind.BOUNCE or reading.sender_class in ("own", "private")


def _automatic_by_headers(reading: Reading, policy: Policy, automatic: Automatic) -> Judgment:
    # Systems of authorities send decisions in the envelope of an automatic reply: unread, these stay open.
    silent = automatic.kind in policy.diary.need_not and (
        automatic.kind is Kind.BOUNCE or reading.sender_class != "authority"
    )
    return Judgment(
        kind=automatic.kind,
        confidential=False,
        needs_reply=False,
        diarise=Diarise.NO if silent else None,
        verdicts=(Verdict("reply_need.automatic"), Verdict(f"diary.need_not.{automatic.kind}")),
    )


def from_text(reading: Reading, facts: Facts, policy: Policy, automatic: Automatic, hits: tuple[Hit, ...]) -> Judgment:
    """The full judgment by the rules; `hits` are what the signal files found."""
    weighed = scores.weigh(reading, facts, hits)
    said, kind_verdicts = kind.judge(reading, facts, weighed)
    confidential, secrecy_verdicts = _secrecy(reading, policy, automatic, said, kind_verdicts)
    needs_reply, reply_verdicts = _reply_need(reading, facts, policy, automatic, hits, said)
    diarise, diary_verdicts = diary.judge(
        reading, facts, weighed, said, confidential=confidential, needs_reply=needs_reply, rules=policy.diary
    )
    if facts.direction == "outgoing":
        diarise, diary_verdicts = outgoing.judge(reading, facts, policy.diary, diary_verdicts)
    elif automatic.automatic:
        diarise, diary_verdicts = _diary_of_automatic(reading, policy, automatic, diary_verdicts)
    doubts = _doubts(reading, secrecy_verdicts)
    if diarise is Diarise.NO and doubts:
        diarise, diary_verdicts = Diarise.ASK, (*doubts, *diary_verdicts)
    return Judgment(
        kind=automatic.kind or said,
        confidential=confidential,
        needs_reply=needs_reply,
        diarise=diarise,
        forbids_silence=bool(doubts),
        verdicts=(*kind_verdicts, *secrecy_verdicts, *reply_verdicts, *diary_verdicts),
    )


def _secrecy(
    reading: Reading, policy: Policy, automatic: Automatic, said: Kind, kind_verdicts: tuple[Verdict, ...]
) -> tuple[bool | None, tuple[Verdict, ...]]:
    if automatic.automatic:
        # Sent to many, or by a program that answers everybody: nothing about anyone in particular.
        return False, ()
    confidential, verdicts = secrecy.judge(reading, policy)
    concern = sum(verdict.points for verdict in kind_verdicts if ".concern." in verdict.rule)
    if not confidential and said is Kind.CONCERN and concern >= _CONCERN:
        evidence = next((verdict.evidence for verdict in kind_verdicts if verdict.evidence), None)
        return True, (*verdicts, Verdict("confidential.concern", policy.secrecy.threshold, evidence))
    return confidential, verdicts


def _reply_need(
    reading: Reading, facts: Facts, policy: Policy, automatic: Automatic, hits: tuple[Hit, ...], said: Kind
) -> tuple[bool | None, tuple[Verdict, ...]]:
    if facts.direction == "outgoing":
        return False, (Verdict("reply_need.outgoing"),)
    if automatic.automatic:
        return False, (Verdict("reply_need.automatic"),)
    body = reading.message.body
    if body is not None and body.calendar_method in ("REPLY", "CANCEL"):
        return False, (Verdict("reply_need.calendar"),)
    is_form = reading.message.author.email in facts.web_form_senders
    if reading.from_own_organisation and not is_form and not policy.reply.internal_mail:
        return False, (Verdict("reply_need.internal_mail_exempt"),)
    return reply_need.judge(reading, facts, hits, said)


def _diary_of_automatic(
    reading: Reading, policy: Policy, automatic: Automatic, weighed: tuple[Verdict, ...]
) -> tuple[Diarise, tuple[Verdict, ...]]:
    """`no`, unless the words say what no absence reply says: systems of authorities send decisions too."""
    if automatic.kind is Kind.BOUNCE:
        must = 0.0
    else:
        must = max((verdict.points for verdict in weighed if _speaks_for_itself(verdict)), default=0.0)
    enough = policy.diary.suspected if reading.sender_class == "authority" else policy.diary.established
    if must >= enough:
        return Diarise.ASK, (Verdict("diary.ask.automatic_with_content", must), *weighed)
    if automatic.kind not in policy.diary.need_not:
        return Diarise.ASK, (Verdict("diary.ask.automatic"), *weighed)
    return Diarise.NO, (Verdict(f"diary.need_not.{automatic.kind}", policy.diary.established), *weighed)


def _speaks_for_itself(verdict: Verdict) -> bool:
    """A must signal in the words; the case number of the thread that is answered says nothing new."""
    return verdict.rule.startswith("diary.must.") and verdict.rule not in ("diary.must.case", "diary.must.confidential")


def _doubts(reading: Reading, secrecy_verdicts: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
    """What forbids a silent `no` although no must signal was found."""
    doubts: list[Verdict] = []
    if not reading.is_readable:
        doubts.append(Verdict("diary.ask.unreadable"))
    if not reading.is_complete:
        doubts.append(Verdict("diary.ask.very_long"))
    suspicion = secrecy.points(secrecy_verdicts)
    if suspicion >= _SECRECY_SUSPECTED:
        doubts.append(Verdict("diary.ask.secrecy_suspected", suspicion, secrecy_verdicts[0].evidence))
    return tuple(doubts)
