"""Conversations: messages tied by Message-ID, In-Reply-To and References (RFC 5322 3.6.4), in any order of arrival.

Every identifier that a message bears or names belongs to one conversation. A message that names identifiers of two
conversations makes them one. Both the identifiers per message and the size of a conversation are bounded: a thread of a
hundred thousand mails must not make each further one dearer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, bindparam, func, select, update

from mailbot.mail.message import Message
from mailbot.store.bulk import insert_rows
from mailbot.store.database import SOME, find
from mailbot.store.tables import links, messages, obligations, sent_traces

#: identifiers in one conversation; a message beyond that begins a new one
MAX_CONVERSATION = 5_000
#: a thread names its beginning first and its newest last
_KEPT_FIRST, _KEPT_LAST = 2, 20

_LINKED = select(links.c.message_id_print, links.c.conversation).where(links.c.message_id_print.in_(SOME))
_SIZES = select(links.c.conversation, func.count()).where(links.c.conversation.in_(SOME)).group_by(links.c.conversation)


@dataclass(frozen=True, slots=True)
class Linked:
    """One message's identifiers as fingerprints: its own, and those it names, nearest first."""

    own: str
    named: tuple[str, ...]


@dataclass(slots=True)
class Conversations:
    """Which conversation each message of a batch belongs to."""

    #: own fingerprint -> conversation
    of: dict[str, str] = field(default_factory=dict)
    #: own fingerprint -> the conversation of the identifier that it names first. The same, unless that one was full:
    #: an answer then counts where its question is
    nearest: dict[str, str] = field(default_factory=dict)
    #: conversations that were joined to another, so that their obligations must be looked at again
    merged: set[str] = field(default_factory=set)


def named_ids(message: Message) -> tuple[str, ...]:
    """The identifiers a message names, nearest first: In-Reply-To, References from the newest on, the original."""
    references = message.references
    if len(references) > _KEPT_FIRST + _KEPT_LAST:
        references = references[:_KEPT_FIRST] + references[-_KEPT_LAST:]
    return tuple(dict.fromkeys((*message.in_reply_to[:_KEPT_LAST], *reversed(references), *message.originals)))


def link(connection: Connection, batch: Sequence[Linked]) -> Conversations:
    """Find or make the conversation of each message, and store what is new about them."""
    prints = sorted({one for linked in batch for one in (linked.own, *linked.named)})
    stored = stored_links(connection, prints)
    forest = _Forest(stored, _sizes(connection, sorted(set(stored.values()))))
    for linked in batch:
        for named in linked.named:
            forest.join(linked.own, named)
    result = Conversations(of={linked.own: forest.conversation(linked.own) for linked in batch})
    result.nearest = {linked.own: forest.conversation((*linked.named, linked.own)[0]) for linked in batch}
    added = [{"message_id_print": one, "conversation": forest.conversation(one)} for one in prints if one not in stored]
    insert_rows(connection, links, added)
    moved = forest.moved()
    _move(connection, moved)
    result.merged = set(moved.values())
    return result


def stored_links(connection: Connection, prints: Sequence[str]) -> dict[str, str]:
    """The conversation of each fingerprint that is known."""
    return dict(find(connection, _LINKED, prints))


def _sizes(connection: Connection, conversations: Sequence[str]) -> dict[str, int]:
    return dict(find(connection, _SIZES, conversations))


def _move(connection: Connection, moved: Mapping[str, str]) -> None:
    if not moved:
        return
    rows = [{"old": old, "new": new} for old, new in sorted(moved.items())]
    for table in (links, messages, sent_traces, obligations):
        column = table.c.conversation
        connection.execute(update(table).where(column == bindparam("old")).values(conversation=bindparam("new")), rows)


class _Forest:
    """Disjoint sets (union by size) over fingerprints and stored conversations.

    Stored conversations are nodes too, written with a prefix that no fingerprint has. Fingerprints are counted, nodes
    of stored conversations weigh what they hold.
    """

    _STORED = "="

    def __init__(self, stored: Mapping[str, str], sizes: Mapping[str, int]) -> None:
        self._parent: dict[str, str] = {}
        self._size: dict[str, int] = {}
        #: the stored conversation whose name the set goes on under
        self._name: dict[str, str] = {}
        self._stored = stored
        for conversation, size in sizes.items():
            node = self._STORED + conversation
            self._parent[node], self._size[node], self._name[node] = node, size, conversation

    def _root(self, node: str) -> str:
        if node in self._stored:
            node = self._STORED + self._stored[node]
        if node not in self._parent:
            self._parent[node], self._size[node] = node, 1
        while self._parent[node] != node:
            self._parent[node] = self._parent[self._parent[node]]
            node = self._parent[node]
        return node

    def join(self, one: str, other: str) -> None:
        """Make one set of two, unless it would grow too large."""
        large, small = self._root(one), self._root(other)
        if large == small or self._size[large] + self._size[small] > MAX_CONVERSATION:
            return
        if self._size[large] < self._size[small]:
            large, small = small, large
        self._parent[small] = large
        self._size[large] += self._size[small]
        # The larger stored conversation keeps its name: fewer rows move, at most log n times each.
        if large not in self._name and small in self._name:
            self._name[large] = self._name[small]

    def conversation(self, node: str) -> str:
        """The name of the set that `node` is in; a new set is named after the first message asked for."""
        root = self._root(node)
        return self._name.setdefault(root, node)

    def moved(self) -> dict[str, str]:
        """Stored conversations that now go under another's name."""
        nodes = [node for node in self._parent if node.startswith(self._STORED)]
        named = {node.removeprefix(self._STORED): self.conversation(node) for node in nodes}
        return {old: new for old, new in named.items() if old != new}
