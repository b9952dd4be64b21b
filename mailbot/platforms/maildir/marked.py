"""Probes and what came of them in a Maildir."""

import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from email import message_from_bytes
from pathlib import Path

from mailbot.platforms.maildir.folder import OpenFolder, opened
from mailbot.platforms.maildir.mailbox import MaildirMailbox


class MaildirMarkedMail:
    """One Maildir, all its folders."""

    def __init__(self, path: Path) -> None:
        self._root = path

    def find(self, field: str, value: str, since: datetime) -> Sequence[bytes]:
        return [raw for folder in self._folders() for _, raw in self._matching(folder, field, value, since)]

    def remove(self, field: str, value: str, since: datetime) -> int:
        removed = 0
        for folder in self._folders():
            for path, _ in self._matching(folder, field, value, since):
                directory, _, name = path.partition("/")
                os.unlink(name, dir_fd=folder.directories[directory])
                removed += 1
        return removed

    def close(self) -> None: ...

    def _folders(self) -> Iterator[OpenFolder]:
        for each in MaildirMailbox(self._root).folders():
            with opened(self._root, each.id) as folder:
                if folder is not None:
                    yield folder

    def _matching(self, folder: OpenFolder, field: str, value: str, since: datetime) -> list[tuple[str, bytes]]:
        found = []
        for path in folder.listing().paths.values():
            status = folder.stat(path)
            if status is None or status.st_mtime < since.timestamp():
                continue
            raw = folder.read(path, _all_of)
            if raw is not None and _has_field(raw, field, value):
                found.append((path, raw))
        return found


def _all_of(descriptor: int) -> bytes:
    with os.fdopen(os.dup(descriptor), "rb") as file:
        return file.read()


def _has_field(raw: bytes, field: str, value: str) -> bool:
    head = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0] + b"\n\n"
    return any("".join(str(each).split()) == value for each in message_from_bytes(head).get_all(field, []))
