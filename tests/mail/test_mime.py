"""MIME structure by offsets: well-formed, broken, and content that must come back octet for octet."""

import binascii
import quopri

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailbot.mail.flowed import unflow
from mailbot.mail.headers import read_block
from mailbot.mail.mime import Structure, walk
from mailbot.mail.transfer import decode, decode_base64, decode_quoted_printable, decoded_size


def structure(raw: bytes) -> Structure:
    block = read_block(raw)
    return walk(raw, block.headers, block.body_start)


def contents(raw: bytes) -> list[tuple[str, bytes]]:
    return [(part.content_type, raw[part.start : part.end]) for part in structure(raw).parts]


MIXED = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'


@pytest.mark.parametrize(
    ("raw", "parts", "defects"),
    [
        (b"X: 1\r\n\r\nhej", [("text/plain", b"hej")], set()),
        (
            MIXED + b"--b\r\n\r\none\r\n--b\r\nContent-Type: a/b\r\n\r\ntwo\r\n--b--\r\n",
            [("text/plain", b"one"), ("a/b", b"two")],
            set(),
        ),
        (MIXED + b"preamble\r\n--b\r\n\r\none\r\n--b--\r\nepilogue", [("text/plain", b"one")], set()),
        (MIXED + b"--b  \t\r\n\r\none\r\n--b-- \r\n", [("text/plain", b"one")], set()),
        (MIXED + b"--b\n\none\n--b--\n", [("text/plain", b"one")], set()),
        (MIXED + b"--b\r\n\r\n\r\n--b--", [("text/plain", b"")], set()),
        # a boundary that begins like another one, and a line that only looks like a delimiter
        (MIXED + b"--b\r\n\r\n--bc\r\n-- b\r\n--b--x\r\n--b--\r\n", [("text/plain", b"--bc\r\n-- b\r\n--b--x")], set()),
        # no closing delimiter
        (MIXED + b"--b\r\n\r\none\r\n", [("text/plain", b"one\r\n")], {"boundary"}),
        # the delimiter never comes, or was never named: it is still somebody's text
        (MIXED + b"hej\r\n", [("text/plain", b"hej\r\n")], {"boundary"}),
        (b"Content-Type: multipart/mixed\r\n\r\nhej", [("text/plain", b"hej")], {"boundary"}),
        # a part without blank line, a part without anything
        (MIXED + b"--b\r\nhej\r\n--b\r\n--b--\r\n", [("text/plain", b"hej"), ("text/plain", b"")], {"header_line"}),
        (b"Content-Type: text\r\n\r\nhej", [("text/plain", b"hej")], set()),
        (
            b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nhej",
            [("message/rfc822", b"Subject: x\r\n\r\nhej")],
            set(),
        ),
    ],
)
def test_structure(raw: bytes, parts: list[tuple[str, bytes]], defects: set[str]) -> None:
    assert contents(raw) == parts
    assert structure(raw).defects == defects


def test_nested_containers_end_with_their_parent() -> None:
    raw = (
        MIXED + b"--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\ninner\r\n"
        b"--b\r\nContent-Type: a/b\r\n\r\nouter\r\n--b--\r\n"
    )
    found = structure(raw)
    assert contents(raw) == [("text/plain", b"inner"), ("a/b", b"outer")]
    assert [part.container for part in found.parts] == [1, 0]
    assert [container.alternative for container in found.containers] == [None, 1]
    assert found.defects == {"boundary"}


def test_a_digest_holds_messages() -> None:
    raw = b"Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: x\r\n--b--\r\n"
    assert contents(raw) == [("message/rfc822", b"Subject: x")]


def test_an_unknown_transfer_encoding_is_left_as_it_stands() -> None:
    found = structure(b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 x\r\n")
    assert found.parts[0].transfer_encoding == "binary"
    assert found.defects == {"transfer_encoding"}


@pytest.mark.parametrize("value", [b"BASE64", b" base64 (comment)", b"base64;", b'"base64"'])
def test_transfer_encodings_are_words_whatever_stands_around_them(value: bytes) -> None:
    assert structure(b"Content-Transfer-Encoding: " + value + b"\r\n\r\naGVq").parts[0].transfer_encoding == "base64"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"aGVq", b"hej"),
        (b"aGVqIQ", b"hej!"),
        (b"aG!V\r\n q", b"hej"),
        (b"aGVqI", b"hej"),
        (b"====", b""),
        ("aGVqåäö".encode(), b"hej"),
        (b"", b""),
    ],
)
def test_damaged_base64(data: bytes, expected: bytes) -> None:
    assert decode_base64(data) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"h=C3=A5", "hå".encode()),
        (b"a=\r\nb", b"ab"),
        (b"a=  \r\nb", b"ab"),
        (b"a \t\r\nb", b"a\r\nb"),
        (b"a =ZZ b=", b"a =ZZ b"),
        (b"=c3=a5", "å".encode()),
    ],
)
def test_damaged_quoted_printable(data: bytes, expected: bytes) -> None:
    assert decode_quoted_printable(data) == expected


@given(st.binary())
def test_decoding_never_raises(data: bytes) -> None:
    for encoding in ("base64", "quoted-printable", "7bit", "binary"):
        decode(data, encoding)


@given(st.binary(), st.sampled_from([b"\n", b"\r\n"]))
@example(bytes(60), b"\r\n")
def test_encoded_content_comes_back(data: bytes, line_end: bytes) -> None:
    encoded = (
        binascii.b2a_base64(data)
        if len(data) < 60
        else b"".join(binascii.b2a_base64(data[index : index + 57]) for index in range(0, len(data), 57))
    )
    encoded = encoded.replace(b"\n", line_end)
    assert decode(encoded, "base64") == data
    assert decoded_size(encoded, 0, len(encoded), "base64") == len(data)
    assert decode(quopri.encodestring(data, quotetabs=True), "quoted-printable") == data


@given(
    st.lists(
        st.sampled_from(
            [
                b"--b",
                b"--b--",
                b"--c",
                b"--c--",
                b"",
                b"hej",
                b"-",
                b"Content-Type: multipart/mixed; boundary=c",
                b"Content-Type: multipart/mixed; boundary=b",
                b"X: 1",
                b"\t x",
            ]
        ),
        max_size=30,
    )
)
def test_leaves_never_overlap_and_lie_within_the_message(lines: list[bytes]) -> None:
    raw = MIXED + b"\r\n".join(lines)
    position = 0
    for part in structure(raw).parts:
        assert position <= part.start <= part.end <= len(raw)
        position = part.end


@pytest.mark.parametrize(
    ("text", "delete_space", "expected"),
    [
        ("en rad \nsom fortsätter\nny", False, "en rad som fortsätter\nny"),
        ("en rad \nsom", True, "en radsom"),
        ("> citat \n> mer\nsvar \nhär", False, "> citat mer\nsvar här"),
        ("> citat \nsvar", False, "> citat \nsvar"),
        ("hej\n-- \nAnna", False, "hej\n-- \nAnna"),
        ("rad \n-- \nAnna", False, "rad \n-- \nAnna"),
        (" From här", False, "From här"),
        ("", False, ""),
        ("a\n\nb\n", False, "a\n\nb\n"),
    ],
)
def test_format_flowed(text: str, delete_space: bool, expected: str) -> None:
    assert unflow(text, delete_space=delete_space) == expected
