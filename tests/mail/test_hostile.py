"""Mail made to exhaust a reader: four times the input may cost about four times the work, never sixteen."""

import tracemalloc

import pytest

from mailbot.mail.identity import content_key
from mailbot.mail.message import attachment_content, parse
from tests.support.growth import cpu_seconds

TOP = b"From: a@b.example\r\nSubject: x\r\n"
MULTIPART = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
QUOTED = b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
FLOWED = b"Content-Type: text/plain; format=flowed\r\n\r\n"

#: octets of the smaller input; quadratic work shows well before it hurts
SMALL = 12_000

#: what comes before the repeated octets, the octets, and what comes after
FLOODS: dict[str, tuple[bytes, bytes, bytes]] = {
    "header without end": (TOP, b"a", b""),
    "lines without colon": (TOP, b"a\n", b""),
    "garbage between fields": (TOP, b"!x y\nFrom: a\n", b""),
    "blank folded lines": (TOP + b"X:\n", b" \n", b""),
    "blanks": (TOP, b" ", b""),
    "carriage returns": (TOP + b"X: ", b"\r", b"\n\nhej"),
    "leading blank lines": (b"", b"\r\n", TOP),
    "long subject": (b"To: a\r\nSubject: ", b"x", b"\r\n"),
    "encoded word openings": (b"To: a\r\nSubject: ", b"=?utf-8?q?", b"\r\n"),
    "encoded words that never end": (b"To: a\r\nSubject: ", b"=?a?q?x", b"\r\n"),
    "encoded words in names": (TOP + b"To: ", b"=?a?q?x", b"\r\n"),
    "encoded words": (b"To: a\r\nSubject: ", b"=?utf-8?q?a?= ", b"\r\n"),
    "charset changes": (b"To: a\r\nSubject: ", b"=?utf-8?b?w6U?= =?latin-1?q?=E5?= ", b"\r\n"),
    "question marks": (b"To: a\r\nSubject: ", b"=?", b"\r\n"),
    "open comments": (TOP + b"To: ", b"(", b"\r\n"),
    "comments": (TOP + b"To: ", b"()", b"\r\n"),
    "escapes in a comment": (TOP + b"To: (", b"\\(", b"\r\n"),
    "commas": (TOP + b"To: ", b",", b"\r\n"),
    "addresses": (TOP + b"To: ", b"a@b,", b"\r\n"),
    "address fields": (TOP, b"To: a@b\r\n", b""),
    "escaped quotation marks": (TOP + b'To: "', b'\\"', b"\r\n"),
    "quotation marks": (TOP + b"To: ", b'" ', b"\r\n"),
    "open angles": (TOP + b"To: ", b"<", b"\r\n"),
    "at signs": (TOP + b"To: ", b"@ ", b"\r\n"),
    "route": (TOP + b"To: <", b"@a:", b">\r\n"),
    "references": (TOP + b"References: ", b"<a@b> ", b"\r\n"),
    "open references": (TOP + b"References: ", b"<", b"\r\n"),
    "received": (TOP, b"Received: by x; y\r\n", b""),
    "numbers in a date": (TOP + b"Date: ", b"1 ", b"\r\n"),
    "parameters": (TOP + b"Content-Type: text/plain", b";", b"\r\n\r\nx"),
    "sections of a parameter": (TOP + b"Content-Type: text/plain", b"; a*1*=%41", b"\r\n\r\nx"),
    "parameter never closed": (TOP + b'Content-Type: text/plain; a="', b'\\"', b"\r\n\r\nx"),
    "delimiters": (TOP + MULTIPART, b"--b\n", b""),
    "closing delimiters": (TOP + MULTIPART, b"--b--\n", b""),
    "almost delimiters": (TOP + MULTIPART, b"\n--", b""),
    "dashes": (TOP + MULTIPART, b"-", b""),
    "small parts": (TOP + MULTIPART, b"--b\n\nhej\n", b"--b--"),
    "html parts": (TOP + MULTIPART + b"--b\n\nhej\n", b"--b\nContent-Type: text/html\n\n<p>hej\n", b"--b--"),
    "same container inside": (TOP + MULTIPART, b"--b\r\n" + MULTIPART, b""),
    "base64 garbage": (TOP + b"Content-Transfer-Encoding: base64\r\n\r\n", b"!a?=", b""),
    "equals signs": (TOP + QUOTED, b"=", b""),
    "blanks before no line end": (TOP + QUOTED + b"a", b" ", b"a"),
    "equals and blanks": (TOP + QUOTED, b"= ", b""),
    "wrong octets": (TOP + b"\r\n", b"\xe5\xc3", b""),
    "soft lines": (TOP + FLOWED, b"> a \n", b""),
    "quote marks": (TOP + FLOWED, b">", b""),
    "armour": (TOP + b"\r\n", b"-----BEGIN PGP \n", b""),
    "quoted text": (TOP + b"\r\n", b"> hej\n", b""),
}


@pytest.mark.parametrize("name", FLOODS)
def test_work_grows_with_the_input(name: str) -> None:
    before, octets, after = FLOODS[name]
    small, large = (before + octets * (size // len(octets)) + after for size in (SMALL, 4 * SMALL))
    # The floor keeps clock resolution out of the ratio; 4 is linear, 16 quadratic.
    assert cpu_seconds(lambda: read(large)) < 9 * max(cpu_seconds(lambda: read(small)), 0.002)


def read(raw: bytes) -> None:
    message = parse(raw)
    content_key(message)
    for field in message.headers.names():
        message.headers.get_all(field)


def nested(depth: int) -> bytes:
    levels = (
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level) for level in range(depth)
    )
    return TOP + b"".join(levels) + b"\r\nhej\r\n"


def test_nesting_beyond_reason_is_one_opaque_attachment() -> None:
    message = parse(nested(5_000))
    assert "depth" in message.defects
    assert message.body is not None
    assert [attachment.content_type for attachment in message.body.attachments] == ["multipart/mixed"]


def test_nesting_within_reason_is_read() -> None:
    message = parse(nested(100))
    assert "depth" not in message.defects
    assert message.body is not None
    assert message.body.text.strip() == "hej"


@pytest.mark.parametrize(("count", "listed", "too_many"), [(10_000, 10_000, False), (12_000, 10_001, True)])
def test_parts_by_the_thousand(count: int, listed: int, too_many: bool) -> None:
    parts = b"".join(b"--b\r\nContent-Type: image/png\r\n\r\n%d\r\n" % number for number in range(count))
    message = parse(TOP + MULTIPART + parts + b"--b--\r\n")
    assert message.body is not None
    assert len(message.body.attachments) == listed
    assert ("parts" in message.defects) is too_many


def test_a_line_of_a_megabyte_is_cut_and_says_so() -> None:
    message = parse(TOP.replace(b"x", b"x" * 1_000_000))
    assert message.subject == "x" * 2_000
    assert "header_length" in message.defects


def test_a_large_attachment_is_not_copied() -> None:
    line = b"QUJD" * 19 + b"\r\n"
    content = line * (50_000_000 // len(line))
    part = b"--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    raw = TOP + MULTIPART + b"--b\r\n\r\nhej\r\n" + part + content + b"\r\n--b--\r\n"
    tracemalloc.start()
    try:
        message = parse(raw)
        parsing_peak = tracemalloc.get_traced_memory()[1]
        assert message.body is not None
        decoded = attachment_content(raw, message.body.attachments[0])
        content_peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert parsing_peak < 1_000_000
    assert content_peak < 1.1 * len(decoded)
    assert message.body.attachments[0].size == len(decoded)
