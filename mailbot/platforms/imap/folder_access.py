"""The folders of one mailbox on a connection that may be lost, kept for the next pass, or need opening anew."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from mailbot.errors import PermanentError, TransientError
from mailbot.platforms.base import Folder
from mailbot.platforms.imap import reading
from mailbot.platforms.imap.answers import FolderState
from mailbot.platforms.imap.connection import ImapConnection
from mailbot.platforms.imap.cursor import uid_of
from mailbot.platforms.imap.folders import RoleNames, find_folders, raw_name
from mailbot.platforms.imap.pool import Connect, ConnectionPool
from mailbot.platforms.imap.session import LostConnection, Refused
from mailbot.platforms.imap.syntax import FetchItems
from mailbot.platforms.imap.uids import UidSet

T = TypeVar("T")


class FolderAccess:
    """`connect` opens a connection to the mailbox; `close` leaves it with the pool under `key`."""

    def __init__(self, pool: ConnectionPool, key: str, connect: Connect) -> None:
        self._pool = pool
        self._key = key
        self._connect = connect
        self._connection: ImapConnection | None = None
        #: the connection may have been idle for so long that the server has closed it
        self._may_be_closed = False
        #: how folders stood when they were listed; each is used once
        self._states: dict[str, FolderState] = {}

    def listed(self, names: RoleNames) -> Sequence[Folder]:
        """The folders that are read; how they stand, where the list tells, is remembered once."""
        found = self.asked(lambda connection: find_folders(connection, names))
        self._states = {each.folder.id: each.state for each in found if each.state is not None}
        return [each.folder for each in found]

    def just_listed(self, folder: Folder) -> FolderState | None:
        """How the folder stood in that list, if nobody has used that yet."""
        return self._states.get(folder.id)

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._pool.give_back(self._key, connection)

    def connection(self) -> ImapConnection:
        """One that works as far as is known."""
        if self._connection is not None and not self._connection.usable:
            self._connection.close()
            self._connection = None
        if self._connection is None:
            leased = self._pool.lease(self._key, self._connect)
            self._connection, self._may_be_closed = leased.connection, leased.kept
        return self._connection

    def asked(self, question: Callable[[ImapConnection], T]) -> T:
        """The answer; asked again on a new connection when one that was idle turns out to be dead.

        It may have been kept from an earlier pass, or mail was judged for longer than the server waits.
        """
        connection = self.connection()
        try:
            answer = question(connection)
        except LostConnection:
            if not self._may_be_closed:
                raise
            return self.asked(question)
        self._may_be_closed = True
        return answer

    def state(self, folder: Folder) -> FolderState | None:
        """How the folder stands; None when there is none of this name."""
        told = self._states.pop(folder.id, None)
        try:
            return told or self.asked(lambda connection: connection.status(raw_name(folder)))
        except Refused:  # no such folder, or no STATUS
            return self.examined(folder)

    def examined(self, folder: Folder) -> FolderState | None:
        """The folder opened anew, so that the server tells what has come; None when there is none of this name."""
        name = raw_name(folder)
        try:
            return self.asked(lambda connection: connection.examine(name))
        except Refused as refusal:
            if folder.role == "inbox":
                raise self._no_inbox(refusal) from refusal
            if self.asked(lambda connection: connection.exists(name)):
                raise
            return None

    def _no_inbox(self, refusal: Refused) -> PermanentError:
        login = self.connection().login
        remedy = "check that the mailbox exists and that its owner may read it"
        if login.method in ("master", "authzid"):
            remedy = f"let {login.user} be judged as the owner (Dovecot's ACL plugin: acl_user = %u)"
        return PermanentError(f"{refusal}: the login works, but the inbox cannot be opened; {remedy}")

    def with_folder(self, folder: Folder) -> ImapConnection:
        """The connection with this folder open."""
        connection = self.connection()
        if connection.selected != raw_name(folder) and self.examined(folder) is None:
            raise TransientError(f"{connection.endpoint}: a folder of {connection.login.mailbox} has just gone")
        return self.connection()

    def uids(self, folder: Folder, delivery_ids: Sequence[str]) -> dict[str, int]:
        """The UIDs behind those ids that are of the folder as it is now."""
        connection = self.connection()
        state = connection.state if connection.selected == raw_name(folder) else None
        for _ in range(2):
            if state is not None:
                uids = {each: uid_of(each, state.uidvalidity) for each in delivery_ids}
                ours = {each: uid for each, uid in uids.items() if uid is not None}
                if ours or not uids:
                    return ours
            # None of them: the folder may have begun another life since it was opened.
            state = self.examined(folder)
        return {}

    def gently(self, folder: Folder, uids: Sequence[int], items: str) -> tuple[dict[int, FetchItems], frozenset[int]]:
        """`items` of the messages that are there, and those of which the server cannot give them."""

        def fetch(wanted: UidSet, what: str = items) -> dict[int, FetchItems]:
            found: dict[int, FetchItems] = {}
            for uid, told in self.with_folder(folder).fetch(wanted, what):
                found.setdefault(uid, {}).update(told)
            return found

        def is_there(uid: int) -> bool:
            return uid in fetch(UidSet.of([uid]), "FLAGS")

        return reading.fetch_gently(fetch, is_there, uids)
