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
from mailbot.policy.scores import BROUGHT_BY_PEOPLE, NO_SCORE, Score, Weighed, is_person, told_sentences
from mailbot.policy.signals import Hit, strongest_hit

# An asker has the right to a decision that can be appealed, so handling is needed ("som kräver handläggning"):
# requests for documents (TF 2:15-18) and for the removal of personal data (GDPR art. 12, 17).
_NEEDS_HANDLING = (Kind.DOCUMENT_REQUEST, Kind.CONSENT_REQUEST)
_SIGNS_OF_A_MATTER = frozenset(
    {"problem", "anger", "harm", "failing", "disagreement", "refusal", "redo", "investigate", "worry", "demand_hidden"}
    | {
        "want",
        "need",
        "improve",
        "charge",
        "permission",
        "lasting",
        "proposal",
        "money",
        "undertaking",
        "our_decision",
        "vulnerable",
    }
)
#: kinds in which a case number is mentioned by the way
_LIGHT = frozenset({Kind.ADVERTISING, Kind.INVITATION, Kind.FOR_INFORMATION, Kind.INVOICE})
# OSL 5:1: what is not secret may be kept ordered instead (the ledger), and what is obviously of little importance
# need not be registered at all (invitations to an event).
_KEPT_OTHERWISE = {Kind.INVOICE: "kept_ordered", Kind.INVITATION: "little_importance"}
#: an enquiry that says so much is hardly "enklare"
_SIMPLE_WORDS = 60
#: a line of the group `enquiry` from so many points on asks for information whatever stands around it
_PLAIN_QUESTION = 2.0
_VAGUE_QUESTION = 1.0
#: telling more than this beside the question is stating a case
_TOLD_SENTENCES = 2
# What turns a question into a matter: something is wrong, wanted, contested, or somebody may need help.
_NOT_SIMPLE = frozenset(
    {"problem", "anger", "harm", "failing", "disagreement", "refusal", "redo", "investigate"}
    | {"worry", "demand_hidden", "want", "need", "improve", "charge", "supplement", "permission"}
)


