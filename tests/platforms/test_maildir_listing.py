"""Which mailboxes lie in the folders of a server."""

from pathlib import Path

import pytest

from mailbot.platforms.maildir.listing import addresses


@pytest.mark.parametrize(
    ("pattern", "folders", "found"),
    [
        ("{root}/{{address}}", ("anna@by.example", "BO@by.example"), ["bo@by.example", "anna@by.example"]),
        ("{root}/{{domain}}/{{user}}/Maildir", ("by.example/anna/Maildir",), ["anna@by.example"]),
        ("{root}/{{user}}", ("anna",), ["anna@by.example"]),
        ("{root}/{{address}}", (), []),
        ("{root}/fixed", ("fixed",), []),
    ],
)
def test_addresses(tmp_path: Path, pattern: str, folders: tuple[str, ...], found: list[str]) -> None:
    for folder in folders:
        (tmp_path / folder / "cur").mkdir(parents=True)
    (tmp_path / "no-mailbox").mkdir()
    assert list(addresses(pattern.format(root=tmp_path), ["by.example"])) == found
