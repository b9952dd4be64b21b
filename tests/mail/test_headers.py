"""The header block: where it ends, what a field says, and what damage does to it."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.mail.charset import codec_name, decode, one_line
from mailbot.mail.encoded_words import decode_field
from mailbot.mail.headers import Headers, read_block, skip_leading


def block(raw: bytes) -> Headers:
    return read_block(raw, skip_leading(raw)).headers


def test_lookup_ignores_case_and_the_first_field_wins() -> None:
    headers = block(b"Subject: one\r\nSUBJECT: two\r\nTo: a@b.example\r\n\r\nSubject: body\r\n")
    assert headers.get("sUbJeCt") == "one"
    assert headers.get_all("subject") == ("one", "two")
    assert headers.count("Subject") == 2
    assert headers.names() == {"subject", "to"}
    assert headers.get("Cc") is None
    assert headers.get_all("Cc") == ()


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (b"A: 1\r\n\r\nbody", b"body"),
        (b"A: 1\n\nbody", b"body"),
        (b"A: 1\n\r\nbody", b"body"),
        (b"A: 1\r\n", b""),
        (b"A: 1", b""),
        (b"A: 1\r\nno field here\r\n", b"no field here\r\n"),
        (b"From jane@x.example Fri Mar 13 10:00:00 2026\nA: 1\n\nbody", b"body"),
        (b">From jane@x.example Fri Mar 13 10:00:00 2026\nA: 1\n\nbody", b"body"),
        (b"\r\n\r\nA: 1\r\n\r\nbody", b"body"),
        (b"\xef\xbb\xbfA: 1\r\n\r\nbody", b"body"),
        # a folded line that lost its white space; the mail goes on after it
        (b"A: 1\r\nlost fold\r\nSubject: x\r\n\r\nbody", b"body"),
        (b"A: 1\r\nno field\r\n folded\r\nSubject: x\r\n\r\nbody", b"body"),
        (b"A : 1\r\n\r\nbody", b"body"),
    ],
)
def test_where_the_body_begins(raw: bytes, body: bytes) -> None:
    found = read_block(raw, skip_leading(raw))
    assert found.headers.get("a") == "1"
    assert raw[found.body_start :] == body


def test_a_text_whose_blank_line_is_missing_is_not_eaten() -> None:
    found = read_block(b"Subject: x\nHej!\nObs: detta hor till texten\n")
    assert found.broken
    assert found.headers.names() == {"subject"}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b" plain ", "plain"),
        (b" folded\r\n line\r\n\tagain", "folded line again"),
        (b"=?utf-8?q?=C3=85sa?=", "Åsa"),
        (b"=?UTF-8?B?w4VzYQ==?=", "Åsa"),
        (b"=?UTF-8?b?w4VzYQ?=", "Åsa"),  # padding missing
        (b"=?iso-8859-1?Q?=C5sa_=D6berg?=", "Åsa Öberg"),
        (b"=?utf-8?q?=C3?= =?utf-8?q?=85sa?=", "Åsa"),  # a character cut in two
        (b"=?utf-8?q?a?= =?iso-8859-1?q?b?=", "ab"),
        (b"=?utf-8?q?a?=\r\n  =?utf-8?q?b?=", "ab"),
        (b"=?utf-8?q?a?= and =?utf-8?q?b?=", "a and b"),
        (b"Re:=?utf-8?q?_svar?=!", "Re: svar!"),
        (b"=?utf-8*sv?q?hej?=", "hej"),  # RFC 2231 5
        (b"=?x-unknown?q?hej_=C3=A5?=", "hej å"),
        (b"=?utf-7?q?+AOU-?=", "+AOU-"),
        (b"=?utf-8?q?med mellanslag?=", "med mellanslag"),
        (b"=?utf-8?q?Hur_d=C3=A5??=", "Hur då?"),
        (b"=?utf-8?q?Va??_N=C3=A4r??= =?utf-8?q?_nu?=", "Va?? När? nu"),
        (b"=?utf-8?q?a? =?utf-8?q?b?=", "=?utf-8?q?a? b"),
        (b"=?utf-8?x?hej?=", "=?utf-8?x?hej?="),
        (b"=?utf-8?q?", "=?utf-8?q?"),
        (b"=?utf-8?b?!!!?=", ""),
        ("rå åäö".encode(), "rå åäö"),
        ("rå åäö".encode("latin-1"), "rå åäö"),
        (b"=?utf-8?q?a=0D=0ABcc:_x@y.example?=", "a Bcc: x@y.example"),
        (b"a\x00b\x07c", "abc"),
        ("fdp\u202egpj.exe".encode(), "fdpgpj.exe"),
        (b"=?utf-8?q?=E2=80=AEevil?=", "evil"),
        (b"=?hex?q?61?=", "61"),
        (b"=?punycode?q?abc-?=", "abc-"),
    ],
)
def test_decoding_a_field(raw: bytes, expected: str) -> None:
    assert decode_field(raw) == expected


@pytest.mark.parametrize(
    ("data", "declared", "text", "honest"),
    [
        (b"hej", None, "hej", True),
        (b"hej", "us-ascii", "hej", True),
        (b"hej", "no-such-charset", "hej", False),
        ("åäö".encode(), "utf-8", "åäö", True),
        ("åäö".encode(), '"UTF-8"', "åäö", True),
        ("åäö".encode(), "utf-8 (Unicode)", "åäö", True),
        ("åäö".encode(), "utf8mb4", "åäö", True),
        ("åäö".encode(), None, "åäö", False),
        ("åäö".encode("latin-1"), None, "åäö", False),
        ("åäö".encode("latin-1"), "iso-8859-1", "åäö", True),
        ("åäö".encode("latin-1"), "utf-8", "åäö", False),
        ("åäö".encode("latin-1"), "us-ascii", "åäö", False),
        ("åäö".encode("latin-1"), "unknown-8bit", "åäö", False),
        ("åäö".encode(), "iso-8859-1", "åäö", False),
        ("åäö".encode(), "windows-1252", "åäö", False),
        ("– “ ” €".encode("cp1252"), "iso-8859-1", "– “ ” €", True),  # what Windows means by Latin-1
        ("åäö".encode("cp850"), "cp-850", "åäö", True),
        ("åäö".encode("iso-8859-15"), "iso-8859-15", "åäö", True),
        ("שלום".encode("iso-8859-8"), "iso-8859-8-i", "שלום", True),
        ("日本語".encode("iso-2022-jp"), "iso-2022-jp", "日本語", True),
        ("åäö".encode("utf-16"), "utf-16", "åäö", True),
        (b"bara ascii", "utf-16", "bara ascii", False),
        ("åäö".encode("utf-8-sig"), "utf-8", "åäö", True),
        ("Hälsningar från Åsa å".encode()[:-1], "utf-8", "Hälsningar från Åsa \ufffd", False),  # cut in a character
        (b"\xff\xfe\xfd", "ansi_x3.110-1983", None, False),
        (b"+AOU-", "utf-7", "+AOU-", False),
        (b"\\u00e5", "unicode_escape", "\\u00e5", False),
    ],
)
def test_charsets_that_lie(data: bytes, declared: str | None, text: str | None, honest: bool) -> None:
    found, right = decode(data, declared)
    assert right is honest
    assert text is None or found == text


@pytest.mark.parametrize(
    "name", ["hex", "zlib", "rot13", "idna", "punycode", "undefined", "utf-7", "\x00", "a" * 1000, ""]
)
def test_codecs_that_are_no_charsets_of_mail(name: str) -> None:
    assert codec_name(name) is None


@given(st.binary(), st.one_of(st.none(), st.text(), st.sampled_from(["utf-8", "utf-16", "utf-32", "gb18030", "hz"])))
def test_decoding_never_raises_and_gives_text_that_a_database_takes(data: bytes, declared: str | None) -> None:
    decode(data, declared)[0].encode("utf-8")


@given(st.binary(max_size=300))
def test_a_field_is_always_one_printable_line(raw: bytes) -> None:
    text = decode_field(raw)
    assert one_line(text) == text
    assert not set(text) & set("\r\n\t\x00\x1b\u202e")


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[A-Za-z][A-Za-z-]{0,20}", fullmatch=True),
            st.text(st.characters(categories=["L", "N", "P"])),
        )
    )
)
def test_fields_come_back_in_order(fields: list[tuple[str, str]]) -> None:
    raw = "".join(f"{name}: {value}\r\n" for name, value in fields).encode()
    assert [name for name, _ in read_block(raw + b"\r\n").headers] == [name.lower() for name, _ in fields]


def test_a_repr_holds_no_content() -> None:
    assert "hemlig" not in repr(Headers([("subject", b" hemlig")]))


@given(st.lists(st.tuples(st.sampled_from(["to", "subject", "x-a"]), st.binary(max_size=40))))
def test_header_fields_from_another_process_are_the_same(fields: list[tuple[str, bytes]]) -> None:
    headers = Headers(fields)
    handed_on = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(headers))))  # not taken apart in between
    assert handed_on == headers
    assert handed_on.names() == headers.names()
    assert handed_on.get_all("To") == headers.get_all("To")
    assert (len(handed_on), hash(handed_on)) == (len(headers), hash(headers))
    assert pickle.loads(pickle.dumps(handed_on)) == headers  # nor when it has been
