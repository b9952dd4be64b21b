"""What servers may say and do, by script: replies, traps of smtplib, lost connections."""

import base64
import smtplib
from collections.abc import Callable, Iterator

import pytest

from mailbot.errors import PermanentError, TransientError
from mailbot.platforms.imap.login import Login, LoginMethod
from mailbot.platforms.imap.smtp import UnclearOutcome
from mailbot.platforms.imap.smtp_replies import Reply
from mailbot.platforms.imap.tls import client_context
from mailbot.platforms.sending import CannotCarry, DestinationTrouble, OutgoingMail, SenderUnavailable
from tests.platforms.contract_sender import ANNA, EVA, outgoing
from tests.platforms.smtp_world import ScriptedSmtp
from tests.servers.certificates import Authority, Certificate

Script = Callable[..., ScriptedSmtp]
PASSWORD = "lösen ord"


@pytest.fixture
def script() -> Iterator[Script]:
    opened: list[ScriptedSmtp] = []

    def make(answers: dict[str, str | None] | None = None, certificate: Certificate | None = None) -> ScriptedSmtp:
        opened.append(ScriptedSmtp(answers, certificate))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def login(method: LoginMethod = "user") -> Login:
    return Login(method=method, mailbox=ANNA, user="tjänst" if method == "user" else "svc", secret=lambda: PASSWORD)


# --- one mail ---


def test_the_dialogue(script: Script) -> None:
    server = script()
    connection = server.connect()
    begun = connection.begin(outgoing())
    assert server.taken == []
    connection.finish()
    connection.close()
    assert (begun.refused, begun.deferred) == ((), ())
    assert server.lines == [
        "ehlo mailbot.bjurholm.example",
        f"MAIL FROM:<mailbot@bjurholm.example> SIZE={len(outgoing().raw)}",
        f"RCPT TO:<{ANNA}>",
        f"RCPT TO:<{EVA}>",
        "DATA",
        "quit",
    ]
    assert server.taken == [outgoing().raw]


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"MAIL": "550 5.7.60 no"}, PermanentError),
        ({"MAIL": "552 5.3.4 too big"}, CannotCarry),
        ({"MAIL": "552 too big"}, CannotCarry),
        ({"MAIL": "421 4.3.2 closing"}, SenderUnavailable),
        ({"MAIL": "450 4.7.1 greylisted"}, TransientError),
        ({"MAIL": "451 4.7.0 slow down"}, SenderUnavailable),
        ({"MAIL": None}, SenderUnavailable),
        ({"MAIL": "hej"}, SenderUnavailable),
        ({"RCPT": "550 5.1.1 <anna@bjurholm.example> unknown"}, PermanentError),
        ({"RCPT": "450 4.2.0 later"}, DestinationTrouble),
        ({"RCPT": "450 4.4.1 no answer"}, DestinationTrouble),
        ({"RCPT": "421 4.3.0 closing"}, SenderUnavailable),
        ({"RCPT": None}, SenderUnavailable),
        ({"DATA": "554 5.6.3 conversion"}, CannotCarry),
        ({"DATA": "451 4.3.1 disk"}, TransientError),
        ({"DATA": "250 what"}, SenderUnavailable),
        ({"DATA": None}, SenderUnavailable),
    ],
)
def test_refused_before_the_last_line(script: Script, answers: dict[str, str | None], error: type[Exception]) -> None:
    server = script(answers)
    connection = server.connect()
    with pytest.raises(error) as caught:
        connection.begin(outgoing())
    assert type(caught.value) is error
    assert ANNA not in str(caught.value)  # servers quote addresses, and errors are logged
    connection.close()
    assert server.taken == []


