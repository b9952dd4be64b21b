"""What people decided by command, beside the database: one line of JSON each, on disk before the database commits.

A database restored from a backup lacks what was decided since; `decisions.replay` brings it back from here. Lines are
numbered, and the database knows the number of the last one that it contains. A killed process may leave half a line
behind, or a line whose transaction never committed: the first is passed over, the second stands, for it was decided.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from mailbot.errors import UserError

_BLOCK = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One decision: the Store method ("diary.confirm") and its arguments in JSON's types, by whom and when."""

    number: int
    decision: str
    arguments: Mapping[str, Any]
    by: str
    at: datetime


class Journal:
    """The file. Processes may share one; raises UserError where it cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def after(self, number: int) -> list[Entry]:
        """Every entry with a greater number that was not taken back, in order."""
        try:
            content = self._content_after(number)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unusable(self.path, error) from None
        entries: dict[int, Entry] = {}
        for line in content.split(b"\n"):
            match _parsed(line):
                case Entry() as entry if entry.number > number:
                    entries[entry.number] = entry
                case int() as void:
                    entries.pop(void, None)
        return [entries[key] for key in sorted(entries)]

    def append(self, entry: Entry) -> None:
        """Write `entry`; it is on disk when this returns."""
        fields = {"n": entry.number, "at": entry.at.isoformat(), "by": entry.by, "do": entry.decision}
        self._write({**fields, "with": entry.arguments})

    def take_back(self, number: int) -> None:
        """That entry's transaction was not committed, and the person was told."""
        self._write({"void": number})

    def drop_before(self, instant: datetime) -> int:
        """Drop entries older than `instant`: no backup from before will be restored. How many went."""
        if not self.path.exists():
            return 0
        with self._opened() as descriptor:
            lines = self.path.read_bytes().split(b"\n")
            kept = [line for line in lines if not isinstance(one := _parsed(line), Entry) or one.at >= instant]
            if len(kept) == len(lines):
                return 0
            # In place and under the lock, so that a command that waits for it appends to this same file.
            copy = self.path.with_name(f"{self.path.name}.new")
            copy.unlink(missing_ok=True)
            _put(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), b"\n".join(kept), close=True)
            if os.geteuid() == 0:
                os.chown(copy, os.fstat(descriptor).st_uid, os.fstat(descriptor).st_gid)
            copy.replace(self.path)
            _flush_folder(self.path)
        return len(lines) - len(kept)

    def _content_after(self, number: int) -> bytes:
        """The end of the file from `number` on, and perhaps more: nearly always one block tells that nothing is new."""
        with self.path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _BLOCK))
            end = file.read()
            if size > _BLOCK:
                first = next((one for one in map(_parsed, end.split(b"\n")[1:]) if isinstance(one, Entry)), None)
                if first is None or first.number > number:
                    file.seek(0)
                    return file.read()
            return end

    def _write(self, value: Mapping[str, Any]) -> None:
        line = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        try:
            with self._opened() as descriptor:
                size = os.fstat(descriptor).st_size
                # Half a line, from a process that died writing it, must not swallow this one.
                whole = not size or os.pread(descriptor, 1, size - 1) == b"\n"
                _put(descriptor, line if whole else b"\n" + line)
        except OSError as error:
            raise _unusable(self.path, error) from None

    @contextmanager
    def _opened(self) -> Iterator[int]:
        """The file, held alone; opened anew when it was replaced while we waited for it."""
        while True:
            is_new = not self.path.exists()
            descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                here, there = os.fstat(descriptor), self.path.stat() if self.path.exists() else None
                if there is None or (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino):
                    continue
                if is_new:
                    if os.geteuid() == 0:  # made by root, and written by the service
                        owner = self.path.parent.stat()
                        os.fchown(descriptor, owner.st_uid, owner.st_gid)
                    _flush_folder(self.path)
                yield descriptor
                return
            finally:
                os.close(descriptor)


def _parsed(line: bytes) -> Entry | int | None:
    """An entry, the number of one that is taken back, or None for what a crash left."""
    try:
        value = json.loads(line)
        if "void" in value:
            return int(value["void"])
        return Entry(
            number=int(value["n"]),
            decision=str(value["do"]),
            arguments=dict(value["with"]),
            by=str(value["by"]),
            at=datetime.fromisoformat(value["at"]),
        )
    except (ValueError, KeyError, TypeError):
        return None


def _put(descriptor: int, content: bytes, *, close: bool = False) -> None:
    try:
        while content:
            content = content[os.write(descriptor, content) :]
        os.fsync(descriptor)
    finally:
        if close:
            os.close(descriptor)


def _flush_folder(path: Path) -> None:
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unusable(path: Path, error: OSError) -> UserError:
    return UserError(
        f"the journal of decisions {path} cannot be used ({error.strerror}); nothing was changed. "
        "Its folder must exist, belong to the service account and have room: see paths.journal"
    )
