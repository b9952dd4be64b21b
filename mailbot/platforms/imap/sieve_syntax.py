"""The grammar of Sieve (RFC 5228 section 8): a script as commands with their places in it. No script is run here."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_MAX_NESTING = 40
_TOKENS = re.compile(
    r"""
      (?P<space>\s+|\#[^\n]*(?:\n|\Z)|/\*.*?\*/)
    | (?P<multiline>text:[ \t]*(?:\#[^\n]*)?\r?\n (?:(?!\.\r?\n)[^\n]*\n)* \.(?:\r?\n|\Z))
    | (?P<quoted>"(?:[^"\\]|\\.)*")
    | (?P<number>\d+[KMGkmg]?)
    | (?P<tag>:[A-Za-z_]\w*)
    | (?P<word>[A-Za-z_]\w*)
    | (?P<mark>[\[\](){},;])
    """,
    re.VERBOSE | re.DOTALL,
)


class NotSieve(ValueError):
    """The text does not follow the grammar."""


@dataclass(frozen=True, slots=True)
class _Lexeme:
    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    name: str
    arguments: tuple[object, ...]
    tests: tuple["Test", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`name` in lower case. Arguments: a string, a tuple of strings, or a `Tag`; numbers are strings too."""

    name: str
    arguments: tuple[object, ...]
    tests: tuple[Test, ...]
    block: tuple["Command", ...]
    #: offsets of the whole command, its end mark or block included
    start: int
    end: int

    @property
    def tags(self) -> frozenset[str]:
        return frozenset(each.name for each in self.arguments if isinstance(each, Tag))

    @property
    def strings(self) -> tuple[str, ...]:
        """Positional strings and lists of them, flattened; values of tags are among them."""
        found: list[str] = []
        for each in self.arguments:
            found += [each] if isinstance(each, str) else list(each) if isinstance(each, tuple) else []
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Tag:
    """`:copy`, in lower case without the colon."""

    name: str


def parse(text: str) -> tuple[Command, ...]:
    """The commands of a script. NotSieve when it is none."""
    parser = _Parser(list(_lexemes(text)))
    commands = parser.commands(0)
    if not parser.at_end():
        raise NotSieve("a brace too many")
    return commands


def every(commands: tuple[Command, ...]) -> Iterator[Command]:
    """All commands, those in blocks included, in order."""
    for command in commands:
        yield command
        yield from every(command.block)


def _lexemes(text: str) -> Iterator[_Lexeme]:
    position = 0
    while position < len(text):
        found = _TOKENS.match(text, position)
        if found is None or found.end() == position:
            raise NotSieve("a character that no script has here")
        position = found.end()
        kind = found.lastgroup or ""
        if kind != "space":
            yield _Lexeme(kind, found[0], found.start(), found.end())


class _Parser:
    def __init__(self, lexemes: list[_Lexeme]) -> None:
        self._lexemes = lexemes
        self._next = 0

    def at_end(self) -> bool:
        return self._next >= len(self._lexemes)

    def commands(self, depth: int) -> tuple[Command, ...]:
        if depth > _MAX_NESTING:
            raise NotSieve("nested too deeply")
        found = []
        while not self.at_end() and not self._sees("}"):
            found.append(self._command(depth))
        return tuple(found)

    def _command(self, depth: int) -> Command:
        first = self._take("word")
        arguments, tests = self._arguments(), self._tests(depth)
        block: tuple[Command, ...] = ()
        if self._sees("{"):
            self._next += 1
            block = self.commands(depth + 1)
            last = self._take_mark("}")
        else:
            last = self._take_mark(";")
        return Command(
            name=first.text.lower(), arguments=arguments, tests=tests, block=block, start=first.start, end=last.end
        )

    def _arguments(self) -> tuple[object, ...]:
        found: list[object] = []
        while not self.at_end():
            lexeme = self._lexemes[self._next]
            if lexeme.kind in ("quoted", "multiline", "number"):
                found.append(_value(lexeme))
                self._next += 1
            elif lexeme.kind == "tag":
                found.append(Tag(lexeme.text[1:].lower()))
                self._next += 1
            elif lexeme.text == "[":
                found.append(self._strings())
            else:
                break
        return tuple(found)

    def _strings(self) -> tuple[str, ...]:
        self._take_mark("[")
        found = []
        while not self._sees("]"):
            lexeme = self._peek()
            if lexeme.kind not in ("quoted", "multiline"):
                raise NotSieve("a list of something else than strings")
            found.append(_value(lexeme))
            self._next += 1
            if not self._sees("]"):
                self._take_mark(",")
        self._take_mark("]")
        return tuple(found)

    def _tests(self, depth: int) -> tuple[Test, ...]:
        if self.at_end():
            return ()
        if self._sees("("):
            self._next += 1
            found = [self._test(depth + 1)]
            while self._sees(","):
                self._next += 1
                found.append(self._test(depth + 1))
            self._take_mark(")")
            return tuple(found)
        return (self._test(depth + 1),) if self._lexemes[self._next].kind == "word" else ()

    def _test(self, depth: int) -> Test:
        if depth > _MAX_NESTING:
            raise NotSieve("nested too deeply")
        name = self._take("word").text.lower()
        arguments = self._arguments()
        return Test(name=name, arguments=arguments, tests=self._tests(depth))

    def _peek(self) -> _Lexeme:
        if self.at_end():
            raise NotSieve("it ends in the middle")
        return self._lexemes[self._next]

    def _sees(self, mark: str) -> bool:
        return self._next < len(self._lexemes) and self._lexemes[self._next].text == mark

    def _take(self, kind: str) -> _Lexeme:
        lexeme = self._peek()
        if lexeme.kind != kind:
            raise NotSieve(f"no {kind} where one is needed")
        self._next += 1
        return lexeme

    def _take_mark(self, mark: str) -> _Lexeme:
        lexeme = self._take("mark")
        if lexeme.text != mark:
            raise NotSieve(f"{lexeme.text} where {mark} is needed")
        return lexeme


def _value(lexeme: _Lexeme) -> str:
    if lexeme.kind == "quoted":
        return re.sub(r"\\(.)", r"\1", lexeme.text[1:-1], flags=re.DOTALL)
    if lexeme.kind == "number":
        return lexeme.text
    body = lexeme.text.partition("\n")[2]
    lines = body.splitlines(keepends=True)[:-1]
    return "".join(line.removeprefix(".") if line.startswith("..") else line for line in lines)


def quoted(text: str) -> str:
    """A quoted string (RFC 5228 2.4.2): any text; line breaks become CRLF; NUL, which none can hold, is left out."""
    lines = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    return '"' + lines.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\r\n") + '"'
