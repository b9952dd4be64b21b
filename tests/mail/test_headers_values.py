"""Addresses, dates, identifiers and parameters as senders write them."""

from datetime import UTC, datetime
from email.utils import getaddresses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.mail.addresses import Address, parse_addresses
from mailbot.mail.dates import parse_date
from mailbot.mail.identifiers import identifiers, message_id
from mailbot.mail.parameters import parse_structured, safe_filename


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", []),
        (b" a@x.example", [("", "a@x.example")]),
        (b"Anna Andersson <Anna@X.Example>", [("Anna Andersson", "anna@x.example")]),
        (b'"Andersson, Anna" <a@x.example>', [("Andersson, Anna", "a@x.example")]),
        (b'"Anna \\"Ann\\" A" <a@x.example>', [('Anna "Ann" A', "a@x.example")]),
        (b"a@x.example (Anna (at home))", [("Anna (at home)", "a@x.example")]),
        (b"a@x.example, B <b@x.example>", [("", "a@x.example"), ("B", "b@x.example")]),
        (b"a@x.example; b@x.example", [("", "a@x.example"), ("", "b@x.example")]),
        (b"undisclosed-recipients:;", []),
        (
            b"Board: Anna <a@x.example>, b@x.example;, c@x.example",
            [("Anna", "a@x.example"), ("", "b@x.example"), ("", "c@x.example")],
        ),
        (b'"john doe"@x.example', [("", '"john doe"@x.example')]),
        (b'Jo <"john doe"@x.example>', [("Jo", '"john doe"@x.example')]),
        (b"=?utf-8?q?=C3=85sa=2C_chef?= <a@x.example>", [("Åsa, chef", "a@x.example")]),
        (b"=?utf-8?Q?Andersson, Anna?= <a@x.example>", [("Andersson, Anna", "a@x.example")]),
        (b'"=?utf-8?q?=C3=85sa?=" <a@x.example>', [("Åsa", "a@x.example")]),
        (b"=?utf-8?q?=C3=85sa?=\r\n =?utf-8?q?_=C3=96?= <a@x.example>", [("Åsa Ö", "a@x.example")]),
        ("Åsa <åsa@blåbär.example>".encode(), [("Åsa", "åsa@blåbär.example")]),
        ("Åsa <a@x.example>".encode("latin-1"), [("Åsa", "a@x.example")]),
        (b"<@relay.example,@b.example:a@x.example>", [("", "a@x.example")]),
        (b"a @ x.example", [("", "a@x.example")]),
        (b"Anna anna@x.example", [("Anna", "anna@x.example")]),
        (b"<a@x.exa\r\n mple>", [("", "a@x.example")]),
        (b"<a@x.\xa0example>", [("", "a@x.example")]),  # a no-break space, pasted from a web page
        (b"mailto:a@x.example", [("", "a@x.example")]),
        (b"<mailto:a@x.example>", [("", "a@x.example")]),
        (b"root", [("", "root")]),
        (b"Anna Andersson", [("Anna Andersson", "")]),
        (b"<>", []),
        (b"Foo (unclosed <a@x.example>", [("Foo unclosed", "a@x.example")]),
        (b'"unclosed <a@x.example>', [("unclosed", "a@x.example")]),
        (b", ,a@x.example,,", [("", "a@x.example")]),
        (b"=?utf-8?q?x=00=0AEvil?= <a@x.example>", [("x Evil", "a@x.example")]),
        ("a\u202e@x.example".encode(), [("", "a@x.example")]),
    ],
)
def test_addresses(raw: bytes, expected: list[tuple[str, str]]) -> None:
    assert [(address.name, address.email) for address in parse_addresses(raw)] == expected


@pytest.mark.parametrize(("email", "domain"), [("a@x.example", "x.example"), ("root", ""), ("", ""), ('"a@b"@c', "c")])
def test_domain(email: str, domain: str) -> None:
    assert Address("", email).domain == domain


local = st.from_regex(r"[a-z][a-z0-9._-]{0,10}[a-z0-9]", fullmatch=True)
phrase = st.from_regex(r"[A-Z][a-z]{1,8}( [A-Z][a-z]{1,8}){0,2}", fullmatch=True)


