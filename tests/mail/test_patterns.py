"""Regular expressions that Python 3.11.2, which Debian 12 ships, understands as later releases do."""

import re
from pathlib import Path

import mailbot

#: a possessive quantifier on a group, as in "(?:ab*)*+", also with the braces doubled for an f-string
_POSSESSIVE_GROUP = re.compile(r"(?<!\\)\)(?:[*+?]|\{{1,2}[0-9,]+\}{1,2})\+")


def test_no_possessive_quantifier_stands_on_a_group() -> None:
    """Before 3.11.5 such a pattern misses what it should find (CPython issue 106052); "(?>(?:ab*)*)" says the same."""
    sources = Path(mailbot.__file__).parent.rglob("*.py")
    found = {path.name: _POSSESSIVE_GROUP.findall(path.read_text(encoding="utf-8")) for path in sources}
    assert {name: groups for name, groups in found.items() if groups} == {}


def test_the_search_for_them_finds_them() -> None:
    assert all(map(_POSSESSIVE_GROUP.search, [r"(?:a)*+", r"(a)++b", r"(a)?+", r"(a){0,8}+", r"(a){{0,8}}+"]))
    assert not any(map(_POSSESSIVE_GROUP.search, [r"(?>(?:a)*)", r"[a)]*+", r"\)*+", r"(a)+ b"]))
