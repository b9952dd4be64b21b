"""How mailbot behaves towards an Exchange server, and what it does when the server does not."""

import logging
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import requests

from mailbot.errors import PermanentError, TransientError
from mailbot.mail.message import parse, parse_headers
from mailbot.platforms.ews import failures
from mailbot.platforms.ews.failures import AccountRefused, MayNotImpersonate
from mailbot.platforms.ews.forward_rules import ClientOnlyRules
from mailbot.platforms.ews.sender import Unclear
from mailbot.platforms.ews.servers import EwsServerSessions
from mailbot.platforms.ews.session import Endpoint, NoAnswer, protocol_of
from mailbot.platforms.people import Away
from mailbot.platforms.sending import OutgoingMail, Receipt
from tests.platforms.contract_absence import ANNA, LEAVE, REGISTRY
from tests.platforms.contract_mailbox import arrivals, folder, mail, minute, read_all
from tests.platforms.contract_sender import EVA, SERVICE, attempt, outgoing
from tests.platforms.ews_world import EwsMailboxWorld, EwsSenderWorld, EwsWorld, endpoint
from tests.servers.certificates import Authority
from tests.servers.exchange.organisation import Organisation
from tests.servers.exchange.server import SCHEMAS, ExchangeServer

SECRET = "Barnet Kalle Hemlig 121212-1212"


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def world() -> Iterator[EwsMailboxWorld]:
    made = EwsMailboxWorld()
    yield made
    made.stop()


@pytest.fixture
def senders() -> Iterator[EwsSenderWorld]:
    made = EwsSenderWorld()
    yield made
    made.stop()


# --- a good guest ---


def test_nothing_new_costs_one_request_a_folder(world: EwsMailboxWorld) -> None:
    world.deliver(mail(0), received_at=minute(0))
    mailbox = world.open()
    folders = mailbox.folders()
    cursors = {each.id: read_all(mailbox, each)[-1].cursor for each in folders}
    with world.server.counted() as asked:
        for each in folders:
            read_all(mailbox, each, cursors[each.id])
    assert asked == Counter({"SyncFolderItems": len(folders)})


def test_folders_are_asked_for_once_a_pass(world: EwsMailboxWorld) -> None:
    clock = Clock()
    sessions = EwsServerSessions(endpoint(world.server.url), monotonic=clock)
    with world.server.counted() as asked:
        for _ in range(2):
            sessions.mailbox(ANNA).folders()
    assert asked == Counter({"GetFolder": 1, "FindFolder": 1})
    world.create_folder("Nytt")
    clock.seconds += 60
    assert "Nytt" in [each.name for each in sessions.mailbox(ANNA).folders()]


def test_one_new_message_costs_two_requests_more(world: EwsMailboxWorld) -> None:
    mailbox = world.open()
    inbox = folder(mailbox)
    cursor = read_all(mailbox, inbox)[-1].cursor
    world.deliver(mail(1), received_at=minute(1))
    with world.server.counted() as asked:
        (arrival,) = arrivals(read_all(mailbox, inbox, cursor))
        list(mailbox.fetch_headers(inbox, [arrival.delivery_id]))
        mailbox.fetch(inbox, arrival.delivery_id)
    assert asked == Counter({"SyncFolderItems": 1, "GetItem": 2})


def test_a_thousand_messages_are_listed_in_pages_and_their_headers_fetched_together(world: EwsMailboxWorld) -> None:
    for number in range(1100):
        world.deliver(mail(number), received_at=minute(number))
    mailbox = world.open()
    inbox = folder(mailbox)
    with world.server.counted() as asked:
        batches = read_all(mailbox, inbox, limit=500)
        found = [one for batch in batches for one in batch.arrived]
        headers = dict(mailbox.fetch_headers(inbox, [one.delivery_id for one in found[:100]]))
    assert [len(batch.arrived) for batch in batches] == [500, 500, 100]
    assert None not in headers.values()
    assert asked == Counter({"SyncFolderItems": 3, "GetItem": 2})


