"""Probes and what came of them in an IMAP mailbox: the one place that opens a folder for writing, to remove them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from email import message_from_bytes
from typing import Any

from mailbot.platforms.imap.connection import ImapConnection
from mailbot.platforms.imap.folders import RoleNames, find_folders, raw_name
from mailbot.platforms.imap.session import Refused

_DELETED = rb"\Deleted"


class ImapMarkedMail:
    """One mailbox; the connection is opened when it is first needed, and kept until `close`."""

    def __init__(self, connect: Callable[[], ImapConnection], *, folder_names: RoleNames | None = None) -> None:
        self._connect = connect
        self._folder_names = folder_names or {}
        self._connection: ImapConnection | None = None

    def find(self, field: str, value: str, since: datetime) -> Sequence[bytes]:
        return [raw for _, messages in self._everywhere(field, value, since) for raw in messages.values()]

    def remove(self, field: str, value: str, since: datetime) -> int:
        removed = 0
        for folder, messages in self._everywhere(field, value, since):
            if messages:
                self._delete(folder, list(messages))
                removed += len(messages)
        return removed

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _everywhere(self, field: str, value: str, since: datetime) -> Iterator[tuple[bytes, dict[int, bytes]]]:
        """Folder by folder: UID -> raw message."""
        connection = self._opened()
        for found in find_folders(connection, self._folder_names):
            name = raw_name(found.folder)
            try:
                connection.examine(name)
            except Refused:
                continue  # a folder without the right to read it
            yield name, self._matching(connection, field, value, since)

    def _matching(self, connection: ImapConnection, field: str, value: str, since: datetime) -> dict[int, bytes]:
        # SINCE knows whole days, in the server's own zone (RFC 3501 6.4.4).
        uids = connection.uids_with_field(field, value.strip("<>"), since=since - timedelta(days=1))
        if not uids:
            return {}
        with connection.errors("FETCH"):
            answers: dict[int, dict[bytes, Any]] = connection.client.fetch(list(uids), ["BODY.PEEK[]"])
        raws = {uid: items[b"BODY[]"] for uid, items in answers.items() if isinstance(items.get(b"BODY[]"), bytes)}
        # SEARCH finds parts of words too.
        return {uid: raw for uid, raw in raws.items() if has_field(raw, field, value)}

    def _delete(self, folder: bytes, uids: list[int]) -> None:
        connection = self._opened()
        if not connection.opens_for_writing(folder):
            raise Refused(f"{connection.endpoint} lets {connection.login.mailbox} only read where a probe lies")
        try:
            with connection.errors("STORE"):
                connection.client.add_flags(uids, [_DELETED], silent=True)
            if "UIDPLUS" in connection.capabilities:
                with connection.errors("EXPUNGE"):
                    connection.client.uid_expunge(uids)
            elif self._alone(connection, uids):
                with connection.errors("EXPUNGE"):
                    connection.client.expunge()
        finally:
            # CLOSE would remove what other people have marked (RFC 3501 6.4.2): leave by opening for reading.
            with suppress(Refused):
                connection.examine(folder)

    def _alone(self, connection: ImapConnection, uids: list[int]) -> bool:
        """Without UIDPLUS an EXPUNGE takes all that is marked; what people have marked stays until they do it."""
        with connection.errors("SEARCH"):
            return set(connection.client.search(["DELETED"])) <= set(uids)

    def _opened(self) -> ImapConnection:
        if self._connection is not None and not self._connection.usable:
            self.close()
        if self._connection is None:
            self._connection = self._connect()
        return self._connection


def has_field(raw: bytes, field: str, value: str) -> bool:
    head = message_from_bytes(raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    return any("".join(str(each).split()) == value for each in head.get_all(field, []))
