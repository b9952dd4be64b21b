"""Sending through Microsoft 365."""

import email
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mailbot.errors import PermanentError, TransientError
from mailbot.mail.message import Address
from mailbot.platforms.graph.answers import Unclear
from mailbot.platforms.graph.large import LARGEST_MIME
from mailbot.platforms.sending import CannotCarry, OutgoingMail, Receipt, SenderUnavailable
from mailbot.render.compose import compose
from mailbot.render.templates import Rendered
from tests.platforms.contract_sender import ANNA, EVA, SERVICE, Crash, SenderContract, attempt, outgoing
from tests.platforms.graph_world import GraphSenderWorld
from tests.servers.graph_server import Fault, GraphServer


@pytest.fixture
def world(graph: GraphServer) -> GraphSenderWorld:
    return GraphSenderWorld(graph)


class TestGraphSender(SenderContract):
    @pytest.fixture
    def world(self, graph: GraphServer) -> GraphSenderWorld:
        return GraphSenderWorld(graph)


def forward(original: bytes) -> OutgoingMail:
    """As mailbot forwards to the registrar."""
    raw = compose(
        Rendered(language="sv", subject="Att registrera", text="Se bilagan.", html="<p>Se bilagan.</p>"),
        from_=Address("mailbot", SERVICE),
        to=[EVA],
        message_id="<f1@bjurholm.example>",
        date=datetime(2026, 11, 29, tzinfo=UTC),
        auto_submitted="auto-generated",
        original=original,
    )
    return OutgoingMail(message_id="<f1@bjurholm.example>", raw=raw, envelope_from=SERVICE, recipients=(EVA,))