def test_the_header_of_mail_written_in_outlook_is_made_without_its_content(world: EwsMailboxWorld) -> None:
    made = EmailMessage()
    made["Message-ID"], made["Subject"], made["From"] = "<w@by.example>", "Svar på frågan", "Åsa Ek <anna@by.example>"
    made["To"], made["In-Reply-To"], made["References"] = "Bo <bo@x.example>, c@x.example", "<q@x>", "<p@x> <q@x>"
    made.set_content("Hemligt innehåll")
    raw = made.as_bytes(policy=SMTP)
    sent = world.box.distinguished("sentitems").id
    world.organisation.put(world.box, sent, raw, minute(0), transported=False)
    mailbox = world.open()
    place = next(each for each in mailbox.folders() if each.role == "sent")
    (arrival,) = arrivals(read_all(mailbox, place))
    ((_, header),) = mailbox.fetch_headers(place, [arrival.delivery_id])
    assert not world.server.content_left
    assert header is not None and header.endswith(b"\r\n\r\n")
    found, expected = parse_headers(header), parse_headers(raw)
    assert (found.message_id, found.subject, found.author, found.to) == (
        expected.message_id, expected.subject, expected.author, expected.to,
    )  # fmt: skip
    assert (found.in_reply_to, found.references) == (expected.in_reply_to, expected.references)


def test_mail_older_than_asked_for_is_never_listed(world: EwsMailboxWorld) -> None:
    for number in range(5):
        world.deliver(mail(number), received_at=minute(number))
    mailbox = world.sessions().mailbox(ANNA, since=minute(3))
    assert len(arrivals(read_all(mailbox, folder(mailbox)))) == 2


def test_a_wrong_password_is_tried_once(world: EwsMailboxWorld) -> None:
    clock = Clock()
    sessions = EwsServerSessions(endpoint(world.server.url, "wrong"), monotonic=clock)
    for _ in range(5):
        with pytest.raises(AccountRefused, match="mailbot secret set"):
            sessions.mailbox(ANNA).folders()
    assert world.server.http_requests == 1
    clock.seconds += 901
    with pytest.raises(AccountRefused):
        sessions.mailbox(EVA).folders()
    assert world.server.http_requests == 2


def test_a_busy_server_is_left_alone_and_others_are_read(world: EwsMailboxWorld) -> None:
    clock = Clock()
    sessions = EwsServerSessions(endpoint(world.server.url), monotonic=clock)
    world.server.faults.busy, world.server.faults.back_off_milliseconds = 1, 42_000
    with pytest.raises(TransientError) as caught:
        sessions.mailbox(ANNA).folders()
    assert caught.value.retry_after_seconds == 42
    with pytest.raises(TransientError, match="left alone"):
        sessions.mailbox(ANNA).folders()
    assert world.server.http_requests == 1
    assert sessions.mailbox(EVA).folders()
    clock.seconds += 43
    assert sessions.mailbox(ANNA).folders()


def test_a_mailbox_out_of_scope_says_which_role_is_missing(world: EwsMailboxWorld) -> None:
    world.server.faults.out_of_scope = {EVA}
    with pytest.raises(MayNotImpersonate, match="ApplicationImpersonation"):
        world.sessions().mailbox(EVA).folders()


def test_a_mailbox_that_is_not_there(world: EwsMailboxWorld) -> None:
    with pytest.raises(PermanentError, match="no mailbox nobody@bjurholm"):
        world.sessions().mailbox("nobody@bjurholm.example").folders()


# --- logging in ---


def test_each_way_of_logging_in(tmp_path: Path) -> None:
    def made(**values: object) -> Endpoint:
        return Endpoint(url="https://mail.by.example/EWS/Exchange.asmx", trusted="/ca.pem", **values)  # type: ignore[arg-type]

    ntlm = protocol_of(made(auth="ntlm", user="BY\\svc", secret=lambda: "s3cret")).create_session()
    assert (type(ntlm.auth).__name__, ntlm.auth.username) == ("HttpNtlmAuth", "BY\\svc")
    certificate = protocol_of(made(auth="certificate", certificate=str(tmp_path / "key.pem"))).create_session()
    assert (certificate.auth, certificate.cert) == (None, str(tmp_path / "key.pem"))
    tokens = iter(["first", "second"])
    oauth = protocol_of(made(auth="oauth", token=lambda: next(tokens))).create_session()
    asked = [oauth.prepare_request(requests.Request("POST", "https://mail.by.example/")) for _ in range(2)]
    assert [each.headers["Authorization"] for each in asked] == ["Bearer first", "Bearer second"]
    for session in (ntlm, certificate, oauth):
        assert (session.verify, session.trust_env) == ("/ca.pem", False)


