"""An IMAP server in this process that keeps mail, and fails on demand: RFC 3501 and not more, as mailbot asks it.

`Manners` make it another make of server: its capabilities, how it names folders, what it says unasked.

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
_QUOTED_PAIR = re.compile(r"\\(.)")


@dataclass(frozen=True, kw_only=True)
class Manners:
    """In what a server differs; all that is here is allowed by RFC 3501, or was seen."""

    separator: str = "/"
    capabilities: str = ""
    #: CAPABILITY in the greeting and in the answer to LOGIN, as well as when it is asked for
    tells_capabilities: bool = False
    #: said after login too, where it means nothing
    login_disabled_after_login: bool = False
    namespace: str = '(("" "/")) NIL NIL'
    #: no folder beside the inbox may be made without it
    required_prefix: str = ""
    #: LIST gives names as literals
    literal_names: bool = False
    #: FETCH tells its items in reverse order, the UID last
    backwards: bool = False
    #: what others do, told with every answer: flags, and a message that comes and goes
    chatty: bool = False
    #: nothing at all for a SEARCH without results, and one answer for each message with
    terse_search: bool = False
    #: items that FETCH does not know (left out) or has no value for (NIL)
    missing: tuple[str, ...] = ()
    nil: tuple[str, ...] = ()
    #: a session does not see what it has appended until it asks with NOOP
    late_append: bool = False
    #: what EXAMINE and STATUS tell of UIDVALIDITY and the numbers of new mail holds only until somebody else asks;
    #: SELECT makes it stay. A folder opened by EXAMINE takes no APPEND (Courier; mbox files but for the latter)
    keeps_numbers_on_select: bool = False
    #: whether SELECT and EXAMINE tell UIDNEXT
    tells_uidnext: bool = True
    #: STATUS gives names without quotes, whatever they hold (GNU mailutils)
    bare_names: bool = False


@dataclass
class LivingFolder:
    uidvalidity: int = 1
    #: as LIST tells them
    attributes: str = ""
    uidnext: int = 1
    #: the first number that is not kept (keeps_numbers_on_select); 0: neither is UIDVALIDITY
    kept_until: int = 0
    #: nobody may write into it: SELECT gives it for reading only
    read_only: bool = False
    #: no mail at all, but one of the files in a home directory, shown as a message (UW imapd, Panda)
    is_file: bool = False
    #: UID -> (octets, when it came)
    messages: dict[int, tuple[bytes, datetime]] = field(default_factory=dict)

    def add(self, raw: bytes, came_at: datetime) -> int:
        self.messages[self.uidnext] = raw, came_at
        self.uidnext += 1
        return self.uidnext - 1

    def number_anew(self, *, keep: bool) -> None:
        """New mail is numbered in the order in which it came, whatever was told of it before."""
        self.uidvalidity += not self.kept_until
        first = self.kept_until or min(self.messages, default=self.uidnext)
        fresh = sorted((self.messages.pop(uid) for uid in list(self.messages) if uid >= first), key=lambda one: one[1])
        self.messages |= dict(enumerate(fresh, first))
        if keep:
            self.kept_until = self.uidnext

    def renumber(self) -> None:
        """What a restored backup does: the same mail under other numbers."""
        self.uidvalidity += 1
        kept = list(self.messages.values())
        self.messages = {7 * number + 3: each for number, each in enumerate(kept)}
        self.uidnext = 7 * len(kept) + 3


class LivingImap:
    """Mailboxes by login name; any password is right. People change `mailboxes` directly, under `lock`."""

    def __init__(self, manners: Manners | None = None) -> None:
        self.manners = manners or Manners()
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
        self._manners = server.manners
        self._user = ""
        self._open: LivingFolder | None = None
        self._read_only = True
        #: UIDs appended in this session and not shown yet (late_append)
        self._hidden: set[int] = set()

    def run(self) -> None:
        told = f"[CAPABILITY {self._capabilities()}] " if self._manners.tells_capabilities else ""
        self._write(f"* OK {told}ready\r\n".encode())
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
        answer = b"".join(self._with_news(untagged)) + f"{tag} {verdict} that is all\r\n".encode()
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

    def _with_news(self, untagged: list[bytes]) -> list[bytes]:
        if not self._manners.chatty or self._open is None:
            return untagged
        count = len(self._open.messages)
        news = [b"* OK still here\r\n", b"* %d EXISTS\r\n" % (count + 1), b"* 1 RECENT\r\n"]
        gone = [b"* %d EXPUNGE\r\n" % (count + 1), b"* %d EXISTS\r\n" % count]
        uids = list(self._open.messages)
        flags = [b"* 1 FETCH (FLAGS (\\Seen))\r\n", b"* 1 FETCH (FLAGS (\\Seen) UID %d)\r\n" % uids[0]] if uids else []
        middle = len(untagged) // 2
        return [*news, *untagged[:middle], *flags, *gone, *untagged[middle:], *flags]

    # --- commands ---

    def _capabilities(self) -> str:
        login = " LOGINDISABLED" if self._user and self._manners.login_disabled_after_login else ""
        return f"IMAP4rev1 {self._manners.capabilities}".strip() + login

    def _do(self, command: str, literal: bytes) -> tuple[list[bytes], str]:
        words = [_QUOTED_PAIR.sub(r"\1", quoted) or plain for quoted, plain in _WORD.findall(command)]
        name = words[0].upper()
        if name == "UID":
            name, words = f"UID {words[1].upper()}", words[1:]
        folders = self._server.mailbox(self._user) if self._user else {}
        match name:
            case "CAPABILITY":
                return [f"* CAPABILITY {self._capabilities()}\r\n".encode()], "OK"
            case "LOGIN":
                self._user = words[1]
                return [], f"OK [CAPABILITY {self._capabilities()}]" if self._manners.tells_capabilities else "OK"
            case "NAMESPACE" if "NAMESPACE" in self._manners.capabilities:
                return [f"* NAMESPACE {self._manners.namespace}\r\n".encode()], "OK"
            case "LIST":
                begin, star, _ = words[2].partition("*")
                wanted = [each for each in folders if (each.startswith(begin) if star else each == begin)]
                return [self._listed(each, folders[each]) for each in wanted], "OK"
            case "CREATE":
                if not words[1].startswith(self._manners.required_prefix):
                    return [], "NO invalid mailbox name"
                folders.setdefault(words[1], LivingFolder())
                return [], "OK"
            case "NOOP":
                self._hidden.clear()
                return [], "OK"
            case "CLOSE":
                self._open = None
                return [], "OK"
            case "LOGOUT":
                return [], "OK"
        if name in ("STATUS", "EXAMINE", "SELECT", "APPEND"):
            return self._on_folder(name, folders.get(words[1]), words[1], literal)
        if name == "UID SEARCH" and self._open is not None:
            return [self._search(words[1:])], "OK"
        if name == "UID FETCH" and self._open is not None:
            return self._fetch(self._open, words[1], command.partition("(")[2].rstrip(")")), "OK"
        return [], "BAD what?"

    def _listed(self, name: str, folder: LivingFolder) -> bytes:
        head = f'* LIST ({folder.attributes}) "{self._manners.separator}" '.encode()
        raw = name.encode()
        if self._manners.literal_names:
            return head + b"{%d}\r\n" % len(raw) + raw + b"\r\n"
        return head + self._quoted(name) + b"\r\n"

    def _quoted(self, name: str) -> bytes:
        return ('"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"').encode()

    def _on_folder(self, name: str, folder: LivingFolder | None, title: str, literal: bytes) -> tuple[list[bytes], str]:
        if folder is None or re.search(r"\\no(select|nexistent)", folder.attributes, re.IGNORECASE):
            return [], "NO [TRYCREATE] none such"
        if self._manners.keeps_numbers_on_select:
            if name == "APPEND" and self._open is folder and self._read_only:
                return [], "NO Current box is selected READ-ONLY."
            folder.number_anew(keep=name in ("SELECT", "APPEND"))
        if name == "APPEND":
            uid = folder.add(literal, datetime.now().astimezone())
            if self._manners.late_append:
                self._hidden.add(uid)
            return [], "OK"
        counts = len(folder.messages), folder.uidnext, folder.uidvalidity
        if name == "STATUS":
            counts = (1, 1, folder.uidvalidity) if folder.is_file else counts
            told = "MESSAGES {} UIDNEXT {} UIDVALIDITY {}".format(*counts)
            called = title.encode() if self._manners.bare_names else self._quoted(title)
            return [b"* STATUS " + called + f" ({told})\r\n".encode()], "OK"
        self._open = folder
        self._read_only = name == "EXAMINE" or folder.read_only or folder.is_file
        told = [f"* {counts[0]} EXISTS\r\n", f"* OK [UIDVALIDITY {counts[2]}] valid\r\n"]
        if self._manners.tells_uidnext:
            told.insert(1, f"* OK [UIDNEXT {counts[1]}] next\r\n")
        if folder.is_file:
            told += ["* NO [UIDNOTSTICKY] Non-permanent unique identifiers\r\n", "* OK [PERMANENTFLAGS ()] none\r\n"]
        return [each.encode() for each in told], f"OK [READ-{'ONLY' if self._read_only else 'WRITE'}] open"

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
        found = [uid for uid in found if uid not in self._hidden]
        if self._manners.terse_search:
            return b"".join(b"* SEARCH %d\r\n" % uid for uid in found)
        return b"* SEARCH" + b"".join(b" %d" % uid for uid in found) + b"\r\n"

    def _fetch(self, folder: LivingFolder, asked: str, items: str) -> list[bytes]:
        wanted: set[int] = set()
        for part in asked.split(","):
            first, _, last = part.partition(":")
            wanted.update(range(int(first), int(last or first) + 1))
        numbers = {uid: number for number, uid in enumerate(folder.messages, 1)}
        return [
            _told(numbers[uid], uid, *folder.messages[uid], items, self._manners)
            for uid in folder.messages
            if uid in wanted
        ]


def _told(number: int, uid: int, raw: bytes, came_at: datetime, items: str, manners: Manners) -> bytes:
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
    fields = ("[HEADER.FIELDS (MESSAGE-ID)]", "[HEADER.FIELDS (RECEIVED DATE)]")
    for asked, value in (("[HEADER]", header), *((each, header) for each in fields), ("[]", raw)):
        if f"BODY.PEEK{asked}" in upper:
            parts.append(f"BODY{asked} {{{len(value)}}}\r\n".encode() + value)
    parts = [b" ".join((name, b"NIL")) if (name := each.partition(b" ")[0]).decode() in manners.nil else each
             for each in parts if each.partition(b" ")[0].decode() not in manners.missing]  # fmt: skip
    return b"* %d FETCH (" % number + b" ".join(parts[::-1] if manners.backwards else parts) + b")\r\n"
