"""Word patterns kept as a tree, so that searching looks at each word a few times, however many patterns there are.

Patterns that begin alike share their beginning: "vi vill ansöka" and "vi vill klaga" are tried as one until they part.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Generic, Protocol, TypeVar

Label = TypeVar("Label")

#: words that a gap may jump over
GAP_WORDS = 8
#: a wildcard word is looked up by this many letters, so it must have them
STEM_LETTERS = 3


class Word(Protocol):
    """What the tree needs to know of a word: lower-case spelling and number of its sentence."""

    @property
    def text(self) -> str: ...

    @property
    def sentence(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Choice:
    """One place of a pattern: any of these words, or a word that begins, ends or is made up so."""

    exact: frozenset[str] = frozenset()
    starts: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()


#: runs of neighbouring places; between two runs lies a gap
Runs = tuple[tuple[Choice, ...], ...]


@dataclass(slots=True)
class Node(Generic[Label]):
    """What may follow the words matched so far."""

    #: the patterns that end here: number in the order they were added, and label
    labels: list[tuple[int, Label]] = field(default_factory=list)
    #: what may follow with other words between
    after_gap: "Node[Label] | None" = None
    is_last: bool = True
    _children: "dict[Choice, Node[Label]]" = field(default_factory=dict)
    _by_word: "dict[str, list[Node[Label]]]" = field(default_factory=dict)
    _by_beginning: "dict[str, list[tuple[str, Node[Label]]]]" = field(default_factory=dict)
    _by_ending: "dict[str, list[tuple[str, Node[Label]]]]" = field(default_factory=dict)
    _inside: "list[tuple[str, Node[Label]]]" = field(default_factory=list)

    def add(self, runs: Runs, number: int, label: Label) -> None:
        """Add a pattern below this node; `number` decides the order of what is found at the same word."""
        node = self
        for position, run in enumerate(runs):
            if position:
                if node.after_gap is None:
                    node.after_gap, node.is_last = Node(), False
                node = node.after_gap
            for choice in run:
                node = node._child(choice)
        node.labels.append((number, label))

    def _child(self, choice: Choice) -> "Node[Label]":
        child = self._children.get(choice)
        if child is None:
            child = self._children[choice] = Node()
            self.is_last = False
            for spelling in choice.exact:
                self._by_word.setdefault(spelling, []).append(child)
            for start in choice.starts:
                self._by_beginning.setdefault(start[:STEM_LETTERS], []).append((start, child))
            for end in choice.ends:
                self._by_ending.setdefault(end[-STEM_LETTERS:], []).append((end, child))
            self._inside.extend((part, child) for part in choice.inside)
        return child

    def following(self, word: str) -> "Sequence[Node[Label]]":
        """The nodes that `word` leads to."""
        found = self._by_word.get(word, ())
        if self._by_beginning and (stems := self._by_beginning.get(word[:STEM_LETTERS])):
            found = [*found, *(child for stem, child in stems if word.startswith(stem))]
        if self._by_ending and (stems := self._by_ending.get(word[-STEM_LETTERS:])):
            found = [*found, *(child for stem, child in stems if word.endswith(stem))]
        if self._inside:
            found = [*found, *(child for part, child in self._inside if part in word)]
        return found

    def find(self, words: Sequence[Word]) -> Iterator[tuple[Label, int, int]]:
        """(label, first word, last word) of every pattern found, the nearest words filling its gaps."""
        for index, word in enumerate(words):
            if following := self.following(word.text):
                found = sorted(_ends(following, words, index, word.sentence), key=itemgetter(0, 2))
                known = -1
                for number, label, last in found:
                    if number != known:
                        yield label, index, last
                    known = number


def _ends(
    nodes: "Sequence[Node[Label]]", words: Sequence[Word], index: int, sentence: int
) -> Iterator[tuple[int, Label, int]]:
    """Number, label and last word of all patterns that go on from `nodes`, which the word at `index` led to."""
    pending = [(node, index) for node in nodes]
    jumped: set[tuple[int, int]] = set()
    while pending:
        node, last = pending.pop()
        for number, label in node.labels:
            yield number, label, last
        after = last + 1
        if node.is_last or after >= len(words) or words[after].sentence != sentence:
            continue
        pending += [(child, after) for child in node.following(words[after].text)]
        gap = node.after_gap
        if gap is not None:
            # However the place was reached, what follows a gap is the same: so time stays linear.
            places = _within_reach(words, after, sentence)
            fresh = [place for place in places if (id(gap), place) not in jumped]
            jumped.update((id(gap), place) for place in fresh)
            pending += [(child, place) for place in fresh for child in gap.following(words[place].text)]


def _within_reach(words: Sequence[Word], begin: int, sentence: int) -> Iterator[int]:
    """The words that a gap before word `begin` may lead to."""
    for index in range(begin, min(begin + GAP_WORDS + 1, len(words))):
        if words[index].sentence != sentence:
            return
        yield index
