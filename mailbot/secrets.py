"""Where secrets lie, and how they are kept: a systemd credential, a 0600 file, or a keyring, in this order.

Secrets never stand in configuration, database, logs, process arguments or error texts (invariant 7). The account that
mailbot runs as (`service_account`) owns them; nobody else may read or write them.
"""

import os
import pwd
import re
import secrets as random
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mailbot.errors import UserError

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

#: the key of Message-IDs and references, without which a restored database would not find its mail again
REFERENCE_KEY = "reference-key"
REFERENCE_KEY_BYTES = 32
#: without these mailbot does not run
REQUIRED = (REFERENCE_KEY,)

SERVICE_USER = "mailbot"
_KEYRING_SERVICE = "mailbot"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
# Backends that protect nothing (keyrings.alt) or do nothing (fail, null).
_UNFIT_KEYRING = re.compile(r"plaintext|keyrings\.alt|backends\.(fail|null)\b", re.IGNORECASE)
# A secret is a password, token or key; a certificate chain is the largest thing that is kept here.
_MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Account:
    """An account of this machine."""

    name: str
    uid: int
    gid: int


def service_account(state_folder: Path | None) -> Account:
    """The account mailbot runs as: the owner of the folder its database lies in.

    Where there is no such folder yet, or root owns it, the user `mailbot`; where there is none, whoever runs this.
    """
    with suppress(OSError):
        owner = state_folder.stat() if state_folder is not None else None
        if owner is not None and owner.st_uid != 0:
            return Account(_login(owner.st_uid), owner.st_uid, owner.st_gid)
    try:
        user = pwd.getpwnam(SERVICE_USER)
    except KeyError:
        return Account(_login(os.geteuid()), os.geteuid(), os.getegid())
    return Account(user.pw_name, user.pw_uid, user.pw_gid)