def test_a_missing_kerberos_library_is_named() -> None:
    endpoint_ = Endpoint(url="https://mail.by.example/EWS/Exchange.asmx", auth="kerberos", trusted="")
    with pytest.raises(PermanentError, match=r"exchangelib\[kerberos\]"):
        EwsServerSessions(endpoint_).mailbox(ANNA).folders()


# --- TLS ---


def test_the_certificate_is_checked(tmp_path: Path) -> None:
    authority, foreign = Authority(tmp_path / "ours"), Authority(tmp_path / "foreign")
    server = ExchangeServer(Organisation([ANNA]), authority.sign("localhost"))
    try:
        trusting = EwsServerSessions(endpoint(server.url, trusted=str(authority.ca_file)))
        assert trusting.mailbox(ANNA).folders()
        trusting.close()
        with pytest.raises(PermanentError, match="certificate"):
            EwsServerSessions(endpoint(server.url, trusted=str(foreign.ca_file))).mailbox(ANNA).folders()
    finally:
        server.stop()


def test_nobody_answers(world: EwsMailboxWorld) -> None:
    sessions = EwsServerSessions(endpoint("http://127.0.0.1:9/EWS/Exchange.asmx"))
    with pytest.raises(NoAnswer, match="cannot be reached"):
        sessions.mailbox(ANNA).folders()


# --- sending ---


def test_a_success_without_a_code_is_a_success(senders: EwsSenderWorld) -> None:
    """Seen on a server of another make: an empty ResponseCode on mail that was sent."""
    senders.server.faults.silent_send = True
    assert attempt(senders.open(), outgoing()) == Receipt()
    assert len(senders.sent()) == 1
    senders.server.violations.clear()


def test_a_lost_answer_is_unclear_and_then_found(senders: EwsSenderWorld) -> None:
    sender, mail_ = senders.open(), outgoing()
    handle = sender.prepare(mail_)
    answers = iter(range(100))

    def lose_the_answer_to_the_second_request() -> None:
        if next(answers) == 3:
            raise ConnectionResetError

    senders.server.faults.on_the_wire = lose_the_answer_to_the_second_request
    with pytest.raises(Unclear):
        sender.send(mail_, handle)
    senders.server.faults.on_the_wire = lambda: None
    assert senders.open().fate(mail_.message_id, handle) == "sent"


def test_a_server_that_cannot_search_is_looked_through(senders: EwsSenderWorld) -> None:
    senders.server.faults.cannot_search = True
    for number in range(3):
        attempt(senders.open(), outgoing(number))
    assert senders.open().fate("<1@bjurholm.example>", None) == "sent"
    assert senders.open().fate("<9@bjurholm.example>", None) == "not_sent"


def test_a_draft_left_behind_is_used_again(senders: EwsSenderWorld) -> None:
    mail_ = outgoing()
    assert senders.open().prepare(mail_) == senders.open().prepare(mail_)


def test_the_original_travels_as_a_message(senders: EwsSenderWorld) -> None:
    original = b"Message-ID: <o@x>\r\nSubject: Till er\r\n\r\nHej\r\n"
    raw = (
        (
            f"Message-ID: <f@bjurholm.example>\r\nFrom: {SERVICE}\r\nTo: {ANNA}\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSe bilaga\r\n--b\r\n"
            "Content-Type: message/rfc822\r\n\r\n"
        ).encode()
        + original
        + b"\r\n--b--\r\n"
    )
    mail_ = OutgoingMail(message_id="<f@bjurholm.example>", raw=raw, envelope_from=SERVICE, recipients=(ANNA,))
    attempt(senders.open(), mail_)
    assert original in senders.received(ANNA)[0]


# --- what people have set up ---


def test_rules_that_only_outlook_knows_are_not_deleted(world: EwsWorld) -> None:
    world.box.outlook_rule_blob = True
    rules = world.sessions().forward_rules
    with pytest.raises(ClientOnlyRules, match="Outlook keeps rules of its own"):
        rules.install(ANNA, REGISTRY)
    assert world.box.outlook_rule_blob and not world.box.rules


def test_colleagues_are_told_who_is_away(world: EwsWorld) -> None:
    replies = world.sessions().auto_replies
    assert replies.shows_away(ANNA) is False
    replies.install(ANNA, LEAVE)
    world.organisation.now = lambda: datetime(2026, 7, 10, tzinfo=UTC)
    assert replies.shows_away(ANNA) is True


