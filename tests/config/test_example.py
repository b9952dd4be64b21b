"""The shipped examples load as they stand and show every setting."""

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from mailbot.config.load import ConfigFile, PeopleFile, load
from mailbot.config.servers import SERVER_KINDS, Endpoint, ImapServer
from mailbot.policy.profile import Policy, load_policy
from mailbot.settings import key_of

ROOT = Path(__file__).parents[2]
CONFIG, PEOPLE = ROOT / "config.example.toml", ROOT / "people.example.toml"


def test_the_example_loads_as_it_stands():
    config = load(CONFIG)
    assert config.organisation.name == "Bjurholms kommun"
    assert len(config.units) == 2
    assert {mailbox.role for mailbox in config.mailboxes} == {"authority", "function", "personal", "service"}


def keys(cls: type) -> Iterator[str]:
    """The TOML keys of a settings class and of the classes below it."""
    hints = get_type_hints(cls)
    for field in dataclasses.fields(cls):
        yield key_of(field.name)
        for inner in (hints[field.name], *get_args(hints[field.name])):
            if dataclasses.is_dataclass(inner):
                yield from keys(inner)  # type: ignore[arg-type]


def has_key(text: str, key: str) -> bool:
    """`key` stands at the beginning of a line, in a table heading, or in an inline table."""
    return re.search(rf"(?m)^\s*{key}\s*=|^\[+(?:\w+\.)*{key}(?:\.\w+)*\]+|[{{,]\s*{key}\s*=", text) is not None


def everything_in_use() -> str:
    """The example with its commented-out settings switched on: they begin with "#" and no space."""
    return re.sub(r"(?m)^#(?=[\[a-z])", "", CONFIG.read_text(encoding="utf-8"))


@pytest.mark.parametrize("key", sorted({*keys(ConfigFile), *(k for kind in SERVER_KINDS.values() for k in keys(kind))}))
def test_every_setting_stands_in_the_example(key):
    assert has_key(everything_in_use(), key) or f"\n#   {key} " in CONFIG.read_text(encoding="utf-8")


def test_what_is_commented_out_loads_too(tmp_path):
    text = (
        everything_in_use()
        .replace('"people.example.toml"', f'"{PEOPLE}"')
        .replace('server = "post"', 'server = "imap"')
    )
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    server = load(tmp_path / "config.toml").servers["imap"]
    assert isinstance(server, ImapServer)
    assert (server.imap_port, server.login, server.smtp) == (
        993,
        "master",
        Endpoint(host="mail.bjurholm.example", port=465),
    )


@pytest.mark.parametrize("key", sorted(set(keys(PeopleFile))))
def test_every_setting_of_a_person_stands_in_the_example(key):
    assert has_key(PEOPLE.read_text(encoding="utf-8"), key)


def policy_keys(cls: type, table: str) -> Iterator[tuple[str, str]]:
    hints = get_type_hints(cls)
    for field in dataclasses.fields(cls):
        inner = hints[field.name]
        if dataclasses.is_dataclass(inner):
            yield from policy_keys(inner, f"{table}.{field.name}")  # type: ignore[arg-type]
        else:
            yield table, field.name


@pytest.mark.parametrize(("table", "key"), list(policy_keys(Policy, "policy")))
def test_every_rule_stands_in_its_table_of_the_example(table, key):
    import tomllib

    tables: Any = tomllib.loads(CONFIG.read_text(encoding="utf-8"))
    for name in table.split("."):
        tables = tables[name]
    assert key in tables


def test_the_rules_of_the_example_are_those_of_its_profile():
    """It says that all of [policy] could be left out."""
    assert dataclasses.replace(load(CONFIG).policy, signals={}) == dataclasses.replace(
        load_policy("bjurholm"), signals={}
    )


def test_defaults_that_the_example_shows_as_such_are_the_defaults():
    config = load(CONFIG)
    defaults = {field.name: field.default for field in dataclasses.fields(type(config.schedule))}
    assert config.schedule.passes == defaults["passes"]
    assert config.schedule.poll_minutes == defaults["poll_minutes"]


def test_all_sample_data_are_invented():
    """Addresses and hosts lie under .example (RFC 2606)."""
    for path in (CONFIG, PEOPLE):
        text = path.read_text(encoding="utf-8")
        assert all(found.endswith(".example") for found in re.findall(r"@([\w.-]+\w)", text) if found not in ("host",))
