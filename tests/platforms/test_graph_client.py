"""Manners towards Microsoft Graph: tokens, waiting, batches, and where nothing is ever sent."""

import logging
import ssl
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from mailbot.errors import PermanentError, TransientError
from mailbot.platforms.graph.answers import AccessDenied, Answer, NoMailbox, NotFound, Question, Unclear, refusal
from mailbot.platforms.graph.client import GraphClient, path
from mailbot.platforms.graph.servers import GraphServers
from mailbot.platforms.graph.token import TokenRefused
from mailbot.platforms.pacing import AskedToWait, Pacing, retry_after_seconds
from tests.platforms.contract_sender import ANNA, EVA
from tests.platforms.graph_world import servers, settings
from tests.servers.graph_identity import CLIENT_SECRET
from tests.servers.graph_server import Fault, GraphServer

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.fixture
def client(graph: GraphServer) -> GraphClient:
    for address in (ANNA, EVA):
        graph.tenant.add(address)
    return servers().client(settings(graph))


def inbox(address: str = ANNA) -> Question:
    return Question("GET", path("users", address, "mailFolders", "inbox", select="id"), address, "Mail.Read")


# --- tokens ---


def test_a_refused_token_is_renewed_once(graph: GraphServer, client: GraphClient) -> None:
    client.ask(inbox())
    graph.identity.revoke_all()
    client.ask(inbox())
    assert graph.identity.requests == 2


def test_a_token_that_stays_refused_is_not_asked_for_again_and_again(graph: GraphServer, client: GraphClient) -> None:
    graph.faults.append(Fault("users", 401, "InvalidAuthenticationToken", times=99))
    with pytest.raises(AccessDenied, match="not even a new one"):
        client.ask(inbox())
    assert (graph.identity.requests, len(graph.asked("users"))) == (2, 2)


def test_a_refused_secret_is_not_tried_for_every_mailbox(graph: GraphServer, client: GraphClient) -> None:
    wrong = GraphServers(lambda name: "wrong").client(settings(graph))
    for _ in range(20):
        with pytest.raises(TokenRefused, match="the client secret is wrong"):
            wrong.ask(inbox())
    assert graph.identity.requests == 1


def test_a_secret_that_was_put_right_is_read_anew(graph: GraphServer, client: GraphClient) -> None:
    secret, clock = ["wrong"], [0.0]
    mended = GraphServers(lambda name: secret[0]).client(settings(graph))
    mended.tokens.monotonic = lambda: clock[0]
    with pytest.raises(TokenRefused):
        mended.ask(inbox())
    secret[0] = CLIENT_SECRET
    with pytest.raises(TokenRefused):
        mended.ask(inbox())
    clock[0] = 301
    assert mended.ask(inbox()).ok


def test_a_certificate_proves_who_asks(graph: GraphServer) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mailbot")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=700))
        .sign(key, hashes.SHA256())
    )
    kinds = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    pem = key.private_bytes(*kinds) + certificate.public_bytes(serialization.Encoding.PEM)
    graph.identity.certificate = certificate
    graph.tenant.add(ANNA)
    with_certificate = GraphServers(lambda name: pem.decode())
    assert with_certificate.client(settings(graph, secret="", certificate="m365")).ask(inbox()).ok


def test_a_provider_without_discovery_on_this_machine(graph: GraphServer, client: GraphClient) -> None:
    graph.identity.discovers = False
    assert client.ask(inbox()).ok


# --- waiting ---


def test_a_short_wait_is_waited(graph: GraphServer, client: GraphClient) -> None:
    graph.faults.append(Fault("mailFolders", 429, times=2, headers={"Retry-After": "2"}))
    assert client.ask(inbox()).ok
    assert len(graph.waits) == 2
    assert all(2 <= wait < 3 for wait in graph.waits)


def test_a_long_wait_is_told_and_kept_without_a_request(graph: GraphServer, client: GraphClient) -> None:
    graph.faults.append(Fault("users/anna", 429, headers={"Retry-After": "120"}))
    with pytest.raises(TransientError) as caught:
        client.ask(inbox())
    assert caught.value.retry_after_seconds == 120
    asked = len(graph.log)
    with pytest.raises(AskedToWait) as kept:
        client.ask(inbox())
    assert 100 < (kept.value.retry_after_seconds or 0) <= 120
    assert (len(graph.log), graph.waits) == (asked, [])
    assert client.ask(inbox(EVA)).ok  # only that mailbox