def test_turning_off_keeps_the_persons_texts(world: EwsWorld) -> None:
    oof = world.box.oof
    oof.internal, oof.external = "<b>Egen</b> text", "Own text"
    replies = world.sessions().auto_replies
    token = replies.keep(ANNA)
    replies.install(ANNA, LEAVE)
    replies.restore(ANNA, token)
    assert "<b>Egen</b> text" in oof.internal and "Own text" in oof.external
    assert oof.state == "Disabled"


def test_the_signature_of_outlook_on_the_web(world: EwsWorld) -> None:
    root = world.box.distinguished("root").id
    world.box.configurations[(root, "OWA.UserOptions")] = {"timezone": "W. Europe Standard Time", "spell": True}
    signatures = world.sessions().signatures
    assert signatures.read(ANNA) == ""
    signatures.install(ANNA, "Med vänlig hälsning\nAnna", "<p>Med vänlig hälsning</p>")
    assert signatures.read(ANNA) == "Med vänlig hälsning\nAnna"
    kept = world.box.configurations[(root, "OWA.UserOptions")]
    assert (kept["timezone"], kept["spell"], kept["autoaddsignature"]) == ("W. Europe Standard Time", True, True)


def test_a_first_signature(world: EwsWorld) -> None:
    signatures = world.sessions().signatures
    signatures.install(EVA, "Eva", "<p>Eva</p>")
    assert signatures.read(EVA) == "Eva"


@pytest.mark.parametrize(
    ("start", "end", "status", "away"),
    [
        ("2026-07-05T22:00", "2026-07-10T22:00", "OOF", [Away(date(2026, 7, 6), date(2026, 7, 11))]),
        ("2026-07-06T07:00", "2026-07-06T15:00", "OOF", []),  # a meeting out of the house
        ("2026-07-05T22:00", "2026-07-06T22:00", "Busy", []),
        ("2026-07-06T10:00", "2026-07-08T22:00", "OOF", [Away(date(2026, 7, 7), date(2026, 7, 9))]),
        ("2026-10-24T22:00", "2026-10-25T23:00", "OOF", [Away(date(2026, 10, 25), date(2026, 10, 26))]),  # 25 hours
    ],
)
def test_days_away_from_the_calendar(world: EwsWorld, start: str, end: str, status: str, away: list[Away]) -> None:
    calendar = world.box.distinguished("calendar").id
    starts, ends = (datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (start, end))
    values = {"start": starts, "end": ends, "free_busy": status, "item_class": "IPM.Appointment"}
    world.organisation.put(world.box, calendar, b"Subject: Hemligt\r\n\r\n", starts, **values)
    found = world.sessions().calendar(ANNA, ZoneInfo("Europe/Stockholm"))
    assert found.absences("anna", date(2026, 7, 1), date(2026, 12, 31)) == away


def test_the_address_list_tells_who_works_here(world: EwsWorld) -> None:
    (person,) = world.sessions().directory([ANNA, "ingen@bjurholm.example"]).people()
    assert (person.id, person.name, person.email) == ("anna", "Anna", ANNA)
    assert (person.title, person.department) == ("Handläggare", "Miljö och bygg")
    assert (person.phone, person.mobile, person.aliases) == ("0930-140 00", "070-555 01 01", (f"info-{ANNA}",))


# --- news ---


def test_a_new_mail_wakes_us(world: EwsMailboxWorld) -> None:
    watch = world.sessions().watch(ANNA)
    world.server.faults.streamed.put("NewMailEvent")
    assert watch.wait(60)
    world.server.faults.streamed.put(None)
    watch.close()


def test_nothing_new_until_the_time_is_over(world: EwsMailboxWorld) -> None:
    watch = world.sessions().watch(ANNA)
    assert not watch.wait(0)
    world.server.faults.streamed.put(None)
    watch.close()


def test_an_answer_that_ends_counts_as_news(world: EwsMailboxWorld) -> None:
    """Between two streams nobody tells us anything."""
    watch = world.sessions().watch(ANNA)
    world.server.faults.streamed.put("Closed")
    assert watch.wait(60)
    assert world.server.requests["GetStreamingEvents"] == 2
    for _ in range(2):
        world.server.faults.streamed.put(None)
    watch.close()


