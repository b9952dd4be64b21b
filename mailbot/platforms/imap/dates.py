"""INTERNALDATE (RFC 3501 section 9, date-time) as seconds since the epoch."""

import re
from datetime import UTC, datetime, timedelta

from mailbot.mail.dates import parse_date
from mailbot.mail.headers import read_block
from mailbot.platforms.imap.syntax import FetchItems, Value

#: what tells when a message came, where a server has lost its INTERNALDATE
STAMPS = "BODY.PEEK[HEADER.FIELDS (RECEIVED DATE)]"

_MONTHS = {name: number for number, name in enumerate(b"JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(), 1)}
_DATE = re.compile(rb" ?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = 365 * 86_400
_LAST = int((datetime(9999, 12, 30, tzinfo=UTC) - _EPOCH).total_seconds())


def seconds_of(value: Value) -> int | None:
    """Seconds since the epoch, or None when this is no date, or of 1970: so servers write one that they do not know."""
    match = _DATE.fullmatch(value) if isinstance(value, bytes) else None
    if match is None:
        return None
    day, month, year, hour, minute, second, sign, zone_hours, zone_minutes = match.groups()
    try:
        # second 60 is a leap second
        local = datetime(
            int(year), _MONTHS[month.upper()], int(day), int(hour), int(minute), min(int(second), 59), tzinfo=UTC
        )
    except (ValueError, KeyError):
        return None
    offset = int(zone_hours) * 3600 + int(zone_minutes) * 60
    elapsed = local - _EPOCH
    seconds = elapsed.days * 86_400 + elapsed.seconds - (offset if sign == b"+" else -offset)
    return seconds if seconds >= _FIRST else None


def stamped(items: FetchItems) -> int | None:
    """When the last host on its way took the message, else its Date; from the answer to STAMPS, None without either.

    RFC 3501 2.3.3: INTERNALDATE is the time of the final delivery, which that host has written down too.
    """
    name = next((each for each in items if each.startswith(b"BODY[HEADER.FIELDS")), None)
    block = items.get(name) if name else None
    if not isinstance(block, bytes):
        return None
    headers = read_block(block).headers
    received = next(iter(headers.get_all("received")), "")
    instant = parse_date(received.rpartition(";")[2]) or parse_date(headers.get("date"))
    return int(instant.timestamp()) if instant else None


def utc(seconds: int) -> datetime:
    """The instant, held within the years that a calendar has."""
    return _EPOCH + timedelta(seconds=max(0, min(seconds, _LAST)))
