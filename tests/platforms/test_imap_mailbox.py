"""ImapMailbox against a real Dovecot: the contract on each variant, and what only IMAP can do wrong."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbot.errors import PermanentError, TransientError
from mailbot.platforms.base import Folder
from mailbot.platforms.imap.connection import ImapConnection
from mailbot.platforms.imap.folders import RoleNames
from mailbot.platforms.imap.login import Login, LoginRefused
from mailbot.platforms.imap.mailbox import ImapMailbox
from mailbot.platforms.imap.pool import ConnectionPool, RefusedLogins
from mailbot.platforms.imap.tls import client_context
from mailbot.platforms.imap.transport import Endpoint
from tests.platforms.contract_mailbox import BASE, MailboxContract, arrivals, contents, folder, mail, minute, read_all
from tests.platforms.imap_world import INBOX, ImapWorld, scripted_mailbox
from tests.servers.dovecot import BARE, FULL, MASTER_PASSWORD, MASTER_USER, OLD, Dovecot
from tests.servers.scripted import DROP, Answer


class TestImapMailbox(MailboxContract):
    """Everything the server can do; folders below INBOX and not; capabilities taken away."""

    @pytest.fixture(
        params=[
            pytest.param((FULL, "/", ""), id="full"),
            pytest.param((FULL, ".", "INBOX."), id="below-inbox"),
            pytest.param((OLD, ".", ""), id="old"),
            pytest.param((BARE, "/", ""), id="bare"),
        ]
    )
    def world(self, request: pytest.FixtureRequest, dovecot: Dovecot) -> Iterator[ImapWorld]:
        host, separator, prefix = request.param
        world = ImapWorld(dovecot, host=host, separator=separator, prefix=prefix)
        yield world
        world.close()


@pytest.fixture
def world(dovecot: Dovecot) -> Iterator[ImapWorld]:
    world = ImapWorld(dovecot)
    yield world
    world.close()


# --- what a pass costs ----------------------------------------------------------------------------------------------


def fill(world: ImapWorld, count: int, start: int = 0) -> None:
    with world.person() as client:
        for number in range(start, start + count):
            client.append("INBOX", "", None, mail(number))


def read_pass(world: ImapWorld, cursors: dict[str, str]) -> list[str]:
    """A pass over all folders with headers; the commands it took after the login."""
    recording = world.dovecot.record_commands(world.account)
    mailbox = world.open()
    for each in mailbox.folders():
        for batch in mailbox.changes(each, cursors.get(each.id)):
            list(mailbox.fetch_headers(each, [arrival.delivery_id for arrival in batch.arrived]))
            cursors[each.id] = batch.cursor
    world.close()
    return [command for command in recording.commands() if command not in ("LOGOUT", "CAPABILITY")]


def test_an_unchanged_mailbox_costs_one_list(world: ImapWorld) -> None:
    cursors: dict[str, str] = {}
    fill(world, 3)
    read_pass(world, cursors)
    assert read_pass(world, cursors) == [
        "NAMESPACE",
        'LIST "" "*" RETURN (SPECIAL-USE STATUS (MESSAGES UIDNEXT UIDVALIDITY))',
    ]


def test_the_list_of_folders_tells_that_a_folder_is_unchanged(world: ImapWorld) -> None:
    cursors: dict[str, str] = {}
    fill(world, 3)
    read_pass(world, cursors)
    mailbox = world.open()
    inbox = next(each for each in mailbox.folders() if each.role == "inbox")
    assert mailbox.is_unchanged(inbox, cursors[inbox.id])
    assert not mailbox.is_unchanged(inbox, None)
    fill(world, 1)
    assert mailbox.is_unchanged(inbox, cursors[inbox.id])  # it stands as it was listed
    mailbox.folders()
    assert not mailbox.is_unchanged(inbox, cursors[inbox.id])
    world.close()


def test_a_server_that_lists_without_states_does_not_tell_that(dovecot: Dovecot) -> None:
    world = ImapWorld(dovecot, host=OLD)
    cursors: dict[str, str] = {}
    fill(world, 3)
    read_pass(world, cursors)
    mailbox = world.open()
    assert not any(mailbox.is_unchanged(each, cursors[each.id]) for each in mailbox.folders())
    world.close()


@pytest.mark.parametrize("host", [OLD, BARE])
def test_an_unchanged_folder_costs_one_status(dovecot: Dovecot, host: str) -> None:
    world = ImapWorld(dovecot, host=host)
    cursors: dict[str, str] = {}
    fill(world, 3)
    read_pass(world, cursors)
    commands = [command.partition(" ")[0] for command in read_pass(world, cursors) if command != "NAMESPACE"]
    assert commands == ["LIST", *["STATUS"] * 5]


def test_new_mail_costs_what_is_new(world: ImapWorld) -> None:
    cursors: dict[str, str] = {}
    fill(world, 5)
    read_pass(world, cursors)
    fill(world, 2, start=5)
    assert read_pass(world, cursors)[2:] == [
        'EXAMINE "INBOX"',
        "UID SEARCH RETURN (ALL) UID 6:*",
        "UID FETCH 6:7 (INTERNALDATE RFC822.SIZE)",
        "UID FETCH 6:7 (BODY.PEEK[HEADER])",
    ]


def test_only_missing_mail_makes_it_list_everything(world: ImapWorld) -> None:
    cursors: dict[str, str] = {}
    fill(world, 5)
    read_pass(world, cursors)
    world.delete(INBOX, "x.2")
    assert read_pass(world, cursors)[2:] == [
        'EXAMINE "INBOX"',
        "UID SEARCH RETURN (ALL) UID 6:*",
        "UID SEARCH RETURN (ALL) 1:*",
    ]
    assert len(read_pass(world, cursors)) == 2


def test_flags_that_people_set_cost_nothing(world: ImapWorld) -> None:
    cursors: dict[str, str] = {}
    fill(world, 3)
    read_pass(world, cursors)
    world.mark_read(INBOX, "x.2")
    assert len(read_pass(world, cursors)) == 2


def test_bodies_are_fetched_ahead_while_they_are_used(world: ImapWorld) -> None:
    fill(world, 60)
    recording = world.dovecot.record_commands(world.account)
    mailbox = world.open()
    batches = read_all(mailbox, INBOX)
    assert contents(mailbox, INBOX, batches) == [mail(number) for number in range(60)]
    world.close()
    bodies = [command for command in recording.commands() if "BODY.PEEK[]" in command]
    assert bodies == [f"UID FETCH {uids} (BODY.PEEK[])" for uids in ("1:9", "10:26", "27:59", "60")]


def test_bodies_that_nobody_asks_for_are_fetched_less_and_less(world: ImapWorld) -> None:
    fill(world, 60)
    recording = world.dovecot.record_commands(world.account)
    mailbox = world.open()
    ids = [arrival.delivery_id for arrival in arrivals(read_all(mailbox, INBOX))]
    for delivery_id in ids[::12]:
        assert mailbox.fetch(INBOX, delivery_id) is not None
    world.close()
    bodies = [command for command in recording.commands() if "BODY.PEEK[]" in command]
    assert [command.split()[2] for command in bodies] == ["1:9", "13:17", "25:27", "37:38", "49:50"]


# --- connections ----------------------------------------------------------------------------------------------------


def test_a_connection_is_kept_between_passes(dovecot: Dovecot) -> None:
    world = ImapWorld(dovecot, pool=ConnectionPool())
    mailbox = world.open()
    mailbox.folders()
    first = mailbox._access._connection
    mailbox.close()
    again = world.open()
    assert [each.role for each in again.folders()].count("inbox") == 1
    assert again._access._connection is first
    world.close()


def test_a_kept_connection_that_died_is_replaced(dovecot: Dovecot) -> None:
    world = ImapWorld(dovecot, pool=ConnectionPool())
    mailbox = world.open()
    cursor = read_all(mailbox, INBOX)[-1].cursor
    assert mailbox._access._connection is not None
    mailbox._access._connection.client.socket().shutdown(2)
    mailbox.close()
    fill(world, 1)
    assert len(arrivals(read_all(world.open(), INBOX, cursor))) == 1
    world.close()


def test_what_is_read_on_a_kept_connection_is_new(dovecot: Dovecot) -> None:
    """The folder is still open on it, and servers tell what is new only when asked."""
    world = ImapWorld(dovecot, pool=ConnectionPool())
    cursor = None
    for number in range(4):
        fill(world, 1, start=number)
        mailbox = world.open()
        batches = read_all(mailbox, folder(mailbox) if number % 2 else INBOX, cursor)
        assert contents(mailbox, INBOX, batches) == [mail(number)]
        cursor = batches[-1].cursor
        mailbox.close()
    world.close()


def test_an_unchanged_mailbox_on_a_kept_connection_costs_one_command(dovecot: Dovecot) -> None:
    world = ImapWorld(dovecot, pool=ConnectionPool())
    recording = world.dovecot.record_commands(world.account)
    cursors: dict[str, str] = {}
    for _ in range(3):
        mailbox = world.open()
        for each in mailbox.folders():
            cursors[each.id] = list(mailbox.changes(each, cursors.get(each.id)))[-1].cursor
        mailbox.close()
    world.close()
    lists = [n for n, command in enumerate(recording.commands()) if command.startswith("LIST")]
    assert lists[-2:] == [len(recording.commands()) - 3, len(recording.commands()) - 2]


def test_the_pool_keeps_no_more_than_it_should(dovecot: Dovecot) -> None:
    pool = ConnectionPool(keep=2)
    worlds = [ImapWorld(dovecot, pool=pool) for _ in range(3)]
    opened = []
    for world in worlds:
        mailbox = world.open()
        mailbox.folders()
        opened.append(mailbox._access._connection)
        mailbox.close()
    assert [each is not None and each.usable for each in opened] == [False, True, True]
    pool.close()
    assert not any(each is not None and each.usable for each in opened)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def refuse() -> ImapConnection:
    raise LoginRefused("no")


def test_a_refused_login_is_not_tried_again_at_once(dovecot: Dovecot) -> None:
    clock, tries = Clock(), list[str]()
    logins = RefusedLogins(clock, wait_seconds=900)

    def trying(mailbox: str) -> ImapConnection:
        tries.append(mailbox)
        return refuse()

    for _ in range(3):
        for mailbox in ("anna", "bo"):
            with pytest.raises(LoginRefused):
                logins.connect("", mailbox, lambda mailbox=mailbox: trying(mailbox))  # type: ignore[misc]
    assert tries == ["anna", "bo"]
    clock.now = 901
    with pytest.raises(LoginRefused):
        logins.connect("", "anna", lambda: trying("anna"))
    assert tries == ["anna", "bo", "anna"]


def test_a_master_password_that_is_wrong_is_tried_three_times(dovecot: Dovecot) -> None:
    """For a thousand mailboxes: the account would be locked. One unknown mailbox stops nobody else's."""
    clock, tries = Clock(), list[int]()
    logins = RefusedLogins(clock, wait_seconds=900)
    world = ImapWorld(dovecot)

    def refusing(number: int) -> ImapConnection:
        tries.append(number)
        return refuse()

    for number in range(2):
        with pytest.raises(LoginRefused):
            logins.connect("master", f"{number}", lambda: refusing(0))
    logins.connect("master", "right", world.connect).close()
    for number in range(10, 30):
        with pytest.raises(LoginRefused):
            logins.connect("master", f"{number}", lambda number=number: refusing(number))  # type: ignore[misc]
    assert tries == [0, 0, 10, 11, 12]
    clock.now = 901
    with pytest.raises(LoginRefused):
        logins.connect("master", "99", lambda: refusing(99))
    assert tries == [0, 0, 10, 11, 12, 99]


