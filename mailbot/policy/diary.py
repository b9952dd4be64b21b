"""Must a message be registered in the diary? yes, no, or ask the registrar (Bjurholm p. 6).

Precedence (requirements 0): secrecy, then the must list, then the need-not list. One established must signal is `yes`
whatever else the mail says. `no` is said only when a reason not to register is positively established and no must
signal stands; a wrong silent `no` is the worst error there is, so everything else is asked about.
"""

from collections.abc import Iterable, Mapping, Sequence

from mailbot.policy.model import Diarise, Evidence, Facts, Kind, Verdict
from mailbot.policy.profile import DiaryRules
from mailbot.policy.reading import Reading
from mailbot.policy.references import diary_number
from mailbot.policy.scores import NO_SCORE, Score, grouped, is_person, scores
from mailbot.policy.signals import Hit

# An asker has the right to a decision that can be appealed, so handling is needed ("som kräver handläggning"):
# requests for documents (TF 2:15-18) and for the removal of personal data (GDPR art. 12, 17).
_NEEDS_HANDLING = frozenset({Kind.DOCUMENT_REQUEST, Kind.CONSENT_REQUEST})
#: an enquiry that says so much is hardly "enklare"
_SIMPLE_WORDS = 90


def judge(
    reading: Reading,
    facts: Facts,
    hits: Iterable[Hit],
    kind: Kind,
    *,
    confidential: bool | None,
    needs_reply: bool | None,
    rules: DiaryRules,
) -> tuple[Diarise, tuple[Verdict, ...]]:
    """The proposal and everything it was weighed from, the deciding reason first."""
    groups = grouped(hits)
    weighed = scores(reading, facts, [hit for members in groups.values() for hit in members])
    must = sorted(
        _must(reading, facts, groups, weighed, kind, confidential=confidential, rules=rules),
        key=lambda verdict: -verdict.points,
    )
    if must and must[0].points >= rules.established:
        return Diarise.YES, tuple(must)
    need_not = sorted(
        _need_not(reading, facts, groups, weighed, kind, needs_reply=needs_reply, rules=rules),
        key=lambda verdict: -verdict.points,
    )
    standing = [verdict for verdict in must if verdict.points >= rules.suspected]
    if need_not and need_not[0].points >= rules.established and not standing:
        return Diarise.NO, (*need_not, *must)
    return Diarise.ASK, (*must, *need_not) or (Verdict("diary.ask.nothing_found"),)


def _must(
    reading: Reading,
    facts: Facts,
    groups: Mapping[str, Sequence[Hit]],
    weighed: Mapping[Kind, Score],
    kind: Kind,
    *,
    confidential: bool | None,
    rules: DiaryRules,
) -> Iterable[Verdict]:
    if confidential:
        # p. 6, "Handlingar som berörs av sekretess"
        yield Verdict("diary.must.confidential", rules.established)
    for name in rules.must:
        score = weighed.get(Kind(name), NO_SCORE)
        if score.points > 0:
            yield Verdict(f"diary.must.{name}", score.points, score.evidence)
    for handled in _NEEDS_HANDLING:
        score = weighed.get(handled, NO_SCORE)
        if score.points > 0 and handled not in rules.must and handled not in rules.need_not:
            yield Verdict(f"diary.must.handling.{handled}", score.points, score.evidence)
    courtesy = kind is Kind.OTHER and bool({"thanks", "receipt"} & groups.keys()) and not reading.has_attachments
    number, where = diary_number(reading, facts)
    if number and not courtesy and kind is not Kind.ADVERTISING:
        # p. 6, "Inkommande eller utgående handlingar ... som kräver handläggning": part of a registered case
        news = 0.0 if is_person(reading, facts) or reading.has_attachments else -1.5
        yield Verdict("diary.must.case", rules.established + news, where)
    yield from _demands(reading, facts, groups, kind)


def _demands(
    reading: Reading, facts: Facts, groups: Mapping[str, Sequence[Hit]], kind: Kind
) -> Iterable[Verdict]:
    """Demands that no kind explains: an authority's date to be met, a person's request that something be done."""
    if not is_person(reading, facts) or kind in (Kind.ADVERTISING, Kind.INVITATION, Kind.PRIVATE):
        return
    request = max(groups.get("request", ()), key=lambda hit: hit.points, default=None)
    if request and reading.sender_class == "authority":
        dated = 2.0 if "deadline" in groups else 0.0
        yield Verdict("diary.must.authority_demands", request.points + dated, request.evidence)
    elif request and kind not in (Kind.ENQUIRY, Kind.MISDIRECTED):
        yield Verdict("diary.must.request", min(request.points, 2.0), request.evidence)
    for group in ("investigate", "anger", "disagreement"):
        if group in groups:
            yield Verdict(f"diary.must.{group}", 1.0, groups[group][0].evidence)


def _need_not(
    reading: Reading,
    facts: Facts,
    groups: Mapping[str, Sequence[Hit]],
    weighed: Mapping[Kind, Score],
    kind: Kind,
    *,
    needs_reply: bool | None,
    rules: DiaryRules,
) -> Iterable[Verdict]:
    """Reasons not to register, each only for a kind on the profile's list."""
    score = weighed.get(kind, NO_SCORE)
    if kind in rules.need_not:
        yield Verdict(f"diary.need_not.{kind}", score.points, score.evidence)
    if kind is Kind.ENQUIRY and kind in rules.need_not and needs_reply:
        # p. 6, "Enklare förfrågningar från allmänhet som kan besvaras utan egentlig handläggning"
        simple = len(reading.new.split()) <= _SIMPLE_WORDS and not reading.has_attachments
        question = _evidence(groups, "question", "enquiry")
        if simple and "enquiry" in groups:
            yield Verdict("diary.need_not.enquiry.simple", rules.established, question)
    if kind is Kind.OTHER and {"thanks", "receipt"} & groups.keys() and not needs_reply:
        # p. 6, messages that add no "nya sakuppgifter"
        yield Verdict("diary.need_not.courtesy", rules.established, _evidence(groups, "thanks", "receipt"))
    if kind is Kind.INTERNAL and kind in rules.need_not and not reading.has_attachments:
        yield Verdict("diary.need_not.internal.nothing_new", rules.established)


def _evidence(groups: Mapping[str, Sequence[Hit]], *names: str) -> Evidence | None:
    return next((groups[name][0].evidence for name in names if name in groups), None)
