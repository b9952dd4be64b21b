"""ImapMailbox against a real Dovecot: the contract on each variant, and what only IMAP can do wrong."""

from collections.abc import Iterator

import pytest

from tests.platforms.contract_mailbox import MailboxContract
from tests.platforms.imap_world import ImapWorld
from tests.servers.dovecot import BARE, FULL, OLD, Dovecot


class TestImapMailbox(MailboxContract):
    """Everything the server can do; folders below INBOX and not; capabilities taken away."""

    @pytest.fixture(
        params=[
            pytest.param((FULL, "/", ""), id="full"),
            pytest.param((FULL, ".", "INBOX."), id="below-inbox"),
            pytest.param((OLD, ".", ""), id="old"),
            pytest.param((BARE, "/", ""), id="bare"),
        ]
    )
    def world(self, request: pytest.FixtureRequest, dovecot: Dovecot) -> Iterator[ImapWorld]:
        host, separator, prefix = request.param
        world = ImapWorld(dovecot, host=host, separator=separator, prefix=prefix)
        yield world
        world.close()
