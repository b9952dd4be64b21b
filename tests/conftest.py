"""What every test may use."""

from pathlib import Path

import pytest

from tests.servers.fixtures import authority, cyrus, dovecot, ews, graph, postfix, postgres, server_folder
from tests.support.town import Town

__all__ = ["authority", "cyrus", "dovecot", "ews", "graph", "postfix", "postgres", "server_folder"]


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """A municipality in enforce mode, nothing read yet."""
    return Town(tmp_path)


@pytest.fixture
def settled_town(town: Town) -> Town:
    """The same after a first pass: automatic replies are no longer held back as in a first reading."""
    town.run("2026-05-08T07:00")
    for mailbox in town.config.mailboxes:
        for path in (town.maildir(mailbox.address) / "new").iterdir():
            path.unlink()
    return town
