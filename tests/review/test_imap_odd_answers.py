"""Answers that IMAP servers may give and that are easily misread; each lost or misjudged mail once."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mailbot.errors import MailbotError
from mailbot.platforms.base import Changes, Folder
from mailbot.platforms.imap.connection import ImapConnection
from mailbot.platforms.imap.login import Login
from mailbot.platforms.imap.mailbox import ImapMailbox
from mailbot.platforms.imap.pool import ConnectionPool
from mailbot.platforms.imap.transport import Endpoint
from tests.platforms.contract_mailbox import mail
from tests.platforms.imap_world import ImapWorld
from tests.servers.dovecot import BARE, FULL, Dovecot
from tests.servers.scripted import Answer, ScriptedImap

INBOX = Folder("INBOX", "INBOX", "inbox")
_RAW = b"Subject: x\r\n\r\nHej\r\n"
_LISTED = b'INTERNALDATE "25-Nov-2024 07:00:00 +0000" RFC822.SIZE 20'


@contextmanager
def mailbox(answers: dict[str, Answer], *, user: str = "anna") -> Iterator[tuple[ImapMailbox, ScriptedImap]]:
    with ScriptedImap(answers) as server:
        place = Endpoint(host="127.0.0.1", port=server.port, tls="none")
        who = Login(method="user", mailbox="anna@by.example", user=user, secret=lambda: "x")
        opened = ImapMailbox(ConnectionPool(keep=0), "anna", lambda: ImapConnection(place, who))
        yield opened, server
        opened.close()


def uids(changes: Changes) -> list[int]:
    return [int(each.delivery_id.partition(".")[2]) for each in changes.arrived]


# --- folder names ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["[Gmail]/Skickat", "a[b]c", "[2024]", "a[b", "x]y", "[a][b]", "Body[x]y", "Body[1]", "tilde~", "#news.x"],
)
def test_brackets_in_folder_names_need_no_quotes(name: str) -> None:
    # RFC 3501 section 9: "[" is an ATOM-CHAR and "]" an ASTRING-CHAR
    answer = f'* LIST () "/" {name}\r\n'.encode()
    with mailbox({'LIST "" "*"': answer}) as (opened, _):
        assert [each.id for each in opened.folders()] == ["INBOX", name]


@pytest.mark.parametrize("host", [FULL, BARE])
def test_mail_below_a_folder_in_brackets_is_read(dovecot: Dovecot, host: str) -> None:
    """What a move from Gmail leaves behind."""
    world = ImapWorld(dovecot, host=host)
    with world.person() as client:
        client.create('"[Gmail]/Viktigt"')
        assert client.append('"[Gmail]/Viktigt"', "", "", mail(1))[0] == "OK"
    opened = world.open()
    found = next(each for each in opened.folders() if each.id == "[Gmail]/Viktigt")
    assert [len(batch.arrived) for batch in opened.changes(found, None)] == [1]
    world.close()


def test_a_folder_name_cannot_smuggle_in_a_command() -> None:
    answer = b'* LIST () "/" {25}\r\nx"\r\nZ1 DELETE INBOX.Arkiv\r\n'
    with mailbox({'LIST "" "*"': answer}) as (opened, server):
        for each in opened.folders():
            if each.id != "INBOX":
                with pytest.raises(MailbotError):
                    list(opened.changes(each, None))
    assert not [line for line in server.commands if line.startswith("DELETE")]


@pytest.mark.parametrize(
    ("namespace", "ours"),
    [
        # Cyrus without altnamespace: what is below no other prefix is shared
        (b'(("INBOX." ".")) (("user." ".")) (("" "."))', ["INBOX", "INBOX.A"]),
        (b'(("" ".")) (("user." ".")) (("gemensamt." "."))', ["INBOX", "INBOX.A", "allmänt"]),
        # one namespace for all: nothing tells whose it is
        (b'(("" ".")) NIL (("" "."))', ["INBOX", "INBOX.A", "gemensamt.x", "user.bo", "allmänt"]),
    ],
)
def test_shared_folders_without_a_prefix_are_not_the_mailboxs_own(namespace: bytes, ours: list[str]) -> None:
    names = ("INBOX", "INBOX.A", "gemensamt.x", "user.bo", "allmänt")
    listing = "".join(f'* LIST () "." "{name}"\r\n' for name in names).encode()
    answers: dict[str, Answer] = {
        "CAPABILITY": b"* CAPABILITY IMAP4rev1 NAMESPACE\r\n",
        "NAMESPACE": b"* NAMESPACE " + namespace + b"\r\n",
        'LIST "" "*"': listing,
    }
    with mailbox(answers) as (opened, _):
        assert [each.id for each in opened.folders()] == ours


def test_an_own_namespace_that_a_general_list_leaves_out() -> None:
    # RFC 2342 section 5: each namespace is listed by its own prefix
    answers: dict[str, Answer] = {
        "CAPABILITY": b"* CAPABILITY IMAP4rev1 NAMESPACE\r\n",
        "NAMESPACE": b'* NAMESPACE (("" "/")("Arkiv/" "/")) NIL NIL\r\n',
        'LIST "" "Arkiv/*"': b'* LIST () "/" Arkiv/2025\r\n',
    }
    with mailbox(answers) as (opened, _):
        assert [each.id for each in opened.folders()] == ["INBOX", "Arkiv/2025"]


# --- answers to FETCH -----------------------------------------------------------------------------------------------


def test_flags_that_change_during_a_fetch_hide_no_message() -> None:
    # RFC 3501 7.4.2: a FETCH response may come at any time, and during UID commands it carries the UID
    news = b"* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n* 2 FETCH (FLAGS (\\Seen) UID 2)\r\n"
    bodies = b"".join(b"* %d FETCH (UID %d BODY[] {19}\r\n%s)\r\n" % (uid, uid, _RAW) for uid in (1, 2))
    headers = b"".join(b"* %d FETCH (UID %d BODY[HEADER] {14}\r\n%s)\r\n" % (uid, uid, _RAW[:14]) for uid in (1, 2))
    listing = b"* 1 FETCH (UID 1 %s)\r\n* 2 FETCH (UID 2 %s)\r\n" % (_LISTED, _LISTED)
    answers: dict[str, Answer] = {
        "UID FETCH 1:2 (INTERNALDATE RFC822.SIZE)": listing + news,
        "UID FETCH 1:2 (BODY.PEEK[HEADER]": headers + news,
        "UID FETCH 1:2 (BODY.PEEK[])": bodies + news,
        "UID FETCH 1:2 (FLAGS": news,
    }
    with mailbox(answers) as (opened, _):
        (batch,) = opened.changes(INBOX, None)
        ids = [each.delivery_id for each in batch.arrived]
        assert [each.internal_date.year for each in batch.arrived] == [2024] * 2
        assert dict(opened.fetch_headers(INBOX, ids)) == dict.fromkeys(ids, _RAW[:14])
        assert [opened.fetch(INBOX, each) for each in ids] == [_RAW, _RAW]


def test_an_answer_to_fetch_may_come_in_pieces() -> None:
    answers: dict[str, Answer] = {
        "UID FETCH 1:2 (INTERNALDATE RFC822.SIZE)": (
            b"* 1 FETCH (UID 1 RFC822.SIZE 20)\r\n* 2 FETCH (UID 2 RFC822.SIZE 21)\r\n"
            b'* 1 FETCH (UID 1 INTERNALDATE "25-Nov-2024 07:00:00 +0000")\r\n'
            b'* 2 FETCH (UID 2 INTERNALDATE "25-Nov-2024 07:00:00 +0000")\r\n'
        )
    }
    with mailbox(answers) as (opened, _):
        (batch,) = opened.changes(INBOX, None)
        assert [each.internal_date.year for each in batch.arrived] == [2024, 2024]


# --- what is there --------------------------------------------------------------------------------------------------


def test_a_message_that_is_shown_late_is_found_although_another_one_goes() -> None:
    """UIDNEXT has counted it already, and the number of messages is that of before when it turns up."""
    present, uidnext = [1, 2], [4]

    def counted(command: str, _: int) -> bytes:
        messages = len(present)
        if command.startswith("STATUS"):
            return b"* STATUS INBOX (MESSAGES %d UIDNEXT %d UIDVALIDITY 7)\r\n" % (messages, uidnext[-1])
        return b"* %d EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT %d] x\r\n" % (messages, uidnext[-1])

    def searched(command: str, _: int) -> bytes:
        words = command.split()
        first = int(words[-1].partition(":")[0]) if words[-2] == "UID" else 1
        found = [each for each in present if each >= first] or present[-1:]
        return b"* SEARCH " + " ".join(map(str, found)).encode() + b"\r\n"

    def fetched(command: str, _: int) -> bytes:
        wanted = command.split()[2].replace(":", ",").split(",")
        return b"".join(b"* 1 FETCH (UID %s %s)\r\n" % (each.encode(), _LISTED) for each in wanted)

    answers: dict[str, Answer] = {
        "STATUS": counted, "EXAMINE": counted, "UID SEARCH": searched, "UID FETCH": fetched,
        "UID FETCH 1:2 (INTERNALDATE RFC822.SIZE)": fetched,
    }  # fmt: skip
    with mailbox(answers) as (opened, _):
        (first,) = opened.changes(INBOX, None)
        assert uids(first) == [1, 2]
        present[:] = [2, 3, 4]
        uidnext.append(5)  # 3 was late, 1 has gone, 4 is new
        (second,) = opened.changes(INBOX, first.cursor)
        assert (uids(second), second.gone) == ([3, 4], ("7.1",))


def test_an_empty_folder_may_refuse_message_numbers() -> None:
    answers: dict[str, Answer] = {
        "STATUS": b"* STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7)\r\n",
        "EXAMINE": b"* 0 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 1] x\r\n",
        "UID SEARCH": b"TAG BAD invalid message set\r\n",
    }
    with mailbox(answers) as (opened, _):
        (batch,) = opened.changes(INBOX, None)
        assert batch.arrived == ()


# --- capabilities that are not there --------------------------------------------------------------------------------


@pytest.mark.parametrize("refusal", [b"TAG BAD unknown\r\n", b"TAG NO not here\r\n"])
@pytest.mark.parametrize("lie", ["NAMESPACE", "LIST-EXTENDED LIST-STATUS SPECIAL-USE", "ESEARCH", "UNSELECT"])
def test_a_capability_that_is_announced_and_refused(lie: str, refusal: bytes) -> None:
    answers: dict[str, Answer] = {
        "CAPABILITY": f"* CAPABILITY IMAP4rev1 {lie}\r\n".encode(),
        "NAMESPACE": refusal,
        'LIST "" "*" RETURN': refusal,
        "UID SEARCH RETURN": refusal,
        "UNSELECT": refusal,
    }
    with mailbox(answers) as (opened, _):
        assert [each.id for each in opened.folders()] == ["INBOX"]
        (batch,) = opened.changes(INBOX, None)
        assert uids(batch) == [1, 2]


# --- what would stop everything -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answers",
    [
        {"UID FETCH 1:2 (INTERNALDATE RFC822.SIZE)": b"* 1 FETCH (UID 1 BODY[] {999999999999999}\r\n"},
        {"UID SEARCH": b"* SEARCH 1 99999999999\r\n"},
        {"UID SEARCH": b"* SEARCH 1 \xc2\xb2\r\n"},
    ],
)
def test_impossible_numbers_are_the_servers_trouble(answers: dict[str, Answer]) -> None:
    with mailbox(answers) as (opened, _), pytest.raises(MailbotError):
        list(opened.changes(INBOX, None))


@pytest.mark.parametrize(
    ("user", "sent"),
    [("anna", '"anna"'), ("by\\anna", '"by\\\\anna"'), ("anna ek", '"anna ek"'), ('a"n', '"a\\"n"'), ("a(n", '"a(n"')],
)
def test_names_of_users_are_quoted(user: str, sent: str) -> None:
    with mailbox({}, user=user) as (opened, server):
        opened.folders()
        assert f'LOGIN {sent} "x"' in server.commands
