"""From config.toml to mail that was read from a real server."""

import stat
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailbot import wiring
from mailbot.config.load import load
from mailbot.config.model import MailboxSettings
from mailbot.config.servers import Endpoint, ImapServer
from mailbot.errors import PermanentError, TransientError
from mailbot.platforms.base import AnswerMark
from mailbot.platforms.imap.mailbox import ImapMailbox
from mailbot.platforms.imap.servers import ImapServers
from mailbot.platforms.imap.token import token_from
from mailbot.secrets import Secrets, new_reference_key
from mailbot.store import schema
from mailbot.work import judging, judging_children
from mailbot.work.context import Context
from mailbot.work.intake import MailboxPass, read_received
from mailbot.work.reading_round import read_all
from tests.platforms.contract_mailbox import minute
from tests.servers.dovecot import FULL, MASTER_PASSWORD, MASTER_USER, PASSWORD, Account, Dovecot

NOW = datetime(2024, 11, 25, 12, 0, tzinfo=UTC)

CONFIG = """\
operator = "it@bjurholm.example"
start_from = "2024-11-01"
[organisation]
name = "Bjurholms kommun"
domains = ["bjurholm.example"]
[paths]
database = "sqlite:///mailbot.db"
people = "people.toml"
secrets = "secrets"
[[units]]
id = "ks"
name = "Kommunstyrelsen"
[servers.post]
kind = "imap"
host = "{host}"
port = {port}
ca_file = "{ca_file}"
smtp = {{ host = "{host}", port = 465 }}
{login}
[[mailboxes]]
address = "{authority}"
server = "post"
role = "authority"
read = "full"
[[mailboxes]]
address = "{service}"
server = "post"
role = "service"
"""
LOGINS = {
    "user": 'secret = "post"',
    "master": f'login = "master"\nuser = "{MASTER_USER}"\nsecret = "post"',
    "authzid": f'login = "authzid"\nuser = "{MASTER_USER}"\nsecret = "post"',
}


@contextmanager
def installation(dovecot: Dovecot, folder: Path, login: str) -> Iterator[tuple[Context, str]]:
    """An installation in observe mode and its authority mailbox."""
    authority, service = dovecot.add_account(), dovecot.add_account()
    values = {"host": FULL, "port": dovecot.ports["imaps"], "ca_file": dovecot.ca_file}
    text = CONFIG.format(authority=authority.address, service=service.address, login=LOGINS[login], **values)
    (folder / "config.toml").write_text(text)
    (folder / "people.toml").write_text("")
    secrets = Secrets(folder / "secrets")
    secrets.set("reference-key", new_reference_key())
    secrets.set("post", PASSWORD if login == "user" else MASTER_PASSWORD)
    for number in range(3):
        dovecot.append(authority, letter(number), received_at=minute(number))
    config = load(folder / "config.toml")
    schema.upgrade(config.paths.database)
    with wiring.installation(config) as context:
        yield context, authority.address


def letter(number: int) -> bytes:
    return (
        f"From: Bo <bo{number}@medborgare.example>\r\nTo: kommunen@bjurholm.example\r\nSubject: Fråga {number}\r\n"
        f"Message-ID: <{number}@medborgare.example>\r\nDate: Mon, 25 Nov 2024 07:0{number}:00 +0000\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\nNär öppnar biblioteket i Bjurholm?\r\n"
    ).encode()


@pytest.mark.parametrize("login", list(LOGINS))
def test_a_second_pass_finds_nothing_new(dovecot: Dovecot, tmp_path: Path, login: str) -> None:
    with installation(dovecot, tmp_path, login) as (context, address):
        settings = context.config.mailbox(address)
        assert settings is not None
        first, second = (read_received(context, settings, NOW) for _ in range(2))
        assert (first.error, first.new_messages) == (None, 3)
        assert (second.error, second.new_messages) == (None, 0)


def test_an_idle_mailbox_is_asked_once_in_a_pass(dovecot: Dovecot, tmp_path: Path) -> None:
    with installation(dovecot, tmp_path, "user") as (context, address):
        settings, account = context.config.mailbox(address), Account(address, PASSWORD, "/", "")
        assert settings is not None
        recording = dovecot.record_commands(account)

        def round_at(minutes: int) -> tuple[MailboxPass, list[str]]:
            before = len(recording.commands())
            (result,) = read_all(context, [settings], NOW + timedelta(minutes=minutes), lambda _: None)
            return result, recording.commands()[before:]

        first, _ = round_at(0)
        assert first.new_messages == 3
        second, asked = round_at(1)
        assert (second.error, second.new_messages, second.sent_is_unchanged) == (None, 0, True)
        # on the kept connection, which left the folder of the last question first
        assert asked[-1] == 'LIST "" "*" RETURN (SPECIAL-USE STATUS (MESSAGES UIDNEXT UIDVALIDITY))'
        assert not [one for one in asked[:-1] if one != "UNSELECT"]
        assert context.store.intake.last_checks()[-1].completed_at == NOW + timedelta(minutes=1)

        dovecot.append(account, letter(9), folder="Sent")
        assert round_at(2)[0].new_messages == 1


