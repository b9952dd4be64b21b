"""The sender against a real Postfix and Dovecot."""

from collections.abc import Iterator

import pytest

from mailbot.errors import PermanentError
from mailbot.platforms.imap.connection import ImapConnection
from mailbot.platforms.imap.login import Login, LoginMethod
from mailbot.platforms.imap.sender import SmtpSender
from mailbot.platforms.imap.smtp import SmtpConnection
from mailbot.platforms.imap.transport import Endpoint
from mailbot.platforms.sending import CannotCarry, DestinationTrouble, OutgoingMail, Receipt, SenderUnavailable
from tests.platforms.contract_sender import ANNA, EVA, SERVICE, SenderContract, attempt, outgoing
from tests.platforms.smtp_world import SmtpWorld
from tests.servers.dovecot import Dovecot
from tests.servers.living import Fault, LivingFolder, LivingImap
from tests.servers.postfix import SIZE_LIMIT, Postfix

BUSY = "busy@bjurholm.example"


@pytest.fixture
def open_world(
    dovecot: Dovecot, postfix: Postfix, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[SmtpWorld]:
    world = SmtpWorld(dovecot, postfix, monkeypatch, getattr(request, "param", "submission"))
    yield world
    world.close()


class TestSmtpSender(SenderContract):
    @pytest.fixture
    def world(self, open_world: SmtpWorld) -> SmtpWorld:
        return open_world


@pytest.mark.parametrize("open_world", ["submission", "submissions", "seven"], indirect=True)
@pytest.mark.parametrize("method", ["user", "master", "authzid", "xoauth2"])
def test_every_way_in(open_world: SmtpWorld, method: LoginMethod) -> None:
    sender = SmtpSender(lambda: open_world.submission(open_world.login(method)), open_world.mailbox)
    attempt(sender, outgoing(1, ANNA))
    assert len(open_world.received(ANNA)) == 1


def test_a_wrong_password_keeps_all_mail_waiting(open_world: SmtpWorld) -> None:
    login = open_world.login()
    wrong = type(login)(method="user", mailbox=SERVICE, user=SERVICE, secret=lambda: "fel lösenord")
    with pytest.raises(PermanentError, match="mailbot secret set") as caught:
        open_world.submission(wrong)
    assert "fel l" not in str(caught.value)
    with pytest.raises(SenderUnavailable, match="mailbot secret set"):
        SmtpSender(lambda: open_world.submission(wrong), open_world.mailbox).prepare(outgoing())


def test_a_foreign_certificate_is_refused(open_world: SmtpWorld) -> None:
    from mailbot.platforms.imap.tls import client_context

    open_world.context = client_context()
    with pytest.raises(PermanentError, match="ca_file"):
        open_world.submission()


def test_refused_deferred_and_taken_are_told_apart(open_world: SmtpWorld) -> None:
    mail = outgoing(1, ANNA, BUSY, "nobody@bjurholm.example")
    receipt = attempt(open_world.open(), mail)
    assert [(each.recipient, each.reason) for each in receipt.refused] == [
        ("nobody@bjurholm.example", "no such address (550 5.1.1)")
    ]
    assert [(each.recipient, each.reason) for each in receipt.deferred] == [
        (BUSY, "the mailbox is disabled (450 4.2.1)")
    ]
    assert len(open_world.received(ANNA)) == 1


def test_a_deferred_recipient_alone_is_trouble_of_that_destination(open_world: SmtpWorld) -> None:
    sender = open_world.open()
    with pytest.raises(DestinationTrouble) as caught:
        sender.prepare(outgoing(1, BUSY))
    assert caught.value.destination == BUSY
    assert BUSY not in str(caught.value)
    assert attempt(sender, outgoing(2, ANNA)) == Receipt()  # the connection is still good


def with_original(original: bytes) -> OutgoingMail:
    head = b"Message-ID: <1@bjurholm.example>\r\nFrom: x@bjurholm.example\r\nMIME-Version: 1.0\r\n"
    head += b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    part = b"--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    raw = head + part + original + b"\r\n--b--\r\n"
    return OutgoingMail(message_id="<1@bjurholm.example>", raw=raw, envelope_from=SERVICE, recipients=(ANNA,))


def test_an_eight_bit_original_goes_untouched(open_world: SmtpWorld) -> None:
    original = b"Subject: \xe5\r\n\r\n.\r\n..punkt \xff\r\n"
    attempt(open_world.open(), with_original(original))
    (received,) = open_world.received(ANNA)
    assert received.endswith(b"\r\n\r\n" + original + b"\r\n--b--\r\n")


@pytest.mark.parametrize("open_world", ["seven"], indirect=True)
def test_an_eight_bit_original_cannot_go_to_a_seven_bit_server(open_world: SmtpWorld) -> None:
    sender = open_world.open()
    with pytest.raises(CannotCarry) as caught:
        sender.prepare(with_original(b"Subject: \xe5\r\n\r\nHej\r\n"))
    assert caught.value.reason == "eight_bit"
    attempt(sender, with_original(b"Subject: hej\r\n\r\nHej\r\n"))


def test_too_large_is_known_before_anything_is_said(open_world: SmtpWorld) -> None:
    with pytest.raises(CannotCarry) as caught:
        open_world.open().prepare(with_original(b"x: y\r\n\r\n" + b"hej\r\n" * (SIZE_LIMIT // 5)))
    assert caught.value.reason == "too_large"


def test_the_null_sender_and_utf8_addresses(open_world: SmtpWorld) -> None:
    raw = "Message-ID: <1@bjurholm.example>\r\nTo: <åsa@bjurholm.example>\r\n\r\nHej\r\n".encode()
    mail = OutgoingMail(
        message_id="<1@bjurholm.example>", raw=raw, envelope_from="", recipients=("åsa@bjurholm.example", EVA)
    )
    assert attempt(open_world.open(), mail) == Receipt()


def test_filing_twice_leaves_one_copy(open_world: SmtpWorld) -> None:
    """A server that files what passes through it has done it already; a crash after APPEND looks the same."""
    for _ in range(3):
        open_world.open().file(outgoing())
    assert list(open_world.sent()) == [outgoing().raw]


def test_another_mails_id_within_ours_is_no_copy(open_world: SmtpWorld) -> None:
    sender = open_world.open()
    sender.file(outgoing(11))
    assert sender.fate("<1@bjurholm.example>", None) == "not_sent"
    assert sender.fate("<11@bjurholm.example>", None) == "sent"


def test_the_sent_folder_is_made_where_there_is_none(open_world: SmtpWorld, dovecot: Dovecot) -> None:
    open_world.accounts[SERVICE] = dovecot.add_account(SERVICE, separator=".", prefix="INBOX.", special_use=False)
    sender = open_world.open()
    sender.file(outgoing())
    assert sender.fate("<1@bjurholm.example>", None) == "sent"
    assert open_world.open().fate("<1@bjurholm.example>", None) == "sent"


def test_an_idle_connection_that_the_server_closed_is_opened_again(open_world: SmtpWorld) -> None:
    sender = open_world.open()
    attempt(sender, outgoing(1))
    assert sender._smtp is not None
    sender._smtp._smtp.sock.close()  # type: ignore[union-attr]
    attempt(sender, outgoing(2))
    assert len(open_world.received(ANNA)) == 2


@pytest.mark.parametrize("fault", ["hangs up", "BYE"])
def test_a_copy_is_filed_although_the_server_has_closed_an_idle_connection(fault: Fault) -> None:
    with LivingImap() as server:
        sender = SmtpSender(unreachable, lambda: living(server))
        sender.file(outgoing(1))
        server.faults.append(fault)
        sender.file(outgoing(2))
        sender.close()
    assert len(server.mailbox(SERVICE)["Sent"].messages) == 2


def test_a_copy_is_filed_where_noop_is_refused() -> None:
    with LivingImap() as server:
        server.mailbox(SERVICE)["Sent"] = LivingFolder()
        # CAPABILITY, LOGIN, CAPABILITY, LIST and EXAMINE go well
        server.faults.extend(["fine", "fine", "fine", "fine", "fine", "NO"])
        sender = SmtpSender(unreachable, lambda: living(server))
        sender.file(outgoing(1))
        assert not server.faults
        sender.close()
    assert len(server.mailbox(SERVICE)["Sent"].messages) == 1


def living(server: LivingImap) -> ImapConnection:
    login = Login(method="user", mailbox=SERVICE, user=SERVICE, secret=lambda: "x")
    return ImapConnection(Endpoint(host="127.0.0.1", port=server.port, tls="none"), login)


def unreachable() -> SmtpConnection:
    raise AssertionError("nothing is to be sent")
