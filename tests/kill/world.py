"""What a day leaves behind, in a form that can be compared; and a folder tree that can be put back as it was."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from mailbot.store.database import Database
from mailbot.store.tables import metadata

#: how often and when something was tried may differ from an undisturbed day, what came of it may not
_VOLATILE = {
    "outbox": {"attempts", "next_attempt_at", "attempted_at", "lease_until", "error", "handle"},
    "audit": {"id"},
    "mailbox_checks": {"new_messages"},
}
#: how far a folder was read depends on the ticks of the file system's clock; a message read twice, or never, would
#: show in the other tables
_LEFT_OUT = frozenset({"cursors"})


def recorded(url: str) -> dict[str, list[tuple[tuple[str, Any], ...]]]:
    """Every row of every table, sorted, without what is volatile."""
    database = Database(url)
    found = {}
    with database.read() as connection:
        for table in metadata.sorted_tables:
            if table.name in _LEFT_OUT:
                continue
            kept = [column for column in table.columns if column.name not in _VOLATILE.get(table.name, ())]
            rows = [tuple(zip((c.name for c in kept), row, strict=True)) for row in connection.execute(select(*kept))]
            rows = [row for row in rows if row[:1] != (("name", "generation"),)]  # counts attempts
            found[table.name] = sorted(rows, key=repr)
    database.dispose()
    return found


@dataclass(frozen=True)
class Snapshot:
    """A copy of a tree. Putting it back keeps the folders themselves: a Maildir in a new folder is another Maildir."""

    root: Path
    copy: Path

    @classmethod
    def take(cls, root: Path, copy: Path) -> "Snapshot":
        shutil.copytree(root, copy, symlinks=True, copy_function=_copy)
        return cls(root, copy)

    def put_back(self) -> None:
        for folder, folders, files in os.walk(self.root, topdown=False):
            for name in files:
                (Path(folder) / name).unlink()
            for name in folders:
                if not self._copied(Path(folder) / name).exists():
                    (Path(folder) / name).rmdir()
        for folder, folders, files in os.walk(self.copy, topdown=False):
            there = self.root / Path(folder).relative_to(self.copy)
            there.mkdir(exist_ok=True)
            for name in files:
                _copy(Path(folder) / name, there / name)
            for name in folders:
                shutil.copystat(Path(folder) / name, there / name)

    def _copied(self, path: Path) -> Path:
        return self.copy / path.relative_to(self.root)


def _copy(source: Path | str, copy: Path | str) -> None:
    """With its times and its owner: mail belongs to the server's user."""
    shutil.copy2(source, copy)
    owner = Path(source).stat()
    os.chown(copy, owner.st_uid, owner.st_gid)


def files(root: Path) -> dict[str, bytes]:
    """Every mail in every mailbox, by its place."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.parent.name in ("new", "cur", "outside")
    }
