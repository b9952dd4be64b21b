"""What a well-formed address, domain, id or pattern is: shared by the check of a file and by the interview."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from ipaddress import ip_address
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# A domain of mail has at least two labels, and the last one is no number (RFC 1123 section 2.1, RFC 3696 section 2).
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?!\d+$){_LABEL}", re.IGNORECASE | re.ASCII)
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.IGNORECASE | re.ASCII)
# dot-atom of RFC 5322 section 3.2.3 without "/", which would leave the folder of a Maildir
_ATOM = r"[A-Za-z0-9!#$%&'*+=?^_`{|}~-]+"
_LOCAL_PART = re.compile(rf"{_ATOM}(?:\.{_ATOM})*", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
# (a+)+ and the like: time grows exponentially on text that almost matches
_NESTED_REPEAT = re.compile(r"\((?:[^()\\]|\\.)*(?<!\\)[+*](?:[^()\\]|\\.)*\)(?:[+*]|\{\d*,\d*\})")
#: what the patterns of diary numbers are made of: counted digits, a choice of characters, an escaped one, repetition
_PATTERN_PIECE = re.compile(
    r"(?P<digits>(?:\\d|\[0-9\])(?:\+|\*|\{(?P<times>\d{1,2})(?:,\d*)?\})?)"
    r"|\[(?P<one_of>[^\\\]^])[^\]]*\][+*?]?|\\(?P<escaped>.)[+*?]?|(?P<group>\(\?:|[()^$+*?])"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_URL_PASSWORD = re.compile(r"://[^/@]*:[^/@]+@")

PLACEHOLDERS = ("address", "user", "domain")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def is_domain(text: str) -> bool:
    """A DNS name that mail can be addressed to, in its ASCII form."""
    return len(text) <= 253 and _DOMAIN.fullmatch(text) is not None


def is_host(text: str) -> bool:
    """The name of a computer; one label is enough inside an organisation."""
    return len(text) <= 253 and _HOST.fullmatch(text) is not None


def is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """This machine itself, where nothing can be read on the way."""
    return host.lower() == "localhost" or (is_ip(host) and ip_address(host).is_loopback)


def web_address_problem(url: str) -> str:
    """Why secrets cannot be sent to `url`; "" when they can."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return "is no web address; write it as in https://host/path"
    if parts.scheme not in ("http", "https") or not (is_host(host) or is_ip(host)):
        return "is no web address; write it as in https://host/path"
    if parts.username is not None or parts.query or parts.fragment:
        return "holds more than a host and a path; write it as in https://host/path"
    if parts.scheme == "http" and not is_loopback(host):
        return "is not encrypted, so that tokens and mail could be read on the way; write https://"
    return ""


def is_address(text: str) -> bool:
    """A plain `local@domain`, without name, quotes or comments (RFC 5321 sizes)."""
    local, _, domain = text.rpartition("@")
    return len(local) <= 64 and _LOCAL_PART.fullmatch(local) is not None and is_domain(domain)


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()


def is_id(text: str) -> bool:
    """An id that can stand in file names and on command lines."""
    return _ID.fullmatch(text) is not None


def is_zone(text: str) -> bool:
    try:
        ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        return False
    return True


def has_control_characters(text: str) -> bool:
    """Line breaks and the like, which could add fields to a mail's header."""
    return _CONTROL.search(text) is not None


def url_has_password(url: str) -> bool:
    return _URL_PASSWORD.search(url) is not None


def ascii_domain(text: str) -> str:
    """The form of an international domain that mail uses (RFC 5890), or "" when there is none."""
    try:
        encoded = text.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    return encoded if is_domain(encoded) else ""


def pattern_problem(pattern: str) -> str:
    """Why `pattern` cannot be used to look for diary numbers in hostile text; "" when it can."""
    try:
        compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"is no regular expression ({error})"
    if compiled.search("") is not None:
        return "matches everywhere, even in an empty text"
    if _NESTED_REPEAT.search(pattern):
        return "repeats a repetition, which can take hours on a hostile mail"
    return ""


def fits(number: str, pattern: str) -> bool:
    """Whether `number` is a diary number as a unit writes them; an empty `pattern` leaves it open."""
    return not pattern or re.fullmatch(pattern, number) is not None


def number_example(pattern: str) -> str:
    """A diary number that `pattern` accepts, as "KS 2026/123"; the pattern itself where none can be told from it."""
    example = _PATTERN_PIECE.sub(_example_of_piece, pattern)
    return example if re.fullmatch(pattern, example) else pattern


def _example_of_piece(piece: re.Match[str]) -> str:
    if piece["digits"]:
        times = int(piece["times"] or 3)
        return ("2026" if times == 4 else "1234567890")[:times]
    if piece["one_of"]:
        return piece["one_of"]
    return {"s": " ", "w": "A"}.get(piece["escaped"] or "", piece["escaped"] or "")


def placeholder_problem(path: str) -> str:
    """Why `path` cannot name the folders of many mailboxes; "" when it can."""
    unknown = [name for name in _PLACEHOLDER.findall(path) if name not in PLACEHOLDERS]
    if unknown:
        known = ", ".join("{" + name + "}" for name in PLACEHOLDERS)
        return f"{{{unknown[0]}}} is no placeholder; known are {known}"
    if re.search(r"[{}]", _PLACEHOLDER.sub("", path)):
        return "has a single brace; write {address}, {user} or {domain}"
    return ""


def nearest(word: str, known: Iterable[str]) -> str:
    """The known name that `word` is most like, or ""."""
    by_folded = {name.casefold(): name for name in known}
    close = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[close[0]] if close else ""
