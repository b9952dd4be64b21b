"""Waiting for mail: told at once when it comes, and a dead link is noticed."""

import threading
from collections.abc import Iterator

import pytest

from mailbot.platforms.imap.connection import ImapConnection
from mailbot.platforms.imap.idle import Waiting
from mailbot.platforms.imap.login import Login
from mailbot.platforms.imap.session import LostConnection
from mailbot.platforms.imap.transport import Endpoint
from tests.platforms.contract_mailbox import mail
from tests.platforms.imap_world import ImapWorld
from tests.servers.dovecot import BARE, Dovecot
from tests.servers.scripted import DROP, STAY, Answer, ScriptedImap


@pytest.fixture
def world(dovecot: Dovecot) -> Iterator[ImapWorld]:
    world = ImapWorld(dovecot)
    yield world
    world.close()


def test_mail_that_arrives_ends_the_wait(world: ImapWorld) -> None:
    waiting = Waiting(world.connect())
    delivery = threading.Thread(target=world.dovecot.append, args=(world.account, mail(0)))
    delivery.start()
    assert waiting.wait(30)
    delivery.join()
    assert not waiting.wait(0.05)
    waiting.close()


def test_nothing_arrives(world: ImapWorld) -> None:
    waiting = Waiting(world.connect())
    assert not waiting.wait(0.05)
    waiting.close()


def test_it_is_offered_or_not(dovecot: Dovecot, world: ImapWorld) -> None:
    bare = ImapWorld(dovecot, host=BARE)
    for each, offered in ((world, True), (bare, False)):
        connection = each.connect()
        assert Waiting.is_offered(connection) is offered
        connection.close()


LOGIN = Login(method="user", mailbox="anna", user="anna", secret=lambda: "x")


def place_of(server: ScriptedImap) -> Endpoint:
    return Endpoint(host="127.0.0.1", port=server.port, tls="none")


def idling(answer: bytes) -> dict[str, Answer]:
    return {
        "CAPABILITY": b"* CAPABILITY IMAP4rev1 IDLE\r\n",
        "IDLE": b"+ idling\r\n" + answer,
    }


@pytest.mark.parametrize("answer", [b"* 3 EXISTS\r\n", b"* OK still here\r\n* 2 FETCH (FLAGS ())\r\n* 1 expunge\r\n"])
def test_what_comes_together_with_the_go_ahead_is_noticed(answer: bytes) -> None:
    """It lies in imaplib's buffer, and the socket stays silent."""
    with ScriptedImap({**idling(answer + STAY), "DONE": b""}) as server:
        waiting = Waiting(ImapConnection(place_of(server), LOGIN))
        assert waiting.wait(30)
        waiting.close()


@pytest.mark.parametrize(
    "answer", [DROP, b"* BYE server is going down\r\n" + DROP, b"* BYE server is going down\r\n" + STAY]
)
def test_a_dead_link_is_noticed(answer: bytes) -> None:
    """imapclient (issue 565) tells BYE once and then nothing at all, at once, for ever."""
    with ScriptedImap(idling(answer)) as server:
        connection = ImapConnection(place_of(server), LOGIN)
        waiting = Waiting(connection)
        with pytest.raises(LostConnection, match="hung up"):
            waiting.wait(30)
        assert not connection.usable
        waiting.close()
