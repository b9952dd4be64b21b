"""Who submitted a mail, as our own server found out: only its own topmost field counts (RFC 8601)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.mail.authentication import trusted_results, vouches_for
from mailbot.mail.message import parse_headers

EVA = "eva@bjurholm.example"
OURS = ("mail.bjurholm.example",)
RECEIVED = "Received: from pc by mail.bjurholm.example with ESMTPSA id 1; Fri, 13 Mar 2026 09:00:00 +0000"
FOREIGN = "Received: from x by evil.example with ESMTP id 1; Fri, 13 Mar 2026 08:00:00 +0000"


def vouched(*fields: str, hosts: tuple[str, ...] = OURS, logins: tuple[str, ...] = ("eva",)) -> bool:
    headers = parse_headers("\r\n".join([*fields, f"From: {EVA}", "", ""]).encode()).headers
    return vouches_for(trusted_results(headers, authserv_ids=OURS, own_hosts=hosts), EVA, logins)


def field(results: str, server: str = "mail.bjurholm.example") -> str:
    return f"Authentication-Results: {server}; {results}"


@pytest.mark.parametrize(
    ("results", "proved"),
    [
        # a login tells who it was
        ("auth=pass (plain) smtp.auth=eva", True),
        ("auth=pass smtp.auth=EVA@bjurholm.example", True),
        ("auth=pass smtp.auth=lars", False),
        ("auth=fail smtp.auth=eva", False),
        ("auth=pass", False),
        # a colleague's mail passes SPF and DKIM of the same domain: the login outweighs them
        (
            "auth=pass smtp.auth=lars; dkim=pass header.d=bjurholm.example",
            False,
        ),
        # DKIM signs for the domain of the address, and for this address where it names one
        ("dkim=pass header.d=bjurholm.example", True),
        ("dkim=pass (2048-bit key) header.d=bjurholm.example header.i=@bjurholm.example header.b=x", True),
        ("dkim=pass header.i=eva@bjurholm.example", True),
        ("dkim=pass header.d=bjurholm.example header.i=lars@bjurholm.example", False),
        ("dkim=pass header.d=evil.example", False),
        ("dkim=pass header.d=example", False),
        ("dkim=pass header.d=evil-bjurholm.example", False),
        ("dkim=fail header.d=bjurholm.example", False),
        ("dkim=pass", False),
        # SPF speaks of the envelope sender
        ("spf=pass smtp.mailfrom=eva@bjurholm.example", True),
        ("spf=pass smtp.mailfrom=bjurholm.example", False),
        ("spf=pass smtp.mailfrom=bo@evil.example", False),
        ("spf=softfail smtp.mailfrom=eva@bjurholm.example", False),
        # DMARC that failed outweighs the rest
        ("spf=pass smtp.mailfrom=eva@bjurholm.example; dmarc=fail header.from=bjurholm.example", False),
        ("dmarc=pass header.from=bjurholm.example", False),
        # comments and quotes may hold what looks like a result
        ("none (dkim=pass header.d=bjurholm.example)", False),
        ("dkim=fail (was dkim=pass (really)) header.d=bjurholm.example", False),
        ('dkim=fail reason="; dkim=pass header.d=bjurholm.example" header.d=bjurholm.example', False),
        ('auth=pass smtp.auth="eva"', True),
        # two values of one property contradict each other
        ("auth=pass smtp.auth=eva smtp.auth=lars", False),
        ("none", False),
        ("", False),
        (";;;=;(", False),
    ],
)
def test_what_proves_whose_it_is(results: str, proved: bool) -> None:
    assert vouched(RECEIVED, field(results)) is proved


GOOD = "auth=pass smtp.auth=eva"


@pytest.mark.parametrize(
    ("fields", "proved"),
    [
        ((field(GOOD), RECEIVED), True),
        ((RECEIVED, field(GOOD)), True),
        ((field(GOOD, "MAIL.bjurholm.example."), RECEIVED), True),
        ((field(GOOD, "mail.bjurholm.example 1"), RECEIVED), True),
        # somebody else's server
        ((field(GOOD, "evil.example"), RECEIVED), False),
        ((field(GOOD, "mail.bjurholm.example.evil.example"), RECEIVED), False),
        ((field(GOOD, "(mail.bjurholm.example) evil.example"), RECEIVED), False),
        # ours found nothing; what stands below came with the mail
        ((RECEIVED, field("auth=none"), field(GOOD)), False),
        ((RECEIVED, field("spf=fail smtp.mailfrom=x@evil.example"), field(GOOD)), False),
        ((RECEIVED, FOREIGN, field(GOOD)), False),
        ((FOREIGN, field(GOOD)), False),
        # a name that only looks like the field
        ((RECEIVED, "X-Authentication-Results: mail.bjurholm.example; " + GOOD), False),
        ((RECEIVED, "Subject: x", " Authentication-Results: mail.bjurholm.example; " + GOOD), False),
        ((RECEIVED,), False),
    ],
)
def test_only_our_own_topmost_field_counts(fields: tuple[str, ...], proved: bool) -> None:
    assert vouched(*fields) is proved


def test_without_configured_servers_nothing_is_trusted() -> None:
    headers = parse_headers(f"{field(GOOD)}\r\nFrom: {EVA}\r\n\r\n".encode()).headers
    assert trusted_results(headers, authserv_ids=(), own_hosts=()) == ()


def test_a_field_in_the_body_is_text() -> None:
    raw = f"{RECEIVED}\r\nFrom: {EVA}\r\n\r\n{field(GOOD)}\r\n".encode()
    assert trusted_results(parse_headers(raw).headers, authserv_ids=OURS, own_hosts=OURS) == ()


@given(st.text(max_size=300))
def test_anything_is_read_without_an_error(text: str) -> None:
    headers = parse_headers(b"From: x@y.example\r\nAuthentication-Results: " + text.encode("utf-8", "replace")).headers
    vouches_for(trusted_results(headers, authserv_ids=OURS, own_hosts=()), EVA)
