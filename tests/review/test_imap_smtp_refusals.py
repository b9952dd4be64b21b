"""Refusals of single recipients that say something about the mail."""

import pytest

from mailbot.platforms.sending import CannotCarry
from tests.platforms.contract_sender import ANNA, outgoing
from tests.platforms.smtp_world import ScriptedSmtp


@pytest.mark.parametrize("answer", ["552 5.2.3 too large for this mailbox", "552 5.3.4 too big", "550 5.2.3 too big"])
def test_too_large_for_the_mailbox_is_told_at_its_recipient(answer: str) -> None:
    server = ScriptedSmtp({"RCPT": answer}, None)
    connection = server.connect()
    with pytest.raises(CannotCarry) as caught:
        connection.begin(outgoing(1, ANNA))
    assert caught.value.reason == "too_large"
    connection.close()
    server.close()
    assert server.taken == []
