"""May a message hold what the law keeps secret? Then it is announced without its content (invariant 6).

The law protects what is said about a person (OSL chapters 21-26, forvaltningsloven § 13), protected identities, and
what a company offers in confidence (OSL chapters 30-31). So a diagnosis counts only beside somebody who has it, and
talk about secrecy (a course, a rule, a question how something works) does not count as secrecy.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mailbot.policy import identity_numbers
from mailbot.policy.model import Evidence, Verdict
from mailbot.policy.profile import Policy
from mailbot.policy.reading import Reading
from mailbot.policy.secrecy_signals import Group, secrecy_phrases
from mailbot.policy.words import split

# The chapters of offentlighets- och sekretesslagen (2009:400) that keep something secret begin with 15.
_OSL = re.compile(
    r"\b(?:osl|offentlighets- och sekretesslagen)(?:\s*\(2009:400\))?\s*,?\s*(?P<chapter>\d{1,2})\s*(?::|kap)"
    r"|\b(?P<before>\d{1,2})\s*kap\.?[\s\d§a-z.]{0,20}?\b(?:osl|offentlighets- och sekretesslagen)\b",
    re.IGNORECASE,
)
_FIRST_SECRET_CHAPTER = 15
# Offentleglova §§ 13-26 exempt documents; forvaltningsloven § 13 is the duty of secrecy.
_NORWEGIAN_LAW = re.compile(
    r"\b(?:(?:offl|offentleglov[ae]|offentlighetslov(?:en|a))\.?\s*§+\s*(?:1[3-9]|2[0-6])"
    r"|(?:fvl|forvaltningslov(?:en|a))\.?\s*§+\s*13)\b",
    re.IGNORECASE,
)
_NORWEGIAN_STAMP = re.compile(r"\b(?:u\.?\s?off|unnt\.?\s?off)\b\.?", re.IGNORECASE)
# "Anna Berg": two capitalised words in a row that do not name a body or a place.
_NAME = re.compile(
    r"[A-ZÅÄÖØÆ](?<!\w.)[a-zåäöøæéü]{1,20}\s[A-ZÅÄÖØÆ][a-zåäöøæéü]{1,20}(?:-[A-ZÅÄÖØÆ][a-zåäöøæéü]{1,20})?\b"
)

_AGE = re.compile(r"\b(?:är|er|blir|fyller|is)\s(\d{1,2})\s(?:år|years)\b", re.IGNORECASE)
_YEARS = re.compile(r"\d\s(?:år|years)\b", re.IGNORECASE)
_OF_AGE = 18

#: a reference to the law is a suspicion: open appeals cite it too
_LAW_POINTS = 2.0
#: "u.off." is stamped on documents and hardly written otherwise
_STAMP_POINTS = 3.0
#: the number of the subject among sentences; it is near to all of them
_SUBJECT = -1
#: what remains of a stamp, or of a circumstance, in a sentence that talks about such things in general
_STAMP_IN_GENERAL = 0.3
_IN_GENERAL = 0.5
#: a circumstance in one sentence with the person who has it weighs more than in the next one
_SAME_SENTENCE = 1.5
#: signs of harm count fully near a child, less near another person
_HARM_TO_ADULT = 0.7
#: characters of quoted text that are looked at
_MOST_QUOTED = 60_000
#: characters of an attached document that are weighed together, and how far into the next piece they reach
_PIECE = 3_000
_PIECE_OVERLAP = 300
#: so many findings are enough to know
_MOST_VERDICTS = 12
#: a full name beside a circumstance
_NAMED = 1.0


@dataclass(frozen=True, slots=True)
class _Hit:
    group: Group
    #: the line of the file, or the pattern; one line counts once
    line: str
    points: float
    sentence: int
    evidence: Evidence


def judge(reading: Reading, policy: Policy) -> tuple[bool | None, tuple[Verdict, ...]]:
    """Whether the message is treated as confidential, and why; None when its text could not be read.

    True as soon as the points reach `policy.secrecy.threshold`, be it from the subject alone.
    """
    verdicts = (*_identity_numbers(reading), *_weighed(tuple(_hits(reading))))
    if points(verdicts) >= policy.secrecy.threshold:
        return True, verdicts
    quoted = _weighed(tuple(_quoted_hits(reading)))
    if points(quoted) >= policy.secrecy.threshold:
        return True, (*verdicts, *quoted)
    body = reading.message.body
    read_all = body is not None and body.protection != "encrypted" and reading.is_complete
    return (False if read_all else None), verdicts


def judge_document(text: str, field: str, policy: Policy) -> tuple[Verdict, ...]:
    """What makes an attached document confidential; `field` is where its text stands.

    A long document holds much of everything: it is weighed in pieces, and the weightiest one counts.
    """
    numbers = tuple(
        Verdict(f"confidential.identity_number.{number.kind}", 3.0, Evidence(field, number.start, number.end))
        for number in identity_numbers.find(text)[:1]
    )
    best: tuple[Verdict, ...] = ()
    for start in range(0, len(text), _PIECE):
        piece = text[start : start + _PIECE + _PIECE_OVERLAP]
        weighed = _weighed(tuple(_hits_in(piece, field, start)))
        if points(weighed) > points(best):
            best = weighed
        if points(best) >= policy.secrecy.threshold:
            break
    return (*numbers, *best)


def points(verdicts: Sequence[Verdict]) -> float:
    """What the secrecy verdicts among `verdicts` amount to."""
    return sum(verdict.points for verdict in verdicts if verdict.rule.startswith("confidential."))


def _identity_numbers(reading: Reading) -> Iterator[Verdict]:
    # Personnummer: lag 2018:218 3 kap. 10 §; fødselsnummer: personopplysningsloven § 12.
    # In quotes, signatures and names too: what is handed over is the whole original.
    body = reading.message.body
    for number in identity_numbers.find(body.text if body else "")[:1]:
        evidence = Evidence("text", number.start, number.end)
        yield Verdict(f"confidential.identity_number.{number.kind}", 3.0, evidence)
    file_names = [attachment.filename or "" for attachment in body.attachments] if body else []
    for number in identity_numbers.find("\n".join([reading.message.author.name, *file_names]))[:1]:
        yield Verdict(f"confidential.identity_number.{number.kind}", 3.0)
    for number in identity_numbers.find(reading.subject)[:1]:
        evidence = reading.subject_evidence(number.start, number.end)
        yield Verdict(f"confidential.identity_number.{number.kind}", 3.0, evidence)


def _hits(reading: Reading) -> Iterator[_Hit]:
    """Lines of the file, names and references to the law, in the new text and in the subject."""
    text = split(reading.new)
    for found in secrecy_phrases().find(text):
        for line in found.label:
            yield _Hit(line.group, line.rule, line.points, found.sentence, reading.evidence(found.start, found.end))
    for group, points_, start, end in _patterns(reading.new):
        index = bisect_right(text.starts, start) - 1
        yield _Hit(group, group, points_, text.sentences[max(index, 0)], reading.evidence(start, end))
    for found in secrecy_phrases().find(split(reading.subject)):
        for line in found.label:
            yield _Hit(line.group, line.rule, line.points, _SUBJECT, reading.subject_evidence(found.start, found.end))
    for group, points_, start, end in _patterns(reading.subject):
        yield _Hit(group, group, points_, _SUBJECT, reading.subject_evidence(start, end))


def _hits_in(text: str, field: str, shift: int) -> Iterator[_Hit]:
    """The same in any text; `shift` is where it begins in `field`."""
    parted = split(text)
    for found in secrecy_phrases().find(parted):
        for line in found.label:
            place = Evidence(field, shift + found.start, shift + found.end)
            yield _Hit(line.group, line.rule, line.points, found.sentence, place)
    for group, points_, start, end in _patterns(text):
        index = bisect_right(parted.starts, start) - 1
        sentence = parted.sentences[max(index, 0)] if parted.sentences else 0
        yield _Hit(group, group, points_, sentence, Evidence(field, shift + start, shift + end))


def _quoted_hits(reading: Reading) -> Iterator[_Hit]:
    """The same in what is quoted or passed on below: what is handed over is the whole original.

    Stamps and offers in confidence don't count there: every other footer claims to be confidential.
    """
    body = reading.message.body
    spans = [span for span in body.spans if span.kind == "quoted"] if body else []
    budget = _MOST_QUOTED
    for span in spans:
        text = body.text[span.start : min(span.end, span.start + budget)] if body else ""
        budget -= len(text)
        for found in secrecy_phrases().find(split(text)):
            place = Evidence("text", span.start + found.start, span.start + found.end)
            for line in found.label:
                if line.group not in ("stamp", "business"):
                    yield _Hit(line.group, line.rule, line.points, found.sentence, place)


def _patterns(text: str) -> Iterator[tuple[Group, float, int, int]]:
    low = text.lower()  # what no pattern can do without is looked for first
    for match in _OSL.finditer(text) if "osl" in low or "offentlighets- och" in low else ():
        if int(match["chapter"] or match["before"]) >= _FIRST_SECRET_CHAPTER:
            yield "stamp", _LAW_POINTS, match.start(), match.end()
    for match in _NORWEGIAN_LAW.finditer(text) if "§" in text else ():
        yield "stamp", _LAW_POINTS, match.start(), match.end()
    for match in _NORWEGIAN_STAMP.finditer(text) if "off" in low else ():
        yield "stamp", _STAMP_POINTS, match.start(), match.end()
    for match in _AGE.finditer(text) if _YEARS.search(text) else ():
        if int(match[1]) < _OF_AGE:
            yield "child", 1.0, match.start(), match.end()
    for match in _NAME.finditer(text):
        yield "name", _NAMED, match.start(), match.end()


def _weighed(hits: Sequence[_Hit]) -> tuple[Verdict, ...]:
    """What each finding is worth beside the others."""
    where = {group: _sentences(hits, group) for group in ("general", "child", "person", "name", "own")}
    people: dict[int, float] = {}
    for group in ("child", "person", "name"):
        for sentence, weight in where[group].items():
            people[sentence] = max(people.get(sentence, 0.0), weight)
    writer = _sentences(hits, "self")
    # Talk about children in general, with nobody in it who could be meant.
    impersonal = bool(where["general"]) and not (where["person"] or where["name"] or where["own"])
    weighed: list[tuple[float, _Hit]] = []
    for hit in hits:
        in_general = hit.sentence in where["general"] or _SUBJECT in where["general"]
        softened = (_IN_GENERAL if in_general else 1.0) * (_IN_GENERAL if impersonal else 1.0)
        if hit.group in ("stamp", "business"):
            factor = _STAMP_IN_GENERAL if in_general else 1.0
        elif hit.group == "own":
            factor = 1.0
        elif hit.group == "harm":
            factor = max(_near(where["child"], hit), _HARM_TO_ADULT * _near(people, hit)) * softened
        elif hit.group in ("circumstance", "mild"):
            here = max(people.get(hit.sentence, 0.0), writer.get(hit.sentence, 0.0))
            factor = max(_near(people, hit), _SAME_SENTENCE * here) * softened
        else:
            continue
        if factor:
            weighed.append((hit.points * factor, hit))
    return _apart(weighed)


def _sentences(hits: Sequence[_Hit], group: str) -> dict[int, float]:
    """Sentence -> the most that a hit of `group` weighs in it."""
    found: dict[int, float] = {}
    for hit in hits:
        if hit.group == group:
            found[hit.sentence] = max(found.get(hit.sentence, 0.0), hit.points)
    return found


def _near(where: dict[int, float], hit: _Hit) -> float:
    """The weight of the person in the same sentence, the one before or after, or the subject."""
    if hit.sentence == _SUBJECT:
        return max(where.values(), default=0.0)
    return max(where.get(sentence, 0.0) for sentence in (hit.sentence - 1, hit.sentence, hit.sentence + 1, _SUBJECT))


def _apart(weighed: list[tuple[float, _Hit]]) -> tuple[Verdict, ...]:
    """The weightiest finding of each line, no word of the text counted twice."""
    kept: list[Verdict] = []
    lines: set[str] = set()
    taken: dict[str, list[tuple[int, int]]] = {}
    for points_, hit in sorted(weighed, key=lambda item: -item[0]):
        spans = taken.setdefault(hit.evidence.field, [])
        overlaps = any(hit.evidence.start < end and start < hit.evidence.end for start, end in spans)
        if hit.line in lines or overlaps or len(kept) == _MOST_VERDICTS:
            continue
        lines.add(hit.line)
        spans.append((hit.evidence.start, hit.evidence.end))
        kept.append(Verdict(f"confidential.{hit.group}", round(points_, 2), hit.evidence))
    return tuple(kept)
