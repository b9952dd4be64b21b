"""Delivering mailbot's own mail straight into Maildirs on this host.

Every file name is derived from the Message-ID, so that a repeated attempt finds what an interrupted one has already
delivered. The steps of one mail: a copy in `.Sent/tmp` says that an attempt has begun, then every recipient gets
theirs, then the copy moves to `.Sent/cur` and the mail is sent. Each step is on disk before the next begins.
"""

import hashlib
import os
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from io import BytesIO
from pathlib import Path
from typing import Literal

from mailbot.errors import PermanentError
from mailbot.platforms.maildir.folder import trouble
from mailbot.platforms.sending import Fate, OutgoingMail, Receipt, Refusal

_SENT = ".Sent"
#: as `file_name` writes it
_DIGEST = re.compile(r"\.([0-9a-f]{32})\.mailbot,")


class MaildirSender:
    """Sender for one host: `path_for` gives the Maildir of a local address, None for any other address.

    `service_mailbox` is the Maildir of mailbot's own address, whose Sent folder is created when it is missing; other
    people's Maildirs never are. Mail to other hosts is laid as .eml files into `outside`, or refused without it.
    `delivered_at` tells the time of delivery that the files carry (default: the real one).
    """

    def __init__(
        self,
        path_for: Callable[[str], Path | None],
        service_mailbox: Path,
        *,
        outside: Path | None = None,
        delivered_at: Callable[[], datetime] | None = None,
    ) -> None:
        self._path_for = path_for
        self._service_mailbox = service_mailbox
        self._outside = outside
        self._delivered_at = delivered_at
        self._sent_before: frozenset[str] | None = None

    def prepare(self, mail: OutgoingMail) -> str | None:  # noqa: ARG002
        """Nothing to prepare: a second `send` of the same mail delivers nothing twice."""
        return None

    def send(self, mail: OutgoingMail, handle: str | None) -> Receipt:  # noqa: ARG002
        targets, refused = self._targets(mail)
        if not targets:
            # without the addresses: they may be citizens'
            raise PermanentError("; ".join(dict.fromkeys(refusal.reason for refusal in refused)) or "no recipients")
        name = file_name(mail.message_id, mail.raw)
        sent = self._sent_folder()
        intent = sent / "tmp" / name
        begun = self._has_begun(mail, sent, name)
        if begun == "done":
            return Receipt(tuple(refused))
        drops = self._write_all(mail, name, targets, intent, search=begun == "interrupted")
        for temporary, final in drops:
            temporary.rename(final)  # from here on a failure leaves the outcome unclear: OSError, none of ours
            _sync_directory(final.parent)
        intent.rename(sent / "cur" / f"{name}:2,S")
        _sync_directory(sent / "cur")
        return Receipt(tuple(refused))

    def _has_begun(self, mail: OutgoingMail, sent: Path, name: str) -> Literal["no", "interrupted", "done"]:
        try:
            if (sent / "tmp" / name).exists():
                return "done" if self._is_in_sent(mail.message_id) else "interrupted"
            # A restored database composes its mail anew, with another Date: only the Message-ID is the same.
            return "done" if _digest(mail.message_id) in self._in_sent_before() else "no"
        except OSError as error:
            raise trouble(sent, error) from error

    def fate(self, message_id: str, handle: str | None) -> Fate:  # noqa: ARG002
        """Not in Sent means not sent to everyone: sending it again completes it and delivers nothing twice."""
        try:
            return "sent" if self._is_in_sent(message_id) else "not_sent"
        except OSError as error:
            raise trouble(self._service_mailbox / _SENT, error) from error

    def file(self, mail: OutgoingMail) -> None:
        """Nothing to do: the copy in Sent is part of sending."""

    def close(self) -> None:
        """Nothing is kept open."""

    def _in_sent_before(self) -> frozenset[str]:
        """Digests of the mail that lay in Sent when this sender first looked: one listing, however much is sent."""
        if self._sent_before is None:
            places = [self._service_mailbox / _SENT / name for name in ("new", "cur")]
            names = [entry.name for place in places if place.is_dir() for entry in place.iterdir()]
            self._sent_before = frozenset(digest for name in names for digest in _DIGEST.findall(name))
        return self._sent_before

    def _is_in_sent(self, message_id: str) -> bool:
        return _holds(self._service_mailbox / _SENT, _digest(message_id))

    def _sent_folder(self) -> Path:
        if not _is_maildir(self._service_mailbox):
            raise PermanentError(f"the service mailbox {self._service_mailbox} is no Maildir: create it first")
        sent = self._service_mailbox / _SENT
        try:
            for name in ("tmp", "new", "cur"):
                (sent / name).mkdir(mode=0o700, parents=True, exist_ok=True)
            (sent / "maildirfolder").touch()
        except OSError as error:
            raise trouble(sent, error, "write to") from error
        return sent

    def _targets(self, mail: OutgoingMail) -> tuple[dict[Path, list[str]], list[Refusal]]:
        """Where the mail goes (each place with its recipients), and who cannot get it."""
        targets: dict[Path, list[str]] = {}
        refused = []
        for recipient in mail.recipients:
            path = self._path_for(recipient)
            if path is not None and not _is_maildir(path):
                refused.append(Refusal(recipient, f"{path} is no Maildir: create it first"))
            elif (place := path or self._outside) is None:
                refused.append(Refusal(recipient, "not a mailbox on this host"))
            elif path is None and not place.is_dir():
                refused.append(Refusal(recipient, f"the folder {place} for mail to other hosts is missing: create it"))
            else:
                targets.setdefault(place, []).append(recipient)
        return targets, refused

    def _write_all(
        self, mail: OutgoingMail, name: str, targets: dict[Path, list[str]], intent: Path, *, search: bool
    ) -> list[tuple[Path, Path]]:
        """Write everything that a full disk or a missing right could prevent; what remains is renaming.

        Returns (temporary, final) of each file; those delivered by an earlier attempt are left out. Raises
        TransientError or PermanentError with nothing delivered by this attempt.
        """
        draft = intent.with_name(f"{name}.part")
        written = [draft, intent]
        drops = []
        try:
            if not search:
                self._write(draft, mail.raw)
                draft.rename(intent)  # an intent is always the whole mail: it becomes the copy in Sent
                _sync_directory(intent.parent)
            for place, recipients in targets.items():
                temporary, final = self._paths(place, name)
                if search and _holds_anywhere(place, _digest(mail.message_id)):
                    continue
                written.append(temporary)
                self._write(temporary, _trace(mail, recipients) + mail.raw)
                drops.append((temporary, final))
        except OSError as error:
            # An attempt that began before may have delivered to some: its mark stays.
            for path in written[2 if search else 0 :]:
                path.unlink(missing_ok=True)
            raise trouble(Path(error.filename or self._service_mailbox), error, "write to") from error
        return drops

    def _paths(self, place: Path, name: str) -> tuple[Path, Path]:
        if place == self._outside:
            final = place / f"{name.partition(',')[0]}.eml"
            return final.with_suffix(".tmp"), final
        return place / "tmp" / name, place / "new" / name

    def _write(self, path: Path, content: bytes) -> None:
        path.unlink(missing_ok=True)  # and O_EXCL, so that a symlink laid there is not written through
        with path.open("xb") as file:
            os.fchmod(file.fileno(), path.parent.stat().st_mode & 0o666)  # who may read the folder may read the mail
            file.write(content)
            file.flush()
            if self._delivered_at is not None:
                seconds = self._delivered_at().timestamp()
                os.utime(file.fileno(), (seconds, seconds))
            os.fsync(file.fileno())
        _sync_directory(path.parent)