# --- folders --------------------------------------------------------------------------------------------------------


def folders_of(listing: bytes, names: RoleNames | None = None, namespace: bytes = b"") -> list[tuple[str, str, str]]:
    answers: dict[str, Answer] = {'LIST "" "*"': listing}
    if namespace:
        answers |= {"CAPABILITY": b"* CAPABILITY IMAP4rev1 NAMESPACE\r\n", "NAMESPACE": namespace}
    with scripted_mailbox(answers, names) as (mailbox, _):
        return [(each.id, each.name, each.role) for each in mailbox.folders()]


@pytest.mark.parametrize(
    ("listing", "folders"),
    [
        (b'* LIST (\\HasNoChildren) "/" INBOX\r\n', []),
        (b"", []),  # a server that lists nothing has an inbox all the same
        (b'* LIST () "/" Inbox\r\n* LIST () "/" "inbox"\r\n', []),
        (b'* LIST (\\sent) "/" "S\\"x"\r\n', [('S"x', 'S"x', "sent")]),
        (b'* LIST (\\SENT) "." {6}\r\nINBOX.\r\n', [("INBOX.", "INBOX/", "sent")]),
        (b'* LIST () "/" Skr&AOQ-ppost\r\n', [("Skr&AOQ-ppost", "Skräppost", "junk")]),
        (b'* LIST () "." INBOX.Utkast\r\n', [("INBOX.Utkast", "INBOX/Utkast", "drafts")]),
        (b"* LIST () NIL Papirkurv\r\n", [("Papirkurv", "Papirkurv", "trash")]),
        (b'* LIST () "/" 2026\r\n', [("2026", "2026", "other")]),
        (b'* LIST (\\Trash) "/" T\r\n* LIST () "/" T/Old\r\n', [("T", "T", "trash"), ("T/Old", "T/Old", "trash")]),
        (b'* LIST (\\NoSelect) "/" A\r\n* LIST (\\NonExistent) "/" B\r\n', []),
        (b'* LIST (\\All) "/" A\r\n* LIST (\\Flagged) "/" F\r\n* LIST (\\Important) "/" I\r\n', []),
        (b'* LIST (\\Archive) "/" Arkiv\r\n', [("Arkiv", "Arkiv", "other")]),
        ('* LIST () "/" Räksmörgås\r\n'.encode(), [("Räksmörgås", "Räksmörgås", "other")]),
        (b'* LIST () "/" "R\xe4k"\r\n', [("R\uf7e4k", "R�k", "other")]),
    ],
)
def test_folders_of_many_servers(listing: bytes, folders: list[tuple[str, str, str]]) -> None:
    assert folders_of(listing) == [("INBOX", "INBOX", "inbox"), *folders]


