"""Dates that people type."""

from datetime import date

from mailbot.errors import UserError


def day_option(text: str | None, option: str) -> date | None:
    """The date that stands after `option`; None when it was not given. UserError with an example otherwise."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UserError(f"{option} {text!r} is no date; write for example 2026-03-12") from None
