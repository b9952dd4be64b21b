"""ManageSieve on the wire (RFC 5804): encryption, logins, hostile and full servers."""

import ssl
from collections.abc import Callable

import pytest

from mailbot.errors import MailbotError, PermanentError, TransientError
from mailbot.platforms.imap.login import Login, LoginRefused
from mailbot.platforms.imap.sieve_account import SieveScripts
from mailbot.platforms.imap.sieve_connection import SieveConnection
from mailbot.platforms.imap.sieve_replies import SieveAutoReplies
from mailbot.platforms.imap.tls import client_context
from mailbot.platforms.imap.transport import Endpoint, Tls
from tests.platforms.contract_absence import ANNA, LEAVE
from tests.platforms.scripted_sieve import OFFER, ScriptedSieve
from tests.platforms.sieve_world import HOUSE
from tests.servers.certificates import Authority
from tests.servers.cyrus import POWERLESS_USER, SERVICE_PASSWORD, SERVICE_USER, Cyrus
from tests.servers.dovecot import MASTER_PASSWORD, MASTER_USER, Account, Dovecot

SCRIPT = b"# \xc3\xa5\xc3\xa4\xc3\xb6\r\nkeep;\r\n"
ME = Login(method="user", mailbox=ANNA, user=ANNA, secret=lambda: "hemligt")


@pytest.fixture
def account(dovecot: Dovecot) -> Account:
    return dovecot.add_account()


def on_dovecot(dovecot: Dovecot, login: Login, port: str = "sieve", tls: Tls = "starttls") -> SieveConnection:
    context = client_context(dovecot.ca_file)
    return SieveConnection(Endpoint(host="localhost", port=dovecot.ports[port], tls=tls, context=context), login)


def own(account: Account) -> Login:
    return Login(method="user", mailbox=account.address, user=account.address, secret=lambda: account.password)


def by_token(account: Account, token: str) -> Login:
    return Login(method="xoauth2", mailbox=account.address, user=account.address, secret=lambda: token)


def acting(address: str, user: str, password: str) -> Login:
    return Login(method="authzid", mailbox=address, user=user, secret=lambda: password)


# --- real servers ---


def test_implicit_tls(dovecot: Dovecot, account: Account) -> None:
    with on_dovecot(dovecot, own(account), "sieves", "implicit") as person:
        person.put_script("eget", SCRIPT)
        person.set_active("eget")
    with on_dovecot(dovecot, own(account)) as person:
        assert (person.list_scripts(), person.get_script("eget")) == ((["eget"], "eget"), SCRIPT)


