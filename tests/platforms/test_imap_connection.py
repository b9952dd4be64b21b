"""Reaching IMAP servers: encryption, ways to log in, and errors that tell who must do what."""

import logging
import ssl
from pathlib import Path

import pytest

from mailbot.errors import PermanentError, TransientError
from mailbot.platforms.imap.connection import ImapConnection
from mailbot.platforms.imap.login import Login, LoginMethod, LoginRefused
from mailbot.platforms.imap.session import LostConnection, Refused
from mailbot.platforms.imap.tls import client_context
from mailbot.platforms.imap.transport import Endpoint
from mailbot.platforms.imap.uids import UidSet
from tests.servers.certificates import Authority
from tests.servers.dovecot import BARE, FULL, MASTER_PASSWORD, MASTER_USER, OLD, STRICT, Account, Dovecot
from tests.servers.scripted import DROP, Answer, ScriptedImap


@pytest.fixture(scope="module")
def account(dovecot: Dovecot) -> Account:
    return dovecot.add_account()


def login(account: Account, **changes: object) -> Login:
    values = {"method": "user", "mailbox": account.address, "user": account.address}
    return Login(**{**values, "secret": lambda: account.password, **changes})  # type: ignore[arg-type]


def endpoint(dovecot: Dovecot, *, host: str = FULL, tls: str = "implicit", ca_file: Path | None = None) -> Endpoint:
    port = dovecot.ports["imaps" if tls == "implicit" else "imap"]
    return Endpoint(host=host, port=port, tls=tls, context=client_context(ca_file or dovecot.ca_file))  # type: ignore[arg-type]


def scripted(server: ScriptedImap, *, secret: str = "hemligt", **changes: object) -> ImapConnection:
    values = {"method": "user", "mailbox": "anna@by.example", "user": "anna", "secret": lambda: secret}
    place = Endpoint(
        host="127.0.0.1", port=server.port, tls=changes.pop("tls", "none"), context=changes.pop("context", None)
    )  # type: ignore[arg-type]
    return ImapConnection(place, Login(**{**values, **changes}))  # type: ignore[arg-type]


# --- encryption -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", [FULL, OLD, BARE])
@pytest.mark.parametrize("tls", ["implicit", "starttls", "none"])
def test_every_kind_of_connection_reads(dovecot: Dovecot, account: Account, host: str, tls: str) -> None:
    connection = ImapConnection(endpoint(dovecot, host=host, tls=tls), login(account))
    assert connection.examine(b"INBOX").messages == 0
    assert "IMAP4REV1" in connection.capabilities
    connection.close()


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_the_certificate_must_be_signed_by_somebody_trusted(dovecot: Dovecot, account: Account, tls: str) -> None:
    place = endpoint(dovecot, tls=tls)
    foreign = Endpoint(host=place.host, port=place.port, tls=place.tls, context=client_context())
    with pytest.raises(PermanentError, match="signed by nobody trusted here; name its authority in ca_file"):
        ImapConnection(foreign, login(account))


@pytest.mark.parametrize(
    ("names", "days", "told"),
    [
        ("DNS:other.example", 2, "made out to another name"),
        ("IP:127.0.0.1", -1, "has expired or is not valid yet; renew it, or check this machine's clock"),
    ],
)
def test_the_certificate_must_fit(authority: Authority, names: str, days: int, told: str) -> None:
    made = authority.sign(f"unfit{days}", names=names, days=days)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate, made.key)
    answers: dict[str, Answer] = {"CAPABILITY": b"* CAPABILITY IMAP4rev1 STARTTLS\r\n", "STARTTLS": b""}
    with ScriptedImap(answers, tls=context) as server, pytest.raises(PermanentError, match=told):
        scripted(server, tls="starttls", context=client_context(authority.ca_file))


def test_a_ca_file_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    for path in (tmp_path / "ca.pem", tmp_path / "missing.pem"):
        with pytest.raises(PermanentError, match=r"cannot use the CA file .*name a PEM file in ca_file"):
            client_context(path)


