"""An IMAP server in this process that keeps mail, and fails on demand: RFC 3501 and not more, as mailbot asks it.

`Manners` make it another make of server: its capabilities, how it names folders, what it says unasked.

What goes wrong is queued in `faults`, one entry for each command that is answered (LOGOUT excepted);
APPEND has a queue of its own, or it would hardly ever be met. What others do between two commands is queued in
`meanwhile`.
"""

import re
import socket
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import BinaryIO, Literal

from tests.servers.fetch_answers import nothing_but_nil, told
from tests.servers.manners import Manners

__all__ = ["Fault", "LivingFolder", "LivingImap", "Manners"]

#: fine: no fault. lost: done, and hung up without an answer. torn: hung up in the middle of the answer. NO and BAD:
#: refused. BYE: a farewell instead. drips: octet by octet. twice: every untagged answer is repeated. backwards: in
#: reverse order
Fault = Literal["fine", "hangs up", "lost", "torn", "NO", "BAD", "BYE", "drips", "twice", "backwards"]

_LITERAL = re.compile(r"\{(\d+)\+?\}$")
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
_QUOTED_PAIR = re.compile(r"\\(.)")


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
        #: (whose, how a command begins, what somebody does just before it is carried out); the first is awaited first
        self.meanwhile: deque[tuple[str, str, Callable[[], None]]] = deque()
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
        self._view: Mapping[int, tuple[bytes, datetime]] = {}
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
            if server.meanwhile and self._user == server.meanwhile[0][0] and command.startswith(server.meanwhile[0][1]):
                server.meanwhile.popleft()[2]()
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
        return f"{self._manners.protocol} {self._manners.capabilities}".strip() + login

    @property
    def _is_rev2(self) -> bool:
        return self._manners.protocol == "IMAP4rev2"

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
            case "NAMESPACE" if "NAMESPACE" in self._manners.capabilities or self._is_rev2:
                return [f"* NAMESPACE {self._manners.namespace}\r\n".encode()], "OK"
            case "LIST":
                begin, star, _ = words[2].partition("*")
                wanted = [each for each in folders if (each.startswith(begin) if star else each == begin)]
                lines = [self._listed(each, folders[each]) for each in wanted]
                if "(STATUS" in command:
                    lines += [
                        line for each in wanted for line in self._on_folder("STATUS", folders[each], each, b"")[0]
                    ]
                return lines, "OK"
            case "CREATE":
                if not words[1].startswith(self._manners.required_prefix):
                    return [], "NO invalid mailbox name"
                folders.setdefault(words[1], LivingFolder())
                return [], "OK"
            case "NOOP":
                self._hidden.clear()
                self._look()
                return [], "OK"
            case "CLOSE" | "UNSELECT":
                self._open = None
                return [], "OK"
            case "LOGOUT":
                return [], "OK"
        if name in ("STATUS", "EXAMINE", "SELECT", "APPEND"):
            return self._on_folder(name, folders.get(words[1]), words[1], literal)
        if name == "UID SEARCH" and words[1].upper() == "HEADER" and not self._manners.knows_header_search:
            return [], "BAD cannot search for that"
        if name == "UID SEARCH" and self._open is not None:
            return [self._search(words[1:], command)], "OK"
        if name == "UID FETCH" and self._open is not None:
            return self._fetch(self._open, words[1], command.partition("(")[2].rstrip(")"))
        return [], "BAD what?"

    def _listed(self, name: str, folder: LivingFolder) -> bytes:
        head = f'* LIST ({folder.attributes}) "{self._manners.separator}" '.encode()
        raw = name.encode()
        more = b' ("CHILDINFO" ("SUBSCRIBED"))' if self._manners.extends_list else b""
        if self._manners.literal_names:
            return head + b"{%d}\r\n" % len(raw) + raw + more + b"\r\n"
        return head + self._quoted(name) + more + b"\r\n"

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
            messages, uidnext = (1, 1) if folder.is_file else counts[:2]
            more, later = self._manners.status_lies
            stands = f"MESSAGES {messages + more}" + ("" if later is None else f" UIDNEXT {uidnext + later}")
            called = title.encode() if self._manners.bare_names else self._quoted(title)
            return [b"* STATUS " + called + f" ({stands} UIDVALIDITY {counts[2]})\r\n".encode()], "OK"
        self._open = folder
        self._read_only = name == "EXAMINE" or folder.read_only or folder.is_file
        self._look()
        lines = [f"* {counts[0]} EXISTS\r\n", f"* OK [UIDVALIDITY {counts[2]}] valid\r\n"]
        if self._manners.tells_uidnext:
            lines.insert(1, f"* OK [UIDNEXT {counts[1]}] next\r\n")
        if folder.is_file:
            lines += ["* NO [UIDNOTSTICKY] Non-permanent unique identifiers\r\n", "* OK [PERMANENTFLAGS ()] none\r\n"]
        return [each.encode() for each in lines], f"OK [READ-{'ONLY' if self._read_only else 'WRITE'}] open"

    def _look(self) -> None:
        """See the open folder as it is now."""
        self._view = dict(self._open.messages) if self._open is not None else {}

    def _seen(self) -> Mapping[int, tuple[bytes, datetime]]:
        """What this session knows of the open folder."""
        if not self._manners.frozen:
            self._look()
        return self._view

    def _search(self, keys: list[str], command: str) -> bytes:
        extended = keys[0].upper() == "RETURN"
        keys = keys[2:] if extended else keys
        seen = self._seen()
        uids = list(seen)
        if keys[0].upper() == "HEADER":
            found = [uid for uid, (raw, _) in seen.items() if keys[2].encode() in raw]
        elif keys[0].upper() == "UID":
            found = [uid for uid in uids if uid >= int(keys[1].partition(":")[0])] or uids[-1:]
            found = found if self._manners.searches_uids else []
        else:
            first, _, last = keys[0].partition(":")
            found = uids[int(first) - 1 : None if last == "*" else int(last)]
        found = [uid for uid in found if uid not in self._hidden]
        if extended or self._is_rev2:  # RFC 9051 6.4.4: no SEARCH any more
            tag = command.partition(" ")[0]
            return f'* ESEARCH (TAG "{tag}") UID{" ALL " if found else ""}{",".join(map(str, found))}\r\n'.encode()
        if self._manners.terse_search:
            return b"".join(b"* SEARCH %d\r\n" % uid for uid in found)
        return b"* SEARCH" + b"".join(b" %d" % uid for uid in found) + b"\r\n"

    def _fetch(self, folder: LivingFolder, asked: str, items: str) -> tuple[list[bytes], str]:
        lines: list[bytes] = []
        verdict = "OK"
        for number, (uid, message) in enumerate(self._seen().items(), 1):
            if not _is_among(uid, asked):
                continue
            if folder.messages.get(uid) is message or self._manners.removed == "kept":
                lines.append(told(number, uid, *message, items, self._manners))
            elif self._manners.removed == "NIL":
                lines.append(nothing_but_nil(number, uid, items))
            elif self._manners.removed == "refused":
                verdict = "NO [EXPUNGEISSUED]"
        return lines[::-1] if self._manners.scattered else lines, verdict


def _is_among(uid: int, asked: str) -> bool:
    """Whether a sequence-set without "*" names it."""
    pairs = (part.partition(":") for part in asked.split(","))
    return any(int(first) <= uid <= int(last or first) for first, _, last in pairs)
