"""Questions at the terminal: with completion where it can show it, as plain lines in pipes and dumb terminals.

Ctrl-C, and the end of what a pipe holds, raise click.Abort at any question.
"""

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from prompt_toolkit.completion import Completer

Answer = TypeVar("Answer")

#: yes and no in all languages at once
_YES = frozenset(("j", "ja", "y", "yes", "ok"))
_NO = frozenset(("n", "nej", "nei", "no"))


def ask(question: str, *, choices: Sequence[str] = ()) -> str:
    """One line of answer, stripped. `choices` are offered while typing, not enforced."""
    return (_with_completion(question, choices) if _can_complete() else _plain(question)).strip()


def ask_until(
    question: str, read: Callable[[str], Answer | None], sorry: str, *, choices: Sequence[str] = ()
) -> Answer:
    """Ask until `read` makes something of the answer; `sorry` is said in between, unless it is empty."""
    while True:
        answer = read(ask(question, choices=choices))
        if answer is not None:
            return answer
        if sorry:
            click.echo(sorry)


def confirm(question: str, sorry: str, yes_no: str) -> bool:
    """Yes or no in any of the languages; an empty line is yes."""
    return ask_until(f"{question} {yes_no}", read_yes_no, sorry)


def read_yes_no(text: str) -> bool | None:
    """What "ja", "n", "" ... mean; None for anything else."""
    word = text.strip().casefold().rstrip(".!")
    if not word or word in _YES:
        return True
    return False if word in _NO else None


def _can_complete() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "unknown", "")


def _plain(question: str) -> str:
    click.echo(f"{question} ", nl=False)
    try:
        line = sys.stdin.readline()
    except (KeyboardInterrupt, UnicodeDecodeError):
        click.echo()
        raise click.Abort from None
    if not line:
        click.echo()
        raise click.Abort
    if not sys.stdin.isatty():
        click.echo()  # nobody pressed return on this screen
    return line


def _with_completion(question: str, choices: Sequence[str]) -> str:
    from prompt_toolkit import prompt

    try:
        return prompt(f"{question} ", completer=_completer(choices), complete_while_typing=True)
    except (KeyboardInterrupt, EOFError):
        raise click.Abort from None


def _completer(choices: Sequence[str]) -> "Completer | None":
    from prompt_toolkit.completion import WordCompleter

    # whole names, found by any part of them
    return WordCompleter(list(choices), ignore_case=True, match_middle=True, sentence=True) if choices else None
