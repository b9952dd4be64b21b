"""Probes and what came of them in a mailbox of Microsoft 365: found by a header field, and deleted."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email import message_from_bytes

from mailbot.platforms.graph.answers import Json, NotFound, Question, refusal
from mailbot.platforms.graph.client import IMMUTABLE, GraphClient, path
from mailbot.platforms.graph.headers import HEADER_PROPERTIES, SELECT, expand, header_of

_PAGE = 100


class GraphMarkedMail:
    """MarkedMail of one mailbox. Of other people's mail nothing but header fields is asked for."""

    def __init__(self, client: GraphClient, address: str) -> None:
        self._client = client
        self._address = address

    def find(self, field: str, value: str, since: datetime) -> Sequence[bytes]:
        found = []
        for message_id in self._matching(field, value, since):
            with suppress(NotFound):
                found.append(self._client.ask(self._question("GET", message_id, "$value")).body)
        return found

    def remove(self, field: str, value: str, since: datetime) -> int:
        removed = 0
        for message_id in list(self._matching(field, value, since)):
            with suppress(NotFound):
                self._client.ask(self._question("DELETE", message_id, needs="Mail.ReadWrite"))
                removed += 1
        return removed

    def close(self) -> None: ...

    def _matching(self, field: str, value: str, since: datetime) -> Iterator[str]:
        """Ids in all folders, the trash as well (learn.microsoft.com/graph/api/user-list-messages)."""
        after = f"receivedDateTime ge {since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        where = path("users", self._address, "messages", filter=after, select="id", top=_PAGE)
        listing = Question("GET", where, self._address, "Mail.Read", prefer=(IMMUTABLE,))
        ids = [str(entry["id"]) for entry in self._client.pages(listing)]
        asked = expand(*HEADER_PROPERTIES)
        questions = [self._question("GET", each, select=SELECT, expand=asked) for each in ids]
        for message_id, question, answer in zip(ids, questions, self._client.ask_all(questions), strict=True):
            if answer.ok:
                if _has_field(answer.json(), field, value):
                    yield message_id
            elif answer.status != 404:
                raise refusal(question, answer)

    def _question(self, method: str, *where: str, needs: str = "Mail.Read", **query: str) -> Question:
        place = path("users", self._address, "messages", *where, **query)
        return Question(method, place, self._address, needs, prefer=(IMMUTABLE,))


def _has_field(message: Json, field: str, value: str) -> bool:
    values = message_from_bytes(header_of(message)).get_all(field, [])
    return any(str(each).strip() == value for each in values)
