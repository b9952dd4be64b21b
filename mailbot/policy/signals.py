"""Signals: lines of `signals/LANG.toml` found in a mail's own words, each with its weight and where it was found.

A file holds groups of lines. A line is a phrase (see `policy/patterns.py`) and a weight:

    "jag överklag*" = 3.0
    "^ skicka (mig|oss|över)" = 2.0        ^   begins a sentence or a clause
    "hur länge ? " = 1.0                   ?   the sentence ends with a question mark
    "*ansök(an|ningar)" = 1.5              ( | )   either; may hold several words, or nothing
    "inte nöjd .. beslut*" = 3.0           ..  up to eight words between

A group is a kind of document (`appeal`) or a mark (`our_decision`), which means something only beside others: see
`scores.py`. The groups `negation` and `hedge` weaken the lines that follow them; `sender_*` are looked for in the
author's name and address. A line counts once per mail. Weights of a profile (`Policy.signals`) replace or extend the
file; 0 switches a line off.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import NamedTuple

from mailbot.errors import UserError
from mailbot.once import once
from mailbot.policy.model import Evidence
from mailbot.policy.patterns import Line, Patterns, compile_patterns, problem_of
from mailbot.policy.profile import Policy
from mailbot.policy.reading import Reading
from mailbot.policy.trie import Node, Tree
from mailbot.policy.words import Text, split

#: language -> group -> phrase -> points
Overrides = Mapping[str, Mapping[str, Mapping[str, float]]]

#: the same, in a form to remember by: language, group, phrase, points
_Frozen = tuple[tuple[str, str, str, float], ...]

SHIPPED = ("sv", "nb", "en")
# Which files a mail is read by: neighbours by the nearest language, all three when the language is uncertain.
_FILES = {"sv": ("sv",), "nb": ("nb",), "nn": ("nb",), "da": ("nb",), "en": ("en",)}
_SURE = 0.5

# Groups of single words that bear on others.
_SMALL = ("negation", "hedge", "joint")
#: more than any language's file will ever hold
_MOST_PATTERNS = 1_000_000

#: sentence number of what stands in the subject, a file name or the sender; near to everything
NOWHERE = -1
#: a negation or hedge reaches over so many words, as long as no comma comes between
_REACH = 2


@dataclass(frozen=True, slots=True)
class Hit:
    """One line found. `kind` is its group, `rule` names language, group and phrase, `points` what remains of it."""

    kind: str
    rule: str
    points: float
    evidence: Evidence
    sentence: int = NOWHERE


def strongest_hit(hits: Iterable[Hit]) -> Hit | None:
    """The hit with the most points, the first of equal ones; None of none."""
    return max(hits, key=lambda hit: hit.points, default=None)


@dataclass(frozen=True, slots=True)
class _Line:
    group: str
    rule: str
    points: float


class _Place(NamedTuple):
    """A line found in characters start <= c < end of `field`."""

    line: _Line
    points: float
    field: str
    start: int
    end: int
    sentence: int


_TEXT, _SUBJECT = "text", "subject"


@dataclass(frozen=True, slots=True)
class _Compiled:
    """The lines of one language."""

    text: Node[Line[_Line]]
    sender: Node[Line[_Line]]
    #: words that weaken what follows (`negation`, `hedge`), or begin a clause as a full stop does (`joint`)
    small: Mapping[str, frozenset[str]]
    lines: int


@dataclass(frozen=True, slots=True)
class SignalSet:
    """The compiled lines of one or more languages."""

    text: Patterns[_Line]
    sender: Patterns[_Line]
    negations: frozenset[str]
    hedges: frozenset[str]
    joints: frozenset[str]
    lines: int


def hits(reading: Reading, policy: Policy) -> tuple[Hit, ...]:
    """Every line that fires on the new text, the subject, the attachments' names and the sender, best place first."""
    signal_set = load(_language(reading), policy.signals)
    best: dict[str, _Place] = {}
    for field, patterns, text in _fields(reading, signal_set):
        words = split(text)
        for line, first, last in patterns.find(words, signal_set.joints):
            points = line.points * _weakened(words, first, signal_set)
            known = best.get(line.rule)
            if known is None or abs(points) > abs(known.points):
                place = _Place(line, points, field, words.starts[first], words.ends[last], words.sentences[first])
                best[line.rule] = place
    return tuple(_hit(reading, place) for place in best.values())