def _login(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


class Secrets:
    """The secrets of one installation. `folder` is `paths.secrets`; `account` owns what `set` writes."""

    def __init__(self, folder: Path, account: Account | None = None) -> None:
        self._folder = folder
        self._account = account or Account(_login(os.geteuid()), os.geteuid(), os.getegid())

    def __repr__(self) -> str:
        return f"Secrets({str(self._folder)!r})"

    @property
    def folder(self) -> Path:
        return self._folder

    def get(self, name: str) -> str:
        """The secret, without the line end an editor left. UserError names where it was looked for, never its value."""
        path = self._credential(name) or self._file(name)
        if path is not None:
            return _decoded(_read(path), path)
        value = _from_keyring(name)
        if value is None:
            raise UserError(f"the secret {name!r} is not set; run `mailbot secret set {name}` ({self._looked()})")
        return value

    def where(self, name: str) -> str | None:
        """Where `get` would find the secret, for people; None when it is not set. Unsafe files raise UserError."""
        if (credential := self._credential(name)) is not None:
            return f"systemd credential {credential}"
        if (path := self._file(name)) is not None:
            return str(path)
        return "keyring" if _from_keyring(name) is not None else None

    def set(self, name: str, value: str) -> Path:
        """Keep `value` in a file of the folder, replacing an earlier one at once or not at all; the file's path."""
        path = self._path(name)
        if not value:
            raise UserError(f"the secret {name!r} would be empty; give it on standard input")
        if name == REFERENCE_KEY:
            _reference_key(value)
        self.require_service_account()
        self._make_folder()
        with _errors_of(path), _replacement(path) as handle:
            handle.write(value.encode() + b"\n")
            if os.geteuid() == 0:
                os.fchown(handle.fileno(), self._account.uid, self._account.gid)
        return path

    def delete(self, name: str) -> bool:
        """Remove the secret's file; False when there was none. Credentials and keyrings are not mailbot's to change."""
        path = self._path(name)
        self.require_service_account()
        with _errors_of(path):
            try:
                path.unlink()
            except FileNotFoundError:
                return False
        return True

    def reference_key(self) -> bytes:
        """The 32 bytes that references and Message-IDs are made with."""
        return _reference_key(self.get(REFERENCE_KEY))

    # --- where it lies ---

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise UserError(f"{name!r} cannot name a secret; use letters a-z, digits, dot, hyphen and underscore")
        return self._folder / name

    def _credential(self, name: str) -> Path | None:
        """systemd keeps credentials in a folder that only the service can read (systemd.exec, LoadCredential=)."""
        folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
        path = Path(folder) / self._path(name).name
        with _errors_of(path):
            return path if folder and path.is_file() else None

    def _file(self, name: str) -> Path | None:
        path = self._path(name)
        with _errors_of(path):
            try:
                found = path.lstat()
            except (FileNotFoundError, NotADirectoryError):
                return None
            self._require_private(path, found)
        return path

    def _require_private(self, path: Path, found: os.stat_result) -> None:
        """Refuse a file that others could have read or planted."""
        folder = self._folder.stat()
        # the folder's owner counts so that root may run mailbot beside the service
        trusted = {0, os.geteuid(), folder.st_uid}
        if not stat.S_ISREG(found.st_mode):
            raise UserError(f"{path} is no plain file; `mailbot secret set {path.name}` writes one")
        if found.st_mode & 0o077:
            raise UserError(f"{path} can be read by others; run `chmod 600 {path}`, and change the secret")
        if found.st_uid not in trusted:
            raise UserError(f"{path} belongs to {_login(found.st_uid)}; run `chown {self._account.name} {path}`")
        if folder.st_mode & 0o022:
            raise UserError(f"others can change files in {self._folder}; run `chmod 700 {self._folder}`")

    def _make_folder(self) -> None:
        with _errors_of(self._folder):
            if not self._folder.exists():
                self._folder.mkdir(mode=0o700, parents=True)
                if os.geteuid() == 0:
                    os.chown(self._folder, self._account.uid, self._account.gid)
            if self._folder.stat().st_uid in {os.geteuid(), self._account.uid}:
                self._folder.chmod(0o700)

    def require_service_account(self) -> None:
        if os.geteuid() not in {0, self._account.uid}:
            name = self._account.name
            raise UserError(f"secrets belong to the account {name}; run `sudo -u {name} mailbot secret ...`")

    def _looked(self) -> str:
        refused = [_kind(backend) for backend in _keyrings() if "plaintext" in _kind(backend).lower()]
        unfit = f"; the keyring {refused[0]} keeps plain text and is not used" if refused else ""
        return f"looked in $CREDENTIALS_DIRECTORY, {self._folder} and the keyring{unfit}"


def new_reference_key() -> str:
    """A random reference key as `secret set` keeps it."""
    return random.token_hex(REFERENCE_KEY_BYTES)


def _reference_key(value: str) -> bytes:
    try:
        key = bytes.fromhex(value)
    except ValueError:
        key = b""
    if len(key) != REFERENCE_KEY_BYTES:
        raise UserError(
            f"the secret {REFERENCE_KEY!r} must be {REFERENCE_KEY_BYTES} bytes in hexadecimal; "
            f"restore it from your backup, or on a new installation run `mailbot secret set {REFERENCE_KEY} --generate`"
        )
    return key


# --- files ----------------------------------------------------------------------------------------------------------


def _read(path: Path) -> bytes:
    with _errors_of(path), os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as handle:
        return handle.read(_MAX_BYTES)


def _decoded(content: bytes, path: Path) -> str:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        # `from None`: the original error carries the bytes
        raise UserError(
            f"{path} is not UTF-8 text; set the secret again with `mailbot secret set {path.name}`"
        ) from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise UserError(f"{path} is empty; run `mailbot secret set {path.name}`")
    return text


@contextmanager
def _replacement(path: Path) -> Iterator["tempfile._TemporaryFileWrapper[bytes]"]:
    """A 0600 file that takes the place of `path` when the block ends well, and vanishes when it does not."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as handle:
        try:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
            Path(handle.name).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(handle.name).unlink()
            raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _errors_of(path: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError:
        raise UserError(f"no permission for {path}; run mailbot as the account it belongs to (`sudo -u`)") from None
    except OSError as error:
        raise UserError(f"cannot use {path}: {error.strerror}") from None


# --- keyring --------------------------------------------------------------------------------------------------------


def _from_keyring(name: str) -> str | None:
    """The secret from a keyring that encrypts; None when there is none."""
    for backend in _keyrings():
        if not _UNFIT_KEYRING.search(_kind(backend)):
            value = _asked(backend, name)
            if value is not None:
                return value
    return None


def _keyrings() -> "list[KeyringBackend]":
    """What keyring would ask. Imported late: most servers have none, and it is slow to load."""
    import keyring
    from keyring.errors import KeyringError

    try:
        chosen = keyring.get_keyring()
        # the "chainer" asks several backends, of which some may be unfit
        return list(getattr(chosen, "backends", None) or [chosen])
    except (KeyringError, ImportError, RuntimeError):
        return []


def _asked(backend: "KeyringBackend", name: str) -> str | None:
    from keyring.errors import KeyringError

    try:
        return backend.get_password(_KEYRING_SERVICE, name)
    except KeyringError:  # locked, or without its service: as good as absent
        return None


def _kind(backend: "KeyringBackend") -> str:
    return f"{type(backend).__module__}.{type(backend).__qualname__}"