def test_stripped_starttls_is_refused_before_any_password(dovecot: Dovecot, account: Account) -> None:
    with pytest.raises(PermanentError, match="does not offer STARTTLS, so nothing is sent"):
        ImapConnection(endpoint(dovecot, host=STRICT, tls="starttls"), login(account))
    with ScriptedImap() as server:
        with pytest.raises(PermanentError, match="does not offer STARTTLS"):
            scripted(server, tls="starttls")
        assert not any("LOGIN" in command for command in server.commands)


def test_a_greeting_that_skips_the_login_is_refused() -> None:
    with ScriptedImap(greeting=b"* PREAUTH welcome\r\n") as server, pytest.raises(PermanentError, match="tampered"):
        scripted(server, tls="starttls")


def test_nobody_reads_a_mailbox_that_is_open_already() -> None:
    """PREAUTH: whose mailbox it is, the server does not say."""
    with ScriptedImap(greeting=b"* PREAUTH hello\r\n") as server, pytest.raises(PermanentError, match="whose mailbox"):
        scripted(server)


@pytest.mark.parametrize("greeting", [b"* BYE hemligt\r\n", b"* BYE [UNAVAILABLE] hemligt\r\n"])
def test_a_server_that_is_full_is_asked_again(greeting: bytes) -> None:
    with ScriptedImap(greeting=greeting) as server, pytest.raises(TransientError, match="takes no connection") as told:
        scripted(server)
    assert "hemligt" not in str(told.value)


def test_what_speaks_no_imap4_is_told() -> None:
    answers: dict[str, Answer] = {"CAPABILITY": b"* CAPABILITY IMAP2bis\r\n"}
    with ScriptedImap(answers) as server, pytest.raises(PermanentError, match="neither IMAP4rev1 nor IMAP4rev2"):
        scripted(server)


def test_what_is_said_before_tls_is_refused(authority: Authority) -> None:
    made = authority.sign("injecting")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate, made.key)
    answers: dict[str, Answer] = {
        "CAPABILITY": b"* CAPABILITY IMAP4rev1 STARTTLS\r\n",
        "STARTTLS": b"TAG OK begin\r\n* OK injected\r\n",
    }
    with ScriptedImap(answers, tls=context) as server:
        with pytest.raises((PermanentError, TransientError), match=r"tampered|fails in TLS"):
            scripted(server, tls="starttls", context=client_context(authority.ca_file))
        assert not any("LOGIN" in command for command in server.commands)


def test_no_tls_on_the_port_is_told(dovecot: Dovecot, account: Account) -> None:
    place = Endpoint(host=FULL, port=dovecot.ports["imap"], context=client_context(dovecot.ca_file))
    with pytest.raises(TransientError, match="are port and tls = 'implicit' right"):
        ImapConnection(place, login(account))


def test_nobody_listens() -> None:
    with ScriptedImap() as server:
        pass
    with pytest.raises(TransientError, match=r"cannot be reached .*is the server up"):
        scripted(server)


# --- logging in -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["master", "authzid"])
def test_one_identity_reads_every_mailbox(dovecot: Dovecot, account: Account, method: LoginMethod) -> None:
    who = login(account, method=method, user=MASTER_USER, secret=lambda: MASTER_PASSWORD)
    connection = ImapConnection(endpoint(dovecot), who)
    assert connection.examine(b"INBOX").messages == 0
    connection.close()


def test_a_token_logs_in(dovecot: Dovecot, account: Account) -> None:
    who = login(account, method="xoauth2", secret=lambda: dovecot.token(account))
    ImapConnection(endpoint(dovecot), who).close()


def test_letters_beyond_ascii_in_a_password(dovecot: Dovecot, account: Account) -> None:
    """LOGIN cannot carry them; AUTHENTICATE PLAIN can, and the server then says that the password is wrong."""
    with pytest.raises(LoginRefused, match="check user and secret"):
        ImapConnection(endpoint(dovecot), login(account, secret=lambda: "lösenord"))
    with ScriptedImap() as server, pytest.raises(PermanentError, match="must be ASCII"):
        scripted(server, secret="lösenord")