def load(language: str | None, overrides: Overrides | None = None) -> SignalSet:
    """The signals for mail in `language` (None = uncertain). UserError names each line that cannot be read."""
    frozen = tuple(
        (name, group, phrase, float(points))
        for name, groups in (overrides or {}).items()
        for group, lines in groups.items()
        for phrase, points in lines.items()
    )
    return _load(_FILES.get(language or "", SHIPPED), frozen)


@once
def _load(names: tuple[str, ...], overrides: _Frozen) -> SignalSet:
    try:
        compiled = [_compiled(name, overrides) for name in names]
    except ValueError:  # it names the first line only
        problems = [problem for name in names for problem in _problems(name, overrides)]
        raise UserError("signals cannot be read; correct these lines", problems) from None
    negations, hedges, joints = (frozenset().union(*(one.small[group] for one in compiled)) for group in _SMALL)
    return SignalSet(
        Patterns(Tree(*(one.text for one in compiled))),
        Patterns(Tree(*(one.sender for one in compiled))),
        negations,
        hedges,
        joints,
        sum(one.lines for one in compiled),
    )


@once
def _compiled(name: str, overrides: _Frozen) -> _Compiled:
    small: dict[str, frozenset[str]] = dict.fromkeys(_SMALL, frozenset())
    text: list[tuple[str, _Line]] = []
    sender: list[tuple[str, _Line]] = []
    for group, weights in _groups(name, overrides).items():
        if group in _SMALL:
            small[group] = frozenset(phrase for phrase, points in weights.items() if points)
            continue
        lines = sender if group.startswith("sender_") else text
        for phrase, points in weights.items():
            if points:
                lines.append((phrase, _Line(group, f"{name}.{group}.{phrase}", points)))
    # Languages are searched together where a mail's own is uncertain: their lines are numbered apart.
    first = SHIPPED.index(name) * _MOST_PATTERNS
    return _Compiled(compile_patterns(text, first), compile_patterns(sender, first), small, len(text) + len(sender))


def _groups(name: str, overrides: _Frozen) -> dict[str, dict[str, float]]:
    shipped = tomllib.loads(files("mailbot.policy").joinpath("signals", f"{name}.toml").read_text("utf-8"))
    groups = {group: dict(lines) for group, lines in shipped.items()}
    for language, group, phrase, points in overrides:
        if language == name:
            groups.setdefault(group, {})[phrase] = points
    return groups


def _problems(name: str, overrides: _Frozen) -> Iterator[str]:
    for group, weights in _groups(name, overrides).items():
        for phrase, points in weights.items():
            if points and group not in _SMALL and (problem := problem_of(phrase)):
                yield f"signals {name}, group {group}: {problem}"


def _language(reading: Reading) -> str | None:
    return reading.language if reading.language_confidence >= _SURE else None


def _fields(reading: Reading, signal_set: SignalSet) -> Iterator[tuple[str, Patterns[_Line], str]]:
    """Where lines are looked for: name of the field, which lines, text."""
    yield _TEXT, signal_set.text, reading.new
    yield _SUBJECT, signal_set.text, reading.bare_subject
    for number, part in enumerate(reading.message.body.attachments if reading.message.body else ()):
        name = (part.filename or "")[:200].rpartition(".")[0]
        yield f"attachment_name:{number}", signal_set.text, name.replace("_", " ")
    author = reading.message.author
    shown = f"{author.name[:200]} {author.email[:320]}"
    yield "header:From", signal_set.sender, shown.replace("_", " ")


def _hit(reading: Reading, place: _Place) -> Hit:
    line, points, field, start, end, sentence = place
    if field == _TEXT:
        return Hit(line.group, line.rule, points, reading.evidence(start, end), sentence)
    if field == _SUBJECT:
        shift = reading.subject_start
        return Hit(line.group, line.rule, points, reading.subject_evidence(start + shift, end + shift))
    return Hit(line.group, line.rule, points, Evidence(field, start, end))


def _weakened(text: Text, index: int, signal_set: SignalSet) -> float:
    """0 behind a negation ("inget avslag"), a half behind a hedge ("funderar på att klaga"), else 1."""
    for back in range(index - 1, max(index - 1 - _REACH, -1), -1):
        if text.sentences[back] != text.sentences[index] or text.parted(back):
            break
        if text.words[back] in signal_set.negations:
            return 0.0
        if text.words[back] in signal_set.hedges:
            return 0.5
    return 1.0
