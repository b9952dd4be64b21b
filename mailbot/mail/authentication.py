"""What our own server found out about who submitted a mail: Authentication-Results (RFC 8601).

Anybody can write such a field into a mail. Only one counts: the topmost that bears the identifier of our own server
(section 5), as long as every Received above it was written by our hosts. What stands below came with the mail.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from mailbot.mail.encoded_words import decode_field
from mailbot.mail.headers import Headers
from mailbot.mail.received import is_written_by

_MAX_OCTETS = 20_000
_MAX_FIELDS = 400
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_RESULT = re.compile(r"\s*([A-Za-z][\w-]*)(?:\s*/\s*\d+)?\s*=\s*([A-Za-z]+)")
_PROPERTY = re.compile(r'([A-Za-z][\w-]*)\s*\.\s*([A-Za-z][\w-]*)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;]+)')


@dataclass(frozen=True, slots=True)
class MethodResult:
    """One method's result: `method` and `result` in lower case, `properties` as "ptype.property" in lower case."""

    method: str
    result: str
    properties: Mapping[str, str] = field(default_factory=dict)


def trusted_results(
    headers: Headers, *, authserv_ids: Iterable[str], own_hosts: Iterable[str] = ()
) -> tuple[MethodResult, ...]:
    """What the trusted field says; empty when there is none. `own_hosts` empty: Received fields are not looked at."""
    ours = {_name(one) for one in authserv_ids}
    hosts = frozenset(_name(one) for one in own_hosts)
    for number, (name, raw) in enumerate(headers):
        if number >= _MAX_FIELDS:
            break
        if name == "received" and hosts and not is_written_by(raw, hosts):
            break
        if name == "authentication-results":
            identifier, results = _parsed(decode_field(raw[:_MAX_OCTETS]))
            if identifier in ours:
                return results
    return ()


def vouches_for(results: Iterable[MethodResult], address: str, logins: Iterable[str] = ()) -> bool:
    """Whether the results prove that the holder of `address` submitted the mail.

    A login is the strongest: where one is told, it must be the person's (`logins` beside the address), whatever else
    passed, because a colleague's mail passes SPF and DKIM of the same domain. DMARC that failed outweighs the rest.
    """
    found = list(results)
    address = address.lower()
    if any(one.method == "dmarc" and one.result == "fail" for one in found):
        return False
    told = [one for one in found if one.method == "auth"]
    if told:
        own = {address, *(login.lower() for login in logins if login)}
        return all(one.result == "pass" and one.properties.get("smtp.auth", "").lower() in own for one in told)
    return any(one.result == "pass" and _is_of(one, address) for one in found)


def _is_of(one: MethodResult, address: str) -> bool:
    """DKIM signs for a domain (RFC 6376 3.11), SPF passes for an envelope sender (RFC 7208 2.4)."""
    domain = address.rpartition("@")[2]
    if one.method == "spf":
        return one.properties.get("smtp.mailfrom", "").lower() == address
    if one.method == "dkim":
        signer = one.properties.get("header.d", "").lower()
        identity = one.properties.get("header.i", "").lower()
        if identity and identity not in (address, f"@{domain}"):
            return False
        return signer == domain or (not signer and bool(identity))
    return False


def _parsed(value: str) -> tuple[str, tuple[MethodResult, ...]]:
    """The identifier and the results of one field. Damaged results are left out."""
    head, *rest = _split(_without_comments(value))
    words = head.split()
    identifier = _name(words[0].strip('"')) if words else ""
    return identifier, tuple(result for part in rest if (result := _result(part)) is not None)


def _result(part: str) -> MethodResult | None:
    found = _RESULT.match(part)
    if found is None:
        return None
    properties: dict[str, str] = {}
    for kind, name, value in _PROPERTY.findall(part[found.end() :]):
        # of two that contradict each other none may be believed
        key, plain = f"{kind}.{name}".lower(), value.strip('"')
        properties[key] = plain if properties.get(key, plain) == plain else ""
    return MethodResult(found[1].lower(), found[2].lower(), properties)


def _split(value: str) -> list[str]:
    """At semicolons outside quotes."""
    masked = _QUOTED.sub(lambda quoted: "x" * len(quoted[0]), value)
    cuts = [-1, *(index for index, letter in enumerate(masked) if letter == ";"), len(value)]
    return [value[start + 1 : end] for start, end in pairwise(cuts)]


def _without_comments(value: str) -> str:
    """RFC 5322 3.2.2: comments nest, and may hold what looks like a result."""
    kept: list[str] = []
    depth, quoted, escaped = 0, False, False
    for letter in value:
        if escaped:
            escaped = False
        elif letter == "\\":
            escaped = True
        elif letter == '"' and not depth:
            quoted = not quoted
        elif letter == "(" and not quoted:
            depth += 1
            continue
        elif letter == ")" and depth:
            depth -= 1
            continue
        if not depth:
            kept.append(letter)
    return "".join(kept)


def _name(text: str) -> str:
    return text.strip().rstrip(".").lower()
