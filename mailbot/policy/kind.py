"""What kind of document a message is (requirements section 5; names are part of the command-line contract)."""

from collections.abc import Mapping, Sequence

from mailbot.policy.model import Evidence, Facts, Kind, Verdict
from mailbot.policy.reading import Reading
from mailbot.policy.scores import (
    BETWEEN_AUTHORITIES,
    BROUGHT_BY_PEOPLE,
    NO_SCORE,
    Score,
    Weighed,
    is_person,
    told_sentences,
)
from mailbot.policy.signals import Hit

#: fewer points than this name no kind
_NAMED = 1.5
#: enough to prefer a kind when there is no better
_LEANING = 0.6
#: from here a kind that somebody must handle goes before one that nobody need handle
_ESTABLISHED = 3.0
_PRECEDENCE = 1.0
#: thanks longer than this probably say something else too
_SHORT_WORDS = 40
_MATTERS = frozenset(
    {"question", "request", "demand_hidden", "problem"} | {"failing", "anger", "harm", "disagreement", "proposal"}
)


def judge(reading: Reading, facts: Facts, found: Weighed) -> tuple[Kind, tuple[Verdict, ...]]:
    """The kind that most speaks for, and all that was weighed; OTHER when nothing speaks for any."""
    groups, weighed = found.groups, found.kinds
    if only_courtesy(reading, groups, weighed):
        return Kind.OTHER, (Verdict("kind.other.courtesy", 1.0, _first(groups, "thanks", "receipt")),)
    chosen = _best(weighed)
    if chosen is None:
        return _fallback(reading, facts, groups, weighed)
    others = [score for kind, score in weighed.items() if kind is not chosen]
    shown = sorted(others, key=lambda score: -score.points)
    return chosen, (*weighed[chosen].verdicts, *(verdict for score in shown for verdict in score.verdicts))


def only_courtesy(reading: Reading, groups: Mapping[str, Sequence[Hit]], weighed: Mapping[Kind, Score]) -> bool:
    """Thanks or "received" and nothing else: no question, no demand, no news."""
    if not ({"thanks", "receipt"} & groups.keys()) or _MATTERS & groups.keys():
        return False
    if reading.has_attachments or "?" in reading.new or len(reading.new.split()) > _SHORT_WORDS:
        return False
    kinds = BROUGHT_BY_PEOPLE | BETWEEN_AUTHORITIES | {Kind.INVOICE, Kind.ADVERTISING}
    # what stands in the subject is what the thanks are for
    return all(_in_text(weighed.get(kind, NO_SCORE)) < _NAMED for kind in kinds)


def _in_text(score: Score) -> float:
    return max((v.points for v in score.verdicts if v.evidence and v.evidence.field == "text"), default=0.0)


def _best(weighed: Mapping[Kind, Score]) -> Kind | None:
    def rank(kind: Kind) -> float:
        points = weighed[kind].points
        handled = kind in BROUGHT_BY_PEOPLE or kind in BETWEEN_AUTHORITIES
        return points + (_PRECEDENCE if handled and points >= _ESTABLISHED else 0.0)

    best = max(weighed, key=rank, default=None)
    return best if best is not None and weighed[best].points >= _NAMED else None


def _fallback(
    reading: Reading, facts: Facts, groups: Mapping[str, Sequence[Hit]], weighed: Mapping[Kind, Score]
) -> tuple[Kind, tuple[Verdict, ...]]:
    """The likeliest kind when nothing names one: single marks lean somewhere, a bare question is an enquiry."""
    if not is_person(reading, facts):
        if not reading.new.strip():
            return Kind.OTHER, (Verdict("kind.other.no_text"),)
        return Kind.INTERNAL, (Verdict("kind.internal.own_sender", 1.0),)
    leaning = max(BROUGHT_BY_PEOPLE, key=lambda kind: (weighed.get(kind, NO_SCORE).points, kind))
    asks = "question" in groups or "?" in reading.new
    score = weighed.get(leaning, NO_SCORE)
    if score.points >= _LEANING and not (asks and told_sentences(reading) == 0):
        return leaning, score.verdicts
    if asks:
        return Kind.ENQUIRY, (Verdict("kind.enquiry.question", 1.0, _first(groups, "question")),)
    return Kind.OTHER, (Verdict("kind.other.nothing_found", 0.0),)


def _first(groups: Mapping[str, Sequence[Hit]], *names: str) -> Evidence | None:
    return next((groups[name][0].evidence for name in names if name in groups), None)
