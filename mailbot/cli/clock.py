"""The clock of the command line: the only place beside the daemon that reads it (time is a parameter elsewhere)."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from mailbot.errors import UserError

_YEARS = range(1900, 2200)


def instant(at: str | None, zone: ZoneInfo) -> datetime:
    """`at` as an aware UTC instant; None means now. Raises UserError with an example when it cannot be read."""
    if at is None:
        return datetime.now(UTC)
    return parse_instant(at, zone)


def parse_instant(text: str, zone: ZoneInfo) -> datetime:
    """An ISO 8601 date or date and time; without an offset it is local time in `zone`.

    A local time that a DST change skips is moved to the instant that clock would have shown; one that occurs twice is
    taken as the first (PEP 495 fold=0). Both are accepted, never an error.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UserError(
            f"cannot read {text!r} as a date and time; write for example 2026-03-09T10:00 or 2026-03-09T10:00+01:00"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    # A pass at a mistyped year would let every retention period run out.
    if moment.year not in _YEARS:
        raise UserError(f"the date {text!r} is out of range; years {_YEARS[0]} to {_YEARS[-1]} are supported")
    return moment.astimezone(UTC)
