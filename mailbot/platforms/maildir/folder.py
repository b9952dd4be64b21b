"""One Maildir folder, opened so that nothing in it can lead elsewhere.

The people whose mail this is may write here, so every step from the mailbox down goes through a directory descriptor
with O_NOFOLLOW: a symlink put in place of a folder, of `cur` or of a message is never followed, not even one that
appears between looking and opening.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mailbot.errors import MailbotError, PermanentError, TransientError
from mailbot.platforms.maildir import names
from mailbot.platforms.maildir.cursor import Stamp

T = TypeVar("T")

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: opening a FIFO must not wait for a writer.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
#: what open says when a name is a symlink, a socket or a device without driver, or no longer there
_NOT_A_FILE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO, errno.ENODEV})
_NO_RIGHT = frozenset({errno.EACCES, errno.EPERM})


@dataclass(frozen=True, slots=True)
class Listing:
    """What lay in a folder: unique part -> "new/FILE" or "cur/FILE"."""

    folder_id: str
    paths: dict[str, str]
    stamp: Stamp
    #: nothing changed while it was made; else a name that was just being changed may be missing (POSIX readdir)
    exact: bool


@dataclass(frozen=True, slots=True)
class OpenFolder:
    """Descriptors of a folder's `new` and `cur`."""

    folder_id: str
    path: Path
    inode: int
    directories: dict[str, int]

    def stamp(self) -> Stamp:
        return Stamp(*(os.fstat(self.directories[name]).st_mtime_ns for name in ("new", "cur")))

    def listing(self) -> Listing:
        """All messages; the cost is that of reading the two directories, no message is looked at."""
        stamp = self.stamp()
        paths: dict[str, str] = {}
        # new before cur: what moves between the two meanwhile is then seen twice rather than not at all.
        for directory in ("new", "cur"):
            for file_name in os.listdir(self.directories[directory]):  # noqa: PTH208 (a descriptor)
                if not file_name.startswith("."):
                    paths[names.unique_part(file_name)] = f"{directory}/{file_name}"
        return Listing(self.folder_id, paths, stamp, exact=self.stamp() == stamp)

    def stat(self, path: str) -> os.stat_result | None:
        """The message's own stat; None when it is gone or no regular file."""
        directory, _, file_name = path.partition("/")
        try:
            found = os.stat(file_name, dir_fd=self.directories[directory], follow_symlinks=False)
        except FileNotFoundError:
            return None
        return found if stat.S_ISREG(found.st_mode) else None

    def is_readable(self, path: str) -> bool:
        directory, _, file_name = path.partition("/")
        return os.access(file_name, os.R_OK, dir_fd=self.directories[directory], effective_ids=True)

    def read(self, path: str, reader: Callable[[int], T]) -> T | None:
        """`reader` applied to the open message; None when it is gone or no regular file.

        Raises TransientError when it is there but cannot be read.
        """
        directory, _, file_name = path.partition("/")
        try:
            descriptor = os.open(file_name, _FILE, dir_fd=self.directories[directory])
            try:
                return reader(descriptor) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
            finally:
                os.close(descriptor)
        except OSError as error:
            if error.errno in _NOT_A_FILE:
                return None
            raise TransientError(f"cannot read {self.path / path}: {os.strerror(error.errno or 0)}") from error


@contextmanager
def opened(root: Path, folder_id: str) -> Iterator[OpenFolder | None]:
    """The folder of the mailbox at `root`, or None when there is no such folder (any more).

    Raises TransientError when the mailbox itself is missing: an unmounted file system must not look like deleted mail.
    What the operating system complains about inside the `with` block becomes TransientError or PermanentError.
    """
    try:
        with ExitStack() as descriptors:
            yield _open(descriptors, root, folder_id)
    except OSError as error:
        raise trouble(root / names.on_disk(folder_id), error) from error


def _open(descriptors: ExitStack, root: Path, folder_id: str) -> OpenFolder | None:
    top = _enter(descriptors, root, None, os.fspath(root), follow=True)
    if top is None:
        raise TransientError(f"{root} is not a directory; is the path right and the file system mounted?")
    directory = names.on_disk(folder_id)
    folder, path = (top, root) if folder_id == names.INBOX else (None, root / directory)
    if folder is None and is_folder_directory(directory):
        folder = _enter(descriptors, path, top, directory)
    if folder is None:
        return None
    pair = {name: _enter(descriptors, path / name, folder, name) for name in ("new", "cur")}
    there = {name: descriptor for name, descriptor in pair.items() if descriptor is not None}
    if len(there) == len(pair):
        return OpenFolder(folder_id, path, os.fstat(folder).st_ino, there)
    if folder == top:
        raise TransientError(
            f"{root} is not a Maildir (no new and cur); is the path right and the file system mounted?"
        )
    return None


def is_folder_directory(name: str) -> bool:
    """Whether a directory of this name in a Maildir is a Maildir++ sub-folder; nothing with a slash ever is."""
    return name.startswith(".") and name.strip(".") != "" and "/" not in name and "\0" not in name


def _enter(descriptors: ExitStack, path: Path, parent: int | None, name: str, *, follow: bool = False) -> int | None:
    try:
        descriptor = os.open(name, _DIRECTORY & ~os.O_NOFOLLOW if follow else _DIRECTORY, dir_fd=parent)
    except OSError as error:
        if error.errno in _NOT_A_FILE:
            return None
        raise trouble(path, error) from error
    descriptors.callback(os.close, descriptor)
    return descriptor


def trouble(path: Path, error: OSError, doing: str = "read") -> MailbotError:
    """The error of ours for one of the operating system's."""
    if error.errno in _NO_RIGHT:
        return PermanentError(f"no right to {doing} {path}: the user that mailbot runs as needs access")
    return TransientError(f"cannot {doing} {path}: {os.strerror(error.errno or 0)}")
