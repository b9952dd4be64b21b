"""The content key: the same for every copy, different for different mails."""

import pytest

from mailbot.mail.identity import content_key, raw_key
from mailbot.mail.message import parse, parse_headers

WITH_ID = b"""Received: from x by mail.bjurholm.example; Fri, 13 Mar 2026 10:00:05 +0100
From: Anna <anna@x.example>
To: kommunen@bjurholm.example
Subject: Hej
Date: Fri, 13 Mar 2026 10:00:00 +0100
Message-ID: <1@x.example>

Hej!
"""
WITHOUT_ID = WITH_ID.replace(b"Message-ID: <1@x.example>\n", b"")


@pytest.mark.parametrize("raw", [WITH_ID, WITHOUT_ID])
def test_read_in_part_or_whole_it_is_the_same_message(raw: bytes) -> None:
    headers_only = raw[: raw.index(b"\n\n") + 2]
    assert content_key(parse(raw)) == content_key(parse_headers(headers_only)) == content_key(parse_headers(raw))


@pytest.mark.parametrize("raw", [WITH_ID, WITHOUT_ID])
def test_transport_does_not_change_it(raw: bytes) -> None:
    moved = (
        b"Delivered-To: eva@bjurholm.example\nReceived: by mail.bjurholm.example; Fri, 13 Mar 2026 10:01 +0100\n" + raw
    )
    assert content_key(parse(moved)) == content_key(parse(raw))
    assert content_key(parse(raw.replace(b"\n", b"\r\n"))) == content_key(parse(raw))
    assert content_key(parse(raw.replace(b"Subject: Hej", b"Subject:\n Hej"))) == content_key(parse(raw))


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"<anna@x.example>", b"<bo@x.example>"), (b"10:00:00", b"10:00:01"), (b"<1@x.example>", b"<2@x.example>")],
)
def test_a_message_id_used_twice_does_not_merge_two_mails(old: bytes, new: bytes) -> None:
    assert content_key(parse(WITH_ID.replace(old, new))) != content_key(parse(WITH_ID))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<anna@x.example>", b"<bo@x.example>"),
        (b"Subject: Hej", b"Subject: Hej igen"),
        (b"kommunen@", b"namnden@"),
        (b"10:00:00", b"10:00:01"),
        (b"10:00:05", b"10:00:06"),  # two web forms in one second, told apart by the first server
    ],
)
def test_without_message_id_every_field_of_origin_counts(old: bytes, new: bytes) -> None:
    assert content_key(parse(WITHOUT_ID.replace(old, new))) != content_key(parse(WITHOUT_ID))


def test_fields_do_not_run_into_each_other() -> None:
    one = parse_headers(b"To: a\nCc: b\n\n")
    other = parse_headers(b"To: a b\n\n")
    assert content_key(one) != content_key(other)


def test_bytes_that_are_no_message_have_a_key_too() -> None:
    assert raw_key(b"\x00\x01\r\n\x02\r\n") == raw_key(b"\x00\x01\n\x02")
    assert raw_key(b"\x00") != raw_key(b"\x01")
    assert raw_key(b"") != content_key(parse_headers(b"To: a\n\n"))