@given(st.lists(st.tuples(phrase, local, st.integers(0, 3)), min_size=1, max_size=6))
def test_ordinary_lists_read_like_the_standard_library(people: list[tuple[str, str, int]]) -> None:
    forms = ("{1}@x.example", "{0} <{1}@x.example>", '"{0}, chef" <{1}@x.example>', "{1}@x.example ({0})")
    text = ",\r\n ".join(forms[form].format(name, user) for name, user, form in people)
    assert [(a.name, a.email) for a in parse_addresses(text.encode())] == getaddresses([text.replace("\r\n", "")])


ENCODED = (b"=?utf-8?q?=C3=85sa?=", b"=?utf-8?q?=C3?=", b"=?utf-8?q?=A5_B?=", b"=?iso-8859-1?b?xXNh?=")
ODD = (b"=?utf-8*sv?q?a,b?=", b"=?utf-8?q?a?b?=", b"=?utf-8?q?<z@y>?=", b"=?utf-8?q??=", b'"q"', b"x")
pieces = st.sampled_from((*ENCODED, *ODD, b" ", b"\t ", b"\r\n "))


@given(st.lists(pieces, min_size=1, max_size=6), st.sampled_from([b"<A.Berg@Post.example>", b" <a@b.example> "]))
def test_a_name_in_encoded_words_reads_the_same_alone_and_in_a_list(words: list[bytes], address: bytes) -> None:
    # alone it is read at one glance, in a list word by word
    raw = b"".join(words) + address
    assert parse_addresses(raw) == parse_addresses(raw + b", c@d.example")[:-1]


@given(st.one_of(st.binary(max_size=200), st.text('ab@,;:<>()"\\ =?q\n', max_size=60).map(str.encode)))
def test_any_octets_give_addresses_without_white_space_or_upper_case(raw: bytes) -> None:
    for address in parse_addresses(raw):
        assert address.email == address.email.lower()
        assert address.email.startswith('"') or not any(map(str.isspace, address.email))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fri, 13 Mar 2026 10:00:00 +0100", "2026-03-13T09:00"),
        ("Mon, 13 Mar 2026 10:00:00 +0100", "2026-03-13T09:00"),  # the wrong weekday
        ("13 Mar 2026 10:00 -0500", "2026-03-13T15:00"),
        ("Fri, 13 Mar 2026 10:00:00 GMT", "2026-03-13T10:00"),
        ("Fri, 13 Mar 2026 10:00:00 EST", "2026-03-13T15:00"),
        ("Fri, 13 Mar 2026 10:00:00 CET", "2026-03-13T09:00"),
        ("Fri, 13 Jun 2026 10:00:00 CEST", "2026-06-13T08:00"),
        ("Fri, 13 Mar 2026 10:00:00 +0100 (CET)", "2026-03-13T09:00"),
        ("Fri, 13 Mar 2026 10:00:00", "2026-03-13T10:00"),
        ("Fri, 13 Mar 2026 10:00:00 -0000", "2026-03-13T10:00"),
        ("Fri, 13 Mar 26 10:00:00 +0000", "2026-03-13T10:00"),
        ("Fri, 13 Mar 2026 24:00:00 +0000", "2026-03-14T00:00"),
        ("Wed, 31 Dec 2025 23:59:60 +0000", "2025-12-31T23:59:59"),
        ("Fri, 13 Mar 2026 10:00:00 +9999", "2026-03-13T10:00"),
        ("Fri, 13 Mar 1869 10:00:00 +0000", None),
        ("Fri, 13 Mar 2101 10:00:00 +0000", None),
        ("Fri, 13 Mar 9999 23:59:59 -1200", None),
        ("Fri, 31 Feb 2026 10:00:00 +0000", None),
        ("Fri, 13 Mar 2026 99:00:00 +0000", None),
        ("in March", None),
        ("", None),
        (None, None),
    ],
)
def test_dates(text: str | None, expected: str | None) -> None:
    wanted = datetime.fromisoformat(expected).replace(tzinfo=UTC) if expected else None
    assert parse_date(text) == wanted


