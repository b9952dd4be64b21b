"""The lines of a mail's text, prepared once for every pattern that looks at them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from mailbot.mail.parts_patterns import LINE_LIMIT

SpanKind = Literal["new", "signature", "quoted"]

#: invisible characters that mail programs leave at line ends
_ZERO_WIDTH = "\u200b\u200e\u200f\ufeff"


@dataclass(frozen=True, slots=True)
class Lines:
    """A text and, one entry per line: where it starts, and its words without surrounding space (see `_shortened`)."""

    text: str
    starts: list[int]
    bare: list[str]
    #: `bare` in lower case
    low: list[str]

    @classmethod
    def of(cls, text: str) -> "Lines":
        raw = text.split("\n")
        if not raw[-1] and len(raw) > 1:
            raw.pop()
        starts, position = [], 0
        for line in raw:
            starts.append(position)
            position += len(line) + 1
        bare = [_shortened(line.strip()) for line in raw]
        if any(mark in text for mark in _ZERO_WIDTH):
            bare = [line.strip(_ZERO_WIDTH).strip() for line in bare]
        return cls(text, starts, bare, [line.lower() for line in bare])

    def __len__(self) -> int:
        return len(self.low)

    def next_filled(self, index: int) -> int | None:
        """The first line from `index` on that is not empty."""
        return next((i for i in range(index, len(self.low)) if self.low[i]), None)

    def is_marked(self, index: int) -> bool:
        """Does the line carry a quotation mark?

        A comparison (">18 år") or mbox's ">From " is none, unless quoted lines adjoin.
        """
        bare = self.bare[index]
        if not bare.startswith(">"):
            return False
        if len(bare) > 1 and (bare[1].isdigit() or bare[1] == "=" or bare.startswith(">From ")):
            return any(self.low[i].startswith(">") for i in (index - 1, index + 1) if 0 <= i < len(self.low))
        return True


def _shortened(line: str) -> str:
    """A long line loses its middle: how it ends tells whether a sentence does."""
    return line if len(line) <= LINE_LIMIT else line[: LINE_LIMIT - 1] + line[-1]


def runs(kinds: list[SpanKind], wanted: SpanKind) -> Iterator[tuple[int, int]]:
    """Start and end of each stretch of lines of the kind `wanted`."""
    start: int | None = None
    for index, kind in enumerate(kinds):
        if kind == wanted and start is None:
            start = index
        elif kind != wanted and start is not None:
            yield start, index
            start = None
    if start is not None:
        yield start, len(kinds)