def test_a_lost_link_is_trouble_that_passes(world: EwsMailboxWorld) -> None:
    watch = world.sessions().watch(ANNA)
    world.server.faults.streamed.put(None)
    with pytest.raises(TransientError):
        watch.wait(60)
    watch.close()


def test_waiting_ends_when_the_daemon_does(world: EwsMailboxWorld) -> None:
    watch = world.sessions().watch(ANNA)
    assert not watch.wait(0)
    ended: list[str] = []

    def wait() -> None:
        with suppress(TransientError):
            watch.wait(600)
        ended.append("ended")

    thread = threading.Thread(target=wait)
    thread.start()
    watch.interrupt()
    thread.join(10)
    assert ended == ["ended"]
    world.server.faults.streamed.put(None)
    watch.close()


# --- privacy ---


def test_no_level_of_logging_shows_mail(world: EwsMailboxWorld, caplog: pytest.LogCaptureFixture) -> None:
    raw = f"Message-ID: <s@x>\r\nSubject: {SECRET}\r\n\r\n{SECRET}\r\n".encode()
    world.deliver(raw, received_at=minute(0))
    with caplog.at_level(logging.DEBUG):
        mailbox = world.open()
        (arrival,) = arrivals(read_all(mailbox, folder(mailbox)))
        assert SECRET.encode() in (mailbox.fetch(folder(mailbox), arrival.delivery_id) or b"")
        world.server.faults.codes = {"GetItem": "ErrorInternalServerError"}
        with pytest.raises(TransientError) as caught:
            mailbox.fetch(folder(mailbox), arrival.delivery_id)
        world.server.faults.codes = {}
        world.server.faults.unauthorised = True
        with pytest.raises(AccountRefused):
            world.open().folders()
    written = caplog.text + str(caught.value)
    assert SECRET not in written and "service-password" not in written and ANNA not in caplog.text


@pytest.mark.parametrize("fault", ["ErrorMailboxMoveInProgress", "ErrorMailboxStoreUnavailable", "ErrorTimeoutExpired"])
def test_trouble_that_passes_is_transient(world: EwsMailboxWorld, fault: str) -> None:
    world.server.faults.codes = {"SyncFolderItems": fault}
    mailbox = world.open()
    inbox = folder(mailbox)
    with pytest.raises(TransientError):
        read_all(mailbox, inbox)
    world.server.faults.codes = {}
    assert read_all(mailbox, inbox)


# --- servers of another make ---


def test_every_code_we_know_is_one_of_the_schema() -> None:
    if not SCHEMAS.exists():
        pytest.skip("../shared/schemas/ews is absent")
    known = (SCHEMAS / "messages.xsd").read_text() + (SCHEMAS / "types.xsd").read_text()
    ours = re.findall(r"Error[A-Z]\w+", Path(failures.__file__).read_text())
    assert len(ours) > 30 and [code for code in ours if f'value="{code}"' not in known] == []


@pytest.mark.parametrize("code", ["ErrorItemCorrupt", "ErrorMimeContentConversionFailed"])
def test_a_message_that_the_server_cannot_give_is_empty_and_hides_no_other(world: EwsMailboxWorld, code: str) -> None:
    for number in range(4):
        world.deliver(mail(number), received_at=minute(number))
    mailbox = world.open()
    inbox = folder(mailbox)
    ids = [one.delivery_id for one in arrivals(read_all(mailbox, inbox))]
    world.server.faults.items[ids[1]] = code
    headers = dict(mailbox.fetch_headers(inbox, ids))
    assert [headers[each] == b"" for each in ids] == [False, True, False, False]
    assert mailbox.fetch(inbox, ids[1]) == b""
    assert mailbox.fetch(inbox, ids[1], with_attachments=True) == b""
    assert mailbox.fetch(inbox, ids[2]) == mail(2)


def test_what_cannot_be_written_as_mime_is_read_all_the_same(world: EwsMailboxWorld) -> None:
    world.deliver(mail(0, "Is the pool open?\r\n"), received_at=minute(0))
    mailbox = world.open()
    inbox = folder(mailbox)
    (one,) = arrivals(read_all(mailbox, inbox))
    world.server.faults.no_mime.add(one.delivery_id)
    raw = mailbox.fetch(inbox, one.delivery_id)
    assert raw is not None and "Is the pool open?" in parse(raw).body.text  # type: ignore[union-attr]
    assert mailbox.fetch(inbox, one.delivery_id, with_attachments=True) == b""  # no original to pass on