@pytest.mark.parametrize(
    ("code", "error", "told"),
    [
        (b"", LoginRefused, "refuses the login of anna; check user and secret"),
        (b"[AUTHENTICATIONFAILED] ", LoginRefused, "check user and secret"),
        (b"[EXPIRED] ", LoginRefused, "has expired; set a new one"),
        (b"[AUTHORIZATIONFAILED] ", LoginRefused, "does not let it act for anna@by.example"),
        (b"[PRIVACYREQUIRED] ", LoginRefused, "over TLS only"),
        (b"[UNAVAILABLE] ", TransientError, r"cannot log anna in at present \[UNAVAILABLE\]"),
        (b"[INUSE] ", TransientError, "at present"),
    ],
)
def test_a_refused_login_says_who_must_act(code: bytes, error: type[Exception], told: str) -> None:
    with ScriptedImap({"LOGIN": b"TAG NO " + code + b"hemligt words\r\n"}) as server:
        with pytest.raises(error, match=told) as caught:
            scripted(server)
        assert "hemligt" not in str(caught.value)


def test_passwords_are_not_sent_where_they_are_not_taken(dovecot: Dovecot, account: Account) -> None:
    with pytest.raises(PermanentError, match=r'LOGINDISABLED\); set tls to "implicit" or "starttls"'):
        ImapConnection(endpoint(dovecot, host=STRICT, tls="none"), login(account))


def test_logindisabled_after_the_login_means_nothing() -> None:
    def capability(command: str, earlier: int) -> bytes:
        return b"* CAPABILITY IMAP4rev1 LOGINDISABLED UNSELECT\r\n" if earlier else b"* CAPABILITY IMAP4rev1\r\n"

    with ScriptedImap({"CAPABILITY": capability}) as server:
        connection = scripted(server)
        assert "UNSELECT" in connection.capabilities  # announced only when asked
        assert connection.examine(b"INBOX").messages == 2
        connection.close()


@pytest.mark.parametrize("secret", ["a\r\nb", "a\0b"])
def test_a_secret_with_a_line_break_is_never_sent(secret: str) -> None:
    with ScriptedImap() as server:
        with pytest.raises(PermanentError, match="holds a line break"):
            scripted(server, secret=secret)
        assert not any("LOGIN" in command for command in server.commands)


# --- commands -------------------------------------------------------------------------------------------------------


def test_imapclient_formats_no_literals(dovecot: Dovecot, account: Account, caplog: pytest.LogCaptureFixture) -> None:
    """imapclient 4.1.0 sets imaplib's debug level to 5, so that each mail is formatted for the log."""
    dovecot.append(account, b"Subject: very secret\r\n\r\nHej\r\n")
    with caplog.at_level(logging.DEBUG):
        connection = ImapConnection(endpoint(dovecot), login(account))
        connection.examine(b"INBOX")
        assert list(connection.fetch(UidSet.of([1]), "BODY.PEEK[]"))
        connection.close()
    assert connection.client._imap.debug == 0
    assert "very secret" not in caplog.text
    assert account.password not in caplog.text


def test_nothing_that_was_said_is_kept(dovecot: Dovecot, account: Account) -> None:
    """imaplib keeps the last ten lines of either side for a log that nobody reads."""
    connection = ImapConnection(endpoint(dovecot), login(account))
    assert account.password not in repr(vars(connection.client._imap))
    connection.close()


def test_connections_to_one_server_share_what_it_offers(dovecot: Dovecot, account: Account) -> None:
    one, other = (ImapConnection(endpoint(dovecot), login(account)) for _ in range(2))
    assert one.capabilities is other.capabilities
    assert one.client.capabilities() is other.client.capabilities()
    assert one.client.has_capability("IDLE")
    one.capabilities -= {"ESEARCH"}
    assert "ESEARCH" in other.capabilities
    for connection in (one, other):
        connection.close()