@pytest.mark.parametrize(
    ("answers", "saw_mail"),
    [
        ({"MAIL": "451 4.3.0 later"}, False),
        ({"RCPT": "421 4.3.0 closing"}, False),
        ({"DATA": "451 4.3.0 later"}, True),
        ({".": "451 4.3.0 later"}, True),
    ],
)
def test_trouble_at_a_mail_is_told_apart_from_trouble_before_it(
    script: Script, answers: dict[str, str | None], saw_mail: bool
) -> None:
    connection = script(answers).connect()
    with pytest.raises(SenderUnavailable) as caught:
        connection.begin(outgoing())
        connection.finish()
    assert caught.value.saw_mail is saw_mail
    connection.close()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("550 5.7.1 spam", PermanentError),
        ("552 5.3.4 too big after all", CannotCarry),
        ("450 4.7.1 greylisted", TransientError),
        ("421 4.3.2 closing", SenderUnavailable),
        (None, UnclearOutcome),
        ("hej", UnclearOutcome),
        ("354 what", UnclearOutcome),
    ],
)
def test_the_answer_to_the_last_line(script: Script, answer: str | None, error: type[Exception]) -> None:
    connection = script({".": answer}).connect()
    connection.begin(outgoing())
    with pytest.raises(error) as caught:
        connection.finish()
    assert type(caught.value) is error
    assert isinstance(caught.value, TransientError | PermanentError) == (error is not UnclearOutcome)
    connection.close()


def test_trouble_on_the_way_concerns_the_domain_and_a_full_mailbox_the_address() -> None:
    assert Reply.of(450, b"4.4.1 no answer").destination("Bo@X.example") == "x.example"
    assert Reply.of(452, b"4.2.2 full").destination("Bo@X.example") == "bo@x.example"
    assert Reply.of(450, b"<bo@x.example>: later").words == "the mailbox is not available now (450)"
    assert Reply.of(550, b"4.1.1 contradicts itself").words == "refused (550)"


def test_a_connection_is_good_again_after_a_refusal(script: Script) -> None:
    server = script({f"RCPT TO:<{EVA}>": "550 5.1.1 no"})
    connection = server.connect()
    with pytest.raises(PermanentError):
        connection.begin(outgoing(1, EVA))
    connection.begin(outgoing(2, ANNA))
    connection.finish()
    connection.close()
    assert len(server.taken) == 1


def test_two_mails_cannot_be_open_at_once(script: Script) -> None:
    server = script()
    connection = server.connect()
    connection.begin(outgoing(1))
    with pytest.raises(SenderUnavailable):
        connection.begin(outgoing(2))
    assert not connection.usable
    assert server.taken == []


@pytest.mark.parametrize("address", ["a@b>\r\nRCPT TO:<c@d.example", "a@b> X=1", "a\n@b.example", "<a@b.example"])
def test_an_address_cannot_end_its_command(script: Script, address: str) -> None:
    """smtplib raises ValueError for some of them, which would count as an unclear outcome, and sends the others."""
    server = script()
    connection = server.connect()
    with pytest.raises(PermanentError) as caught:
        connection.begin(outgoing(1, address))
    assert address not in str(caught.value)
    connection.close()
    assert not any(line.startswith("RCPT") for line in server.lines)


def test_smtplib_would_rewrite_addresses(script: Script) -> None:
    """Its quoteaddr takes comments out; ours names the address as it is."""
    assert smtplib.quoteaddr("bo(x)@y.example") != "<bo(x)@y.example>"
    server = script()
    connection = server.connect()
    connection.begin(outgoing(1, '"bo berg"@y.example', "bo(x)@y.example"))
    connection.close()
    assert [line for line in server.lines if line.startswith("RCPT")] == [
        'RCPT TO:<"bo berg"@y.example>',
        "RCPT TO:<bo(x)@y.example>",
    ]


def utf8_mail() -> OutgoingMail:
    raw = "Message-ID: <1@x.example>\r\nTo: <bo@räksmörgås.example>\r\n\r\nHej\r\n".encode()
    to = ("bo@räksmörgås.example",)
    return OutgoingMail(message_id="<1@x.example>", raw=raw, envelope_from="", recipients=to)


def test_utf8_addresses_go_as_they_are_where_the_server_takes_them(script: Script) -> None:
    server = script()
    connection = server.connect()
    connection.begin(utf8_mail())
    connection.finish()
    connection.close()
    assert server.lines[1:3] == [
        f"MAIL FROM:<> SIZE={len(utf8_mail().raw)} BODY=8BITMIME SMTPUTF8",
        "RCPT TO:<bo@räksmörgås.example>",
    ]


