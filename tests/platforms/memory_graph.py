"""A small mail system in memory that behaves like Microsoft Graph.

With the adapters in `memory_graph_adapters` it proves that the capabilities of `mailbot.platforms.base` fit such a
system: delta links per folder that expire, ids that survive a move within the mailbox, drafts that are sent by id,
settings that are patched, rules that stand beside a person's own, and throttling.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.utils import getaddresses
from itertools import count
from typing import Any

Json = dict[str, Any]


class GraphError(Exception):
    """An answer that is none of 2xx."""

    def __init__(self, status: int, retry_after_seconds: float | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.retry_after_seconds = retry_after_seconds


@dataclass
class Item:
    """A message; its id stays when it moves (Prefer: IdType="ImmutableId")."""

    id: str
    folder: str
    raw: bytes
    received_at: datetime
    is_read: bool = False

    @property
    def internet_message_id(self) -> str:
        return str(message_from_bytes(self.raw)["Message-ID"])


@dataclass
class Account:
    items: dict[str, Item] = field(default_factory=dict)
    folders: list[str] = field(default_factory=lambda: ["Inbox", "SentItems", "Drafts", "JunkEmail"])
    #: folder -> (number of the change, item id)
    log: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    #: folder -> links given out before this number have expired
    expired_before: dict[str, int] = field(default_factory=dict)
    mailbox_settings: Json = field(default_factory=dict)
    rules: dict[str, Json] = field(default_factory=dict)


class GraphServer:
    """All accounts of a tenant. `on_the_wire` runs before and after each request and may raise."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self.accounts = {address: Account() for address in addresses}
        self.on_the_wire: Callable[[], None] = lambda: None
        self.throttled_requests = 0
        self._numbers = count(1)
        self._links: dict[str, tuple[list[str], int]] = {}

    @contextmanager
    def request(self, address: str) -> Iterator[Account]:
        self.on_the_wire()
        if self.throttled_requests:
            self.throttled_requests -= 1
            raise GraphError(429, retry_after_seconds=17)
        if address not in self.accounts:
            raise GraphError(404)
        yield self.accounts[address]
        self.on_the_wire()  # the work is done, the answer may be lost

    def put(self, account: Account, folder: str, raw: bytes, received_at: datetime) -> Item:
        item = Item(f"AAMk{next(self._numbers)}", folder, raw, received_at)
        account.items[item.id] = item
        self._note(account, folder, item)
        return item

    def move(self, account: Account, item: Item, folder: str) -> None:
        self._note(account, item.folder, item)
        item.folder = folder
        self._note(account, folder, item)

    def delete(self, account: Account, item: Item) -> None:
        del account.items[item.id]
        self._note(account, item.folder, item)

    def _note(self, account: Account, folder: str, item: Item) -> None:
        account.log.setdefault(folder, []).append((next(self._numbers), item.id))

    def expire_links(self, account: Account, folder: str) -> None:
        account.expired_before[folder] = next(self._numbers)

    def delta(self, address: str, folder: str, link: str | None, top: int) -> tuple[list[Json], str, bool]:
        """One page of changes after `link`, the link after it, and whether that is a nextLink (more pages)."""
        with self.request(address) as account:
            if folder not in account.folders:
                raise GraphError(404)
            if link is None:
                present = [item for item in account.items.values() if item.folder == folder]
                present.sort(key=lambda item: item.received_at)
                pending, since = [item.id for item in present], next(self._numbers)
            else:
                pending, since = self._links[link]
                if since < account.expired_before.get(folder, 0):
                    raise GraphError(410)
                if not pending:
                    changed = (item_id for number, item_id in account.log.get(folder, ()) if number > since)
                    pending, since = list(dict.fromkeys(changed)), next(self._numbers)
            after = f"https://graph.example/delta?token={next(self._numbers)}"
            self._links[after] = (pending[top:], since)
            page = [_change(account.items.get(item_id), item_id, folder) for item_id in pending[:top]]
            return page, after, bool(pending[top:])

    def send(self, address: str, item_id: str) -> None:
        """Send a draft: it becomes the copy in SentItems; recipients unknown here bounce later."""
        with self.request(address) as account:
            item = account.items.get(item_id)
            if item is None or item.folder != "Drafts":
                raise GraphError(404)
            self.move(account, item, "SentItems")
            for _, recipient in getaddresses([str(message_from_bytes(item.raw)["To"])]):
                if recipient in self.accounts:
                    self.put(self.accounts[recipient], "Inbox", item.raw, datetime(2026, 11, 23, tzinfo=UTC))


def _change(item: Item | None, item_id: str, folder: str) -> Json:
    if item is None or item.folder != folder:
        return {"id": item_id, "@removed": {"reason": "deleted"}}
    return {"id": item_id, "receivedDateTime": item.received_at, "size": len(item.raw)}
