"""Date fields (RFC 5322 3.3 and the obsolete forms of 4.3) as aware UTC."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_tz

#: zone names that Nordic and European programs write; RFC 5322 4.3 gives those of North America only
_ZONE_HOURS = {
    "wet": 0,
    "west": 1,
    "bst": 1,
    "cet": 1,
    "met": 1,
    "mez": 1,
    "cest": 2,
    "mest": 2,
    "mesz": 2,
    "eet": 2,
    "eest": 3,
}
_ZONE_NAME = re.compile(r"[\d\s]([A-Za-z]{3,4})\s*\Z")
_MAX_OFFSET_SECONDS = 16 * 3600


def parse_date(text: str | None) -> datetime | None:
    """The instant of a Date field or of a Received stamp; without a zone it is taken as UTC.

    None when there is no date in it or the year lies outside 1970..2100. A wrong weekday is ignored, 24:00 is the end
    of the day, a leap second the second before it.
    """
    if not text:
        return None
    text = text[:200]
    try:
        parsed = parsedate_tz(text)
        if parsed is None:
            return None
        year, month, day, hour, minute, second = parsed[:6]
        midnight = timedelta(days=1 if hour == 24 else 0)
        local = datetime(year, month, day, hour % 24 if midnight else hour, minute, min(second, 59), tzinfo=UTC)
        instant = local + midnight - timedelta(seconds=_offset_seconds(parsed[9], text))
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None  # parsedate_tz itself raises on some damaged dates
    return instant if 1970 <= instant.year <= 2100 else None


def _offset_seconds(offset: int | None, text: str) -> int:
    if not offset:  # parsedate_tz says 0 for a name it does not know
        zone = _ZONE_NAME.search(text)
        return 3600 * _ZONE_HOURS.get(zone[1].lower(), 0) if zone else 0
    return offset if abs(offset) <= _MAX_OFFSET_SECONDS else 0
