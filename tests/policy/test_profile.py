"""Shipped profiles, what may be overridden, and how mistakes are reported."""

import tomllib
from dataclasses import fields, is_dataclass
from datetime import date
from pathlib import Path

import pytest

import mailbot.policy.profile
from mailbot.errors import UserError
from mailbot.policy.profile import Policy, is_closed_day, load_policy, profile_names

PROFILES = Path(mailbot.policy.profile.__file__).with_name("profiles")


def test_five_profiles_are_shipped():
    assert profile_names() == ("askim", "bjurholm", "boras", "hattfjelldal", "nordmaling")


@pytest.mark.parametrize(
    "name, country, language, zone, working_days, paper",
    [
        ("askim", "NO", "nb", "Europe/Oslo", 3, "pdfa"),
        ("bjurholm", "SE", "sv", "Europe/Stockholm", 3, "both"),
        ("boras", "SE", "sv", "Europe/Stockholm", -1, "pdfa"),
        ("hattfjelldal", "NO", "nb", "Europe/Oslo", 3, "pdfa"),
        ("nordmaling", "SE", "sv", "Europe/Stockholm", 3, "pdfa"),
    ],
)
def test_what_the_profiles_decide(name, country, language, zone, working_days, paper):
    policy = load_policy(name)
    assert policy.name == name
    assert (policy.calendar.country, policy.language, policy.timezone) == (country, language, zone)
    assert (policy.reply.working_days, policy.diary.paper) == (working_days, paper)
    assert {"decision", "consultation", "appeal"} <= set(policy.diary.must)
    assert {"advertising", "private"} <= set(policy.diary.need_not)
    assert "document_request" not in {*policy.diary.must, *policy.diary.need_not}, "the registrar is asked"


def keys(cls: type, prefix: str = "") -> set[str]:
    found = set()
    for field in fields(cls):
        nested = is_dataclass(field.type)
        found |= keys(field.type, f"{prefix}{field.name}.") if nested else {prefix + field.name}
    return found


def test_bjurholm_writes_out_every_key_with_a_comment():
    text = (PROFILES / "bjurholm.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    written = {
        f"{name}.{key}" if isinstance(value, dict) and value else name
        for name, value in table.items()
        for key in (value if isinstance(value, dict) and value else [""])
    }
    assert written == keys(Policy)


def test_the_other_profiles_repeat_no_default_by_accident():
    # a profile that sets a key to another type than Bjurholm's would be caught by `structure`; unknown keys too
    for name in profile_names():
        assert load_policy(name).title


def test_overrides_are_merged_key_by_key():
    overrides = {"reply": {"working_days": 2}, "diary": {"must": ["decision"]}, "signals": {"sv": {"appeal": {"x": 1}}}}
    policy = load_policy("bjurholm", overrides)
    assert policy.reply.working_days == 2
    assert policy.reply.follow_up_working_days == 5
    assert policy.diary.must == ("decision",)
    assert policy.diary.paper == "both"
    assert policy.signals == {"sv": {"appeal": {"x": 1.0}}}
    assert load_policy("bjurholm").reply.working_days == 3, "the shipped profile is not touched"


def test_a_profile_of_ones_own(tmp_path):
    own = tmp_path / "vindeln.toml"
    own.write_text('name = "vindeln"\ntitle = "Vindelns kommun"\n[calendar]\nclosed_days = ["12-23"]\n')
    policy = load_policy(str(own))
    assert (policy.title, policy.calendar.closed_days) == ("Vindelns kommun", ("12-23",))


@pytest.mark.parametrize(
    "content, text",
    [
        (None, "No such file"),
        (b'name = "x', "not valid TOML"),
        (b'name = "\xff"', "not valid TOML in UTF-8"),
    ],
)
def test_own_profiles_that_cannot_be_read(tmp_path, content, text):
    own = tmp_path / "own.toml"
    if content is not None:
        own.write_bytes(content)
    with pytest.raises(UserError, match=text):
        load_policy(str(own))


def test_an_unknown_profile_names_those_that_exist():
    with pytest.raises(UserError) as caught:
        load_policy("bjurhlm")
    assert "did you mean 'bjurholm'?" in str(caught.value)
    assert "askim, bjurholm, boras, hattfjelldal, nordmaling" in str(caught.value)


@pytest.mark.parametrize(
    "overrides, problem",
    [
        ({"wokring_days": 3}, "policy.wokring_days: unknown key"),
        ({"reply": {"wokring_days": 3}}, "did you mean 'working_days'?"),
        ({"reply": {"working_days": -2}}, "policy.reply.working_days: is -2; write a number from -1 to 60"),
        ({"reply": 3}, "policy.reply: is 3, but a table is expected"),
        ({"reply": {"holding_reply_at": "15"}}, "policy.reply.holding_reply_at"),
        ({"timezone": "Europe/Stockholn"}, "policy.timezone: is"),
        ({"language": "se"}, 'policy.language: is "se"; write "sv" or "nb" or "en"'),
        ({"calendar": {"country": "FI"}}, "policy.calendar.country"),
        ({"calendar": {"closed_days": ["12-32"]}}, "policy.calendar.closed_days: write '12-32' as"),
        ({"calendar": {"open_days": ["midsommar"]}}, "policy.calendar.open_days: write 'midsommar' as"),
        ({"calendar": {"closed_days": [f"2026-01-{n:02}" for n in range(1, 32)] * 4}}, "at most 100 days"),
        ({"diary": {"must": ["beslut"]}}, "policy.diary.must: 'beslut' is no kind of document"),
        ({"diary": {"must": ["private"]}}, "policy.diary.need_not: has private that diary.must has too"),
        ({"diary": {"suspected": 5.0}}, "policy.diary.suspected: is above diary.established"),
        ({"storm": {"outgoing_per_hour": 0}}, "policy.storm.outgoing_per_hour: is 0"),
    ],
)
def test_mistakes_are_named_by_their_key(overrides, problem):
    with pytest.raises(UserError) as caught:
        load_policy("bjurholm", overrides)
    assert any(problem in found for found in caught.value.problems), caught.value.problems


@pytest.mark.parametrize(
    "entries, day, closed",
    [
        (("2026-05-15",), "2026-05-15", True),
        (("2026-05-15",), "2027-05-15", False),
        (("12-24",), "2031-12-24", True),
        (("02-29",), "2028-02-29", True),
        (("02-29",), "2027-02-28", False),
        (("easter-4",), "2026-04-01", True),
        (("easter-4",), "2027-03-24", True),
        (("easter",), "2026-04-05", True),
        (("easter+39",), "2026-05-14", True),
        ((), "2026-05-15", False),
    ],
)
def test_closed_days(entries, day, closed):
    assert is_closed_day(date.fromisoformat(day), entries) is closed