@given(st.one_of(st.text(max_size=60), st.text("0123456789:+- ,MarFri", max_size=40)))
def test_any_text_gives_a_date_in_range_or_none(text: str) -> None:
    found = parse_date(text)
    assert found is None or (found.utcoffset() is not None and 1970 <= found.year <= 2100)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<a@x.example>", "<a@x.example>"),
        (" <a@x.\t example> ", "<a@x.example>"),
        ("a@x.example", "<a@x.example>"),
        ("<a@x.example", "<a@x.example>"),
        ("12345", "<12345>"),
        ("<A@X.Example>", "<A@X.Example>"),  # case counts (RFC 5322 3.6.4)
        ("<a@x.example> <b@x.example>", "<a@x.example>"),
        ("<>", None),
        ("", None),
        ("  ", None),
        ("several words", None),
        (f"<{'a' * 1000}@x.example>", None),
        (None, None),
    ],
)
def test_message_id(text: str | None, expected: str | None) -> None:
    assert message_id(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<a@x.example> <b@x.example>", ("<a@x.example>", "<b@x.example>")),
        ("<a@x.example><a@x.example>", ("<a@x.example>",)),
        ("Your message of Tuesday <a@x.example>", ("<a@x.example>",)),
        ("a@x.example, b@x.example", ("<a@x.example>", "<b@x.example>")),
        ("Your message of Tuesday", ()),
        ("", ()),
    ],
)
def test_identifiers(text: str, expected: tuple[str, ...]) -> None:
    assert identifiers(text) == expected


def test_a_giant_thread_keeps_its_root_and_its_newest() -> None:
    kept = identifiers(" ".join(f"<{number}@x.example>" for number in range(10_000)))
    assert len(kept) == 100
    assert (kept[0], kept[-1]) == ("<0@x.example>", "<9999@x.example>")


@pytest.mark.parametrize(
    ("raw", "value", "parameters"),
    [
        (b"text/plain", "text/plain", {}),
        (b" Text/Plain; Charset=UTF-8", "text/plain", {"charset": "UTF-8"}),
        (b'a/b; name="x; y=z"; q = "1\\"2"', "a/b", {"name": "x; y=z", "q": '1"2'}),
        (b"a/b; name=x y z; q=1", "a/b", {"name": "x y z", "q": "1"}),
        (b"Text / Plain (what I mean); q=1", "text/plain", {"q": "1"}),
        (b"a/b; boundary=----=_Part_1.2", "a/b", {"boundary": "----=_Part_1.2"}),
        (b"a/b;; ;name=x;", "a/b", {"name": "x"}),
        (b'a/b; boundary="unclosed', "a/b", {"boundary": "unclosed"}),
        (b"a/b;\r\n boundary=x\r\n", "a/b", {"boundary": "x"}),
        (b"a/b; filename*=utf-8''%C3%85sa.pdf", "a/b", {"filename": "Åsa.pdf"}),
        (b"a/b; filename*=iso-8859-1'sv'%C5sa.pdf; filename=x.pdf", "a/b", {"filename": "Åsa.pdf"}),
        (b"a/b; filename*1*=%85sa; filename*0*=utf-8''%C3; filename*2=.pdf", "a/b", {"filename": "Åsa.pdf"}),
        (b"a/b; filename*99999999999999999999=x", "a/b", {"filename": "x"}),
        (b"a/b; filename*=x'%ZZ", "a/b", {"filename": "x'%ZZ"}),
        (b"a/b; x=1; x=2", "a/b", {"x": "1"}),
        (b"", "", {}),
    ],
)
def test_parameters(raw: bytes, value: str, parameters: dict[str, str]) -> None:
    found = parse_structured(raw)
    assert (found.value, dict(found.parameters)) == (value, parameters)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rapport.pdf", "rapport.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\rapport.pdf", "rapport.pdf"),
        ("=?utf-8?q?=C3=85sa.pdf?=", "Åsa.pdf"),
        ("fak\u202etura\x00.pdf", "faktura.pdf"),
        ("a" * 500 + ".pdf", "a" * 196 + ".pdf"),
        ("...", None),
        ("/", None),
        ("", None),
        (None, None),
    ],
)
def test_filenames(name: str | None, expected: str | None) -> None:
    assert safe_filename(name) == expected
