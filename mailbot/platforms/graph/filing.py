"""Sorting the mail of a mailbox of Microsoft 365 (learn.microsoft.com/graph/api/message-update, message-move)."""

from mailbot.platforms.base import Folder
from mailbot.platforms.graph.answers import Answer, Json, NoMailbox, NotFound, Question
from mailbot.platforms.graph.client import IMMUTABLE, GraphClient, path

_NEEDS = "Mail.ReadWrite"


class GraphFiling:
    """Filing of one mailbox. Immutable ids stay when a message moves."""

    def __init__(self, client: GraphClient, address: str) -> None:
        self._client = client
        self._address = address

    def categorise(self, delivery_id: str, category: str) -> bool:
        there = self._ask("GET", path(*self._message(delivery_id), select="categories"))
        if there is None:
            return False
        present = [str(each) for each in there.json().get("categories") or ()]
        if category in present:
            return True
        return self._ask("PATCH", path(*self._message(delivery_id)), {"categories": [*present, category]}) is not None

    def move(self, delivery_id: str, to: Folder) -> str | None:
        return self._moved(delivery_id, to.id)

    def discard(self, delivery_id: str) -> bool:
        return self._moved(delivery_id, "deleteditems") is not None

    def _moved(self, delivery_id: str, to: str) -> str | None:
        answer = self._ask("POST", path(*self._message(delivery_id), "move"), {"destinationId": to})
        return None if answer is None else str(answer.json().get("id") or delivery_id)

    def _message(self, delivery_id: str) -> tuple[str, ...]:
        return "users", self._address, "messages", delivery_id

    def _ask(self, method: str, where: str, body: Json | None = None) -> Answer | None:
        """None when the message has vanished."""
        try:
            return self._client.ask(Question(method, where, self._address, _NEEDS, body=body, prefer=(IMMUTABLE,)))
        except NoMailbox:
            raise
        except NotFound:
            return None

    def close(self) -> None:
        """The client belongs to all mailboxes."""
