"""A person's own script against ours, which runs first and then includes it: would the pair do what both say?

Where their script answers mail itself, refuses it, or makes the pair exceed what a server allows, the server would run
neither, or both replies would go out. Only what the text tells is judged; no mail is run through it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from mailbot.platforms.imap.sieve_cost import Cost, Run, never, run_of
from mailbot.platforms.imap.sieve_syntax import Command, NotSieve, every, parse
from mailbot.platforms.own_rules import ConflictReason, OwnRulesConflict

#: RFC 5228 2.10.1 allows limits; these are Pigeonhole's defaults (sieve_max_actions, sieve_max_redirects), and ours
#: uses three actions of them
MAX_ACTIONS = 32
MAX_REDIRECTS = 4
#: Pigeonhole: sieve_include_max_nesting_depth 10; Cyrus stops at as many. The pair is one deeper.
_MAX_DEPTH = 9
_MAX_INCLUDES = 250
_TOO_MANY: dict[ConflictReason, str] = {
    "too_many_redirects": "with ours it would {}forward more copies than the server allows",
    "too_many_actions": "with ours it would {}take more actions than servers allow",
}
_REFUSING = frozenset({"reject", "ereject", "refuse"})


@dataclass(frozen=True, slots=True)
class OwnScript:
    """`read` gives the octets of another personal script by its name, or None."""

    name: str
    raw: bytes
    read: Callable[[str], bytes | None]


@dataclass(slots=True)
class _Findings:
    replies: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    loops: list[str] = field(default_factory=list)


def conflict(
    own: OwnScript, *, our_names: Iterable[str], redirects: int, max_redirects: int | None
) -> OwnRulesConflict | None:
    """What stands against running ours (which redirects `redirects` times) before `own`; None when nothing does."""
    walk = _Walk(own, frozenset(name.casefold() for name in our_names))
    found, run = walk.findings, walk.run
    return (
        _never_together(found, own, _too_many(run.sure, redirects, max_redirects))
        or _without_it(found, own)
        or _perhaps(found, own, _too_many(run.most, redirects, max_redirects))
    )


def _never_together(found: "_Findings", own: OwnScript, too_many: ConflictReason | None) -> OwnRulesConflict | None:
    if found.broken:
        return _refusal("broken", found.broken[0], "the server would not run it: it has errors")
    if found.loops:
        return _refusal("include_loop", found.loops[0], "its includes never end, or go too deep")
    if found.missing:
        return _refusal("include_missing", found.missing[0], "it is included but is not there")
    return _refusal(too_many, own.name, _TOO_MANY[too_many].format("")) if too_many is not None else None


def _without_it(found: "_Findings", own: OwnScript) -> OwnRulesConflict | None:
    """A copy without those commands would do."""
    if found.replies:
        return _with_proposal("own_reply", own, found.replies, "it answers mail itself")
    if found.refusals:
        return _with_proposal("reject", own, found.refusals, "it refuses mail, which cannot be answered as well")
    return None


def _perhaps(found: "_Findings", own: OwnScript, too_many: ConflictReason | None) -> OwnRulesConflict | None:
    """It may be right as it is: the person says so."""
    if found.unreadable:
        return _asked("unreadable_include", own, f"only the server can read {found.unreadable[0]}, which may answer")
    return None if too_many is None else _asked(too_many, own, _TOO_MANY[too_many].format("on some mail "))


def _too_many(cost: Cost, redirects: int, max_redirects: int | None) -> ConflictReason | None:
    if redirects and cost.redirects + redirects > (MAX_REDIRECTS if max_redirects is None else max_redirects):
        return "too_many_redirects"
    return "too_many_actions" if cost.actions + redirects + 1 > MAX_ACTIONS else None


def without_answers(raw: bytes) -> str:
    """The script without the commands that answer or refuse mail; all else stays as it stands."""
    text = _text(raw)
    gone = [command for command in every(parse(text)) if command.name in _REFUSING | {"vacation"}]
    for command in reversed(gone):
        text = text[: command.start] + text[command.end :]
    return text


def own_reply_text(raw: bytes) -> str | None:
    """What a script's first vacation says; None when it has none that runs. Its last argument is the text."""
    try:
        commands = parse(_text(raw))
    except NotSieve:
        return None
    for command in _running(commands):
        if command.name == "vacation":
            last = command.arguments[-1] if command.arguments else ""
            return last.replace("\r\n", "\n") if isinstance(last, str) else ""
    return None


def _refusal(reason: ConflictReason, rules: str, words: str) -> OwnRulesConflict:
    return OwnRulesConflict(f"the script {rules} stands against the auto-reply: {words}", reason, rules=rules)


def _asked(reason: ConflictReason, own: OwnScript, words: str) -> OwnRulesConflict:
    message = f"the script {own.name} may stand against the auto-reply: {words}"
    return OwnRulesConflict(message, reason, rules=own.name, proposal=_text(own.raw))


def _with_proposal(reason: ConflictReason, own: OwnScript, where: list[str], words: str) -> OwnRulesConflict:
    """A copy can be proposed when all of it stands in the active script itself."""
    proposal = without_answers(own.raw) if set(where) == {own.name} else None
    message = f"the script {where[0]} stands against the auto-reply: {words}"
    return OwnRulesConflict(message, reason, rules=where[0], proposal=proposal)


class _Walk:
    """Through a script and all that it includes."""

    def __init__(self, own: OwnScript, our_names: frozenset[str]) -> None:
        self._own = own
        self._our_names = our_names
        self._known: dict[str, tuple[Command, ...] | None] = {}
        self._includes = 0
        self.findings = _Findings()
        self.run = self._script(own.name, self._parsed(own.name, own.raw), ())

    def _parsed(self, name: str, raw: bytes) -> tuple[Command, ...]:
        try:
            return parse(_text(raw))
        except NotSieve:
            self.findings.broken.append(name)
            return ()

    def _script(self, name: str, commands: tuple[Command, ...], above: tuple[str, ...]) -> Run:
        for command in _running(commands):
            if command.name == "vacation":
                self.findings.replies.append(name)
            elif command.name in _REFUSING:
                self.findings.refusals.append(name)
        return run_of(commands, lambda command: self._include(command, (*above, name)))

    def _include(self, command: Command, above: tuple[str, ...]) -> Run:
        target = command.strings[-1] if command.strings else ""
        self._includes += 1
        if "global" in command.tags:
            self.findings.unreadable.append(target)
        elif target in above or target.casefold() in self._our_names or len(above) > _MAX_DEPTH:
            if not ("once" in command.tags and target in above):
                self.findings.loops.append(target)
        elif self._includes > _MAX_INCLUDES:
            self.findings.loops.append(target)
        else:
            commands = self._read(target)
            if commands is not None:
                return self._script(target, commands, above)
            if "optional" not in command.tags:
                self.findings.missing.append(target)
        return Run()

    def _read(self, name: str) -> tuple[Command, ...] | None:
        if name not in self._known:
            raw = self._own.read(name)
            self._known[name] = None if raw is None else self._parsed(name, raw)
        return self._known[name]


def _running(commands: tuple[Command, ...]) -> Iterable[Command]:
    for command in commands:
        if not (command.name in ("if", "elsif") and never(command.tests)):
            yield command
            yield from _running(command.block)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