def letter(octets: int) -> bytes:
    head = b"From: bo@medborgare.example\r\nSubject: =?utf-8?q?Bilaga?=\r\nMessage-ID: <9@medborgare.example>\r\n\r\n"
    return head + ("Å".encode() * 30 + b"\r\n") * (octets // 62)


def test_a_mail_costs_three_requests(graph: GraphServer, world: GraphSenderWorld) -> None:
    sender = world.open()
    attempt(sender, outgoing(1))
    with graph.counting() as lines:
        attempt(sender, outgoing(2))
    assert [line.rpartition("/")[2] for line in lines] == ["$batch", "messages", "send"]


def test_a_draft_whose_id_was_lost_is_used_again(world: GraphSenderWorld) -> None:
    with pytest.raises(Crash), world.crash_at(1):
        world.open().prepare(outgoing())
    assert len(world.drafts()) == 1
    attempt(world.open(), outgoing())
    assert (len(world.drafts()), len(world.sent())) == (0, 1)


def test_what_left_unnoticed_does_not_leave_again(world: GraphSenderWorld) -> None:
    with pytest.raises(Crash), world.crash_at(3):
        attempt(world.open(), outgoing())
    assert attempt(world.open(), outgoing()) == Receipt()
    assert len(world.sent()) == 1


def test_on_its_way_is_neither_sent_nor_not(world: GraphSenderWorld) -> None:
    sender = world.open()
    handle = sender.prepare(outgoing())
    account = world.account(SERVICE)
    world.tenant.move(account, account.items[str(handle)], account.named("outbox").id)
    assert world.open().fate(outgoing().message_id, handle) == "unknown"
    assert world.open().fate(outgoing().message_id, None) == "unknown"
    assert attempt(world.open(), outgoing()) == Receipt()  # the same draft: nothing is handed in again
    assert world.drafts() == []


def test_our_message_id_stays_where_exchange_would_give_its_own(world: GraphSenderWorld) -> None:
    world.tenant.rewrites_message_ids = True
    handle = world.open().prepare(outgoing())
    assert world.drafts()[0].message_id == outgoing().message_id
    world.open().send(outgoing(), handle)
    assert world.open().fate(outgoing().message_id, None) == "sent"


def test_an_id_that_cannot_be_kept_keeps_no_mail_from_leaving(graph: GraphServer, world: GraphSenderWorld) -> None:
    world.tenant.rewrites_message_ids = True
    graph.faults.append(Fault("PATCH", 400, "ErrorInvalidPropertySet"))
    sender = world.open()
    handle = sender.prepare(outgoing())
    sender.send(outgoing(), handle)
    assert world.open().fate(outgoing().message_id, handle) == "sent"
    assert len(world.sent()) == 1


def test_who_is_not_in_the_header_gets_it_all_the_same(world: GraphSenderWorld) -> None:
    mail = replace(outgoing(1, ANNA), recipients=(ANNA, EVA))
    attempt(world.open(), mail)
    assert len(world.received(EVA)) == 1


def test_not_to_some_of_the_header_only(world: GraphSenderWorld) -> None:
    with pytest.raises(PermanentError, match="everybody in the header"):
        world.open().prepare(replace(outgoing(1, ANNA, EVA), recipients=(ANNA,)))
    assert world.drafts() == []


@pytest.mark.parametrize("octets", [100, 2_000_000, 3_050_000, 9_000_000])
def test_the_original_arrives_byte_for_byte(world: GraphSenderWorld, octets: int) -> None:
    original = letter(octets)
    mail = forward(original)
    attempt(world.open(), mail)
    (received,) = world.received(EVA)
    assert (b"Se bilagan." in received, received.count(original)) == (True, 1)
    assert email.message_from_bytes(received)["Message-ID"] == mail.message_id
    assert email.message_from_bytes(received)["Auto-Submitted"] == "auto-generated"
    if len(mail.raw) <= LARGEST_MIME:
        assert received == mail.raw


def test_dying_in_the_middle_of_an_upload(world: GraphSenderWorld) -> None:
    mail = forward(letter(9_000_000))
    with pytest.raises(Crash), world.crash_at(4):
        world.open().prepare(mail)
    attempt(world.open(), mail)
    assert ([one.count(b"9@medborgare.example") for one in world.sent()], world.drafts()) == ([1], [])


def test_too_large_for_any_way(world: GraphSenderWorld) -> None:
    with pytest.raises(CannotCarry) as caught:
        world.open().prepare(replace(outgoing(), raw=outgoing().raw + b"x" * (LARGEST_MIME + 1)))
    assert caught.value.reason == "too_large"


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault("POST .*messages$", 403, "ErrorAccessDenied"), SenderUnavailable),
        (Fault("POST .*messages$", 404, "ErrorInvalidUser"), SenderUnavailable),
        (Fault("POST .*messages$", 503), TransientError),
        (Fault("POST .*messages$", 413, "RequestEntityTooLarge"), CannotCarry),
        (Fault("POST .*messages$", 400, "ErrorInvalidRequest"), PermanentError),
        (Fault("POST .*send$", 403, "ErrorAccessDenied"), SenderUnavailable),
        (Fault("POST .*send$", 429, headers={"Retry-After": "60"}), TransientError),
        (Fault("POST .*send$", 400, "ErrorInvalidRecipients"), PermanentError),
        (Fault("POST .*send$", 503, after=True), Unclear),
        (Fault("POST .*send$", 500), Unclear),
    ],
)
def test_what_trouble_means_for_the_queue(
    graph: GraphServer, world: GraphSenderWorld, fault: Fault, kind: type[Exception]
) -> None:
    graph.faults.append(fault)
    with pytest.raises(kind) as caught:
        attempt(world.open(), outgoing())
    assert type(caught.value) is kind or kind in (TransientError, PermanentError)
    expected = "sent" if fault.after else "not_sent"
    assert world.open().fate(outgoing().message_id, None) == expected


def test_a_wrong_secret_fails_no_mail(graph: GraphServer, world: GraphSenderWorld) -> None:
    graph.identity.revoke_all()
    graph.faults.append(Fault(".", 401, times=99))
    with pytest.raises(SenderUnavailable):
        world.open().prepare(outgoing())
