"""Is this the database that mailbot worked with last, or an older one that was put in its place?

A counter in the database and in a small file beside it goes up before every round of sending. Where the file is ahead,
the database was restored. A copy made by `mailbot db backup` says itself that it is one.
"""

import contextlib
import os
from pathlib import Path

from mailbot.store.installation import Installation

#: stands in a database that was restored and has not caught up yet: JSON, see `work.recovery`
RESTORED = "restored"
_GENERATION = "generation"


class Lineage:
    """The counter in both places. `path` is the file; without one only backups by command are recognised."""

    def __init__(self, installation: Installation, path: Path | None) -> None:
        self._installation = installation
        self._path = path

    def is_older(self) -> bool:
        """Whether mail may have been sent that this database does not know of."""
        return self._beside() > self._within()

    def was_restored(self) -> bool:
        """Whether it was restored and has not caught up yet."""
        return self._installation.get(RESTORED) is not None or self.is_older()

    def mark_restored(self) -> None:
        """Somebody says so."""
        if self._installation.get(RESTORED) is None:
            self._installation.set(RESTORED, "{}")

    def go_on(self) -> None:
        """Before mail is sent. A file that cannot be written stops no mail: backups by command are known without it."""
        number = max(self._within(), self._beside()) + 1
        self._installation.set(_GENERATION, str(number))
        if self._path is None:
            return
        new = self._path.with_name(f"{self._path.name}.new")
        with contextlib.suppress(OSError):
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                os.write(descriptor, f"{number}\n".encode())
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            new.replace(self._path)

    def _within(self) -> int:
        return int(self._installation.get(_GENERATION) or 0)

    def _beside(self) -> int:
        try:
            return int(self._path.read_text()) if self._path is not None else 0
        except (OSError, ValueError):
            return 0
