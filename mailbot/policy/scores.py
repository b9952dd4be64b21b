"""How strongly a mail speaks for each kind of document: words, words that meet, and structure.

Three sorts of evidence are added, each as a Verdict that can be shown:

* lines of the signal files whose group is the kind itself ("jag överklag*");
* marks that mean something together and stand near each other ("håller inte med" + "det ni kommit fram till");
* structure: who wrote, by what channel, to whom, in which conversation, with what attached.

Repetition weighs less and less, so that a mail full of hot words (a newsletter about appeals) does not outweigh one
person who says once what they want.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mailbot.policy.model import Evidence, Facts, Kind, Verdict
from mailbot.policy.reading import Reading
from mailbot.policy.signals import NOWHERE, Hit, strongest_hit

#: each further line of a kind counts so much less than the one before
_FADING = 0.6
#: marks meet when at most so many sentences lie between them
_NEAR = 2
#: so few words are a greeting or a closing
_GREETING_WORDS = 2

#: kinds that people outside the administration bring; a public body or our own staff hardly does
BROUGHT_BY_PEOPLE = frozenset(
    {Kind.APPEAL, Kind.APPLICATION, Kind.REPORT, Kind.CONCERN, Kind.COMPLAINT, Kind.CITIZEN_PROPOSAL}
    | {Kind.DOCUMENT_REQUEST, Kind.CONSENT_REQUEST, Kind.MISDIRECTED}
)
#: kinds that public bodies send each other
BETWEEN_AUTHORITIES = frozenset({Kind.DECISION, Kind.INSTRUCTION, Kind.CONSULTATION})

# Marks that make a kind when they meet. The first mark gives the evidence that is shown.
_TOGETHER: tuple[tuple[Kind, tuple[str, ...], float], ...] = (
    (Kind.APPEAL, ("disagreement", "our_decision"), 3.2),
    (Kind.APPEAL, ("disagreement", "refusal"), 3.2),
    (Kind.APPEAL, ("redo", "our_decision"), 3.2),
    (Kind.APPEAL, ("redo", "refusal"), 3.2),
    (Kind.APPEAL, ("redo", "disagreement"), 3.2),
    (Kind.APPEAL, ("refusal", "anger"), 2.0),
    (Kind.DOCUMENT_REQUEST, ("get", "record"), 3.2),
    (Kind.APPLICATION, ("want", "undertaking"), 3.2),
    (Kind.APPLICATION, ("want", "money"), 3.0),
    (Kind.APPLICATION, ("club", "money"), 3.0),
    (Kind.APPLICATION, ("undertaking", "attached"), 2.0),
    (Kind.APPLICATION, ("need", "care"), 3.2),
    (Kind.REPORT, ("problem", "actor", "place"), 3.2),
    (Kind.REPORT, ("problem", "lasting"), 3.0),
    (Kind.REPORT, ("problem", "place"), 3.0),
    (Kind.REPORT, ("problem", "request"), 3.0),
    (Kind.REPORT, ("problem", "actor"), 3.0),
    (Kind.CONCERN, ("harm", "vulnerable"), 3.0),
    (Kind.CONCERN, ("worry", "vulnerable"), 2.0),
    (Kind.CONCERN, ("harm", "vulnerable", "worry"), 3.4),
    (Kind.COMPLAINT, ("failing", "our_service"), 3.0),
    (Kind.COMPLAINT, ("failing", "lasting"), 3.0),
    (Kind.COMPLAINT, ("anger", "our_service"), 3.0),
    (Kind.COMPLAINT, ("anger", "failing"), 3.0),
    (Kind.COMPLAINT, ("anger", "lasting"), 3.0),
    (Kind.COMPLAINT, ("demand_hidden", "money"), 3.2),
    (Kind.COMPLAINT, ("charge", "disagreement"), 3.2),
    (Kind.COMPLAINT, ("charge", "anger"), 3.2),
    (Kind.CITIZEN_PROPOSAL, ("proposal", "public_thing"), 3.0),
    (Kind.CITIZEN_PROPOSAL, ("improve", "public_thing"), 3.2),
    (Kind.DECISION, ("settled", "case_reference"), 3.2),
)


# What a mark alone leans towards: too little to name a kind or to raise a question, enough to choose between them.
_LEANING: tuple[tuple[str, Kind], ...] = (
    ("refusal", Kind.APPEAL),
    ("redo", Kind.APPEAL),
    ("disagreement", Kind.APPEAL),
    ("problem", Kind.REPORT),
    ("harm", Kind.CONCERN),
    ("anger", Kind.COMPLAINT),
    ("failing", Kind.COMPLAINT),
    ("charge", Kind.COMPLAINT),
    ("improve", Kind.CITIZEN_PROPOSAL),
    ("proposal", Kind.CITIZEN_PROPOSAL),
    ("want", Kind.APPLICATION),
    ("need", Kind.APPLICATION),
    ("permission", Kind.APPLICATION),
    ("record", Kind.DOCUMENT_REQUEST),
)
_LEAN = 0.8


@dataclass(frozen=True, slots=True)
class Score:
    """Points for one kind and what they were given for, heaviest first."""

    points: float = 0.0
    verdicts: tuple[Verdict, ...] = ()

    @property
    def evidence(self) -> Evidence | None:
        return next((verdict.evidence for verdict in self.verdicts if verdict.evidence), None)


NO_SCORE = Score()
_KINDS = frozenset(kind.value for kind in Kind)


@dataclass(frozen=True, slots=True)
class Weighed:
    """What was found, by group, and what it amounts to: every kind that something speaks for or against."""

    groups: Mapping[str, Sequence[Hit]]
    kinds: Mapping[Kind, Score]


def weigh(reading: Reading, facts: Facts, hits: Iterable[Hit]) -> Weighed:
    """The hits of a message weighed, once for all rules that ask."""
    groups = grouped(hits)
    return Weighed(groups, _kinds(reading, facts, groups))


def _kinds(reading: Reading, facts: Facts, groups: Mapping[str, Sequence[Hit]]) -> Mapping[Kind, Score]:
    found: dict[Kind, list[Verdict]] = defaultdict(list)
    for group, members in groups.items():
        if group in _KINDS:
            found[Kind(group)].extend(Verdict(f"kind.{hit.rule}", hit.points, hit.evidence) for hit in members)
    for kind, verdict in _together(groups):
        found[kind].append(verdict)
    person = is_person(reading, facts)
    if person:
        for mark, kind in _LEANING:
            if mark in groups and kind not in found:
                found[kind].append(Verdict(f"kind.{kind}.{mark}", _LEAN, groups[mark][0].evidence))
    for kind, verdict in _structure(reading, facts, groups, person=person):
        found[kind].append(verdict)
    sums = {kind: _added(verdicts) for kind, verdicts in found.items()}
    return _dampened(sums, reading, person=person)


def grouped(hits: Iterable[Hit]) -> Mapping[str, Sequence[Hit]]:
    """Hits by group; those that a negation switched off are left out."""
    groups: dict[str, list[Hit]] = defaultdict(list)
    for hit in hits:
        if hit.points:
            groups[hit.kind].append(hit)
    return groups


def is_person(reading: Reading, facts: Facts) -> bool:
    """Whether the words are those of somebody outside: a web form of ours carries a citizen's words."""
    return not reading.from_own_organisation or reading.message.author.email in facts.web_form_senders


