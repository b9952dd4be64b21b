"""Does anybody expect an answer? (Bjurholm p. 4, "e-post som kräver svar")"""

from collections.abc import Iterable, Mapping, Sequence

from mailbot.policy.model import Facts, Kind, Verdict
from mailbot.policy.reading import Reading
from mailbot.policy.scores import grouped, is_person, told_sentences
from mailbot.policy.signals import Hit, strongest_hit

#: points from which an answer is expected
_EXPECTED = 1.5

#: whoever writes these expects at least to hear that somebody takes care of it
_ANSWERED = frozenset(
    {Kind.DOCUMENT_REQUEST, Kind.CONSULTATION, Kind.APPEAL, Kind.APPLICATION, Kind.REPORT, Kind.CONCERN}
    | {Kind.COMPLAINT, Kind.CITIZEN_PROPOSAL, Kind.ENQUIRY, Kind.MISDIRECTED, Kind.CONSENT_REQUEST}
)
#: their questions are rhetorical, or asked by a program
_NEVER = frozenset({Kind.ADVERTISING, Kind.AUTO_REPLY, Kind.BOUNCE})
#: a question inside is meant, but nothing is expected by nature
_ON_DEMAND = frozenset({Kind.DECISION, Kind.INSTRUCTION, Kind.INVOICE, Kind.FOR_INFORMATION, Kind.INVITATION})


def judge(reading: Reading, facts: Facts, hits: Iterable[Hit], kind: Kind) -> tuple[bool | None, tuple[Verdict, ...]]:
    """True, False, or None where there are no words to judge (headers only, encrypted, an empty mail with a file)."""
    if not reading.has_body or (not reading.new.strip() and not reading.bare_subject.strip()):
        return None, (Verdict("reply_need.nothing_to_read"),)
    if kind in _NEVER:
        return False, (Verdict(f"reply_need.kind.{kind}", -3.0),)
    if not reading.is_readable or not reading.new.strip():
        return None, (Verdict("reply_need.nothing_to_read"),)
    verdicts = tuple(_weigh(reading, facts, grouped(hits), kind))
    return sum(verdict.points for verdict in verdicts) >= _EXPECTED, verdicts


def _weigh(reading: Reading, facts: Facts, groups: Mapping[str, Sequence[Hit]], kind: Kind) -> Iterable[Verdict]:
    if kind in _ANSWERED and not (facts.conversation_diary_number and facts.we_wrote_before):
        yield Verdict(f"reply_need.kind.{kind}", 2.0)
    courtesy = {"thanks", "receipt"} & groups.keys()
    answering = facts.we_wrote_before or reading.is_reply
    if kind is Kind.OTHER and is_person(reading, facts) and told_sentences(reading) and not (courtesy or answering):
        # somebody outside tells us something that nothing explains: better an answer too many
        yield Verdict("reply_need.somebody_tells_us", 1.5)
    asking = 0.8 if kind in _ON_DEMAND else 1.0
    for group in ("question", "request"):
        asked = strongest_hit(groups.get(group, ()))
        if asked:
            yield Verdict(f"reply_need.{asked.rule}", asked.points * asking, asked.evidence)
    if "?" in reading.new:
        at = reading.new.index("?")
        yield Verdict("reply_need.question_mark", 1.5 * asking, reading.evidence(at, at + 1))
    declined = strongest_hit(groups.get("no_answer", ()))
    if declined:
        yield Verdict(f"reply_need.{declined.rule}", -2 * declined.points, declined.evidence)
    if reading.only_cc and is_person(reading, facts):
        yield Verdict("reply_need.only_cc", -1.5)
    for group in ("thanks", "receipt"):
        if group in groups:
            yield Verdict(f"reply_need.{groups[group][0].rule}", -0.5, groups[group][0].evidence)