def test_configured_names_go_before_what_the_server_says() -> None:
    listing = (
        b'* LIST () "/" Arkiv\r\n* LIST () "/" Arkiv/Ut\r\n* LIST () "/" Arkiv/Ut/2025\r\n* LIST (\\Sent) "/" X\r\n'
    )
    assert [role for _, _, role in folders_of(listing, {"sent": ["arkiv/ut"], "junk": ["X"]})] == [
        "inbox", "other", "sent", "sent", "junk",
    ]  # fmt: skip


def test_other_peoples_folders_are_not_read() -> None:
    listing = (
        b'* LIST () "/" A\r\n* LIST () "/" "Delade/bo/INBOX"\r\n* LIST () "/" Delade\r\n* LIST () "/" "Public/x"\r\n'
    )
    namespace = b'* NAMESPACE (("" "/")) (("Delade/" "/")) (("Public/" "/")("" "/"))\r\n'
    assert [name for name, _, _ in folders_of(listing, namespace=namespace)] == ["INBOX", "A"]


def test_folders_shared_on_the_real_server_are_not_read(dovecot: Dovecot) -> None:
    owner, reader = ImapWorld(dovecot), ImapWorld(dovecot)
    owner.create_folder("Projekt")
    with owner.person() as client:
        for name in ("INBOX", "Projekt"):
            client.setacl(name, reader.account.address, "lrs")
    with reader.person() as client:
        shared = f"shared/{owner.account.address}"
        assert client.select(f'"{shared}/Projekt"')[0] == "OK"
    assert not any("shared" in each.name for each in reader.open().folders())
    owner.close()
    reader.close()