def test_marks_are_looked_at_once_an_hour_whichever_process_reads(
    dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Sequence[str]] = []

    def marks(_mailbox: object, _folder: object, delivery_ids: Sequence[str]) -> Sequence[AnswerMark]:
        looked.append(delivery_ids)
        return ()

    monkeypatch.setattr(ImapMailbox, "marks", marks)
    with installation(dovecot, tmp_path, "user") as (context, address):
        settings = context.config.mailbox(address)
        assert settings is not None
        for minutes in (0, 30, 59):
            context.marks_looked_at.clear()  # as in a process of its own
            read_received(context, settings, NOW + timedelta(minutes=minutes))
        assert len(looked) <= 1
        before = len(looked)
        context.marks_looked_at.clear()
        read_received(context, settings, NOW + timedelta(minutes=61))
        assert [len(ids) for ids in looked[before:]] == [3]


def test_a_large_batch_is_judged_by_children_as_the_worker_would(
    dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decisions(folder: Path, worth_it: int) -> list[object]:
        folder.mkdir()
        monkeypatch.setattr(judging_children, "WORTH_IT", worth_it)
        monkeypatch.setattr(judging_children, "CHUNK", 2)
        with installation(dovecot, folder, "user") as (context, address):
            settings = context.config.mailbox(address)
            assert settings is not None
            (result,) = read_all(context, [settings], NOW, lambda _: None)
            assert (result.error, result.new_messages) == (None, 3)
            found = [context.store.messages.find(f"<{number}@medborgare.example>") for number in range(3)]
            return [context.store.messages.decisions(one.ref)[0].decision for one in found if one is not None]

    alone = decisions(tmp_path / "alone", 100)
    monkeypatch.setattr(judging_children, "cores", lambda: 2)
    # the worker is not to judge anything itself
    monkeypatch.setattr(judging, "judge", lambda *_: pytest.fail("the children had everything"))
    assert decisions(tmp_path / "children", 3) == alone
    assert len(alone) == 3


def test_a_wrong_password_is_told_and_not_tried_again(dovecot: Dovecot, tmp_path: Path) -> None:
    with installation(dovecot, tmp_path, "user") as (context, address):
        Secrets(tmp_path / "secrets").set("post", "wrong")
        settings = context.config.mailbox(address)
        assert settings is not None
        failures = dovecot.failed_logins(address)
        for _ in range(3):
            told = read_received(context, settings, NOW)
            assert "check user and secret (`mailbot secret set`)" in (told.error or "")
        assert dovecot.failed_logins(address) == failures + 1


def program(folder: Path, script: str) -> str:
    path = folder / "token"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_a_token_comes_from_a_program(dovecot: Dovecot, tmp_path: Path) -> None:
    account = dovecot.add_account()
    command = program(tmp_path, f'[ "$1" = {account.address} ] && echo {dovecot.token(account)}')
    server = ImapServer(
        kind="imap",
        host=FULL,
        port=dovecot.ports["imaps"],
        ca_file=str(dovecot.ca_file),
        login="xoauth2",
        token_command=(command, "{address}"),
    )
    servers = ImapServers(lambda name: name, keep=0)
    mailbox = servers.mailbox(server, MailboxSettings(address=account.address, server="post", role="service"))
    assert mailbox.folders()
    mailbox.close()
    servers.close()


@pytest.mark.parametrize(
    ("script", "error", "told"),
    [
        ("echo hemligt; exit 3", TransientError, "ended with 3; run it by hand"),
        ("true", PermanentError, "printed no token"),
    ],
)
def test_a_program_that_gives_no_token(tmp_path: Path, script: str, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told) as caught:
        token_from([program(tmp_path, script)], "anna@by.example")
    assert "hemligt" not in str(caught.value)


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="cannot be run: No such file or directory; name a program"):
        token_from([str(tmp_path / "missing")], "anna@by.example")


def test_the_authorities_are_read_once_however_many_readers_begin_at_once() -> None:
    """A context holds all of them, some 0.7 MiB."""
    servers = ImapServers(lambda _: "")
    server, ready = ImapServer(kind="imap", host="imap.bjurholm.example"), threading.Barrier(8)

    def endpoint(_: int) -> object:
        ready.wait()
        return servers.imap(server).context

    with ThreadPoolExecutor(8) as readers:
        assert len({id(context) for context in readers.map(endpoint, range(8))}) == 1


def test_authorities_are_not_read_where_nobody_asks_for_a_certificate() -> None:
    servers = ImapServers(lambda _: "")
    submission = Endpoint(host="smtp.bjurholm.example", port=587, tls="starttls")
    server = ImapServer(kind="imap", host="127.0.0.1", tls="none", smtp=submission)
    assert servers.imap(server).context is None
    assert servers.endpoint(server, submission).context is not None
