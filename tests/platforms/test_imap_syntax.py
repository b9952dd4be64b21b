import contextlib
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.platforms.imap.answers import listed
from mailbot.platforms.imap.dates import seconds_of, utc
from mailbot.platforms.imap.syntax import fetched, parse_all, response_code, section


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (b'() "/" Arkiv', b"Arkiv"),
        (b'() NIL "a b"', b"a b"),
        (b'() "/" a b', b"a b"),
        (b'() "/" NIL', b"NIL"),
        (b'() "/" Arkiv ("CHILDINFO" ("SUBSCRIBED"))', b"Arkiv"),
        (b'() "/" "R&-D" ("OLDNAME" ("R&D"))', b"R&-D"),
        (b'() "/" a]b', b"a]b"),
    ],
)
def test_names_that_list_tells(line: bytes, name: bytes) -> None:
    """Also without the quotes that they need, and with what RFC 5258 and RFC 9051 add behind them."""
    (values,) = parse_all([line])
    assert listed(values).name == name


@pytest.mark.parametrize(
    ("answer", "values"),
    [
        ([b"1 2 3"], [(b"1", b"2", b"3")]),
        ([b'(\\HasNoChildren) "/" INBOX'], [((b"\\HasNoChildren",), b"/", b"INBOX")]),
        ([b'() NIL "a \\"b\\" \\\\c"'], [((), None, b'a "b" \\c')]),
        ([b'"NIL" nil'], [(b"NIL", None)]),
        ([(b"(A {3}", b")(("), b" B)"], [((b"A", b")((", b"B"),)]),
        ([(b"{1}", b"x"), (b" {2}", b"yz"), b""], [(b"x", b"yz")]),
        ([(b"x ~{1}", b"\0"), b""], [(b"x", b"\0")]),
        ([None, b"a", None, b"b"], [(b"a",), (b"b",)]),
        ([b"BODY[HEADER.FIELDS (FROM TO)] x"], [(b"BODY[HEADER.FIELDS (FROM TO)]", b"x")]),
        ([b'BODY[]<0> ""'], [(b"BODY[]<0>", b"")]),
        ([b"((a)(b))"], [(((b"a",), (b"b",)),)]),
        ([b""], [()]),
    ],
)
def test_values(answer: list[Any], values: list[Any]) -> None:
    assert list(parse_all(answer)) == values


@pytest.mark.parametrize("answer", [[b"(a"], [b"a)"], [b'"a'], [(b"( {1}", b"x"), b""]])
def test_what_is_no_imap(answer: list[Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        list(parse_all(answer))


def test_fetch_answers_of_many_kinds() -> None:
    answer = [
        b"1 (FLAGS (\\Seen))",  # unasked: no UID
        b'2 (UID 7 BODY[HEADER] "A: b")',
        (b"3 (body[header] {4}", b"A: c"),
        b" uid 8)",
        b"4 (UID 9 BODY[HEADER] NIL)",
        (b"5 (UID 10 BODY[HEADER]<0> {1}", b"A"),
        b" FLAGS ())",
        b"6 ()",
        b"7 (UID x)",
        b"nonsense",
    ]
    found = {uid: section(items, b"BODY[HEADER]") for uid, items in fetched(answer)}
    assert found == {7: b"A: b", 8: b"A: c", 9: None, 10: b"A"}


@given(st.lists(st.binary(max_size=30) | st.tuples(st.binary(max_size=20), st.binary(max_size=20))))
def test_any_octets_are_read_or_refused(pieces: list[Any]) -> None:
    with contextlib.suppress(ValueError):
        list(fetched(pieces))


@pytest.mark.parametrize(
    "hostile", [b"(" * 100_000, b"(" * 50_000 + b")" * 50_000, b"[" * 100_000, b'"\\' * 50_000, b"a[" * 50_000]
)
def test_time_is_linear_in_hostile_answers(hostile: bytes) -> None:
    started = time.process_time()
    with contextlib.suppress(ValueError):
        list(parse_all([hostile]))
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        (b"25-Nov-2024 08:00:00 +0100", "2024-11-25T07:00:00+00:00"),
        (b" 5-nov-2024 08:00:00 -0130", "2024-11-05T09:30:00+00:00"),
        (b"05-NOV-2024 23:59:60 +0000", "2024-11-05T23:59:59+00:00"),
        (b"01-Jan-1971 00:00:00 +0000", "1971-01-01T00:00:00+00:00"),
    ],
)
def test_internal_dates(value: bytes, instant: str) -> None:
    seconds = seconds_of(value)
    assert seconds is not None
    assert utc(seconds).isoformat() == instant


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        (b"x",),
        b"01-Jan-1970 00:00:00 +0100",
        b"31-Dec-1969 23:59:59 +0000",
        b"31-Feb-2024 08:00:00 +0100",
        b"05-Xyz-2024 08:00:00 +0100",
        b"x",
    ],
)
def test_no_internal_date(value: Any) -> None:
    assert seconds_of(value) is None


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("[NONEXISTENT] no", "NONEXISTENT"),
        ("command: LOGIN => [limit] x", "LIMIT"),
        ("no", ""),
        ("[ALERT x] y", "ALERT"),
        ("X error: BAD [b'x']", ""),
    ],
)
def test_response_codes(line: str, code: str) -> None:
    assert response_code(line) == code