def test_a_date_is_an_answer_too(graph: GraphServer, client: GraphClient) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=300), usegmt=True)
    graph.faults.append(Fault("users", 503, headers={"Retry-After": later}))
    with pytest.raises(TransientError) as caught:
        client.ask(inbox())
    assert 290 < (caught.value.retry_after_seconds or 0) <= 300


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None), ("", None), ("soon", None), ("nan", None), ("7", 7), ("0.5", 0.5), ("-3", 0), ("1e9", 3600),
        ("Sun, 29 Nov 2026 12:01:00 GMT", 60), ("Sun, 29 Nov 2026 11:00:00 GMT", 0), ("Sun, 99 Nov 2026", None),
    ],
)  # fmt: skip
def test_what_retry_after_says(value: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(value, NOW) == seconds


def test_a_throttled_request_in_a_batch_is_asked_again_and_no_other(graph: GraphServer, client: GraphClient) -> None:
    graph.faults.append(Fault("users/eva", 429, headers={"Retry-After": "3"}))
    answers = client.ask_all([inbox(ANNA), inbox(EVA), inbox(ANNA)])
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert len([each for each in graph.log if each.within]) == 4
    assert [round(wait) for wait in graph.waits] == [3]


def test_a_throttled_request_in_a_batch_that_must_wait_long(graph: GraphServer, client: GraphClient) -> None:
    graph.faults.append(Fault("users/eva", 429, headers={"Retry-After": "600"}))
    assert [answer.status for answer in client.ask_all([inbox(ANNA), inbox(EVA)])] == [200, 429]
    with pytest.raises(AskedToWait):
        client.ask(inbox(EVA))


def test_mail_is_not_handed_in_twice_when_the_answer_is_lost(graph: GraphServer, client: GraphClient) -> None:
    graph.faults.append(Fault("POST .*sendMail", 504, after=True))
    where = path("users", ANNA, "sendMail")
    with pytest.raises(Unclear):
        client.ask(
            Question("POST", where, ANNA, "Mail.Send", content=b"VG86IGVAeC5leA0KDQo=", content_type="text/plain")
        )
    assert len(graph.asked("sendMail")) == 1


def test_at_most_four_requests_to_one_mailbox() -> None:
    pacing = Pacing(4, 10_000)
    inside, most, lock = 0, 0, threading.Lock()
    gate = threading.Barrier(4, timeout=5)

    def ask() -> None:
        nonlocal inside, most
        with pacing.turn([ANNA]):
            with lock:
                inside += 1
                most = max(most, inside)
            gate.wait()
            with lock:
                inside -= 1

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 4


def test_a_batch_has_a_mailbox_to_itself() -> None:
    pacing = Pacing(4, 10_000)
    entered = threading.Event()
    with pacing.turn([ANNA, EVA], 20):
        thread = threading.Thread(
            target=lambda: [entered.set() for _ in [0] if pacing.turn([ANNA]).__enter__() is None]
        )
        thread.start()
        assert not entered.wait(0.05)
    thread.join(5)
    assert entered.is_set()


def test_the_budget_of_the_application_is_kept_by_all_threads_together() -> None:
    now, waits = 100.0, []
    pacing = Pacing(4, 10, monotonic=lambda: now, sleep=waits.append)
    for number in range(40):
        with pacing.turn([f"m{number}@x.example"]):
            pass
    assert len(waits) == 29  # what fits one second goes at once
    assert waits[-1] == pytest.approx(2.9, abs=0.2)


# --- where requests go ---


@pytest.mark.parametrize(
    ("link", "below"),
    [
        ("BASE/users/a/messages?$skiptoken=x", "/users/a/messages?$skiptoken=x"),
        ("https://graph.microsoft.com/v1.0/users/a/messages?$skiptoken=x", "/users/a/messages?$skiptoken=x"),
        ("https://evil.example/v1.0/users/a/messages", "/users/a/messages"),
        ("/users/a/messages/delta?$deltatoken=%2B%2F", "/users/a/messages/delta?$deltatoken=%2B%2F"),
    ],
)
def test_links_never_lead_elsewhere(client: GraphClient, link: str, below: str) -> None:
    assert client.relative(link.replace("BASE", client.base_url)) == below


def test_redirects_are_not_followed(graph: GraphServer, client: GraphClient) -> None:
    graph.faults.append(Fault("users", 302, headers={"Location": "https://evil.example/"}))
    with pytest.raises(PermanentError):
        client.ask(inbox())


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "ErrorAccessDenied", AccessDenied), (404, "ErrorItemNotFound", NotFound),
        (404, "ErrorInvalidUser", NoMailbox), (404, "MailboxNotEnabledForRESTAPI", NoMailbox),
        (500, "x", TransientError), (502, "x", TransientError), (418, "x", PermanentError),
    ],
)  # fmt: skip
def test_what_refusals_mean(status: int, code: str, kind: type[Exception]) -> None:
    body = f'{{"error": {{"code": "{code}", "message": "secret words"}}}}'.encode()
    error = refusal(inbox(), Answer(status, body))
    assert isinstance(error, kind)
    assert "secret words" not in str(error)


@pytest.mark.parametrize("answer", [b"", b"<html>", b"[]", b'{"value": 1}', b'{"error": 3}'])
def test_nonsense_is_trouble_and_not_a_crash(answer: bytes) -> None:
    assert isinstance(refusal(inbox(), Answer(400, answer)), PermanentError)


def test_a_host_that_does_not_answer(graph: GraphServer) -> None:
    nobody = servers().client(settings(graph, base_url="http://127.0.0.1:9/v1.0"))
    with pytest.raises(TransientError, match="no answer from Microsoft Graph"):
        nobody.ask(inbox())
    assert len(graph.waits) == 2


def test_certificates_are_verified(client: GraphClient) -> None:
    transport = client.http._transport
    assert isinstance(transport, httpx.HTTPTransport)
    context = transport._pool._ssl_context
    assert context is not None
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


# --- privacy ---


def test_libraries_log_neither_tokens_nor_addresses(
    graph: GraphServer, client: GraphClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "httpcore.http11", "httpcore.connection", "msal", "msal.application", "urllib3"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    fresh = servers().client(settings(graph))
    fresh.ask(inbox())
    graph.faults.append(Fault("users", 500, times=1))
    with pytest.raises(TransientError):
        fresh.ask(inbox())
    graph.identity.status = 500
    graph.identity.revoke_all()
    with pytest.raises(TransientError) as caught:
        fresh.ask(inbox())
    assert caplog.text == ""
    for planted in ("PLANTED", "hemlig", "bo@medborgare.example"):
        assert planted not in str(caught.value)
        assert planted not in repr(client)