@pytest.mark.parametrize("port, tls", [("sieve", "implicit"), ("sieves", "starttls")])
def test_the_other_kind_of_tls_is_an_error_with_its_remedy(
    dovecot: Dovecot, account: Account, port: str, tls: Tls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailbot.platforms.imap.sieve_connection.READ_SECONDS", 1)
    monkeypatch.setattr("mailbot.platforms.imap.sieve_connection.CONNECT_SECONDS", 1)
    with pytest.raises(TransientError, match=r"are port and tls of managesieve right|does not answer"):
        on_dovecot(dovecot, own(account), port, tls)


def test_a_token(dovecot: Dovecot, account: Account) -> None:
    with on_dovecot(dovecot, by_token(account, dovecot.token(account))) as person:
        person.put_script("eget", SCRIPT)
        assert person.get_script("eget") == SCRIPT


def test_a_token_that_is_refused(dovecot: Dovecot, account: Account) -> None:
    """The server tells why in a challenge and waits for an empty answer."""
    with pytest.raises(LoginRefused, match="refuses the token"):
        on_dovecot(dovecot, by_token(account, dovecot.token(account)[:-8] + "AAAAAAAA"))


def test_for_another_on_dovecot(dovecot: Dovecot, account: Account) -> None:
    with on_dovecot(dovecot, acting(account.address, MASTER_USER, MASTER_PASSWORD)) as service:
        service.put_script("eget", SCRIPT)
    with on_dovecot(dovecot, own(account)) as person:
        assert person.list_scripts() == (["eget"], None)


def on_cyrus(cyrus: Cyrus, login: Login) -> SieveConnection:
    context = client_context(cyrus.ca_file)
    return SieveConnection(
        Endpoint(host="localhost", port=cyrus.ports["sieve"], tls="starttls", context=context), login
    )


def test_for_another_on_cyrus(cyrus: Cyrus) -> None:
    somebody = "lars@bjurholm.example"  # of whom other tests have no scripts: five are allowed
    cyrus.add_account(somebody)
    with on_cyrus(cyrus, acting(somebody, SERVICE_USER, SERVICE_PASSWORD)) as service:
        service.put_script("eget", SCRIPT)
        assert service.get_script("eget") == SCRIPT
        service.delete_script("eget")
        assert service.get_script("eget") is None


@pytest.mark.parametrize("user, password", [(SERVICE_USER, "fel"), (POWERLESS_USER, SERVICE_PASSWORD)])
def test_who_may_not_act_for_another(cyrus: Cyrus, user: str, password: str) -> None:
    cyrus.add_account(ANNA)
    with pytest.raises(LoginRefused):
        on_cyrus(cyrus, acting(ANNA, user, password))


def test_who_may_not_act_for_another_on_dovecot(dovecot: Dovecot, account: Account) -> None:
    other = dovecot.add_account()
    with pytest.raises(LoginRefused):
        on_dovecot(dovecot, acting(other.address, account.address, account.password))


# --- hostile servers ---


@pytest.fixture
def server_context(authority: Authority) -> Callable[[str], ssl.SSLContext]:
    def context(names: str = "DNS:localhost") -> ssl.SSLContext:
        made = authority.sign("scripted-sieve", names=names)
        found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        found.load_cert_chain(made.certificate, made.key)
        return found

    return context


PLAIN_OFFER = b'"VERSION" "1.0"\r\n"STARTTLS"\r\n"SASL" ""\r\nOK\r\n'


def test_the_scripted_server_is_one(authority: Authority, server_context: Callable[[], ssl.SSLContext]) -> None:
    context = client_context(authority.ca_file)
    with ScriptedSieve(greeting=PLAIN_OFFER, tls=server_context()) as server:
        with server.connect(ME, tls="starttls", context=context) as person:
            assert person.list_scripts() == ([], None)
        assert server.commands == ["STARTTLS", "AUTHENTICATE", "CAPABILITY", "LISTSCRIPTS", "LOGOUT"]


@pytest.mark.parametrize(
    "injected", [b"OK\r\n", OFFER + b"OK\r\n", b'"SASL" "PLAIN"\r\n', b"x"], ids=["ok", "offer", "line", "octet"]
)
def test_what_comes_in_clear_after_starttls_is_never_believed(
    authority: Authority, server_context: Callable[[], ssl.SSLContext], injected: bytes
) -> None:
    context = client_context(authority.ca_file)
    answers = {"STARTTLS": b'OK "begin"\r\n' + injected}
    with ScriptedSieve(answers, greeting=PLAIN_OFFER, tls=server_context()) as server:
        with pytest.raises(MailbotError, match=r"tampered|fails in TLS"):
            server.connect(ME, tls="starttls", context=context)
        assert "AUTHENTICATE" not in server.commands


def test_an_offer_without_starttls(authority: Authority) -> None:
    with ScriptedSieve() as server:
        with pytest.raises(PermanentError, match="does not offer STARTTLS, so nothing is sent"):
            server.connect(ME, tls="starttls", context=client_context(authority.ca_file))
        assert server.commands == []


def test_what_was_offered_before_tls_does_not_count(
    authority: Authority, server_context: Callable[[], ssl.SSLContext]
) -> None:
    context = client_context(authority.ca_file)
    greeting = PLAIN_OFFER.replace(b'"SASL" ""', b'"SASL" "PLAIN"')
    with ScriptedSieve(greeting=greeting, tls=server_context(), greeting_in_tls=b'"SASL" ""\r\nOK\r\n') as server:
        with pytest.raises(PermanentError, match="offers no login with PLAIN"):
            server.connect(ME, tls="starttls", context=context)
        assert server.commands == ["STARTTLS"]


def test_a_certificate_of_another(authority: Authority, server_context: Callable[[str], ssl.SSLContext]) -> None:
    context = client_context(authority.ca_file)
    with ScriptedSieve(greeting=PLAIN_OFFER, tls=server_context("DNS:other.example")) as server:
        with pytest.raises(PermanentError):
            server.connect(ME, tls="starttls", context=context)
        assert "AUTHENTICATE" not in server.commands


@pytest.mark.parametrize(
    "answer, error, words",
    [
        (b"NO\r\n", LoginRefused, "refuses the login"),
        (b'NO (ENCRYPT-NEEDED) "TLS"\r\n', LoginRefused, "over TLS only"),
        (b'NO (TRYLATER) "busy"\r\n', TransientError, "at present"),
        (b"", TransientError, "does not answer"),
    ],
)
def test_a_login_that_fails(answer: bytes, error: type[Exception], words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailbot.platforms.imap.sieve_connection.READ_SECONDS", 0.5)
    with ScriptedSieve({"AUTHENTICATE": answer}) as server, pytest.raises(error, match=words):
        server.connect(ME)


@pytest.mark.parametrize("greeting", [b"BYE\r\n", b'BYE (TRYLATER) "full"\r\n', b"NO (TRYLATER)\r\n"])
def test_a_server_that_takes_nobody_in_now(greeting: bytes) -> None:
    with ScriptedSieve(greeting=greeting) as server, pytest.raises(TransientError):
        server.connect(ME)


# --- full servers ---

OWN = b'"eget" ACTIVE\r\nOK\r\n'


@pytest.mark.parametrize("code", [b"QUOTA", b"QUOTA/MAXSIZE", b"QUOTA/MAXSCRIPTS", b"quota/maxsize"])
@pytest.mark.parametrize("command", ["CHECKSCRIPT", "PUTSCRIPT"])
def test_no_room(code: bytes, command: str) -> None:
    """The person's own script stays the active one, and the remedy names the quota."""
    answers = {
        command: b"NO (" + code + b') "no room"\r\n',
        "LISTSCRIPTS": OWN,
        "GETSCRIPT": b"{7}\r\nkeep;\r\n\r\nOK\r\n",
    }
    with ScriptedSieve(answers) as server:
        replies = SieveAutoReplies(SieveScripts(lambda _: server.connect(ME), HOUSE))
        with pytest.raises(PermanentError, match=r"(?i)no room for another script .*quota.*raise the quota"):
            replies.install(ANNA, LEAVE)
        assert not {"SETACTIVE", "DELETESCRIPT"} & {*server.commands}


@pytest.mark.parametrize(
    "lacks, words",
    [
        ("vacation", "answer mail"),
        ("date", "begins and ends"),
        ("relational", "begins and ends"),
        ("include", "include"),
    ],
)
def test_a_server_without_an_extension(lacks: str, words: str) -> None:
    offer = OFFER.replace(lacks.encode(), b"").replace(b'"VERSION" "1.0"\r\n', b"")
    answers = {"PUTSCRIPT": b"NO\r\n", "LISTSCRIPTS": OWN, "GETSCRIPT": b"{7}\r\nkeep;\r\n\r\nOK\r\n"}
    with ScriptedSieve(answers, greeting=offer + b"OK\r\n") as server:
        replies = SieveAutoReplies(SieveScripts(lambda _: server.connect(ME), HOUSE))
        with pytest.raises(MailbotError, match=words):
            replies.install(ANNA, LEAVE)
        assert "SETACTIVE" not in server.commands
