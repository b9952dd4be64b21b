"""The small pattern language of the signal files, compiled so that searching costs no more for a long list of lines.

    överklag*  *bidrag       a word beginning or ending so (at least three letters)
    (vi|jag) vill            either; may hold several words, nothing at all, and further brackets
    barn .. blåmärken        at most eight words between, in the same sentence
    ^ skicka                 the pattern begins a sentence or a clause
    hur länge ?              the sentence ends with a question mark

Words are looked up by spelling, by their first and by their last letters; only patterns that may begin with a word are
tried there, and each try looks at a bounded number of words. So time is linear in the text.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from mailbot.policy.phrases import Word, words

Label = TypeVar("Label")

#: words that ".." may jump over
_GAP_WORDS = 8
#: a wildcard word is looked up by this many letters, so it must have them
_STEM_LETTERS = 3
#: what brackets with several words may grow into; more is a slip of the pen
_MOST_VARIANTS = 500
_CLAUSE_MARKS = frozenset(",.!?:;\n–(-/")
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Text:
    """A text made ready for searching."""

    text: str
    words: tuple[Word, ...]
    #: numbers of the sentences that end with a question mark
    asking: frozenset[int]

    def clause_before(self, index: int, joints: frozenset[str]) -> bool:
        """Whether a sentence or clause begins at word `index`: after a mark, a line break or a joining word."""
        if index == 0:
            return True
        before = self.words[index - 1]
        return before.text in joints or self.parted(index - 1)

    def parted(self, index: int) -> bool:
        """Whether a punctuation mark or line break stands between word `index` and the next."""
        between = self.text[self.words[index].end : self.words[index + 1].start]
        return between != " " and not _CLAUSE_MARKS.isdisjoint(between)


def prepare(text: str) -> Text:
    """`text` split into words and sentences, once for all patterns."""
    text_words = words(text)
    asking: set[int] = set()
    if "?" in text:
        ends = [word.start for word in text_words[1:]] + [len(text)]
        for word, end in zip(text_words, ends, strict=False):
            if text.find("?", word.end, min(end, word.end + 8)) >= 0:
                asking.add(word.sentence)
    return Text(text, text_words, frozenset(asking))


@dataclass(frozen=True, slots=True)
class _Choice:
    """One place of a pattern: any of these words."""

    exact: frozenset[str]
    starts: tuple[str, ...]
    ends: tuple[str, ...]

    def matches(self, word: str) -> bool:
        return word in self.exact or word.startswith(self.starts) or word.endswith(self.ends)


# Runs of neighbouring places; between two runs stands a "..".
_Runs = tuple[tuple[_Choice, ...], ...]


@dataclass(frozen=True, slots=True)
class _Compiled(Generic[Label]):
    runs: _Runs
    at_start: bool
    asking: bool
    label: Label


@dataclass(frozen=True, slots=True)
class Match(Generic[Label]):
    """A pattern found: from word `first` to word `last`, both included."""

    label: Label
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Patterns(Generic[Label]):
    """Compiled patterns by the words they may begin with: two spellings, one spelling, a beginning, an ending."""

    by_pair: Mapping[tuple[str, str], Sequence[_Compiled[Label]]]
    by_word: Mapping[str, Sequence[_Compiled[Label]]]
    by_beginning: Mapping[str, Sequence[_Compiled[Label]]]
    by_ending: Mapping[str, Sequence[_Compiled[Label]]]

    def find(self, text: Text, joints: frozenset[str] = frozenset()) -> Iterator[Match[Label]]:
        """Every pattern found; a clause begins behind a word of `joints` as it does behind a comma."""
        text_words = text.words
        for index, word in enumerate(text_words):
            spelling = word.text
            following = text_words[index + 1].text if index + 1 < len(text_words) else ""
            for candidates in (
                self.by_pair.get((spelling, following), ()),
                self.by_word.get(spelling, ()),
                self.by_beginning.get(spelling[:_STEM_LETTERS], ()),
                self.by_ending.get(spelling[-_STEM_LETTERS:], ()),
            ):
                for pattern in candidates:
                    if pattern.asking and word.sentence not in text.asking:
                        continue
                    last = _match(pattern.runs, text_words, index)
                    if last >= 0 and (not pattern.at_start or text.clause_before(index, joints)):
                        yield Match(pattern.label, index, last)


def compile_patterns(lines: Sequence[tuple[str, Label]]) -> Patterns[Label]:
    """(pattern, label) pairs, ready to search. Raises ValueError that says what is wrong with which pattern."""
    by_pair: dict[tuple[str, str], list[_Compiled[Label]]] = {}
    by_word: dict[str, list[_Compiled[Label]]] = {}
    by_beginning: dict[str, list[_Compiled[Label]]] = {}
    by_ending: dict[str, list[_Compiled[Label]]] = {}
    for pattern, label in lines:
        bare = pattern.lower().strip()
        at_start, asking = bare.startswith("^"), bare.endswith("?")
        for runs in _alternatives(bare.lstrip("^").rstrip("?")):
            compiled = _Compiled(runs, at_start, asking, label)
            first = runs[0][0]
            second = runs[0][1] if len(runs[0]) > 1 else None
            for spelling in first.exact:
                if second is None or second.starts or second.ends:
                    by_word.setdefault(spelling, []).append(compiled)
                else:
                    for follower in second.exact:
                        by_pair.setdefault((spelling, follower), []).append(compiled)
            for stem in {start[:_STEM_LETTERS] for start in first.starts}:
                by_beginning.setdefault(stem, []).append(compiled)
            for stem in {end[-_STEM_LETTERS:] for end in first.ends}:
                by_ending.setdefault(stem, []).append(compiled)
    return Patterns(by_pair, by_word, by_beginning, by_ending)


def _match(runs: _Runs, text_words: Sequence[Word], index: int) -> int:
    """The last word matched when the pattern begins at `index`, or -1. The nearest place fills each gap."""
    sentence = text_words[index].sentence
    end = _match_run(runs[0], text_words, index, sentence)
    for run in runs[1:]:
        if end < 0:
            return -1
        begin = end + 1
        end = -1
        for candidate in range(begin, min(begin + _GAP_WORDS + 1, len(text_words))):
            if text_words[candidate].sentence != sentence:
                return -1
            end = _match_run(run, text_words, candidate, sentence)
            if end >= 0:
                break
    return end


def _match_run(run: tuple[_Choice, ...], text_words: Sequence[Word], index: int, sentence: int) -> int:
    if index + len(run) > len(text_words):
        return -1
    for choice in run:
        word = text_words[index]
        if word.sentence != sentence or not choice.matches(word.text):
            return -1
        index += 1
    return index - 1


def _alternatives(pattern: str) -> Iterator[_Runs]:
    """The sequences that `pattern` stands for. Brackets of single words stay one place and cost nothing."""
    for variant in dict.fromkeys(_written_out(pattern)):
        runs: list[tuple[_Choice, ...]] = []
        for run in re.split(r"(?<!\S)\.\.(?!\S)", variant):
            places = run.split()
            if not places:
                raise ValueError(f"{pattern!r}: words are missing before or after '..', or altogether")
            runs.append(tuple(_choice(place.split("|"), pattern) for place in places))
        yield tuple(runs)


def _choice(spellings: Sequence[str], pattern: str) -> _Choice:
    exact, starts, ends = set(), [], []
    for spelling in spellings:
        stem = spelling.strip("*")
        if not _WORD.fullmatch(stem) or ("*" in spelling and len(stem) < _STEM_LETTERS):
            raise ValueError(f"{pattern!r}: {spelling!r} is not a word, or too short for an asterisk")
        if spelling.startswith("*") and spelling.endswith("*"):
            raise ValueError(f"{pattern!r}: {spelling!r} may have one asterisk only")
        if spelling.startswith("*"):
            ends.append(stem)
        elif spelling.endswith("*"):
            starts.append(stem)
        else:
            exact.add(spelling)
    return _Choice(frozenset(exact), tuple(starts), tuple(ends))


def _written_out(pattern: str) -> list[str]:
    """`pattern` with brackets written out, save that whole words to choose from become "a|b"."""
    # per open bracket: the finished choices, and the choice being read
    levels: list[tuple[list[str], list[str]]] = [([], [""])]
    parts = re.split(r"([()|])", pattern)
    for position, part in enumerate(parts):
        done, current = levels[-1]
        if part == "(":
            levels.append(([], [""]))
        elif part == "|":
            levels[-1] = ([*done, *current], [""])
        elif part == ")":
            if len(levels) == 1:
                raise ValueError(f"{pattern!r}: a bracket is closed that was not opened")
            levels.pop()
            outer_done, outer = levels[-1]
            choices = _joined([*done, *current], _stands_alone(outer, parts[position + 1]))
            levels[-1] = (outer_done, [before + choice for before in outer for choice in choices])
        else:
            levels[-1] = (done, [before + part for before in current])
        if len(levels[-1][1]) > _MOST_VARIANTS:
            raise ValueError(f"{pattern!r}: more than {_MOST_VARIANTS} variants; write it as several lines")
    if len(levels) > 1:
        raise ValueError(f"{pattern!r}: a bracket is not closed")
    return levels[0][0] + levels[0][1]


def _stands_alone(before: Sequence[str], after: str) -> bool:
    """Whether a bracket is a place of its own, not part of a word ("ansök(an|ningar)")."""
    return all(not text or text.endswith(" ") for text in before) and (not after or after.startswith(" "))


def _joined(choices: Sequence[str], alone: bool) -> list[str]:
    """Choices of a single word gathered as "a|b"; the others as they are."""
    if not alone:
        return list(choices)
    single = [choice.strip() for choice in choices if len(choice.split()) == 1]
    return [*(["|".join(single)] if single else []), *(choice for choice in choices if len(choice.split()) != 1)]
