"""An IMAP server in this process that keeps mail, and fails on demand: RFC 3501 and not more, as mailbot asks it.

What goes wrong is queued in `faults`, one entry for each command that is answered (LOGOUT excepted);
APPEND has a queue of its own, or it would hardly ever be met.
"""

import re
import socket
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import BinaryIO, Literal

#: fine: no fault. lost: done, and hung up without an answer. torn: hung up in the middle of the answer. NO and BAD:
#: refused. BYE: a farewell instead. drips: octet by octet. twice: every untagged answer is repeated. backwards: in
#: reverse order
Fault = Literal["fine", "hangs up", "lost", "torn", "NO", "BAD", "BYE", "drips", "twice", "backwards"]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LITERAL = re.compile(r"\{(\d+)\+?\}$")
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')


@dataclass
class LivingFolder:
    uidvalidity: int = 1
    uidnext: int = 1
    #: UID -> (octets, when it came)
    messages: dict[int, tuple[bytes, datetime]] = field(default_factory=dict)

    def add(self, raw: bytes, came_at: datetime) -> int:
        self.messages[self.uidnext] = raw, came_at
        self.uidnext += 1
        return self.uidnext - 1

    def renumber(self) -> None:
        """What a restored backup does: the same mail under other numbers."""
        self.uidvalidity += 1
        kept = list(self.messages.values())
        self.messages = {7 * number + 3: each for number, each in enumerate(kept)}
        self.uidnext = 7 * len(kept) + 3


class LivingImap:
    """Mailboxes by login name; any password is right. People change `mailboxes` directly, under `lock`."""

    def __init__(self) -> None:
        self.mailboxes: dict[str, dict[str, LivingFolder]] = {}
        self.faults: deque[Fault] = deque()
        self.append_faults: deque[Fault] = deque()
        self.lock = threading.RLock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._sessions: list[threading.Thread] = []

    def __enter__(self) -> "LivingImap":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
        for session in self._sessions:
            session.join(5)

    def mailbox(self, user: str) -> dict[str, LivingFolder]:
        return self.mailboxes.setdefault(user, {"INBOX": LivingFolder()})

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            session = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            session.start()
            self._sessions.append(session)

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, suppress(OSError), connection.makefile("rwb") as stream:
            _Session(self, stream).run()


