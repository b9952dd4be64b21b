"""How many actions and redirects one run of a script can take: servers refuse to run what takes too many."""

from collections.abc import Callable
from dataclasses import dataclass

from mailbot.platforms.imap.sieve_syntax import Command, Test

_ACTIONS = frozenset(
    {"fileinto", "redirect", "keep", "discard", "notify", "vacation", "reject", "ereject", "addheader"}
)


@dataclass(frozen=True, slots=True)
class Cost:
    actions: int = 0
    redirects: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.actions + other.actions, self.redirects + other.redirects)

    def or_more(self, other: "Cost") -> "Cost":
        return Cost(max(self.actions, other.actions), max(self.redirects, other.redirects))


@dataclass(frozen=True, slots=True)
class Run:
    """`sure`: on every mail. `through`: at most, when the run goes on after it; None: it never does. `ended`: at most,
    when it stops within."""

    sure: Cost = Cost()
    through: Cost | None = Cost()
    ended: Cost = Cost()

    @property
    def most(self) -> Cost:
        return self.ended.or_more(self.through or Cost())


def run_of(commands: tuple[Command, ...], included: Callable[[Command], Run]) -> Run:
    """`included` tells the run of what an `include` names."""
    sure, through, ended = Cost(), Cost(), Cost()
    position = 0
    while position < len(commands):
        command = commands[position]
        if command.name in ("stop", "return"):
            return Run(sure, None, ended.or_more(through))
        if command.name == "if":
            chain = [command]
            while position + 1 < len(commands) and commands[position + 1].name in ("elsif", "else"):
                position += 1
                chain.append(commands[position])
            step = _branches(chain, included)
        else:
            step = _single(command, included)
        sure = sure + step.sure
        ended = ended.or_more(through + step.ended)
        if step.through is None:
            return Run(sure, None, ended)
        through = through + step.through
        position += 1
    return Run(sure, through, ended)


def _branches(chain: list[Command], included: Callable[[Command], Run]) -> Run:
    """Only one of if, elsif, else is taken; without an else perhaps none."""
    runs = [run_of(each.block, included) for each in chain if not never(each.tests)]
    through: Cost | None = None if chain[-1].name == "else" else Cost()
    ended = Cost()
    for run in runs:
        ended = ended.or_more(run.ended)
        if run.through is not None:
            through = run.through.or_more(through or Cost())
    return Run(Cost(), through, ended)


def _single(command: Command, included: Callable[[Command], Run]) -> Run:
    if command.name == "include":
        run = included(command)
        # `return` ends only what was included
        return Run(run.sure, run.most, run.ended)
    cost = Cost(int(command.name in _ACTIONS), int(command.name == "redirect"))
    return Run(cost, cost, Cost())


def never(tests: tuple[Test, ...]) -> bool:
    """`if false`: how web mail programs switch a rule off."""
    return len(tests) == 1 and tests[0].name == "false"
