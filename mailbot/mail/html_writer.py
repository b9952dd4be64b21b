"""Builds the lines of a plain-text rendering, with white space as a browser shows it."""

from dataclasses import dataclass, field
from typing import Final

from mailbot.mail.html_map import Piece, Rendering

_RULE: Final = "_" * 32
#: deeper quotations look like this many levels
_MOST_MARKS = 10


@dataclass(slots=True)
class Writer:
    """Takes text and breaks in document order. With `pieces` it notes which text node each piece came from."""

    #: (line, column, node, start in the node, text); None: nothing is noted
    pieces: list[tuple[int, int, int, int, str]] | None = None
    lines: list[str] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    quote_depth: int = 0
    #: an original began that ends with the document
    rest_is_quoted: bool = False
    space: bool = False
    tab: bool = False
    #: the line holds a non-breaking space: Word's way to write an empty paragraph
    kept: bool = False
    blank_wanted: bool = False
    bullet: str = ""
    #: number of the text node being read, in document order
    node: int = -1
    #: characters of the line so far, and of the marks before each finished line; kept only with `pieces`
    _width: int = 0
    _mark_widths: list[int] = field(default_factory=list)

    def text(self, content: str) -> None:
        """Text outside `pre`: white space collapses."""
        words = content.split()
        if not words:
            self.kept = self.kept or "\xa0" in content
            self.space = self.space or bool(content)
            return
        self._gap(content[0].isspace())
        self._write(" ".join(words), len(content) - len(content.lstrip()))
        self.space = content[-1].isspace()

    def preformatted(self, content: str) -> None:
        """Text inside `pre`: every space and line end counts."""
        start = 0
        for number, part in enumerate(content.replace("\xa0", " ").split("\n")):
            if number:
                self.break_line()
            if part:
                self._gap(False)
                self._write(part, start)
            start += len(part) + 1

    def break_line(self) -> None:
        """`<br>`: the line ends, even an empty one."""
        marks = self._marks()
        self.lines.append((marks + "".join(self.line)).rstrip())
        self.line.clear()
        self.space = self.tab = self.kept = False
        if self.pieces is not None:
            self._end_noted_line(marks)

    def block(self) -> None:
        """A block begins or ends: nothing else on this line."""
        if self.line or self.kept:
            self.break_line()
        self.space = self.tab = False

    def rule(self) -> None:
        """`<hr>`."""
        self.block()
        self.line.append(_RULE)
        self.break_line()

    def rendering(self) -> Rendering:
        """What was written, without empty lines at the top and the bottom."""
        self.block()
        text = "\n".join(self.lines).strip("\n") + ("\n" if self.lines else "")
        return Rendering(text, tuple(self._placed()) if self.pieces else ())

    def _write(self, text: str, start: int) -> None:
        if self.pieces is not None:
            self.pieces.append((len(self.lines), self._width, self.node, start, text))
            self._width += len(text)
        self.line.append(text)

    def _gap(self, leading_space: bool) -> None:
        """What separates the coming words from those before them."""
        if not self.line:
            if self.blank_wanted and self.lines and self.lines[-1].strip("> "):
                marks = self._marks()
                self.lines.append(marks.rstrip())
                self._mark_widths.append(len(marks))
            self.blank_wanted = False
            if self.bullet:
                self._append(self.bullet)
                self.bullet = ""
        elif self.tab:
            self._append("\t")
        elif leading_space or self.space:
            self._append(" ")
        self.space = self.tab = False

    def _append(self, text: str) -> None:
        """What stands in no text node."""
        self.line.append(text)
        self._width += len(text)

    def _marks(self) -> str:
        return "> " * min(self.quote_depth, _MOST_MARKS)

    def _end_noted_line(self, marks: str) -> None:
        self._width = 0
        # Lines that hold nothing but marks were counted where they were written.
        self._mark_widths.extend([0] * (len(self.lines) - 1 - len(self._mark_widths)))
        self._mark_widths.append(len(marks))

    def _placed(self) -> list[Piece]:
        """The noted pieces with their offsets in the finished text."""
        assert self.pieces is not None
        starts, position = [], 0
        for line in self.lines:
            starts.append(position)
            position += len(line) + 1
        top = next((i for i, line in enumerate(self.lines) if line), 0)
        placed = []
        for number, column, node, start, text in self.pieces:
            begin = self._mark_widths[number] + column
            # a finished line has lost the space at its end, in `pre` with the text that it came from
            end = min(begin + len(text), len(self.lines[number]))
            if begin < end:
                offset = starts[number] - starts[top]
                placed.append(Piece(offset + begin, offset + end, node, start))
        return placed
