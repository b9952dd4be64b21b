"""Addresses, domains, ids and patterns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.config import syntax
from tests.support.growth import grows_linearly


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("kommunen@bjurholm.example", True),
        ("anna-karin.o'neil+diarium@sub.bjurholm.example", True),
        ("xn--rksmrgs-5wao1o@xn--rksmrgs-5wao1o.example", True),
        ("kommunen", False),
        ("kommunen@localhost", False),
        ("a@b@bjurholm.example", False),
        (".a@bjurholm.example", False),
        ("a..b@bjurholm.example", False),
        ("../../etc@bjurholm.example", False),
        ("a/b@bjurholm.example", False),
        ("a b@bjurholm.example", False),
        ("a@bjurholm.example\n", False),
        ("å@bjurholm.example", False),
        ("a@-bjurholm.example", False),
        ("a@192.168.0.1", False),
        ("x" * 65 + "@bjurholm.example", False),
        ("a@" + "b" * 64 + ".example", False),
    ],
)
def test_addresses(text, good):
    assert syntax.is_address(text) is good


@pytest.mark.parametrize(
    ("pattern", "wrong"),
    [
        (r"KS[ -]\d{4}/\d+", ""),
        (r"(?:KS|MBN) (\d{4})/(\d+)", ""),
        (r"\(\d+\)+", ""),  # escaped brackets are no group
        (r"KS[", "is no regular expression"),
        (r"(\d+)+", "repeats a repetition"),
        (r"(?:KS\s*)*\d", "repeats a repetition"),
        (r"(a+){2,}b", "repeats a repetition"),
        (r"\d*", "matches everywhere"),
        ("", "matches everywhere"),
    ],
)
def test_patterns(pattern, wrong):
    assert syntax.pattern_problem(pattern).startswith(wrong)
    assert bool(syntax.pattern_problem(pattern)) is bool(wrong)


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("/var/mail/{address}", ""),
        ("/var/mail/{domain}/{user}/Maildir", ""),
        ("/var/mail/all", ""),
        ("/var/mail/{name}", "{name} is no placeholder"),
        ("/var/mail/{}", "{} is no placeholder"),
        ("/var/mail/{user", "has a single brace"),
        ("/var/mail/{user!r}", "{user!r} is no placeholder"),
        ("/var/mail/{user.__class__}", "{user.__class__} is no placeholder"),
    ],
)
def test_placeholders(path, wrong):
    assert syntax.placeholder_problem(path).startswith(wrong)
    assert bool(syntax.placeholder_problem(path)) is bool(wrong)


@given(st.text(max_size=80))
def test_no_text_breaks_the_checks(text):
    for check in (syntax.is_address, syntax.is_domain, syntax.is_host, syntax.is_id, syntax.is_zone):
        assert check(text) in (True, False)
    syntax.ascii_domain(text)
    syntax.placeholder_problem(text)
    syntax.nearest(text, ["ks", "mbn"])


@pytest.mark.parametrize("piece", ["a.", "a", "(", "(a+", "{"])
def test_hostile_values_take_linear_time(piece):
    def work_of(size):
        text = piece * (size // len(piece))

        def work():
            syntax.is_address(f"a@{text}")
            syntax.is_address(f"{text}@b.example")
            syntax.placeholder_problem(text)

        return work

    assert grows_linearly(work_of, 100_000)


@pytest.mark.parametrize(
    ("pattern", "example"),
    [
        (r"KS[ -]\d{4}/\d+", "KS 2026/123"),
        (r"MBN[ -]\d{4}/\d+", "MBN 2026/123"),
        (r"\d{4}/[0-9]{2,5}-\d+", "2026/12-123"),
        (r"(?:dnr\s)?KS\.\d{4}\.\d+$", "dnr KS.2026.123"),
        (r"(KS|BN)\d+", r"(KS|BN)\d+"),
    ],
)
def test_a_pattern_is_told_by_an_example_it_accepts(pattern: str, example: str) -> None:
    assert syntax.number_example(pattern) == example
    assert syntax.fits(example, pattern) or example == pattern


def test_a_number_fits_whole_and_anything_fits_no_pattern() -> None:
    assert syntax.fits("KS 2026/1", r"KS[ -]\d{4}/\d+")
    assert not syntax.fits("se KS 2026/1 hej", r"KS[ -]\d{4}/\d+")
    assert syntax.fits("hej", "")
