"""When a mail reached the authority's own network: its legal time of arrival (design, "Arrival time").

NJA 2024 s. 3: a mail has arrived when it reached the authority's network, spam filter or not. Every server puts its
Received field (RFC 5321 4.4) on top, so the run of fields from the top that our own hosts wrote tells when; whatever
stands below came from outside and may be invented.
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from mailbot.mail.dates import parse_date
from mailbot.mail.encoded_words import decode_field
from mailbot.mail.headers import Headers

#: hops that are looked at; RFC 5321 6.3 has servers refuse mail after about 100
_MAX_HOPS = 100
_MAX_OCTETS = 2_000
#: clocks of our own hosts differ by seconds; a day means a broken clock or a false field
_TOLERANCE = timedelta(days=1)

_BY = re.compile(r"(?:^|\s)by\s+([^\s;()]+)", re.IGNORECASE)
_FROM = re.compile(r"^\s*from\s+([^\s;()]+)\s*(?:\(([^()]*)\))?", re.IGNORECASE)
_COMMENT = re.compile(r"\([^()]*\)")
_LITERAL = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f.:]+)\]", re.IGNORECASE)
_OUR_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
                    "::1/128", "fc00::/7", "fe80::/10")
)  # fmt: skip


def arrival_time(
    headers: Headers, *, own_hosts: Iterable[str], internal_date: datetime | None, now: datetime
) -> datetime:
    """When the mail came in, aware UTC, never later than `now`.

    The lowest Received of the run from the top that `own_hosts` wrote; else the server's internal date; else the Date
    field; else `now`. A stamp more than a day after `now` or after the internal date is not believed, and the next one
    above is taken. All instants are aware.
    """
    own = frozenset(_host(name) for name in own_hosts)
    latest = min(now, internal_date or now) + _TOLERANCE
    stamps = [stamp for stamp in _own_stamps(headers, own) if stamp <= latest]
    arrived = stamps[-1] if stamps else internal_date or parse_date(headers.get("date")) or now
    return min(arrived, now).astimezone(UTC)


def is_written_by(raw: bytes, own_hosts: Iterable[str]) -> bool:
    """Whether one of `own_hosts` wrote this Received field (its raw body)."""
    return _written_by(decode_field(raw[:_MAX_OCTETS]), frozenset(map(_host, own_hosts)))


def _own_stamps(headers: Headers, own: frozenset[str]) -> Iterator[datetime]:
    """The dates of the run, top to bottom; those that cannot be read are left out."""
    for raw in headers.raw_all("received")[:_MAX_HOPS]:
        field = decode_field(raw[:_MAX_OCTETS])
        if not _written_by(field, own):
            return
        stamp = parse_date(field.rpartition(";")[2])
        if stamp is not None:
            yield stamp
        if _came_from_outside(field, own):
            # Where our network begins. Below stands what the outside sent, even if it claims to be ours:
            # a sender must not be able to date a mail back.
            return


def _written_by(field: str, own: frozenset[str]) -> bool:
    by = _BY.search(_COMMENT.sub(" ", field.rpartition(";")[0] or field))
    return by is not None and _host(by[1]) in own


def _came_from_outside(field: str, own: frozenset[str]) -> bool:
    """Whether the field proves that another network's host handed the mail over (RFC 5321 4.4, "TCP-info").

    The name after "from" is what the client called itself; the name in the comment is what the server looked up.
    """
    handed = _FROM.match(field)
    if handed is None:
        return False
    comment = handed[2] or ""
    literal = _LITERAL.search(comment) or _LITERAL.search(handed[1])
    if literal is None:
        return False
    try:
        address = ipaddress.ip_address(literal[1])
    except ValueError:
        return False
    if any(address in network for network in _OUR_NETWORKS if network.version == address.version):
        return False
    looked_up = [word for word in comment.split() if "[" not in word and "=" not in word]
    names = looked_up or [handed[1]]
    return not any(_host(name) in own for name in names)


def _host(name: str) -> str:
    return name.strip().rstrip(".").lower()