def test_a_server_that_gives_few_items_at_once_is_asked_again_for_the_others(world: EwsMailboxWorld) -> None:
    for number in range(7):
        world.deliver(mail(number), received_at=minute(number))
    mailbox = world.open()
    inbox = folder(mailbox)
    ids = [one.delivery_id for one in arrivals(read_all(mailbox, inbox))]
    world.server.faults.most_items = 3
    with world.server.counted() as asked:
        assert [item for item, header in mailbox.fetch_headers(inbox, ids) if header] == ids
    assert asked == {"GetItem": 3}
    world.server.faults.most_items = 0
    with pytest.raises(TransientError):
        list(mailbox.fetch_headers(inbox, ids))


def test_mail_that_was_never_received_counts_from_when_it_was_laid_there(world: EwsMailboxWorld) -> None:
    inbox_id = world.box.distinguished("inbox").id
    for number, created_at in enumerate((minute(7), None)):
        world.organisation.put(world.box, inbox_id, mail(number), minute(0), has_date=False, created_at=created_at)
    mailbox = world.sessions().mailbox(ANNA, since=minute(5))
    listed = {one.internal_date for one in arrivals(read_all(mailbox, folder(mailbox)))}
    assert listed == {minute(7), minute(5)}  # without any date: as late as can be, so that it is read


@pytest.mark.parametrize("refusal", ["ErrorInvalidPropertyRequest", "fault"])
def test_a_server_that_lists_without_marks_only_is_read_all_the_same(world: EwsMailboxWorld, refusal: str) -> None:
    world.server.faults.no_extended = refusal
    world.deliver(mail(0), received_at=minute(0))
    mailbox = world.open()
    with world.server.counted() as asked:
        assert len(arrivals(read_all(mailbox, folder(mailbox)))) == 1
    assert asked["SyncFolderItems"] == 2
    world.server.faults.no_extended, world.server.faults.codes = "", {"SyncFolderItems": "ErrorAccessDenied"}
    with pytest.raises(PermanentError, match="refuses access"):
        read_all(world.open(), folder(mailbox))


def test_operations_that_a_server_does_not_have(world: EwsMailboxWorld) -> None:
    world.server.faults.unknown = {"Subscribe", "GetMailTips", "UpdateInboxRules"}
    sessions = world.sessions()
    assert sessions.watch(ANNA) is None
    assert sessions.auto_replies.shows_away(ANNA) is None
    with pytest.raises(PermanentError, match="inbox_rules = false"):
        sessions.forward_rules.install(ANNA, REGISTRY)


def test_mail_tips_in_a_form_of_their_own_say_nothing(world: EwsMailboxWorld) -> None:
    world.server.faults.odd_mail_tips = True
    world.server.organisation.boxes[ANNA].oof.state = "Enabled"
    assert world.sessions().auto_replies.shows_away(ANNA) is None
    world.server.violations.clear()  # it is not Microsoft's form


@pytest.mark.parametrize("copy_in", ["drafts", "sentitems"])
def test_a_server_that_leaves_the_draft_when_it_sends(senders: EwsSenderWorld, copy_in: str) -> None:
    senders.server.faults.sends_copies_into = copy_in
    sender = senders.open()
    mails = [outgoing(number) for number in (1, 2)]
    for one in mails:
        assert sender.send(one, sender.prepare(one)) == Receipt()
        assert sender.fate(one.message_id, None) == "sent"
    assert len(senders.received(EVA)) == 2 == len(senders.sent())
    assert not list(senders.box.in_folder(senders.box.distinguished("drafts").id))


@pytest.mark.parametrize("copy_in", ["drafts", "sentitems"])
def test_a_lost_answer_of_such_a_server_is_no_reason_to_send_again(senders: EwsSenderWorld, copy_in: str) -> None:
    senders.server.faults.sends_copies_into = copy_in
    one = outgoing(1)
    sender = senders.open()
    handle = sender.prepare(one)
    assert sender.fate(one.message_id, handle) == "not_sent"
    with senders.crash_at(3), suppress(Exception):  # GetItem before and after, SendItem before, and after: lost
        sender.send(one, handle)
    assert len(senders.received(EVA)) == 1
    assert senders.open().fate(one.message_id, handle) == "sent"