def test_the_acl_trap_is_named(dovecot: Dovecot) -> None:
    account = dovecot.add_account(acl_trap=True)
    place = Endpoint(host=FULL, port=dovecot.ports["imaps"], context=client_context(dovecot.ca_file))
    who = Login(method="master", mailbox=account.address, user=MASTER_USER, secret=lambda: MASTER_PASSWORD)
    mailbox = ImapMailbox(ConnectionPool(keep=0), "x", lambda: ImapConnection(place, who))
    with pytest.raises(PermanentError, match=r"the login works, but the inbox cannot be opened; .*acl_user = %u"):
        read_all(mailbox, INBOX)
    mailbox.close()


def test_a_deleted_folder_names_what_was_there(world: ImapWorld) -> None:
    world.create_folder("Projekt")
    world.deliver(mail(0), received_at=BASE, folder="Projekt")
    project = folder(world.open(), "Projekt")
    batches = read_all(world.open(), project)
    ids = tuple(arrival.delivery_id for arrival in arrivals(batches))
    world.delete_folder(project)
    (batch,) = read_all(world.open(), project, batches[-1].cursor)
    assert (batch.gone, batch.reset) == (ids, False)
    assert world.open().fetch(project, ids[0]) is None
    assert list(world.open().fetch_headers(project, ids)) == [(ids[0], None)]
    world.create_folder("Projekt")
    world.deliver(mail(1), received_at=BASE, folder="Projekt")
    (batch,) = read_all(world.open(), project, batch.cursor)
    assert (len(batch.arrived), batch.reset) == (1, False)


