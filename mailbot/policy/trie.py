"""Word patterns kept as a tree, so that searching looks at each word once or twice, however many patterns there are.

Patterns that begin alike share their beginning: "vi vill ansöka" and "vi vill klaga" are tried as one until they part.
Where a word leads to several places of the tree at once ("överklag*" and "*klagan"), these are gone on from as one
state; which state follows on which symbol is found out when it is first met, and remembered.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Generic, Protocol, TypeVar

from mailbot.policy.vocabulary import VOCABULARY, Choice, Symbol

Label = TypeVar("Label")

#: words that a gap may jump over
GAP_WORDS = 8
#: steps remembered per tree, some forty octets each; then it begins anew
_MOST_REMEMBERED = 20_000
#: a step that leads somewhere counts for so many: nearly all lead nowhere
_STATE = 4

#: runs of neighbouring places; between two runs lies a gap
Runs = tuple[tuple[Choice, ...], ...]


class Searched(Protocol):
    """What the tree needs to know of a text: a symbol and a sentence number for each word."""

    @property
    def symbols(self) -> Sequence[Symbol | None]: ...

    @property
    def sentences(self) -> Sequence[int]: ...


class Node(Generic[Label]):
    """What may follow the words matched so far."""

    __slots__ = ("after_gap", "children", "labels")

    def __init__(self) -> None:
        #: the patterns that end here: number in the order they were added, and label
        self.labels: tuple[tuple[int, Label], ...] = ()
        #: what may follow with other words between
        self.after_gap: Node[Label] | None = None
        #: atom -> what may follow at once
        self.children: dict[int, tuple[Node[Label], ...]] | None = None


def plant(patterns: Iterable[tuple[Runs, int, Label]]) -> Node[Label]:
    """The tree of `patterns`; their numbers decide the order of what is found at the same word."""
    root: Node[Label] = Node()
    children: dict[tuple[Node[Label], Choice], Node[Label]] = {}
    for runs, number, label in patterns:
        node = root
        for position, run in enumerate(runs):
            if position:
                node.after_gap = node = node.after_gap or Node()
            for choice in run:
                child = children.get((node, choice))
                node = _grow(node, choice, children) if child is None else child
        node.labels = (*node.labels, (number, label))
    return root


def _grow(node: Node[Label], choice: Choice, children: dict[tuple[Node[Label], Choice], Node[Label]]) -> Node[Label]:
    child: Node[Label] = Node()
    children[node, choice] = child
    node.children = node.children or {}
    alone = (child,)
    for atom in VOCABULARY.atoms(choice):
        others = node.children.get(atom)
        node.children[atom] = alone if others is None else (*others, child)
    return child


class _State(dict[Symbol | None, "_State[Label] | None"], Generic[Label]):
    """Places of the tree that were reached together; as a dictionary, the state that follows on each symbol met."""

    __slots__ = ("_children", "_tree", "gap", "labels", "once")

    def __init__(self, nodes: Sequence[Node[Label]], tree: "Tree[Label]") -> None:
        super().__init__({None: None})
        self._children = [node.children for node in nodes if node.children]
        self._tree = tree
        self.labels = sorted((found for node in nodes for found in node.labels), key=itemgetter(0))
        #: each of these patterns' labels once
        self.once: tuple[Label, ...] = tuple(dict(self.labels).values())
        gaps = [node.after_gap for node in nodes if node.after_gap is not None]
        self.gap: _State[Label] | None = tree.state(gaps) if gaps else None

    def ends_here(self, last: int, symbols: Sequence[Symbol | None], sentences: Sequence[int]) -> bool:
        """Whether no pattern goes on with the next word, as with most words."""
        if self.gap is not None:
            return False
        after = last + 1
        return after == len(symbols) or sentences[after] != sentences[last] or self[symbols[after]] is None

    def __missing__(self, symbol: Symbol) -> "_State[Label] | None":
        atoms = symbol.atoms
        going_on = [children for children in self._children if not children.keys().isdisjoint(atoms)]
        if not going_on:
            self._tree.remembered += 1
            self[symbol] = None
            return None
        nodes = [node for children in going_on for atom in children.keys() & atoms for node in children[atom]]
        following = self[symbol] = self._tree.state(list(dict.fromkeys(nodes)))
        self._tree.remembered += _STATE
        return following


class Tree(Generic[Label]):
    """One or more planted trees, searched together."""

    def __init__(self, *roots: Node[Label]) -> None:
        self._roots = roots
        self._renew()

    def _renew(self) -> None:
        self.remembered = 0
        self._states: dict[tuple[int, ...], _State[Label]] = {}
        self._start = self.state(self._roots)

    def state(self, nodes: Sequence[Node[Label]]) -> _State[Label]:
        """The state of having reached `nodes`."""
        key = tuple(sorted(map(id, nodes)))
        known = self._states.get(key)
        if known is None:
            known = self._states[key] = _State(nodes, self)
        return known

    def find(self, text: Searched) -> list[tuple[Label, int, int]]:
        """(label, first word, last word) of every pattern found, the nearest words filling its gaps."""
        if self.remembered > _MOST_REMEMBERED:
            self._renew()
        symbols, sentences = text.symbols, text.sentences
        found: list[tuple[Label, int, int]] = []
        for first, state in enumerate(map(self._start.__getitem__, symbols)):
            if state is None:
                continue
            if state.ends_here(first, symbols, sentences):
                found += [(label, first, first) for label in state.once]
                continue
            known = -1
            for number, label, last in _ends(state, first, symbols, sentences):
                if number != known:
                    found.append((label, first, last))
                known = number
        return found


def _ends(
    state: _State[Label] | None, first: int, symbols: Sequence[Symbol | None], sentences: Sequence[int]
) -> list[tuple[int, Label, int]]:
    """Number, label and last word of all patterns that word `first`, which led to `state`, begins; in their order."""
    found: list[tuple[int, Label, int]] = []
    end = bisect_right(sentences, sentences[first], first)
    # However a place was reached, what follows a gap is the same: so time stays linear.
    jumped: set[tuple[int, int]] = set()
    pending: list[tuple[_State[Label] | None, int]] = [(state, first)]
    while pending:
        state, last = pending.pop()
        while state is not None:
            if state.labels:
                found += [(number, label, last) for number, label in state.labels]
            last += 1
            if last >= end:
                break
            if (gap := state.gap) is not None:
                for place in range(last, min(last + GAP_WORDS + 1, end)):
                    following = gap[symbols[place]]
                    if following is not None and (id(gap), place) not in jumped:
                        jumped.add((id(gap), place))
                        pending.append((following, place))
            state = state[symbols[last]]
    if len(found) > 1:
        found.sort(key=_by_number_and_end)
    return found


_by_number_and_end = itemgetter(0, 2)
