"""The map of the house names what is there, and all of it where rooms have many files."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
TREE = PAGE.split("```")[1]


def test_every_path_that_is_promised_exists() -> None:
    named = set(re.findall(r"`((?:cli|work|store|policy|platforms|docs|tests)/[a-z_/.]+)`", PAGE))
    assert len(named) > 10
    gone = [
        name
        for name in named
        if not any((ROOT / top / f"{name}{end}").exists() for top in ("", "mailbot") for end in ("", ".py"))
    ]
    assert gone == []


def test_every_folder_and_file_of_the_tree_exists() -> None:
    named = {name.rstrip("/") for name in re.findall(r"[a-z_]+/(?=\s)|[a-z_]+\.py\b", TREE)}
    assert len(named) > 15
    places = [ROOT, *(ROOT / room for room in ("mailbot", "mailbot/cli", "mailbot/platforms", "templates", "tests"))]
    places.append(ROOT / "benchmarks")
    assert {name for name in named if not any((place / name).exists() for place in places)} == set()


@pytest.mark.parametrize("room", ["work", "policy", "render"])
def test_no_file_of_these_rooms_is_missing(room: str) -> None:
    words = set(re.findall(r"[a-z_]+\*?", TREE))
    families = tuple(word[:-1] for word in words if word.endswith("*"))
    files = {path.stem for path in (ROOT / "mailbot" / room).glob("*.py")} - {"__init__"}
    missing = {name for name in files if name not in words and not name.startswith(families)}
    assert missing == set(), f"tell in the tree of docs/architecture.md what they are for: {missing}"