def test_a_folder_whose_name_is_a_pattern(world: ImapWorld) -> None:
    """LIST takes patterns: that another folder fits one does not make this one exist."""
    world.create_folder("50% av X")
    strange = Folder("50% av %", "50% av %", "other")
    (batch,) = read_all(world.open(), strange)
    assert (batch.arrived, batch.gone) == ((), ())


def test_a_damaged_cursor_lists_everything_again(world: ImapWorld) -> None:
    fill(world, 2)
    (batch,) = read_all(world.open(), INBOX, "imap1 damaged")
    assert (len(batch.arrived), batch.reset) == (2, True)


# --- messages that a server cannot give -----------------------------------------------------------------------------


def poisoned(answer: bytes) -> dict[str, Answer]:
    """Two messages; every FETCH of the first one's header gets `answer`."""
    header = b"* 2 FETCH (UID 2 BODY[HEADER] {8}\r\nA: b\r\n\r\n)\r\n"
    return {
        "UID FETCH 1:2 (BODY.PEEK[HEADER])": answer,
        "UID FETCH 1 (BODY.PEEK[HEADER])": answer,
        "UID FETCH 2 (BODY.PEEK[HEADER])": header,
        "UID FETCH 1 (FLAGS)": b"* 1 FETCH (UID 1 FLAGS ())\r\n",
        "UID FETCH 1:2 (BODY.PEEK[])": answer,
        "UID FETCH 1 (BODY.PEEK[])": answer,
        "UID FETCH 2 (BODY.PEEK[])": header.replace(b"[HEADER]", b"[]"),
    }


@pytest.mark.parametrize(
    "answer", [b"TAG NO broken\r\n", b"TAG BAD internal error\r\n", b"* BYE panic\r\n" + DROP, DROP]
)
def test_a_message_that_cannot_be_given_harms_no_other(answer: bytes) -> None:
    with scripted_mailbox(poisoned(answer)) as (mailbox, _):
        ids = [arrival.delivery_id for arrival in arrivals(read_all(mailbox, INBOX))]
        assert list(mailbox.fetch_headers(INBOX, ids)) == [("7.1", b""), ("7.2", b"A: b\r\n\r\n")]
        assert mailbox.fetch(INBOX, "7.1", with_attachments=True) == b""


@pytest.mark.parametrize("answer", [b"TAG NO [UNAVAILABLE] later\r\n", b"TAG NO [INUSE] later\r\n"])
def test_what_the_server_cannot_give_now_is_asked_for_later(answer: bytes) -> None:
    with scripted_mailbox(poisoned(answer)) as (mailbox, _):
        ids = [arrival.delivery_id for arrival in arrivals(read_all(mailbox, INBOX))]
        with pytest.raises(TransientError):
            list(mailbox.fetch_headers(INBOX, ids))


def test_nil_is_a_vanished_message_only_if_it_is_not_there() -> None:
    answers: dict[str, Answer] = {
        "UID FETCH 1:2 (BODY.PEEK[HEADER])": (
            b"* 1 FETCH (UID 1 BODY[HEADER] NIL)\r\n* 2 FETCH (UID 2 BODY[HEADER] NIL)\r\n"
        ),
        "UID FETCH 1:2 (FLAGS)": b"* 2 FETCH (UID 2 FLAGS ())\r\n",
    }
    with scripted_mailbox(answers) as (mailbox, _):
        ids = [arrival.delivery_id for arrival in arrivals(read_all(mailbox, INBOX))]
        assert list(mailbox.fetch_headers(INBOX, ids)) == [("7.1", None), ("7.2", b"")]


