"""Backups, copies into another database, and the daemon's lock."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mailbot.errors import UserError
from mailbot.store import schema, transfer
from mailbot.store.lock import exclusive
from mailbot.store.store import Store
from tests.store.builders import answer, diarised, message, new_mail, outcome, question, record
from tests.store.conftest import REFERENCES


def fill(store: Store) -> None:
    record(store, outcome(message(), question()), outcome(message("<f@x.example>"), diarised(), mails=(new_mail(),)))
    record(store, answer())


def contents(store: Store) -> list[object]:
    return [
        store.obligations.list(states=("open", "answered", "dismissed")),
        store.diary.list(),
        store.outbox.list(),
        store.audit.list(),
    ]


def test_a_backup_holds_everything_and_is_one_private_file(sqlite_url: str, tmp_path: Path) -> None:
    target = tmp_path / "backups" / "last night.db"
    target.parent.mkdir()
    target.write_text("the night before")
    with Store.open(sqlite_url, REFERENCES) as store:
        fill(store)
        transfer.backup(sqlite_url, target)  # while the store is open, with its -wal beside it
        expected = contents(store)
    assert [one.name for one in target.parent.iterdir()] == [target.name]
    assert target.stat().st_mode & 0o777 == 0o600
    with Store.open(f"sqlite:///{target}", REFERENCES) as restored:
        assert contents(restored) == expected
    assert schema.check(f"sqlite:///{target}") == []


def test_a_backup_that_cannot_be_written_leaves_the_older_one(sqlite_url: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is the database itself"):
        transfer.backup(sqlite_url, tmp_path / "mailbot.db")
    with pytest.raises(UserError, match="no file can be written"):
        transfer.backup(sqlite_url, tmp_path / "missing" / "b.db")
    with pytest.raises(UserError, match="no file can be written"):
        transfer.backup(sqlite_url, tmp_path / ("b" * 300))
    with pytest.raises(UserError, match="there is no database"):
        transfer.backup(f"sqlite:///{tmp_path}/other.db", tmp_path / "b.db")
    assert not (tmp_path / "b.db").exists()


def test_a_damaged_database_does_not_replace_the_backup(sqlite_url: str, tmp_path: Path) -> None:
    damaged = tmp_path / "mailbot.db"
    pages = bytearray(damaged.read_bytes())
    pages[8192:12288] = b"\xff" * 4096
    damaged.write_bytes(pages)
    target = tmp_path / "b.db"
    target.write_text("yesterday")
    with pytest.raises(UserError, match="damaged"):
        transfer.backup(sqlite_url, target)
    assert target.read_text() == "yesterday"
    assert [one.name for one in tmp_path.iterdir() if not one.name.startswith("mailbot.db")] == ["b.db"]


def test_copying_into_an_empty_database(url: str, blank_url: str) -> None:
    with Store.open(url, REFERENCES) as store:
        fill(store)
        expected = contents(store)
    assert transfer.copy(url, blank_url) > 10
    with Store.open(blank_url, REFERENCES) as copied:
        assert contents(copied) == expected
        record(copied, outcome(message("<new@x.example>"), question()))
        assert len(copied.audit.list()) > len(expected[3])  # type: ignore[arg-type]
    with pytest.raises(UserError, match="empty one"):
        transfer.copy(url, blank_url)


def test_only_one_daemon_at_a_time(url: str) -> None:
    with exclusive(url), pytest.raises(UserError, match="another mailbot"), exclusive(url):
        pass
    with exclusive(url):
        pass


def test_the_lock_names_the_other_process_and_goes_with_it(sqlite_url: str) -> None:
    code = f"""
from mailbot.store.lock import exclusive
with exclusive({sqlite_url!r}):
    print("held", flush=True)
    input()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdout.readline() == b"held\n"
        with pytest.raises(UserError, match=f"process {other.pid}"), exclusive(sqlite_url):
            pass
        other.kill()
        other.wait()
        with exclusive(sqlite_url):
            assert Path(f"{sqlite_url.removeprefix('sqlite:///')}.lock").read_text() == f"{os.getpid()}\n"