def told_sentences(reading: Reading) -> int:
    """How many sentences state something: neither questions, greetings nor closings."""
    return sum(
        "?" not in (sentence := reading.new[start:end]) and len(sentence.split()) > _GREETING_WORDS
        for start, end in reading.sentences
    )


def _together(groups: Mapping[str, Sequence[Hit]]) -> Iterable[tuple[Kind, Verdict]]:
    """For each kind its heaviest meeting of marks, and a little for each further one."""
    for kind, marks, points in _TOGETHER:
        if all(map(groups.__contains__, marks)):
            meeting = _meeting([groups[mark] for mark in marks])
            if meeting:
                weight = points * min(min(hit.points, 1.0) for hit in meeting)
                yield kind, Verdict(f"kind.{kind}.{'+'.join(marks)}", weight, meeting[0].evidence)


def _meeting(members: Sequence[Sequence[Hit]]) -> tuple[Hit, ...]:
    """One hit of each mark, near one another and not the very same words; empty when they do not meet."""
    for first in members[0]:
        chosen = [first]
        for others in members[1:]:
            best = strongest_hit(hit for hit in others if all(_near(hit, known) for known in chosen))
            if best is None:
                break
            chosen.append(best)
        else:
            return tuple(chosen)
    return ()


def _near(one: Hit, other: Hit) -> bool:
    if one.evidence == other.evidence:
        return False
    return NOWHERE in (one.sentence, other.sentence) or abs(one.sentence - other.sentence) <= _NEAR


