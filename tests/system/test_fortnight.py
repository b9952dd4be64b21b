"""A fortnight of daily checks, compared day by day with a table worked out by hand; on Maildirs and on Dovecot."""

from collections.abc import Callable
from email.message import Message
from pathlib import Path

import pytest

from mailbot.work.context import Context
from tests.servers.dovecot import Dovecot
from tests.servers.postfix import Postfix
from tests.support.fortnight import ALARMS, CHECKS, MORNING_MAILS, SECRET, Fortnight
from tests.support.imap_town import ImapTown
from tests.support.town import Town, at

_OFFICERS = ('mail_officers = ["lars"]', 'mail_officers = ["lars", "eva"]')
_CLOSED = ("[policy.check]", '[policy.calendar]\nclosed_days = ["easter-3"]\n\n[policy.check]')


def arranged(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    text = text.replace('start_from = "2026-05-01"', 'start_from = "2026-01-01"')
    for old, new in (_OFFICERS, _CLOSED):
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


class OnMaildirs:
    def __init__(self, root: Path) -> None:
        self.town = Town(root, checks=True)
        arranged(self.town.config_path)
        self.town.run("2026-03-25T16:00")

    def address(self, name: str) -> str:
        return f"{name}@by.example"

    def run(self, when: str) -> None:
        self.town.run(when)

    def context(self, use: Callable[[Context], object]) -> object:
        with self.town.open() as context:
            return use(context)

    def lay(self, name: str, message: Message, when: str, folder: str) -> None:
        self.town.deliver_bytes(
            self.address(name), message.as_bytes(), when, folder="" if folder == "INBOX" else f".{folder}"
        )

    def inbox(self, name: str) -> list[bytes]:
        return self.town.inbox(self.address(name))

    def _path(self, message_id: str) -> Path:
        folder = self.town.maildir(self.address("kommunen"))
        (path,) = [one for one in folder.glob("new/*") if f"Message-ID: {message_id}".encode() in one.read_bytes()]
        return path

    def move(self, message_id: str, folder: str) -> None:
        place = self.town.maildir(self.address("kommunen")) / f".{folder}"
        for part in ("tmp", "new", "cur"):
            (place / part).mkdir(parents=True, exist_ok=True)
        path = self._path(message_id)
        path.rename(place / "cur" / f"{path.name}:2,S")

    def mark_seen(self, message_id: str) -> None:
        path = self._path(message_id)
        path.rename(path.parents[1] / "cur" / f"{path.name}:2,S")

    def everything_written(self) -> bytes:
        """The database with its journal, and every mail outside the mailbox that received the secret."""
        kept = self.town.maildir(self.address("kommunen"))
        files = [path for path in self.town.root.rglob("*") if path.is_file() and kept not in path.parents]
        return b"\n".join(path.read_bytes() for path in files)


class OnDovecot:
    def __init__(self, root: Path, dovecot: Dovecot, postfix: Postfix) -> None:
        self.town = ImapTown(root, dovecot, postfix, checks=True)
        arranged(self.town.config_path)
        self.run("2026-03-25T16:00")

    def address(self, name: str) -> str:
        return self.town.address(name)

    def run(self, when: str) -> None:
        self.town.run(at(when))
        self.town.wait_for_delivery()

    def context(self, use: Callable[[Context], object]) -> object:
        with self.town.open() as context:
            return use(context)

    def lay(self, name: str, message: Message, when: str, folder: str) -> None:
        account = self.town.accounts[name]
        self.town.dovecot.append(account, message.as_bytes(), received_at=at(when), folder=folder)

    def inbox(self, name: str) -> list[bytes]:
        return [mail.as_bytes() for mail in self.town.mails(name)]

    def _with_uid(self, message_id: str, *command: str) -> None:
        with self.town.dovecot.person(self.town.accounts["kommunen"]) as person:
            person.select("INBOX")
            if command[0] == "MOVE":
                person.create(command[-1])
            (uid,) = person.uid("SEARCH", "HEADER", "Message-ID", message_id)[1][0].decode().split()
            assert person.uid(command[0], uid, *command[1:])[0] == "OK"

    def move(self, message_id: str, folder: str) -> None:
        self._with_uid(message_id, "MOVE", folder)

    def mark_seen(self, message_id: str) -> None:
        self._with_uid(message_id, "STORE", "+FLAGS", r"(\Seen)")

    def everything_written(self) -> bytes:
        files = [path for path in self.town.root.rglob("*") if path.is_file()]
        mails = [mail.as_bytes() for name in self.town.accounts if name != "kommunen" for mail in self.town.mails(name)]
        sent = [mail.as_bytes() for mail in self.town.mails("mailbot", "Sent")]
        return b"\n".join([*(path.read_bytes() for path in files), *mails, *sent])


@pytest.fixture(params=["maildir", "dovecot"])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> OnMaildirs | OnDovecot:
    if request.param == "maildir":
        return OnMaildirs(tmp_path)
    return OnDovecot(tmp_path, request.getfixturevalue("dovecot"), request.getfixturevalue("postfix"))


def test_a_fortnight_of_checks(stage: OnMaildirs | OnDovecot, capfd: pytest.CaptureFixture[str]) -> None:
    fortnight = Fortnight(stage)
    fortnight.play()
    assert fortnight.checks() == CHECKS
    assert fortnight.morning_mails == MORNING_MAILS
    assert fortnight.alarms == ALARMS
    told = capfd.readouterr()
    assert SECRET not in told.out + told.err
    written = stage.everything_written()
    assert SECRET.encode() not in written and b"20150412" not in written and "blåmärken".encode() not in written
    assert b"Message-ID" in written and b"SQLite format 3" in written