def judge(
    reading: Reading,
    facts: Facts,
    found: Weighed,
    kind: Kind,
    *,
    confidential: bool | None,
    needs_reply: bool | None,
    rules: DiaryRules,
) -> tuple[Diarise, tuple[Verdict, ...]]:
    """The proposal and everything it was weighed from, the deciding reason first."""
    groups, weighed = found.groups, found.kinds
    must = sorted(
        _must(reading, facts, groups, weighed, kind, confidential=confidential, rules=rules),
        key=lambda verdict: -verdict.points,
    )
    if must and must[0].points >= rules.established:
        return Diarise.YES, tuple(must)
    need_not = sorted(
        _need_not(reading, groups, weighed, kind, needs_reply=needs_reply, rules=rules),
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
    if reading.sender_class == "authority" and "case_reference" in groups and kind not in _LIGHT and not courtesy:
        # another authority's case that we are part of
        yield Verdict("diary.must.authority_case", rules.established, groups["case_reference"][0].evidence)
    number, where = diary_number(reading, facts)
    if number and not courtesy and kind is not Kind.ADVERTISING:
        # p. 6, "Inkommande eller utgående handlingar ... som kräver handläggning": part of a registered case
        news = 0.0 if is_person(reading, facts) or reading.has_attachments else -1.5
        yield Verdict("diary.must.case", rules.established + news, where)
    choice = strongest_hit(groups.get("formal_choice", ()))
    if choice and reading.sender_class in ("authority", "organisation"):
        # whom the municipality appoints is decided, also when it stands in an invitation
        yield Verdict("diary.must.formal_choice", choice.points, choice.evidence)
    yield from _demands(reading, facts, groups, kind)
    if is_person(reading, facts) and kind in BROUGHT_BY_PEOPLE - {Kind.MISDIRECTED} and told_sentences(reading):
        yield _matter(reading, groups, weighed)


def _demands(reading: Reading, facts: Facts, groups: Mapping[str, Sequence[Hit]], kind: Kind) -> Iterable[Verdict]:
    """Demands that no kind explains: an authority's date to be met, a person's request that something be done."""
    if not is_person(reading, facts) or kind in (Kind.ADVERTISING, Kind.INVITATION, Kind.PRIVATE):
        return
    request = strongest_hit(groups.get("request", ()))
    if request and reading.sender_class == "authority":
        dated = 2.0 if "deadline" in groups else 0.0
        yield Verdict("diary.must.authority_demands", request.points + dated, request.evidence)
    elif request and kind not in (Kind.ENQUIRY, Kind.MISDIRECTED):
        yield Verdict("diary.must.request", min(request.points, 2.0), request.evidence)
    for group in ("investigate", "anger", "disagreement"):
        if group in groups:
            yield Verdict(f"diary.must.{group}", 1.0, groups[group][0].evidence)


def _matter(reading: Reading, groups: Mapping[str, Sequence[Hit]], weighed: Mapping[Kind, Score]) -> Verdict:
    """Somebody outside brings a matter that no single signal establishes: signs that need handling add up."""
    # in the order of the findings, not of a set: the same mail gives the same evidence in every process
    brought = [score for kind, score in weighed.items() if kind in BROUGHT_BY_PEOPLE]
    strongest = max(brought, key=lambda score: score.points)
    marks = len(_SIGNS_OF_A_MATTER & groups.keys())
    points = strongest.points + 0.7 * min(marks, 3)
    points += 0.7 * bool(groups.get("request")) + 0.7 * reading.has_attachments
    # the writer speaks of their own affair, to us
    points += 0.5 * ("personal" in groups)
    return Verdict("diary.must.matter", round(points, 2), strongest.evidence)


def _need_not(
    reading: Reading,
    groups: Mapping[str, Sequence[Hit]],
    weighed: Mapping[Kind, Score],
    kind: Kind,
    *,
    needs_reply: bool | None,
    rules: DiaryRules,
) -> Iterable[Verdict]:
    """Reasons not to register, each only for a kind on the profile's list."""
    score = weighed.get(kind, NO_SCORE)
    simple = kind is not Kind.ENQUIRY or _is_simple(reading, groups)
    if kind in rules.need_not:
        points = score.points if simple else min(score.points / 2, rules.established / 2)
        yield Verdict(f"diary.need_not.{kind}", points, score.evidence)
    if kind is Kind.ENQUIRY and kind in rules.need_not and needs_reply and simple:
        # p. 6, "Enklare förfrågningar från allmänhet som kan besvaras utan egentlig handläggning"
        yield Verdict("diary.need_not.enquiry.simple", rules.established, _evidence(groups, "enquiry", "question"))
    if kind in _KEPT_OTHERWISE and kind not in rules.must:
        yield Verdict(f"diary.need_not.{_KEPT_OTHERWISE[kind]}", score.points, score.evidence)
    if kind is Kind.OTHER and {"thanks", "receipt"} & groups.keys() and not needs_reply:
        # p. 6, messages that add no "nya sakuppgifter"
        yield Verdict("diary.need_not.courtesy", rules.established, _evidence(groups, "thanks", "receipt"))
    if kind is Kind.INTERNAL and kind in rules.need_not and not reading.has_attachments:
        yield Verdict("diary.need_not.internal.nothing_new", rules.established)


def _is_simple(reading: Reading, groups: Mapping[str, Sequence[Hit]]) -> bool:
    """Whether a mail asks for a piece of information and nothing more.

    Form alone is not enough: "Är det ens tillåtet?" behind an account of what somebody has seen is a report. Either
    the question is plainly about information ("vad kostar"), or there is nothing but the question.
    """
    if reading.has_attachments or len(reading.new.split()) > _SIMPLE_WORDS or _NOT_SIMPLE & groups.keys():
        return False
    # what stands in the subject alone ("Får man det?") may be anything
    heaviest = max((hit.points for hit in groups.get("enquiry", ()) if hit.evidence.field == "text"), default=0.0)
    told = told_sentences(reading)
    if told and "actor" in groups:
        return False  # an account of what somebody else does
    if heaviest >= _PLAIN_QUESTION:
        return told <= _TOLD_SENTENCES
    # "kan ni ..." asks for a deed, "får jag ... kopia" for a document
    deeds = any(hit.points >= 1.5 for hit in groups.get("request", ())) or {"get", "record"} & groups.keys()
    return heaviest >= _VAGUE_QUESTION and told == 0 and not deeds and not reading.is_reply and "?" in reading.new


def _evidence(groups: Mapping[str, Sequence[Hit]], *names: str) -> Evidence | None:
    return next((groups[name][0].evidence for name in names if name in groups), None)