class _Session:
    def __init__(self, server: LivingImap, stream: BinaryIO) -> None:
        self._server, self._stream = server, stream
        self._user = ""
        self._open: LivingFolder | None = None

    def run(self) -> None:
        self._write(b"* OK ready\r\n")
        while line := self._stream.readline():
            tag, _, command = line.decode().rstrip("\r\n").partition(" ")
            literal = b""
            if match := _LITERAL.search(command):
                self._write(b"+ go on\r\n")
                literal = self._stream.read(int(match[1]))
                self._stream.readline()
            if not self._reply(tag, command, literal):
                return

    def _reply(self, tag: str, command: str, literal: bytes) -> bool:
        """False: hung up."""
        with self._server.lock:
            server = self._server
            faults = server.append_faults if command.startswith("APPEND") else server.faults
            fault: Fault = faults.popleft() if faults and not command.startswith("LOGOUT") else "fine"
            if fault == "hangs up":
                return False
            if fault in ("NO", "BAD"):
                self._write(f"{tag} {fault} not now\r\n".encode())
                return True
            if fault == "BYE":
                self._write(b"* BYE out of order\r\n")
                return False
            untagged, verdict = self._do(command, literal)
        if fault == "twice":
            untagged = [each for each in untagged for _ in range(2)]
        if fault == "backwards":
            untagged = untagged[::-1]
        answer = b"".join(untagged) + f"{tag} {verdict} that is all\r\n".encode()
        if fault == "torn":
            answer = answer[: len(answer) // 2]
        if fault == "drips":
            for position in range(min(len(answer), 300)):
                self._write(answer[position : position + 1])
            answer = answer[300:]
        if fault != "lost":
            self._write(answer)
        return fault not in ("lost", "torn") and not command.startswith("LOGOUT")

    def _write(self, answer: bytes) -> None:
        self._stream.write(answer)
        self._stream.flush()

    # --- commands ---

    def _do(self, command: str, literal: bytes) -> tuple[list[bytes], str]:
        words = [quoted.replace('\\"', '"') or plain for quoted, plain in _WORD.findall(command)]
        name = words[0].upper()
        if name == "UID":
            name, words = f"UID {words[1].upper()}", words[1:]
        folders = self._server.mailbox(self._user) if self._user else {}
        match name:
            case "CAPABILITY":
                return [b"* CAPABILITY IMAP4rev1\r\n"], "OK"
            case "LOGIN":
                self._user = words[1]
                return [], "OK"
            case "LIST":
                wanted = list(folders) if words[2] == "*" else [each for each in folders if each == words[2]]
                return [f'* LIST () "/" "{each}"\r\n'.encode() for each in wanted], "OK"
            case "CREATE":
                folders.setdefault(words[1], LivingFolder())
                return [], "OK"
            case "NOOP" | "CLOSE" | "LOGOUT":
                return [], "OK"
        if name in ("STATUS", "EXAMINE", "APPEND"):
            return self._on_folder(name, folders.get(words[1]), words[1], literal)
        if name == "UID SEARCH" and self._open is not None:
            return [self._search(words[1:])], "OK"
        if name == "UID FETCH" and self._open is not None:
            return self._fetch(self._open, words[1], command.partition("(")[2].rstrip(")")), "OK"
        return [], "BAD what?"

    def _on_folder(self, name: str, folder: LivingFolder | None, title: str, literal: bytes) -> tuple[list[bytes], str]:
        if folder is None:
            return [], "NO [TRYCREATE] none such"
        if name == "APPEND":
            folder.add(literal, datetime.now().astimezone())
            return [], "OK"
        counts = len(folder.messages), folder.uidnext, folder.uidvalidity
        if name == "STATUS":
            told = "MESSAGES {} UIDNEXT {} UIDVALIDITY {}".format(*counts)
            return [f'* STATUS "{title}" ({told})\r\n'.encode()], "OK"
        self._open = folder
        return [
            f"* {counts[0]} EXISTS\r\n".encode(),
            f"* OK [UIDNEXT {counts[1]}] next\r\n".encode(),
            f"* OK [UIDVALIDITY {counts[2]}] valid\r\n".encode(),
        ], "OK [READ-ONLY] open"

    def _search(self, keys: list[str]) -> bytes:
        assert self._open is not None
        uids = list(self._open.messages)
        if keys[0].upper() == "HEADER":
            found = [uid for uid, (raw, _) in self._open.messages.items() if keys[2].encode() in raw]
        elif keys[0].upper() == "UID":
            found = [uid for uid in uids if uid >= int(keys[1].partition(":")[0])] or uids[-1:]
        else:
            first, _, last = keys[0].partition(":")
            found = uids[int(first) - 1 : None if last == "*" else int(last)]
        return b"* SEARCH" + b"".join(b" %d" % uid for uid in found) + b"\r\n"

    def _fetch(self, folder: LivingFolder, asked: str, items: str) -> list[bytes]:
        wanted: set[int] = set()
        for part in asked.split(","):
            first, _, last = part.partition(":")
            wanted.update(range(int(first), int(last or first) + 1))
        numbers = {uid: number for number, uid in enumerate(folder.messages, 1)}
        return [_told(numbers[uid], uid, *folder.messages[uid], items) for uid in folder.messages if uid in wanted]


def _told(number: int, uid: int, raw: bytes, came_at: datetime, items: str) -> bytes:
    """One FETCH answer; of structures none is known here, so no message may be large."""
    parts = [b"UID %d" % uid]
    upper = items.upper()
    if "INTERNALDATE" in upper:
        month = _MONTHS[came_at.month - 1]
        parts.append(f'INTERNALDATE "{came_at:%d}-{month}-{came_at:%Y %H:%M:%S %z}"'.encode())
    if "RFC822.SIZE" in upper:
        parts.append(b"RFC822.SIZE %d" % len(raw))
    if "FLAGS" in upper:
        parts.append(b"FLAGS ()")
    header = raw[: raw.find(b"\r\n\r\n") + 4]
    for asked, value in (("[HEADER]", header), ("[HEADER.FIELDS (MESSAGE-ID)]", header), ("[]", raw)):
        if f"BODY.PEEK{asked}" in upper:
            parts.append(f"BODY{asked} {{{len(value)}}}\r\n".encode() + value)
    return b"* %d FETCH (" % number + b" ".join(parts) + b")\r\n"
