"""One IMAP connection: the commands that mailbot gives, and what it makes of the answers.

What is read a hundred thousand times (FETCH) goes past imapclient's parser.
"""

import imaplib
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import cast

from imapclient.datetime_util import format_criteria_date

from mailbot.errors import TransientError
from mailbot.platforms.imap.answers import FolderState, Listed, listed, namespace, status
from mailbot.platforms.imap.login import Login
from mailbot.platforms.imap.session import ImapSession, Refused, first_line, quoted
from mailbot.platforms.imap.syntax import FetchItems, fetched, parse_all, response_code
from mailbot.platforms.imap.transport import Endpoint
from mailbot.platforms.imap.uids import MAX_UID, UidSet

#: UIDs asked for in one SEARCH: imaplib refuses lines of a million octets, and a UID has up to ten digits
_SEARCH_WINDOW = 40_000
_MAX_LISTINGS = 3
#: RFC 5530: some of the messages have been deleted, here is the rest
_GONE_CODES = frozenset({"EXPUNGEISSUED", "NONEXISTENT"})


class ImapConnection(ImapSession):
    """Used by one thread at a time. Folders are only ever opened with EXAMINE: nothing can be changed by accident."""

    def __init__(self, endpoint: Endpoint, login: Login) -> None:
        """Connect and log in. TransientError or PermanentError, each with its remedy."""
        #: the folder that is open, and how it stood when it was opened
        self.selected: bytes | None = None
        self.state: FolderState | None = None
        #: the same as long as a connection lasts
        self._namespaces: tuple[list[tuple[bytes, str]], list[bytes]] | None = None
        super().__init__(endpoint, login)

    def namespaces(self) -> tuple[list[tuple[bytes, str]], list[bytes]]:
        """(Prefix, separator) of our own folders, and the prefixes of other people's and shared ones (RFC 2342)."""
        if self._namespaces is None:
            self._namespaces = self._ask_namespaces() if "NAMESPACE" in self.capabilities else ([], [])
        return self._namespaces

    def _ask_namespaces(self) -> tuple[list[tuple[bytes, str]], list[bytes]]:
        try:
            with self.errors("NAMESPACE"):
                answer = self._checked("NAMESPACE", self._imap.namespace())
        except Refused:  # announced and not there
            return [], []
        values = next(parse_all(answer), ())
        own, others, shared = (*values, None, None, None)[:3]
        foreign = [prefix for each in (others, shared) for prefix, _ in namespace(each)]
        return namespace(own), foreign

    def list_folders(self, *, with_status: bool = False) -> tuple[list[Listed], dict[bytes, FolderState]]:
        """All folders, and with `with_status` how each stands, where the server tells both at once (RFC 5819)."""
        combined = with_status and {"LIST-STATUS", "LIST-EXTENDED"} <= self.capabilities
        returned = "RETURN (SPECIAL-USE STATUS (MESSAGES UIDNEXT UIDVALIDITY))"
        if combined and "SPECIAL-USE" not in self.capabilities:
            returned = "RETURN (STATUS (MESSAGES UIDNEXT UIDVALIDITY))"
        if combined:
            self.unselect()  # as for STATUS
            try:
                return self._list(b"*", returned)
            except Refused:
                self.capabilities -= {"LIST-STATUS"}  # announced and not there
        return self._list(b"*")

    def list_below(self, prefix: bytes) -> list[Listed]:
        """The folders of a namespace, by its prefix."""
        return self._list(prefix + b"*")[0]

    def _list(self, pattern: bytes, *options: str) -> tuple[list[Listed], dict[bytes, FolderState]]:
        with self.errors("LIST"):
            self._forget("LIST", "STATUS")
            self._checked("LIST", self._command("LIST", '""', quoted(pattern), *options))
            found = [listed(values) for values in parse_all(self._response("LIST")) if len(values) >= 3]
            states = dict(status(values) for values in parse_all(self._response("STATUS")) if len(values) >= 2)
        return found, states

    def exists(self, folder: bytes) -> bool:
        """Whether there is such a folder that can hold mail."""
        found, _ = self._list(folder)
        # The name is a pattern here, and may fit others too.
        return any(each.name == folder and not each.attributes & {"\\noselect", "\\nonexistent"} for each in found)

    def status(self, folder: bytes) -> FolderState:
        """Refused when there is no such folder, or no right to it."""
        if self.selected == folder:
            self.unselect()  # RFC 3501 6.3.10: STATUS is not for the open folder, and may tell what was
        with self.errors("STATUS"):
            self._forget("STATUS")
            self._checked("STATUS", self._command("STATUS", quoted(folder), "(MESSAGES UIDNEXT UIDVALIDITY)"))
            states = dict(status(values) for values in parse_all(self._response("STATUS")) if len(values) >= 2)
        if not states:
            raise Refused(f"{self.endpoint} gave no answer to STATUS that makes sense")
        return states.get(folder) or states.popitem()[1]  # the last, where the server spells the name otherwise

    def examine(self, folder: bytes) -> FolderState:
        """Open a folder for reading only. Refused when there is no such folder, or no right to it."""
        self.selected = None
        with self.errors("EXAMINE"):
            self._checked("EXAMINE", self._imap.select(cast(str, quoted(folder)), readonly=True))
            state = FolderState(
                uidvalidity=self._number("UIDVALIDITY"),
                uidnext=self._number("UIDNEXT"),
                messages=self._number("EXISTS"),
            )
        self.selected, self.state = folder, state
        return state

    def is_a_file(self, folder: bytes) -> bool:
        """Whether the folder that has just been opened is none: UW imapd shows every file at home as one message.

        Its own folders without lasting UIDs (UIDNOTSTICKY, RFC 4315 section 3) can be opened for writing. Leaves this
        one open for reading.
        """
        if "UIDNOTSTICKY" not in self._imap.untagged_responses or self._number("EXISTS") != 1:
            return False
        is_writable = self.opens_for_writing(folder)
        self.examine(folder)
        return not is_writable

    def settle(self, folder: bytes) -> FolderState:
        """Like `examine`, once the server has written down which message has which UID.

        Courier and servers of mbox files (GNU mailutils) do so only where a folder is opened for writing. Until then
        UIDVALIDITY is another for everybody who asks; Courier numbers new mail by the names of its files, so that a
        number already read may come to stand for another mail.
        """
        for _ in range(_MAX_LISTINGS):
            with suppress(Refused):
                self.opens_for_writing(folder)
            kept = self._number("EXISTS")
            # RFC 3501 6.3.1: leaves the folder, and removes nothing from it (unlike CLOSE)
            state = self.examine(folder)
            if state.messages == kept:
                break
        return state

    def unselect(self) -> None:
        """Leave the open folder. CLOSE removes nothing from a folder opened with EXAMINE (RFC 3501 6.4.2)."""
        if self.selected is not None:
            self.selected = None
            command = "UNSELECT" if "UNSELECT" in self.capabilities else "CLOSE"
            with suppress(Refused), self.errors(command):
                self._checked(command, self._command(command))
                self._imap.state = "AUTH"

    def uids_from(self, first: int) -> UidSet:
        """UIDs in the open folder that are `first` or higher."""
        # RFC 3501 6.4.8: "n:*" also names the last message when its UID is lower than n.
        found = self._search(f"UID {min(first, MAX_UID)}:*")
        if not found and (messages := self._number("EXISTS")):
            found = self.all_uids(messages)  # that cannot be: SEARCH of GNU mailutils finds no message by its UID
        return found.from_(first)

    def all_uids(self, messages: int) -> UidSet:
        """UIDs of everything in the open folder, which holds about `messages`."""
        for _ in range(_MAX_LISTINGS):
            self._forget("EXPUNGE")
            found = UidSet()
            # Message numbers, not UIDs, bound the answer: UIDs may lie far apart.
            for first in range(1, max(messages, 1) + 1, _SEARCH_WINDOW):
                last = first + _SEARCH_WINDOW - 1
                found = found.union(self._search(f"{first}:{'*' if last >= messages else last}"))
            # A message deleted between two windows moves the numbers of all that follow.
            if messages <= _SEARCH_WINDOW or not any(self._response("EXPUNGE")):
                return found
        raise TransientError(f"{self.endpoint}: the folder changes faster than it can be listed")

    def uids_with_field(self, name: str, value: str, *, since: datetime | None = None) -> UidSet:
        """UIDs in the open folder whose header field contains `value` (a part of a word is enough).

        With `since` of those that came on that day or later, in the server's own zone (RFC 3501 6.4.4).
        """
        came = f"SINCE {format_criteria_date(since).decode()} " if since else ""
        return self._search(f"{came}HEADER {name} {quoted(value.encode()).decode('utf-8', 'replace')}")

    def noop(self) -> None:
        """Hear what has changed in the open folder."""
        with self.errors("NOOP"):
            self._checked("NOOP", self._command("NOOP"))

    def _search(self, key: str) -> UidSet:
        if "ESEARCH" in self.capabilities:
            try:
                return self._search_by(f"RETURN (ALL) {key}")
            except Refused:
                self.capabilities -= {"ESEARCH"}  # announced and not there
        try:
            return self._search_by(key)
        except Refused:
            # Some servers refuse message numbers in an empty folder, where "*" stands for nothing.
            if key.endswith(":*") and self._number("EXISTS") == 0:
                return UidSet()
            raise

    def _search_by(self, arguments: str) -> UidSet:
        with self.errors("SEARCH"):
            self._forget("SEARCH", "ESEARCH")
            answer = self._checked("SEARCH", self._imap.uid("SEARCH", arguments))
            uids = [int(word) for line in answer for word in line.split()]
            for values in parse_all(self._response("ESEARCH")):
                words = [value.upper() if isinstance(value, bytes) else b"" for value in values]
                if b"ALL" in words[:-1]:
                    return UidSet.from_sequence_set(words[words.index(b"ALL") + 1].decode("ascii", "replace"))
        return UidSet.of(uids)

    def fetch(self, uids: UidSet, items: str) -> Iterator[tuple[int, FetchItems]]:
        """`items` of those UIDs of the open folder that are still there, in the server's order."""
        with self.errors("FETCH"):
            self._forget("FETCH")
            typ, data = self._imap.uid("FETCH", uids.sequence_set(), f"({items})")
            if typ == "NO" and response_code(first_line(data)) in _GONE_CODES:
                typ, data = "OK", self._response("FETCH")
            yield from fetched(self._checked("FETCH", (typ, data)))

    def append(self, folder: bytes, raw: bytes, *, flags: str = "") -> None:
        """Lay a message into a folder. Refused [TRYCREATE] when there is none."""
        if self.selected == folder:
            self.unselect()  # Courier lays none into a folder opened for reading
        with self.errors("APPEND"):
            self._checked("APPEND", self._imap.append(cast(str, quoted(folder)), flags, "", raw))

    def create_folder(self, folder: bytes) -> None:
        with self.errors("CREATE"):
            self._checked("CREATE", self._command("CREATE", quoted(folder)))

    def my_rights(self, folder: bytes) -> bytes:
        """The letters of RFC 4314 that we have there; empty when the server does not say."""
        with self.errors("MYRIGHTS"):
            typ, answer = self._imap.myrights(cast(str, quoted(folder)))
        last = answer[-1] if typ == "OK" and answer else None
        return last.rpartition(b" ")[2] if isinstance(last, bytes) else b""

    def opens_for_writing(self, folder: bytes) -> bool:
        """Whether SELECT gives the folder for more than reading. Leaves it open: nothing else is to follow."""
        self.unselect()
        with self.errors("SELECT"):
            try:
                typ, _ = self._imap.select(cast(str, quoted(folder)))
            except imaplib.IMAP4.readonly:  # no lost connection, although imaplib derives it from `abort`
                return False
            return str(typ) == "OK"
