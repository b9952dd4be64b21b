"""The text of large messages is fetched without their attachments."""

import time
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest

from mailbot.mail.message import parse
from mailbot.platforms.imap.structure import entities
from tests.platforms.contract_mailbox import BASE, arrivals, folder, read_all
from tests.platforms.imap_world import ImapWorld
from tests.servers.dovecot import BARE, FULL, Dovecot

BULK = b"x" * 300_000


@pytest.fixture(params=[FULL, BARE])
def world(request: pytest.FixtureRequest, dovecot: Dovecot) -> Iterator[ImapWorld]:
    world = ImapWorld(dovecot, host=request.param)
    yield world
    world.close()


def mail() -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = "anna@medborgare.example"
    message["Subject"] = "Ritningar"
    message["Message-ID"] = "<r@medborgare.example>"
    return message


def with_attachments() -> EmailMessage:
    message = mail()
    message.set_content("Hej! Här kommer ritningarna.\n")
    message.add_alternative("<p>Hej! Här kommer ritningarna.</p>\n", subtype="html")
    message.add_attachment(BULK, maintype="application", subtype="pdf", filename="ritning å.pdf")
    message.add_attachment("namn;belopp\n" * 30_000, subtype="csv", filename="lista.csv")
    inner = mail()
    inner.set_content("Vidarebefordrat\n" * 10)
    message.add_attachment(inner)
    return message


def one_big_pdf() -> EmailMessage:
    message = mail()
    message.set_content(BULK, maintype="application", subtype="pdf", filename="bara.pdf")
    return message


def one_long_text() -> EmailMessage:
    message = mail()
    message.set_content("Hej där, det här är en lång text.\n" * 5_000)
    return message


def bounce() -> EmailMessage:
    message = mail()
    message["Content-Type"] = 'multipart/report; report-type=delivery-status; boundary="=_å b"'.replace("å", "a")
    parts = [
        b"Content-Type: text/plain\r\n\r\nKunde inte levereras.\r\n",
        b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x.example\r\n\r\nAction: failed\r\n",
        b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n" + BULK + b"\r\n",
    ]
    message.set_payload(b"".join(b"--=_a b\r\n" + part for part in parts).decode() + "--=_a b--\r\n")
    return message


def nested() -> EmailMessage:
    message = mail()
    inner: EmailMessage = EmailMessage(policy=SMTP)
    inner.set_content("Innerst\n")
    inner.add_related(BULK, maintype="image", subtype="png", cid="<a>")
    message.make_mixed()
    message.attach(inner)
    message.add_attachment(BULK, maintype="image", subtype="png", filename="b.png")
    return message


@pytest.mark.parametrize("build", [with_attachments, one_big_pdf, one_long_text, bounce, nested])
def test_the_text_is_the_same_and_attachments_are_named(world: ImapWorld, build: Any) -> None:
    raw = build().as_bytes()
    world.deliver(raw, received_at=BASE)
    recording = world.dovecot.record_commands(world.account)
    mailbox = world.open()
    inbox = folder(mailbox)
    (arrival,) = arrivals(read_all(mailbox, inbox))
    text_only = mailbox.fetch(inbox, arrival.delivery_id)
    assert text_only is not None
    world.close()
    whole, light = parse(raw), parse(text_only)
    assert whole.body is not None
    assert light.body is not None
    assert light.body.text == whole.body.text
    assert light.headers == whole.headers
    assert light.body.report_type == whole.body.report_type
    assert [(each.content_type, each.filename, each.inline) for each in light.body.attachments] == [
        (each.content_type, each.filename, each.inline) for each in whole.body.attachments
    ]
    if whole.body.attachments:
        assert len(text_only) < 20_000
        assert recording.octets_sent() < 40_000


def test_a_long_text_is_fetched_by_its_beginning(world: ImapWorld) -> None:
    message = mail()
    message.set_content("Hej på dig du gamla fähund\n" * 300_000, cte="8bit")
    world.deliver(message.as_bytes(), received_at=BASE)
    mailbox = world.open()
    inbox = folder(mailbox)
    (arrival,) = arrivals(read_all(mailbox, inbox))
    found = mailbox.fetch(inbox, arrival.delivery_id)
    assert found is not None
    assert len(message.as_bytes()) > 8_000_000 > 5_000_000 > len(found)
    assert (parse(found).body or parse(b"").body) is not None


def test_many_parts_are_fetched_in_several_commands(world: ImapWorld) -> None:
    message = mail()
    message.set_content("Hej\n")
    for number in range(150):
        message.add_attachment(b"x" * 1000, maintype="image", subtype="png", filename=f"{number}.png")
    world.deliver(message.as_bytes(), received_at=BASE)
    mailbox = world.open()
    inbox = folder(mailbox)
    (arrival,) = arrivals(read_all(mailbox, inbox))
    body = parse(mailbox.fetch(inbox, arrival.delivery_id) or b"").body
    assert body is not None
    assert [each.filename for each in body.attachments] == [f"{number}.png" for number in range(150)]


TEXT = (b"TEXT", b"PLAIN", (b"CHARSET", b"utf-8"), None, None, b"7BIT", b"12", b"1")
PDF = (b"APPLICATION", b"PDF", None, None, None, b"BASE64", b"99", None, (b"ATTACHMENT", (b"FILENAME", b"a")), None)


@pytest.mark.parametrize(
    ("structure", "found"),
    [
        (TEXT, [("", "text/plain", "", 12)]),
        (
            (TEXT, PDF, b"MIXED"),
            [("", "multipart", "", 0), ("1", "text/plain", "", 12), ("2", "application/pdf", "attachment", 99)],
        ),
        (
            ((TEXT, TEXT, b"ALTERNATIVE"), PDF, b"MIXED", (b"BOUNDARY", b"x"), None),
            [
                ("", "multipart", "", 0), ("1", "multipart", "", 0), ("1.1", "text/plain", "", 12),
                ("1.2", "text/plain", "", 12), ("2", "application/pdf", "attachment", 99),
            ],
        ),
        ((None, None, None, None, None, None, None), [("", "/", "", 0)]),
        ((b"text", b"html"), [("", "text/html", "", 0)]),
    ],
)  # fmt: skip
def test_structures_of_servers(structure: Any, found: list[tuple[str, str, str, int]]) -> None:
    assert [(e.section, e.content_type, e.disposition, e.octets) for e in entities(structure)] == found


@pytest.mark.parametrize("structure", [None, b"x", (), ((),), ((b"a", b"b"), None, ())])
def test_no_structure(structure: Any) -> None:
    if structure == ((b"a", b"b"), None, ()):
        assert len(entities(structure)) == 2
        return
    with pytest.raises(ValueError, match="BODYSTRUCTURE"):
        entities(structure)


def test_deep_structures_do_not_exhaust_the_stack() -> None:
    structure: Any = TEXT
    for _ in range(3_000):
        structure = (structure, b"MIXED")
    started = time.process_time()
    assert len(entities(structure)) == 3_001
    assert time.process_time() - started < 2