@pytest.mark.parametrize("answer", [DROP, b"* BYE idle for too long\r\n" + DROP])
def test_a_connection_that_was_closed_while_mail_was_judged_is_opened_again(answer: bytes) -> None:
    answers: dict[str, Answer] = {
        'LIST "" "*"': b'* LIST () "/" INBOX\r\n* LIST () "/" Arkiv\r\n',
        'STATUS "Arkiv"': lambda _, earlier: (
            b"* STATUS Arkiv (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 7)\r\n" if earlier else answer
        ),
    }
    with scripted_mailbox(answers) as (mailbox, _):
        inbox, archive = mailbox.folders()
        read_all(mailbox, inbox)
        assert len(arrivals(read_all(mailbox, archive))) == 2


def test_no_command_line_is_longer_than_any_server_takes() -> None:
    """RFC 2683 3.2.1.5: 8000 octets. Numbers far apart are long, and there are ten digits in the largest."""
    uids = range(4_294_960_001, 4_294_962_001, 2)
    answers: dict[str, Answer] = {
        "EXAMINE": b"* 1000 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 4294962001] ok\r\n",
        "UID SEARCH": b"* SEARCH" + b"".join(b" %d" % uid for uid in uids) + b"\r\n",
        "UID FETCH": b"".join(b"* %d FETCH (UID %d RFC822.SIZE 20)\r\n" % each for each in enumerate(uids, 1)),
    }
    with scripted_mailbox(answers) as (mailbox, server):
        assert len(arrivals(read_all(mailbox, INBOX))) == 1000
        assert max(map(len, server.commands)) < 8000


def test_messages_the_server_cannot_tell_about_come_later() -> None:
    listing = "UID FETCH {} (INTERNALDATE RFC822.SIZE)"
    second = b'* 2 FETCH (UID 2 RFC822.SIZE 20 INTERNALDATE "25-Nov-2024 07:01:00 +0000")\r\n'
    answers: dict[str, Answer] = {
        listing.format("1:2"): b"TAG NO broken\r\n",
        listing.format("1"): b"TAG NO broken\r\n",
        listing.format("2"): second,
        "UID FETCH 1 (FLAGS)": b"* 1 FETCH (UID 1 FLAGS ())\r\n",
    }
    with scripted_mailbox(answers) as (mailbox, server):
        reading = mailbox.changes(INBOX, None)
        first = next(reading)
        assert [arrival.delivery_id for arrival in first.arrived] == ["7.2"]
        with pytest.raises(TransientError, match="cannot tell about 1 message"):
            next(reading)
        server.answers[listing.format("1")] = second.replace(b"2 FETCH (UID 2", b"1 FETCH (UID 1")
        (batch,) = read_all(mailbox, INBOX, first.cursor)
        assert [arrival.delivery_id for arrival in batch.arrived] == ["7.1"]


@pytest.mark.parametrize("stamps", [b"{2}\r\n\r\n", b'""', b"NIL", b"{8}\r\nX: y\r\n\r\n"])
@pytest.mark.parametrize("told", [b"", b'INTERNALDATE "01-Jan-1970 00:00:00 +0100" ', b'INTERNALDATE "" '])
def test_mail_that_nothing_dates_is_as_old_as_the_message_before_it_or_new(stamps: bytes, told: bytes) -> None:
    """No INTERNALDATE, or the one that GNU mailutils writes for none, and neither Received nor Date."""
    answers: dict[str, Answer] = {
        "UID FETCH 1:2 (INTERNALDATE RFC822.SIZE)": b"".join(
            b"* %d FETCH (UID %d %sRFC822.SIZE 20)\r\n" % (uid, uid, told) for uid in (1, 2)
        ),
        "UID FETCH 1:2 (BODY.PEEK[HEADER.FIELDS (RECEIVED DATE)])": b"".join(
            b"* %d FETCH (UID %d BODY[HEADER.FIELDS (RECEIVED DATE)] %s)\r\n" % (uid, uid, stamps) for uid in (1, 2)
        ),
    }
    with scripted_mailbox(answers, clock=BASE.timestamp) as (mailbox, _):
        assert [one.internal_date for one in arrivals(read_all(mailbox, INBOX))] == [BASE, BASE]


