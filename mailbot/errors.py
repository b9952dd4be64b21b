"""Errors that say who must act.

* UserError: a person must change something (wrong usage, configuration, refused action); exit code 2.
* TransientError: trouble that may pass by itself; the caller retries with back-off.
* PermanentError: retrying is useless; it becomes a failed row that a person sees.

Texts name the thing and the remedy. They never hold mail content, subjects, addresses of citizens or secrets.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager


class MailbotError(Exception):
    """Base of every error that mailbot raises on purpose."""


class UserError(MailbotError):
    """Something a person must put right; `problems` lists all of it at once."""

    def __init__(self, message: str, problems: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        lines = [str(self.args[0]), *(f"  - {problem}" for problem in self.problems)]
        return "\n".join(lines)


class TransientError(MailbotError):
    """Trouble that may pass: a locked database, a dropped connection, a server that asks us to wait."""

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class PermanentError(MailbotError):
    """Retrying is useless: a refused recipient, a missing right."""


@contextmanager
def needs_extra(name: str) -> Iterator[None]:
    """Imports of what comes with an extra of the package. UserError that tells how to install it."""
    try:
        yield
    except ImportError as error:
        raise UserError(f"{error.name} is missing: run `pip install 'mailbot[{name}]'`") from error
