"""The way back from a plain-text rendering to the HTML it was made of."""

from bisect import bisect_right
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters start <= i < end of the rendering came from text node `node` (counted from 0 in document order).

    `node_start` is where they begin in that node's text. Inside a piece white space may have collapsed: n characters
    of the rendering can be more of the node.
    """

    start: int
    end: int
    node: int
    node_start: int


@dataclass(frozen=True, slots=True)
class Rendering:
    """The normative plain text of an HTML part; every offset of spans and evidence counts in `text`."""

    text: str
    #: ordered by `start`; what lies between them (line ends, quotation marks, bullets, rules) stands in no text node.
    #: Empty when no map was asked for, or when the HTML was read by the cruder reader.
    pieces: tuple[Piece, ...] = ()

    def piece_at(self, offset: int) -> Piece | None:
        """The piece that holds the character `offset` of `text`; None where no text node wrote it."""
        index = bisect_right(self.pieces, offset, key=lambda piece: piece.start) - 1
        if index < 0 or offset >= self.pieces[index].end:
            return None
        return self.pieces[index]

    def nodes(self, start: int, end: int) -> tuple[int, ...]:
        """The text nodes that wrote characters start <= i < end of `text`, in order, each once."""
        index = max(bisect_right(self.pieces, start, key=lambda piece: piece.start) - 1, 0)
        found: dict[int, None] = {}
        for piece in self.pieces[index:]:
            if piece.start >= end:
                break
            if piece.end > start:
                found[piece.node] = None
        return tuple(found)
