"""The text of large messages is fetched without their attachments."""

import re
import time
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest

from mailbot.mail.message import parse
from mailbot.platforms.imap.structure import entities
from tests.platforms.contract_mailbox import BASE, arrivals, folder, read_all
from tests.platforms.imap_world import INBOX, ImapWorld, scripted_mailbox
from tests.servers.dovecot import BARE, FULL, Dovecot
from tests.servers.scripted import DROP, Answer

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


# --- damaged messages, which servers take apart in their own ways ---

_TEXT = "Hej!\r\n\r\nJag överklagar beslutet om mitt bygglov.\r\n"
_FILE = b"Content-Transfer-Encoding: base64\r\n\r\n" + (b"QUJD" * 18 + b"\r\n") * 2_000
_HEAD = b"From: anna@medborgare.example\r\nSubject: Bygglov\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed"
_PLAIN = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + _TEXT.encode()
DAMAGED = {
    "no boundary": _HEAD + b"\r\n\r\n" + _TEXT.encode() + _FILE,
    "a boundary that stands nowhere": _HEAD + b"; boundary=x\r\n\r\n" + _TEXT.encode() + _FILE,
    "never closed": _HEAD + b"; boundary=x\r\n\r\n--x\r\n" + _PLAIN + b"\r\n--x\r\nContent-Type: image/png\r\n" + _FILE,
    "half a type": _HEAD + b"; boundary=x\r\n\r\n--x\r\nContent-Type: image\r\n" + _FILE + b"\r\n--x\r\n" + _PLAIN
    + b"\r\n--x--\r\n",
    "the same boundary within": _HEAD + b"; boundary=x\r\n\r\n"
    b"--x\r\nContent-Type: multipart/related; boundary=x\r\n\r\n"
    b"--x\r\n" + _PLAIN + b"\r\n--x\r\nContent-Type: image/png\r\n" + _FILE + b"\r\n--x--\r\n--x--\r\n",
    "a text in front of the parts": _HEAD + b"; boundary=x\r\n\r\n" + b"rad\r\n" * 30_000 + b"--x\r\n" + _PLAIN
    + b"\r\n--x--\r\n",
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGED)
def test_no_text_of_a_damaged_message_is_lost(world: ImapWorld, damage: str) -> None:
    raw = DAMAGED[damage]
    world.deliver(raw, received_at=BASE)
    mailbox = world.open()
    inbox = folder(mailbox)
    (arrival,) = arrivals(read_all(mailbox, inbox))
    light, whole = parse(mailbox.fetch(inbox, arrival.delivery_id) or b"").body, parse(raw).body
    assert light is not None and whole is not None
    assert "överklagar" in light.text and light.text == whole.text


#: how servers were seen to tell the structure of the damaged messages above, and parts without their own headers
CYRUS_EMPTY = b'("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" 0 0 NIL NIL NIL NIL)'
_TEXT_PART = b'("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "8BIT" %d 3 NIL NIL NIL)' % len(_TEXT.encode())
_FILE_PART = b'("IMAGE" "PNG" NIL NIL NIL "BASE64" %d NIL NIL NIL)' % (len(_FILE) - 39)
INNER = (
    _HEAD + b"; boundary=x\r\n\r\n--x\r\nContent-Type: multipart/related; boundary=in\r\n\r\n--in\r\n" + _PLAIN
    + b"\r\n--in\r\nContent-Type: image/png\r\n" + _FILE + b"\r\n--in--\r\n--x--\r\n"
)  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "told", "sections"),
    [
        (DAMAGED["no boundary"], CYRUS_EMPTY, {"TEXT": b""}),
        (DAMAGED["a boundary that stands nowhere"], b"(" + CYRUS_EMPTY + b' "MIXED" ("BOUNDARY" "x") NIL NIL NIL)', {}),
        (
            INNER,
            b"((" + _TEXT_PART + _FILE_PART + b' "RELATED" ("BOUNDARY" "in") NIL NIL)"MIXED" ("BOUNDARY" "x") NIL NIL)',
            {"1.MIME": b"\r\n\r\n", "1.1": _TEXT.encode(), "1.2.MIME": b"Content-Type: image/png\r\n\r\n"},
        ),
        (
            DAMAGED["half a type"],
            b"(" + _FILE_PART.replace(b'"PNG"', b"NIL") + _TEXT_PART + b'"MIXED" ("BOUNDARY" "x") NIL NIL)',
            {"1.MIME": b"Content-Type: image\r\n\r\n", "2.MIME": _PLAIN[:-len(_TEXT.encode())], "2": _TEXT.encode()},
        ),
    ],
    ids=["no boundary", "a boundary that stands nowhere", "no headers of containers", "half a type"],
)  # fmt: skip
def test_where_a_server_mistakes_the_structure_all_is_fetched(
    raw: bytes, told: bytes, sections: dict[str, bytes]
) -> None:
    def answer(command: str, _: int) -> bytes:
        names = re.findall(r"BODY\.PEEK\[([^]]*)\]", command)
        known = {"HEADER": raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n", "": raw, **sections}
        items = [
            b"BODY[%s] {%d}\r\n%s" % (each.encode(), len(known.get(each, b"")), known.get(each, b"")) for each in names
        ]
        if "BODYSTRUCTURE" in command:
            items.append(b"BODYSTRUCTURE " + told)
        return b"* 1 FETCH (UID 1 " + b" ".join(items) + b")\r\n"

    listing = b'* 1 FETCH (UID 1 INTERNALDATE "25-Nov-2024 07:00:00 +0000" RFC822.SIZE %d)\r\n' % len(raw)
    answers: dict[str, Answer] = {"UID FETCH 1": answer, "UID FETCH 1:2 (INTERNALDATE RFC822.SIZE)": listing}
    with scripted_mailbox(answers) as (mailbox, server):
        read_all(mailbox, INBOX)
        assert mailbox.fetch(INBOX, "7.1") == raw
    assert server.commands.count("UID FETCH 1 (BODY.PEEK[])") == 1


@pytest.mark.parametrize("told", [b"TAG NO cannot\r\n", b"TAG BAD internal error\r\n", DROP])
def test_where_a_server_fails_over_the_structure_all_is_fetched(told: bytes) -> None:
    raw = DAMAGED["no boundary"]
    size = b'* 1 FETCH (UID 1 INTERNALDATE "25-Nov-2024 07:00:00 +0000" RFC822.SIZE %d)\r\n' % len(raw)
    answers: dict[str, Answer] = {
        "UID FETCH 1:2 (INTERNALDATE RFC822.SIZE)": size,
        "UID FETCH 1 (BODYSTRUCTURE": told,
        "UID FETCH 1 (FLAGS)": b"* 1 FETCH (UID 1 FLAGS ())\r\n",
        "UID FETCH 1 (BODY.PEEK[])": b"* 1 FETCH (UID 1 BODY[] {%d}\r\n%s)\r\n" % (len(raw), raw),
    }
    with scripted_mailbox(answers) as (mailbox, _):
        read_all(mailbox, INBOX)
        assert mailbox.fetch(INBOX, "7.1") == raw