def file_name(message_id: str, raw: bytes) -> str:
    """The unique name of a mail, always the same for the same mail: its Date, a digest of its Message-ID, its size."""
    return f"{_date_seconds(raw)}.{_digest(message_id)}.mailbot,S={len(raw)}"


def _digest(message_id: str) -> str:
    return hashlib.sha256(message_id.encode()).hexdigest()[:32]


def _date_seconds(raw: bytes) -> int:
    """The Date field as seconds since the epoch (Maildir names begin with a time); 0 without one."""
    for line in BytesIO(raw):
        if not line.strip():
            break
        if line[:5].lower() == b"date:":
            try:
                return int(parsedate_to_datetime(line[5:].decode("ascii", "replace")).timestamp())
            except (ValueError, OverflowError):
                return 0
    return 0


def _trace(mail: OutgoingMail, recipients: Sequence[str]) -> bytes:
    """What a final delivery adds on top (RFC 5321 section 4.4), and for whom this copy is."""
    lines = [f"Return-Path: <{mail.envelope_from}>", *(f"Delivered-To: {recipient}" for recipient in recipients)]
    end = "\r\n" if b"\r\n" in mail.raw else "\n"
    return "".join(line + end for line in lines).encode()


def _is_maildir(path: Path) -> bool:
    places = [path / name for name in ("tmp", "new", "cur")]
    return all(place.is_dir() and not place.is_symlink() for place in places)


def _holds(folder: Path, digest: str) -> bool:
    """Whether a file of this mail, whatever its flags, lies in a Maildir folder."""
    places = [folder / "new", folder / "cur"]
    return any(digest in entry.name for place in places if place.is_dir() for entry in place.iterdir())


def _holds_anywhere(mailbox: Path, digest: str) -> bool:
    folders = [mailbox, *(entry for entry in mailbox.iterdir() if entry.name.startswith(".") and entry.is_dir())]
    return any(_holds(folder, digest) for folder in folders)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