def _structure(
    reading: Reading, facts: Facts, groups: Mapping[str, Sequence[Hit]], *, person: bool
) -> Iterable[tuple[Kind, Verdict]]:
    names = reading.message.headers.names()
    if person and {"list-unsubscribe", "list-id", "feedback-id"} & names:
        unsolicited = "list-unsubscribe" in names and reading.sender_class != "authority"
        yield Kind.ADVERTISING, Verdict("kind.advertising.bulk_headers", 3.0 if unsolicited else 1.5)
    for group, kind in (("sender_advertising", Kind.ADVERTISING), ("sender_invoice", Kind.INVOICE)):
        for hit in groups.get(group, ()):
            yield kind, Verdict(f"kind.{kind}.sender", hit.points, hit.evidence)
    for hit in groups.get("sender_family", ()):
        yield Kind.PRIVATE, Verdict("kind.private.sender", hit.points, hit.evidence)
    if not person:
        yield Kind.INTERNAL, Verdict("kind.internal.own_sender", 2.5)
    if reading.only_cc:
        yield Kind.FOR_INFORMATION, Verdict("kind.for_information.only_cc", 1.5)
    if person and _to_one_officer(reading, facts):
        yield Kind.PRIVATE, Verdict("kind.private.personal_address", 1.0)
    if not person and "sender_board" in groups and reading.has_attachments:
        # Bjurholm p. 6, "även mellan nämnder"
        yield Kind.DECISION, Verdict("kind.decision.between_boards", 2.0, groups["sender_board"][0].evidence)
    body = reading.message.body
    if body and body.is_report:
        yield Kind.BOUNCE, Verdict("kind.bounce.report", 4.0)
    if (reading.message.headers.get("Auto-Submitted") or "").lower().startswith("auto-replied"):
        yield Kind.AUTO_REPLY, Verdict("kind.auto_reply.auto_submitted", 4.0)
    if facts.conversation_diary_number and "supplement" in groups and person:
        # what we asked for in a case is part of that case
        yield Kind.APPLICATION, Verdict("kind.application.supplement", 2.0, groups["supplement"][0].evidence)


def _to_one_officer(reading: Reading, facts: Facts) -> bool:
    """Whether the mail goes to one person of ours only: to a personal mailbox, or first.last@ by its look."""
    recipients = reading.message.recipients
    if len(recipients) != 1 or facts.mailbox_role in ("authority", "function"):
        return False
    local, _, domain = recipients[0].email.partition("@")
    return facts.mailbox_role == "personal" or (domain in facts.own_domains and "." in local)


def _added(verdicts: Sequence[Verdict]) -> Score:
    """What speaks for a kind, each further reason counting less; what speaks against it counts in full."""
    ranked = sorted(verdicts, key=lambda verdict: -verdict.points)
    gains = sum(verdict.points * _FADING**rank for rank, verdict in enumerate(ranked) if verdict.points > 0)
    losses = sum(verdict.points for verdict in ranked if verdict.points < 0)
    return Score(round(gains + losses, 2), tuple(ranked))


def _dampened(sums: Mapping[Kind, Score], reading: Reading, *, person: bool) -> Mapping[Kind, Score]:
    """Words weigh less in a mouth they do not fit: advertisers', authorities', our own staff's."""
    advertising = sums.get(Kind.ADVERTISING, NO_SCORE).points
    weighed: dict[Kind, Score] = {}
    for kind, score in sums.items():
        points = score.points
        reason = ""
        if kind in (Kind.DECISION, Kind.INSTRUCTION):
            if person and reading.sender_class not in ("authority", "unknown"):
                points, reason = points * 0.7, "not_an_authority"
        elif kind in BROUGHT_BY_PEOPLE:
            if not person:
                points, reason = points * 0.4, "own_sender"
            elif reading.sender_class == "authority":
                points, reason = points * 0.5, "authority_sender"
        if advertising >= 3 and kind not in (Kind.ADVERTISING, Kind.FOR_INFORMATION) and points > 0:
            points, reason = max(points - 0.8 * advertising, 0.0), "advertising"
        points = round(points, 2)
        verdicts = score.verdicts
        if points != score.points:
            verdicts = (*verdicts, Verdict(f"kind.{kind}.weakened.{reason}", round(points - score.points, 2)))
        weighed[kind] = Score(points, verdicts)
    return weighed