def test_only_what_is_asked_for_is_an_answer() -> None:
    """Unasked flags, other folders' news and lines of unknown kinds between the answers."""
    noise = b"* 1 FETCH (FLAGS (\\Seen))\r\n* 3 EXISTS\r\n* OK still here\r\n* XNEWS 1\r\n"
    wanted = b'* 2 FETCH (FLAGS () UID 2 RFC822.SIZE {2}\r\n20 INTERNALDATE "25-Nov-2024 07:00:00 +0000")\r\n'
    with ScriptedImap({"UID FETCH 1:2": noise + wanted + noise}) as server:
        connection = scripted(server)
        connection.examine(b"INBOX")
        ((uid, items),) = connection.fetch(UidSet.of([1, 2]), "RFC822.SIZE")
        assert (uid, items[b"RFC822.SIZE"]) == (2, b"20")
        connection.close()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"TAG NO [CANNOT] Subject: hemligt\r\n", Refused),
        (b"TAG BAD hemligt\r\n", Refused),
        (b"TAG NO [UNAVAILABLE] hemligt\r\n", TransientError),
        (b"* BYE hemligt\r\n" + DROP, LostConnection),
        (b"* 1 FETCH (UID 1 BODY[] {100}\r\nhemligt" + DROP, LostConnection),
        (DROP, LostConnection),
        (b"* 1 FETCH (UID 1 BODY[] (((\r\n", LostConnection),
        (b"hemligt hemligt\r\n", LostConnection),
    ],
)
def test_trouble_in_an_answer(answer: bytes, error: type[Exception]) -> None:
    with ScriptedImap({"UID FETCH": answer}) as server:
        connection = scripted(server)
        connection.examine(b"INBOX")
        with pytest.raises(error, match=f"127.0.0.1:{server.port}") as caught:
            list(connection.fetch(UidSet.of([1]), "BODY.PEEK[]"))
        assert "hemligt" not in str(caught.value)
        assert connection.usable == (error in (Refused, TransientError))
        connection.close()


def test_a_folder_name_is_quoted() -> None:
    with ScriptedImap() as server:
        connection = scripted(server)
        connection.examine(b'R&-D "\\x')
        assert server.commands[-1] == r'EXAMINE "R&-D \"\\x"'
        connection.close()


def test_news_of_another_folder_is_no_answer_to_status() -> None:
    told = [b"* STATUS %s (MESSAGES 2 UIDNEXT 3 UIDVALIDITY %d)\r\n" % each for each in ((b"Arkiv", 7), (b"Sent", 8))]
    with ScriptedImap({"STATUS": b"".join(told)}) as server:
        connection = scripted(server)
        assert connection.status(b"Arkiv").uidvalidity == 7
        connection.close()


def test_the_open_folder_is_left_before_its_status_is_asked(dovecot: Dovecot) -> None:
    """STATUS of the open folder may tell what was when it was opened."""
    account = dovecot.add_account()
    connection = ImapConnection(endpoint(dovecot, host=OLD), login(account))
    connection.examine(b"INBOX")
    dovecot.append(account, b"Subject: x\r\n\r\n")
    assert connection.status(b"INBOX").messages == 1
    connection.close()


@pytest.mark.parametrize("capability", ["", " ESEARCH"])
def test_uids_from_a_number_are_not_the_last_one_below_it(capability: str) -> None:
    answers: dict[str, Answer] = {
        "CAPABILITY": f"* CAPABILITY IMAP4rev1{capability}\r\n".encode(),
        "UID SEARCH": b"* SEARCH 5\r\n",
        "UID SEARCH RETURN": b"* ESEARCH UID ALL 5\r\n",
    }
    with ScriptedImap(answers) as server:
        connection = scripted(server)
        connection.examine(b"INBOX")
        assert list(connection.uids_from(6)) == []
        assert list(connection.uids_from(5)) == [5]
        connection.close()


def test_a_large_folder_is_listed_in_pieces() -> None:
    """imaplib refuses lines of a million octets."""

    def search(command: str, earlier: int) -> bytes:
        first, _, last = command.rpartition(" ")[2].partition(":")
        end = 100_000 if last == "*" else int(last)
        return b"* SEARCH " + " ".join(str(4_000_000_000 + n) for n in range(int(first), end + 1)).encode() + b"\r\n"

    with ScriptedImap({"UID SEARCH": search}) as server:
        connection = scripted(server)
        connection.examine(b"INBOX")
        assert connection.all_uids(100_000).ranges == ((4_000_000_001, 4_000_100_000),)
        connection.close()