def test_headers_of_large_messages_are_asked_for_again_where_they_come_empty() -> None:
    """Hoodiecrow cuts the second header by what was left of the first."""
    items = "BODY.PEEK[HEADER]<0.262144>"
    answers: dict[str, Answer] = {
        "UID FETCH 1:2 (INTERNALDATE RFC822.SIZE)": b"".join(
            b'* %d FETCH (UID %d INTERNALDATE "25-Nov-2024 07:00:00 +0000" RFC822.SIZE 400000)\r\n' % (uid, uid)
            for uid in (1, 2)
        ),
        f"UID FETCH 1:2 ({items})": (
            b"* 1 FETCH (UID 1 BODY[HEADER]<0> {8}\r\nA: b\r\n\r\n)\r\n* 2 FETCH (UID 2 BODY[HEADER]<0> {0}\r\n)\r\n"
        ),
        "UID FETCH 2 (BODY.PEEK[HEADER])": b"* 2 FETCH (UID 2 BODY[HEADER] {8}\r\nC: d\r\n\r\n)\r\n",
    }
    with scripted_mailbox(answers) as (mailbox, _):
        ids = [arrival.delivery_id for arrival in arrivals(read_all(mailbox, INBOX))]
        assert list(mailbox.fetch_headers(INBOX, ids)) == [("7.1", b"A: b\r\n\r\n"), ("7.2", b"C: d\r\n\r\n")]


def test_a_server_without_uidnext_is_read_completely() -> None:
    answers: dict[str, Answer] = {
        "STATUS": b"* STATUS INBOX (MESSAGES 2 UIDVALIDITY 7)\r\n",
        "EXAMINE": b"* 2 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n",
    }
    with scripted_mailbox(answers) as (mailbox, _):
        batches = read_all(mailbox, INBOX)
        assert len(arrivals(batches)) == 2
        (again,) = read_all(mailbox, INBOX, batches[-1].cursor)
        assert (again.arrived, again.gone, again.reset) == ((), (), False)


# --- any order of events --------------------------------------------------------------------------------------------


@settings(max_examples=12, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["deliver", "delete", "move", "read", "pass"]), st.integers(0, 9)), max_size=10
    )
)
def test_after_any_events_what_was_told_is_what_is_there(dovecot: Dovecot, steps: list[tuple[str, int]]) -> None:
    world = ImapWorld(dovecot, host=(FULL, OLD, BARE)[len(steps) % 3])
    world.create_folder("Projekt")
    folders = [INBOX, Folder("Projekt", "Projekt", "other")]
    told: dict[str, set[str]] = {each.id: set() for each in folders}
    cursors: dict[str, str] = {}

    def reading() -> None:
        mailbox = world.open()
        for each in folders:
            for batch in mailbox.changes(each, cursors.get(each.id), limit=2):
                told[each.id] -= set(batch.gone)
                assert not told[each.id] & {arrival.delivery_id for arrival in batch.arrived}
                told[each.id] |= {arrival.delivery_id for arrival in batch.arrived}
                cursors[each.id] = batch.cursor

    def present(where: Folder) -> set[str]:
        with world.person(where.name) as client:
            return set(client.uid("SEARCH", "ALL")[1][0].decode().split())

    for number, (step, choice) in enumerate(steps):
        here, there = folders[choice % 2], folders[1 - choice % 2]
        here_now = sorted(present(here))
        if step == "deliver":
            world.deliver(mail(number), received_at=minute(choice), folder=here.name)
        elif step == "pass":
            reading()
        elif here_now:
            delivery_id = f"x.{here_now[choice % len(here_now)]}"
            if step == "delete":
                world.delete(here, delivery_id)
            elif step == "read":
                world.mark_read(here, delivery_id)
            else:
                world.move(here, delivery_id, there)
    reading()
    world.close()
    for each in folders:
        assert {delivery_id.partition(".")[2] for delivery_id in told[each.id]} == present(each)
