"""Reading mailboxes of Microsoft 365."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mailbot.errors import TransientError
from mailbot.mail.identity import content_key
from mailbot.mail.message import parse, parse_headers
from mailbot.platforms.graph.headers import header_of
from tests.platforms.contract_mailbox import BASE, MailboxContract, arrivals, folder, mail, minute, read_all
from tests.platforms.contract_sender import ANNA
from tests.platforms.graph_world import GraphWorld, servers, settings
from tests.servers.graph_server import Fault, GraphServer


@pytest.fixture
def world(graph: GraphServer) -> GraphWorld:
    return GraphWorld(graph)


class TestGraphMailbox(MailboxContract):
    fetches_documents = False

    @pytest.fixture
    def world(self, graph: GraphServer) -> GraphWorld:
        return GraphWorld(graph)


@pytest.mark.parametrize("status", [400, 501])
def test_a_server_that_lists_without_marks_only_is_read_all_the_same(
    graph: GraphServer, world: GraphWorld, status: int
) -> None:
    world.deliver(mail(0), received_at=BASE)
    mailbox = world.open()
    inbox = folder(mailbox)
    graph.faults.append(Fault(r"delta.*\$expand", status, "ErrorInvalidUrlQuery", times=100))
    batches = read_all(mailbox, inbox)
    assert len(arrivals(batches)) == 1
    assert read_all(world.open(), inbox, batches[-1].cursor)[0].arrived == ()


def test_the_text_of_a_large_message_costs_one_request(graph: GraphServer, world: GraphWorld) -> None:
    head = b"Message-ID: <g@x>\r\nFrom: a@x.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    enclosed = b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n" + b"y" * 900_000 + b"\r\n--b--\r\n"
    world.deliver(head + b"--b\r\n\r\nHej\r\n" + enclosed, received_at=BASE)
    mailbox = world.open()
    inbox = folder(mailbox)
    ids = [each.delivery_id for each in arrivals(read_all(mailbox, inbox))]
    list(mailbox.fetch_headers(inbox, ids))
    with graph.counting() as lines:
        raw = mailbox.fetch(inbox, ids[0])
    assert len(lines) == 1 and raw is not None and len(raw) < 2_000 and b"message/rfc822" in raw
    graph.tenant.delete(world.account, world.item(ids[0]))
    assert mailbox.fetch(inbox, ids[0]) is None


def test_what_is_larger_than_any_mail_may_be_does_not_fill_the_memory(
    world: GraphWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailbot.platforms.graph.mailbox._LARGEST_MIME", 1_000)
    for number, octets in enumerate((900, 5_000)):
        world.deliver(mail(number, "x" * octets), received_at=minute(number))
    mailbox = world.open()
    inbox = folder(mailbox)
    small, large = (each.delivery_id for each in arrivals(read_all(mailbox, inbox)))
    assert mailbox.fetch(inbox, small, with_attachments=True) == mail(0, "x" * 900)
    assert mailbox.fetch(inbox, large, with_attachments=True) == b""


def test_roles_come_from_the_server_and_not_from_names(world: GraphWorld) -> None:
    for known in world.account.folders.values():
        known.name = "Ordner"
    world.create_folder("Skickat")  # a person's own
    roles = sorted((each.role, each.name) for each in world.open().folders())
    assert roles == [
        ("drafts", "Ordner"),
        ("drafts", "Ordner"),
        ("inbox", "Ordner"),
        ("junk", "Ordner"),
        ("other", "Ordner"),
        ("other", "Skickat"),
        ("sent", "Ordner"),
        ("trash", "Ordner"),
    ]


def test_folders_below_others(world: GraphWorld) -> None:
    account, tenant = world.account, world.server.tenant
    project = tenant.add_folder(account, "Projekt", parent=account.named("inbox").id)
    tenant.add_folder(account, "Skola/Förskola\n", parent=project.id)
    tenant.add_folder(account, "2025", parent=account.named("sentitems").id)
    account.named("archive").hidden = True
    found = {each.name: each.role for each in world.open().folders()}
    assert found["Inkorgen/Projekt"] == "other"
    assert found["Inkorgen/Projekt/Skola/Förskola\N{REPLACEMENT CHARACTER}"] == "other"
    assert found["Skickat/2025"] == "sent"
    assert "Arkiv" not in found


@pytest.mark.parametrize("count", [3, 250])
def test_many_folders_come_page_by_page(graph: GraphServer, world: GraphWorld, count: int) -> None:
    parent = world.account.named("inbox").id
    for number in range(count):
        graph.tenant.add_folder(world.account, f"Mapp {number}", parent=parent)
        graph.tenant.add_folder(world.account, f"Över {number}")
    with graph.counting() as lines:
        assert len(world.open().folders()) == 7 + 2 * count
    assert len([line for line in lines if "mailFolders" in line or "batch" in line]) <= 2 + 2 * (count // 100)


@pytest.mark.parametrize("status", [400, 404, 405, 501])
def test_without_batches_everything_works_all_the_same(graph: GraphServer, world: GraphWorld, status: int) -> None:
    graph.faults.append(Fault(r"POST /\$batch", status, "BadRequest", times=100))
    world.deliver(mail(0), received_at=BASE)
    world.deliver(mail(1), received_at=minute(1))
    mailbox = world.open()
    inbox = folder(mailbox)
    ids = [each.delivery_id for each in arrivals(read_all(mailbox, inbox))]
    assert [raw is not None for _, raw in mailbox.fetch_headers(inbox, ids)] == [True, True]


def test_what_is_older_than_the_start_is_never_listed(graph: GraphServer, world: GraphWorld) -> None:
    for number in range(4):
        world.deliver(mail(number), received_at=minute(number))
    mailbox = servers(since=minute(2)).mailbox(settings(graph), ANNA)
    inbox = folder(mailbox)
    batches = read_all(mailbox, inbox)
    assert [each.internal_date for each in arrivals(batches)] == [minute(2), minute(3)]
    world.deliver(mail(9), received_at=BASE - timedelta(days=9))
    world.deliver(mail(5), received_at=minute(5))
    assert [each.internal_date for each in arrivals(read_all(mailbox, inbox, batches[-1].cursor))] == [minute(5)]


def test_pages_are_not_larger_than_asked(graph: GraphServer, world: GraphWorld) -> None:
    for number in range(25):
        world.deliver(mail(number), received_at=minute(number))
    mailbox = world.open()
    inbox = folder(mailbox)
    with graph.counting() as lines:
        assert [len(each.arrived) for each in read_all(mailbox, inbox, limit=10)] == [10, 10, 5]
    assert len([line for line in lines if "delta" in line]) == 3


def test_a_message_read_twice_is_fetched_once(graph: GraphServer, world: GraphWorld) -> None:
    world.deliver(mail(0), received_at=BASE)
    mailbox = world.open()
    inbox = folder(mailbox)
    (arrival,) = arrivals(read_all(mailbox, inbox))
    with graph.counting() as lines:
        for with_attachments in (False, True, True):
            assert mailbox.fetch(inbox, arrival.delivery_id, with_attachments=with_attachments) == mail(0)
    assert len(lines) == 1


def test_links_that_are_forgotten_again_and_again_end(graph: GraphServer, world: GraphWorld) -> None:
    mailbox = world.open()
    inbox = folder(mailbox)
    cursor = read_all(mailbox, inbox)[-1].cursor
    graph.faults.append(Fault("delta", 410, "SyncStateNotFound", times=99))
    with pytest.raises(Exception, match="has forgotten"):
        read_all(mailbox, inbox, cursor)
    assert len(graph.asked("delta")) == 3


@pytest.mark.parametrize("code", ["SyncStateNotFound", "SyncStateInvalid", "resyncRequired"])
def test_words_for_a_forgotten_link(graph: GraphServer, world: GraphWorld, code: str) -> None:
    world.deliver(mail(0), received_at=BASE)
    mailbox = world.open()
    inbox = folder(mailbox)
    cursor = read_all(mailbox, inbox)[-1].cursor
    graph.faults.append(Fault("deltatoken", 400, code))
    assert [(len(each.arrived), each.reset) for each in read_all(mailbox, inbox, cursor)] == [(1, True)]


def test_trouble_between_pages_keeps_what_was_read(graph: GraphServer, world: GraphWorld) -> None:
    for number in range(6):
        world.deliver(mail(number), received_at=minute(number))
    mailbox = world.open()
    inbox = folder(mailbox)
    graph.faults.append(Fault("skiptoken", 503, times=3))
    batches = []
    with pytest.raises(TransientError):
        batches.extend(mailbox.changes(inbox, None, limit=3))
    reading = mailbox.changes(inbox, None, limit=3)
    first = next(reading)
    rest = read_all(world.open(), inbox, first.cursor, limit=3)
    assert len(arrivals([first, *rest])) == 6


def test_the_header_of_what_was_written_in_outlook(world: GraphWorld) -> None:
    """The copy in Sent has no header: the one made of its properties is the same message."""
    raw = (
        b"Message-ID: <sv1@bjurholm.example>\r\nDate: Mon, 25 Nov 2024 08:00:00 +0100\r\n"
        b'From: =?utf-8?q?=C3=85sa_=C3=96berg?= <anna@bjurholm.example>\r\nTo: "Berg, Bo" <bo@medborgare.example>\r\n'
        b"Subject: =?utf-8?q?Sv=3A_=C3=84rendet?=\r\nIn-Reply-To: <1@medborgare.example>\r\n"
        b"References: <0@medborgare.example> <1@medborgare.example>\r\n\r\nHej\r\n"
    )
    item = world.server.tenant.put(world.account, "sentitems", raw, BASE, transported=False)
    mailbox = world.open()
    sent = next(each for each in mailbox.folders() if each.role == "sent")
    ((_, made),) = mailbox.fetch_headers(sent, [item.id])
    assert made is not None
    ours, theirs = parse_headers(made), parse(raw)
    assert content_key(ours) == content_key(theirs)
    for name in ("from", "to", "subject", "in-reply-to", "references"):
        assert ours.headers.get(name) == theirs.headers.get(name), name
    assert (ours.author, ours.to) == (theirs.author, theirs.to)


@pytest.mark.parametrize(
    "hostile",
    [
        {"subject": "Hej\r\nBcc: alla@x.example\r\n\r\nbody", "internetMessageId": "<1@x.example>"},
        {"from": {"emailAddress": {"address": "a@x.example>, <b@y.example", "name": 'A" <evil@x.example>\n, "'}}},
        {"internetMessageHeaders": [{"name": "From", "value": "a@x.example\r\nBcc: b@y.example"}]},
        {"internetMessageHeaders": [{"name": "From: x\r\nBcc", "value": "b"}, {"name": "", "value": "x"}]},
        {"from": None, "toRecipients": None, "subject": None, "internetMessageHeaders": None, "sentDateTime": "x"},
        {"toRecipients": [None, {}, {"emailAddress": None}], "singleValueExtendedProperties": [{}]},
    ],
)
def test_properties_can_neither_add_a_field_nor_end_the_header(hostile: dict[str, object]) -> None:
    block = header_of(hostile)
    assert block.count(b"\r\n\r\n") == 1 or block == b"\r\n"
    assert block.endswith(b"\r\n")
    assert not [line for line in block.split(b"\r\n") if line.lower().startswith(b"bcc")]
    assert len(block.split(b"\r\n")) == block.count(b"\r\n") + 1


def test_a_message_without_a_date_is_never_taken_for_an_old_one(
    graph: GraphServer, world: GraphWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.deliver(mail(0), received_at=minute(3))
    mailbox = servers(since=minute(2)).mailbox(settings(graph), ANNA)
    page = mailbox._page

    def undated(question: object) -> dict[str, object]:
        return {**page(question), "value": [{"id": each["id"]} for each in page(question)["value"]]}  # type: ignore[arg-type]

    monkeypatch.setattr(mailbox, "_page", undated)
    assert [each.internal_date for each in arrivals(read_all(mailbox, folder(mailbox)))] == [minute(3)]
    graph.faults.append(Fault("select=receivedDateTime$", 404, "ErrorItemNotFound"))
    assert [each.internal_date for each in arrivals(read_all(mailbox, folder(mailbox)))] == [minute(2)]


def test_what_a_server_does_not_know_hides_nothing(graph: GraphServer, world: GraphWorld) -> None:
    world.deliver(mail(0), received_at=BASE)
    graph.faults.append(Fault("mailFolders/outbox", 400, "ErrorInvalidIdMalformed"))
    graph.faults.append(Fault("expand", 400, "BadRequest"))
    mailbox = world.open()
    inbox = folder(mailbox)
    (arrival,) = arrivals(read_all(mailbox, inbox))
    ((_, head),) = mailbox.fetch_headers(inbox, [arrival.delivery_id])
    assert head is not None and b"Subject: 0" in head


def test_settings_differ_by_tenant(graph: GraphServer) -> None:
    kept = servers()
    first, second = settings(graph), replace(settings(graph), client_id="5b1e3d20-0000-4000-8000-00000000dead")
    assert kept.client(first) is kept.client(replace(first, out_of_scope="x@y.example"))
    assert kept.client(first) is not kept.client(second)


def test_marked_mail_is_found_in_every_folder_and_nothing_else_is_read_or_removed(
    graph: GraphServer, world: GraphWorld
) -> None:
    mark = "<probe1@bjurholm.example>"
    for number, where in enumerate(("inbox", "junkemail", "deleteditems", "archive")):
        raw = mail(number).replace(b"Subject", b"X-Mailbot-Probe: " + mark.encode() + b"\r\nSubject")
        world.deliver(raw if where != "archive" else mail(number), received_at=minute(number), folder=where)
    marked = servers().marked_mail(settings(graph), ANNA)
    assert len(marked.find("X-Mailbot-Probe", mark, BASE)) == 3
    assert len(marked.find("X-Mailbot-Probe", mark, minute(1))) == 2
    assert len(graph.asked(r"\$value")) == 5
    assert [marked.remove("X-Mailbot-Probe", mark, BASE) for _ in range(2)] == [3, 0]
    assert [item.raw for item in world.account.items.values()] == [mail(3)]
