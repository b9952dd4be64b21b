"""Real Maildirs on a real file system, and what people and mail servers do to them."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import ParamSpec, TypeVar

import pytest

from mailbot.platforms.base import Folder
from mailbot.platforms.maildir.mailbox import MaildirMailbox
from mailbot.platforms.maildir.sender import MaildirSender
from tests.platforms.contract_sender import ANNA, EVA, NOBODY, SERVICE, Crash

P = ParamSpec("P")
R = TypeVar("R")


def make_maildir(path: Path) -> Path:
    for name in ("new", "cur", "tmp"):
        (path / name).mkdir(parents=True)
    return path


def messages(folder: Path) -> list[Path]:
    return sorted(file for name in ("new", "cur") for file in (folder / name).iterdir())


class MaildirWorld:
    """`clock` stands far after all file times unless a test sets it."""

    tells_of_flags = False
    oldest_first = True

    def __init__(self, root: Path) -> None:
        self.root = make_maildir(root)
        self.now = 4e9
        self._numbers = count(1)

    def open(self) -> MaildirMailbox:
        return MaildirMailbox(self.root, clock=lambda: self.now)

    def path(self, folder: str) -> Path:
        return self.root if folder == "INBOX" else self.root / f".{folder}"

    def create_folder(self, name: str) -> None:
        make_maildir(self.path(name))

    def delete_folder(self, folder: Folder) -> None:
        shutil.rmtree(self.path(folder.name))

    def deliver(self, raw: bytes, *, received_at: datetime, folder: str = "INBOX", name: str = "") -> Path:
        name = name or f"{int(received_at.timestamp())}.M{next(self._numbers)}P1.post"
        temporary = self.path(folder) / "tmp" / name
        temporary.write_bytes(raw)
        os.utime(temporary, (received_at.timestamp(), received_at.timestamp()))
        return temporary.rename(self.path(folder) / "new" / name)

    def find(self, folder: Folder, delivery_id: str) -> Path:
        return next(file for file in messages(self.path(folder.name)) if file.name.startswith(delivery_id))

    def delete(self, folder: Folder, delivery_id: str) -> None:
        self.find(folder, delivery_id).unlink()

    def move(self, folder: Folder, delivery_id: str, to: Folder) -> None:
        found = self.find(folder, delivery_id)
        found.rename(self.path(to.name) / "cur" / f"{delivery_id}:2,S")

    def mark(self, folder: Folder, delivery_id: str, kind: str, at: datetime) -> None:
        flags = {"replied": "RS", "forwarded": "PS"}[kind]
        self.find(folder, delivery_id).rename(self.path(folder.name) / "cur" / f"{delivery_id}:2,{flags}")

    def mark_read(self, folder: Folder, delivery_id: str) -> None:
        self.find(folder, delivery_id).rename(self.path(folder.name) / "cur" / f"{delivery_id}:2,S")

    def is_read(self, folder: Folder, delivery_id: str) -> bool:
        return "S" in self.find(folder, delivery_id).name.partition(":2,")[2]

    def forget(self, folder: Folder) -> None:
        """Restored from a backup: the same files in a new directory."""
        path = self.path(folder.name)
        copy = path.with_name(f"{path.name}-restored")
        shutil.copytree(path, copy)
        path.rename(path.with_name(f"{path.name}-old"))
        copy.rename(path)


class MaildirSenderWorld:
    refuses_at_once = True
    exactly_once = True

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._root = root
        self._monkeypatch = monkeypatch
        self.paths = {address: make_maildir(root / address) for address in (ANNA, EVA, SERVICE)}

    def open(self) -> MaildirSender:
        paths: dict[str, Path] = {**self.paths, NOBODY: self._root / "missing"}
        return MaildirSender(paths.get, self.paths[SERVICE])

    def received(self, address: str) -> Sequence[bytes]:
        root = self.paths.get(address)
        return [] if root is None else [file.read_bytes() for file in messages(root)]

    def sent(self) -> Sequence[bytes]:
        folder = self.paths[SERVICE] / ".Sent"
        return [file.read_bytes() for file in messages(folder)] if folder.exists() else []

    @contextmanager
    def crash_at(self, step: int) -> Iterator[None]:
        steps = count()

        def dying(change: Callable[P, R]) -> Callable[P, R]:
            def call(*args: P.args, **kwargs: P.kwargs) -> R:
                if next(steps) == step:
                    raise Crash
                return change(*args, **kwargs)

            return call

        with self._monkeypatch.context() as patch:
            for name in ("mkdir", "touch", "unlink", "open", "rename"):
                patch.setattr(Path, name, dying(getattr(Path, name)))
            # fchmod comes between creating and writing a file, fsync between writing and renaming it
            for name in ("fchmod", "fsync"):
                patch.setattr(os, name, dying(getattr(os, name)))
            yield
