import errno
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailbot.errors import PermanentError, TransientError
from mailbot.platforms.maildir.sender import MaildirSender, file_name
from mailbot.platforms.sending import OutgoingMail, Receipt, Refusal
from tests.platforms.contract_sender import ANNA, EVA, NOBODY, SERVICE, Crash, SenderContract, attempt, outgoing
from tests.platforms.maildir_world import MaildirSenderWorld, make_maildir, messages


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MaildirSenderWorld:
    return MaildirSenderWorld(tmp_path, monkeypatch)


class TestMaildirSender(SenderContract):
    @pytest.fixture
    def world(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MaildirSenderWorld:
        return MaildirSenderWorld(tmp_path, monkeypatch)


def test_what_a_recipient_finds(world: MaildirSenderWorld) -> None:
    mail = outgoing(1, ANNA)
    (world.paths[ANNA] / "tmp").chmod(0o750)
    attempt(world.open(), mail)
    (delivered,) = messages(world.paths[ANNA])
    assert delivered.parent.name == "new"
    assert delivered.read_bytes() == f"Return-Path: <{SERVICE}>\r\nDelivered-To: {ANNA}\r\n".encode() + mail.raw
    assert delivered.stat().st_mode & 0o777 == 0o640  # who may read the folder may read the mail
    (sent,) = messages(world.paths[SERVICE] / ".Sent")
    assert (sent.parent.name, sent.name.rpartition(":")[2]) == ("cur", "2,S")
    for path in world.paths.values():
        assert not list((path / "tmp").iterdir())


def test_the_null_return_path_of_automatic_mail(world: MaildirSenderWorld) -> None:
    mail = outgoing(1, ANNA)
    automatic = OutgoingMail(message_id=mail.message_id, raw=mail.raw, envelope_from="", recipients=(ANNA,))
    attempt(world.open(), automatic)
    assert world.received(ANNA)[0].startswith(b"Return-Path: <>\r\n")


def test_two_addresses_of_one_mailbox_get_one_copy(world: MaildirSenderWorld) -> None:
    sender = MaildirSender(lambda address: world.paths[ANNA], world.paths[SERVICE])
    attempt(sender, outgoing(1, ANNA, EVA))
    (raw,) = world.received(ANNA)
    assert raw.count(b"Delivered-To:") == 2


def test_addresses_elsewhere_are_refused(world: MaildirSenderWorld) -> None:
    receipt = attempt(world.open(), outgoing(1, ANNA, "eva@medborgare.example"))
    assert receipt == Receipt((Refusal("eva@medborgare.example", "not a mailbox on this host"),))


def test_addresses_elsewhere_can_be_laid_into_a_folder(world: MaildirSenderWorld, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    sender = MaildirSender(world.paths.get, world.paths[SERVICE], outside=outside)
    mail = outgoing(1, ANNA, "a@medborgare.example", "b@medborgare.example")
    for _ in range(2):
        assert attempt(sender, mail) == Receipt()
    (file,) = outside.iterdir()
    assert file.suffix == ".eml"
    assert file.read_bytes().count(b"Delivered-To:") == 2


def test_a_missing_mailbox_is_named_and_not_created(world: MaildirSenderWorld, tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match=str(tmp_path / "missing")):
        attempt(world.open(), outgoing(1, NOBODY))
    assert not (tmp_path / "missing").exists()


def test_a_missing_folder_for_other_hosts_is_named(world: MaildirSenderWorld, tmp_path: Path) -> None:
    sender = MaildirSender(world.paths.get, world.paths[SERVICE], outside=tmp_path / "outside")
    receipt = attempt(sender, outgoing(1, ANNA, "a@medborgare.example"))
    assert [refusal.recipient for refusal in receipt.refused] == ["a@medborgare.example"]
    assert str(tmp_path / "outside") in receipt.refused[0].reason


def test_a_missing_service_mailbox_is_named(world: MaildirSenderWorld, tmp_path: Path) -> None:
    sender = MaildirSender(world.paths.get, tmp_path / "nowhere")
    with pytest.raises(PermanentError, match="nowhere"):
        attempt(sender, outgoing())
    assert not world.received(ANNA)


def test_a_full_disk_leaves_nothing_behind(world: MaildirSenderWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    files = []

    def full(descriptor: int) -> None:
        files.append(descriptor)
        if len(files) == 7:  # the second recipient's copy
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(TransientError, match="No space left"):
            attempt(world.open(), outgoing())
    assert not [
        file for path in world.paths.values() for file in path.rglob("*") if file.is_file() and file.name[0].isdigit()
    ]
    attempt(world.open(), outgoing())
    assert len(world.received(EVA)) == len(world.received(ANNA)) == len(world.sent()) == 1


def test_read_and_filed_between_crash_and_restart(world: MaildirSenderWorld) -> None:
    """The recipient has filed the mail before mailbot comes back: it is found there, not delivered again."""
    mail = outgoing(1, ANNA)
    project = make_maildir(world.paths[ANNA] / ".Projekt")
    for step in range(40):
        with pytest.raises(Crash), world.crash_at(step):
            attempt(world.open(), mail)
        if delivered := messages(world.paths[ANNA]):
            break
    delivered[0].rename(project / "cur" / f"{delivered[0].name}:2,RS")
    assert world.open().fate(mail.message_id, None) == "not_sent"
    attempt(world.open(), mail)
    assert not messages(world.paths[ANNA])
    assert len(messages(project)) == len(world.sent()) == 1


def test_a_symlink_laid_in_the_way_is_not_written_through(world: MaildirSenderWorld, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_bytes(b"untouched")
    mail = outgoing(1, ANNA)
    (world.paths[ANNA] / "tmp" / file_name(mail.message_id, mail.raw)).symlink_to(target)
    attempt(world.open(), mail)
    assert target.read_bytes() == b"untouched"
    assert not messages(world.paths[ANNA])[0].is_symlink()


def test_delivered_at_a_given_time(world: MaildirSenderWorld) -> None:
    at = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
    sender = MaildirSender(world.paths.get, world.paths[SERVICE], delivered_at=lambda: at)
    attempt(sender, outgoing())
    for path in (world.paths[ANNA], world.paths[SERVICE] / ".Sent"):
        assert messages(path)[0].stat().st_mtime == at.timestamp()


@pytest.mark.parametrize(
    ("raw", "begins"),
    [
        (b"Date: Mon, 23 Nov 2026 08:00:00 +0100\r\n\r\n", "1795417200."),
        (b"Subject: x\ndate: Mon, 23 Nov 2026 08:00:00 +0100\n\n", "1795417200."),
        (b"Subject: x\r\n\r\nDate: Mon, 23 Nov 2026 08:00:00 +0100\r\n", "0."),
        (b"Date: soon\r\n\r\n", "0."),
        (b"", "0."),
    ],
)
def test_file_names_begin_with_the_date(raw: bytes, begins: str) -> None:
    assert file_name("<1@bjurholm.example>", raw).startswith(begins)
