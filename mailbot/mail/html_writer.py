"""Builds the lines of a plain-text rendering, with white space as a browser shows it."""

from dataclasses import dataclass, field
from typing import Final

_RULE: Final = "_" * 32
#: deeper quotations look like this many levels
_MOST_MARKS = 10


@dataclass(slots=True)
class Writer:
    """Takes text and breaks in document order."""

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

    def text(self, content: str) -> None:
        """Text outside `pre`: white space collapses."""
        words = content.split()
        if not words:
            self.kept = self.kept or "\xa0" in content
            self.space = self.space or bool(content)
            return
        self._gap(content[0].isspace())
        self.line.append(" ".join(words))
        self.space = content[-1].isspace()

    def preformatted(self, content: str) -> None:
        """Text inside `pre`: every space and line end counts."""
        for number, part in enumerate(content.replace("\xa0", " ").split("\n")):
            if number:
                self.break_line()
            if part:
                self._gap(False)
                self.line.append(part)

    def break_line(self) -> None:
        """`<br>`: the line ends, even an empty one."""
        self.lines.append((self._marks() + "".join(self.line)).rstrip())
        self.line.clear()
        self.space = self.tab = self.kept = False

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

    def rendering(self) -> str:
        """What was written, without empty lines at the top and the bottom."""
        self.block()
        return "\n".join(self.lines).strip("\n") + ("\n" if self.lines else "")

    def _gap(self, leading_space: bool) -> None:
        """What separates the coming words from those before them."""
        if not self.line:
            if self.blank_wanted and self.lines and self.lines[-1].strip("> "):
                self.lines.append(self._marks().rstrip())
            self.blank_wanted = False
            if self.bullet:
                self.line.append(self.bullet)
                self.bullet = ""
        elif self.tab:
            self.line.append("\t")
        elif leading_space or self.space:
            self.line.append(" ")
        self.space = self.tab = False

    def _marks(self) -> str:
        return "> " * min(self.quote_depth, _MOST_MARKS)