def test_utf8_domains_are_spelled_in_ascii_elsewhere(script: Script) -> None:
    server = script({"EHLO": "250 script"})
    connection = server.connect()
    begun = connection.begin(utf8_mail())
    connection.finish()
    connection.close()
    assert begun.refused == ()
    assert server.lines[1:3] == ["MAIL FROM:<>", "RCPT TO:<bo@xn--rksmrgs-5wao1o.example>"]
    assert b"To: <bo@xn--rksmrgs-5wao1o.example>" in server.taken[0]


# --- connecting and logging in ---


@pytest.mark.parametrize(
    ("answers", "error", "words"),
    [
        ({"greeting": "554 5.3.2 go away"}, SenderUnavailable, "takes no connection"),
        ({"greeting": None}, SenderUnavailable, "hung up"),
        ({"EHLO": "502 what"}, PermanentError, "ESMTP"),
        ({"AUTH": "535 5.7.8 wrong"}, PermanentError, "mailbot secret set"),
        ({"AUTH": "454 4.7.0 later"}, TransientError, "at present"),
        ({"AUTH": "538 5.7.11 not so"}, PermanentError, "over TLS"),
        ({"EHLO": "250-script\r\n250 AUTH CRAM-MD5"}, PermanentError, "CRAM-MD5"),
        ({"EHLO": "250 script"}, PermanentError, "none"),
    ],
)
def test_no_way_in(script: Script, answers: dict[str, str | None], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        script(answers).connect(login())
    assert PASSWORD not in repr(caught.value)


def test_passwords_outside_ascii(script: Script) -> None:
    """smtplib's own login encodes them as ASCII, and its error holds the password."""
    server = script()
    server.connect(login()).close()
    assert server.lines[1] == "AUTH PLAIN " + base64.b64encode(f"\0tjänst\0{PASSWORD}".encode()).decode()


def test_acting_for_another_identity(script: Script) -> None:
    server = script()
    server.connect(login("authzid")).close()
    assert base64.b64decode(server.lines[1].split(" ")[2]) == f"{ANNA}\0svc\0{PASSWORD}".encode()
    with pytest.raises(PermanentError):
        script({"EHLO": "250-script\r\n250 AUTH LOGIN"}).connect(login("authzid"))


def test_login_in_three_steps_where_plain_is_not_offered(script: Script) -> None:
    word, secret = (base64.b64encode(text.encode()).decode() for text in ("tjänst", PASSWORD))
    offered = "250-script\r\n250 AUTH LOGIN"
    server = script({"EHLO": offered, "AUTH": "334 x", word.upper(): "334 y", secret.upper(): "235 fine"})
    server.connect(login()).close()
    assert server.lines[1:4] == ["AUTH LOGIN", word, secret]


def test_a_refused_token_is_answered_and_told(script: Script) -> None:
    server = script({"AUTH": "334 eyJzdGF0dXMiOiI0MDAifQ==", "": "535 5.7.3 no"})
    with pytest.raises(PermanentError, match="token_command"):
        server.connect(login("xoauth2"))
    assert server.lines[-1] == ""


def test_a_server_that_hides_starttls_gets_no_password(script: Script) -> None:
    server = script()
    with pytest.raises(PermanentError, match="STARTTLS"):
        server.connect(login(), tls="starttls")
    assert not any("AUTH" in line for line in server.lines)


@pytest.mark.parametrize("injected", ["", "\r\n250 AUTH PLAIN"])
def test_what_was_said_before_tls_is_refused(script: Script, authority: Authority, injected: str) -> None:
    """smtplib forgets what it read in clear behind the answer to STARTTLS; that hides an attack."""
    answers = {"EHLO": "250-script\r\n250-STARTTLS\r\n250 AUTH PLAIN", "STARTTLS": f"220 go{injected}"}
    server = script(answers, authority.sign("script"))
    context = client_context(authority.ca_file)
    if not injected:
        server.connect(login(), tls="starttls", context=context).close()
        assert any(line.startswith("AUTH") for line in server.lines)
        return
    with pytest.raises(PermanentError, match="tampered"):
        server.connect(login(), tls="starttls", context=context)
    assert not any(line.startswith("AUTH") for line in server.lines)


def test_nobody_listens() -> None:
    server = ScriptedSmtp()
    server.close()
    with pytest.raises(SenderUnavailable, match="cannot be reached"):
        server.connect()
