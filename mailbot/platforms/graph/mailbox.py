"""Reading a mailbox through Microsoft Graph without leaving a trace in it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from mailbot.platforms.base import AnswerMark, Arrival, Changes, DocumentLimits, Folder
from mailbot.platforms.graph import marks, reduced
from mailbot.platforms.graph.ahead import Ahead
from mailbot.platforms.graph.answers import (
    Answer,
    BadRequest,
    Forgotten,
    Json,
    NoMailbox,
    NotFound,
    Question,
    TooLarge,
    refusal,
)
from mailbot.platforms.graph.client import IMMUTABLE, GraphClient, path
from mailbot.platforms.graph.folders import NEEDS
from mailbot.platforms.graph.headers import HEADER_PROPERTIES, SELECT, expand, header_of, instant

#: stands for a folder that is not there (yet, or any more)
_NOTHING = ""
_HEADERS_AT_A_TIME = 100
_WITH_HEADERS = expand(*HEADER_PROPERTIES, reduced.SIZE)
#: learn.microsoft.com/office365/servicedescriptions: a message has at most 150 MB, and base64 makes 3 octets 4
_LARGEST_MIME = 220_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class GraphMailbox:
    """One mailbox as a Mailbox.

    A delivery id is Graph's immutable id, the same wherever the message moves within the mailbox. A cursor is a delta
    link below the version of the API. Mail received before `since` is never listed.
    """

    def __init__(self, client: GraphClient, address: str, ahead: Ahead, *, since: datetime | None = None) -> None:
        self._client = client
        self._address = address
        self._ahead = ahead
        self._since = since
        #: the message whose content was read last: the next stage, and its forwarding, ask for the same
        self._content: tuple[str, bytes] | None = None
        #: of those whose headers were fetched last, the octets of messages whose attachments are worth leaving behind
        self._large: dict[str, int] = {}

    def folders(self) -> Sequence[Folder]:
        return self._ahead.folders(self._client, self._address)

    def changes(self, folder: Folder, cursor: str | None, *, limit: int = 500) -> Iterator[Changes]:
        """What changed since `cursor`: one request per page (learn.microsoft.com/graph/delta-query-messages).

        Graph also tells of messages whose flags or categories changed; they are among the arrivals, under the id they
        have had before.
        """
        question = self._delta(folder, limit) if not cursor else replace(self._delta(folder, limit), path=cursor)
        reset = listed_anew = False
        while True:
            try:
                page = self._page(question)
            except Forgotten:
                if listed_anew:
                    raise
                listed_anew, reset, question = True, bool(cursor), self._delta(folder, limit)
                continue
            except BadRequest:
                if question.path != self._delta(folder, limit).path:
                    raise
                question = self._delta(folder, limit, with_marks=False)  # evidence must not hide the mail
                continue
            except NotFound:
                yield Changes(arrived=(), gone=(), cursor=_NOTHING, reset=bool(cursor))
                return
            following = page.get("@odata.nextLink")
            after = self._client.relative(str(following or page.get("@odata.deltaLink") or question.path))
            arrived, gone = self._arrivals(page), _gone(page)
            if arrived or gone or reset or not following:
                told = tuple(marks.marks_of(_entries(page, removed=False)))
                yield Changes(arrived=arrived, gone=gone, cursor=after, reset=reset, marks=told)
                reset = False
            if not following:
                return
            question = replace(question, path=after)

    def marks(self, folder: Folder, delivery_ids: Sequence[str]) -> Sequence[AnswerMark]:  # noqa: ARG002
        """A reply changes the message, so that the next listing tells of it."""
        return ()

    def fetch_headers(self, folder: Folder, delivery_ids: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:  # noqa: ARG002
        self._large.clear()
        for start in range(0, len(delivery_ids), _HEADERS_AT_A_TIME):
            wanted = delivery_ids[start : start + _HEADERS_AT_A_TIME]
            questions = [self._question(each, select=SELECT, expand=_WITH_HEADERS) for each in wanted]
            answers = self._client.ask_all(questions)
            for delivery_id, question, answer in zip(wanted, questions, answers, strict=True):
                if answer.status in (400, 501):  # a property that cannot be expanded must not hide the message
                    again = self._question(delivery_id, select=SELECT)
                    yield delivery_id, _header(again, self._client.ask_all([again])[0])
                else:
                    if answer.ok and reduced.is_large(answer.json()):
                        self._large[delivery_id] = reduced.size_of(answer.json())
                    yield delivery_id, _header(question, answer)

    def fetch(
        self,
        folder: Folder,  # noqa: ARG002
        delivery_id: str,
        *,
        with_attachments: bool = False,
        documents: DocumentLimits | None = None,
    ) -> bytes | None:
        """Graph gives MIME whole or not at all (learn.microsoft.com/graph/outlook-get-mime-message): of large messages
        only the text, where attachments are not asked for.

        Documents come with the whole message or, where that is larger than all of them may be, not at all.
        """
        if self._content is not None and self._content[0] == delivery_id:
            return self._content[1]
        size = self._large.get(delivery_id, 0)
        try:
            if size and not with_attachments and not (documents and size <= documents.together):
                return self._reduced(delivery_id)
            raw = self._whole(delivery_id)
        except NoMailbox:
            raise
        except NotFound:
            return None
        self._content = (delivery_id, raw)
        return raw

    def _whole(self, delivery_id: str) -> bytes:
        """Empty for what is larger than Exchange lets any mail be: nobody could pass it on, and it fills the memory."""
        where = path("users", self._address, "messages", delivery_id, "$value")
        question = Question("GET", where, self._address, NEEDS, prefer=(IMMUTABLE,), most_octets=_LARGEST_MIME)
        try:
            return self._client.ask(question).body
        except TooLarge:
            return b""

    def _reduced(self, delivery_id: str) -> bytes:
        """Header, text and the names of attachments, in one request; NotFound when it has vanished."""
        message = self._question(delivery_id, select=reduced.SELECT, expand=expand(*HEADER_PROPERTIES))
        where = path("users", self._address, "messages", delivery_id, "attachments", select=reduced.ATTACHMENTS)
        attachments = Question("GET", where, self._address, NEEDS, prefer=(IMMUTABLE,))
        told = []
        for question, answer in zip((message, attachments), self._client.ask_all([message, attachments]), strict=True):
            if not answer.ok:
                raise refusal(question, answer)
            told.append(answer.json())
        return reduced.without_attachments(*told)

    def close(self) -> None:
        self._content = None

    def _delta(self, folder: Folder, limit: int, *, with_marks: bool = True) -> Question:
        query: dict[str, str | int] = {"select": "receivedDateTime"}
        if with_marks:
            query["expand"] = marks.EXPAND
        if self._since is not None:
            query["filter"] = f"receivedDateTime ge {self._since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        where = path("users", self._address, "mailFolders", folder.id, "messages", "delta", **query)
        return Question("GET", where, self._address, NEEDS, prefer=(IMMUTABLE, f"odata.maxpagesize={limit}"))

    def _page(self, question: Question) -> Json:
        answer = self._ahead.take(self._address, question.path)
        if answer is None:
            return self._client.ask(question).json()
        if not answer.ok:
            raise refusal(question, answer)
        return answer.json()

    def _arrivals(self, page: Json) -> tuple[Arrival, ...]:
        """Oldest first. A message whose date is not told is asked for it, and never taken for an old one."""
        dates = {str(each["id"]): instant(each.get("receivedDateTime")) for each in _entries(page, removed=False)}
        undated = [delivery_id for delivery_id, at in dates.items() if at is None]
        questions = [self._question(each, select="receivedDateTime") for each in undated]
        for delivery_id, answer in zip(undated, self._client.ask_all(questions), strict=True):
            dates[delivery_id] = instant(answer.json().get("receivedDateTime")) if answer.ok else None
        arrived = [Arrival(each, at or self._since or _EPOCH) for each, at in dates.items()]
        return tuple(sorted(arrived, key=lambda one: one.internal_date))

    def _question(self, delivery_id: str, **query: str) -> Question:
        where = path("users", self._address, "messages", delivery_id, **query)
        return Question("GET", where, self._address, NEEDS, prefer=(IMMUTABLE,))


def _entries(page: Json, *, removed: bool) -> Iterator[Json]:
    return (entry for entry in page.get("value") or () if ("@removed" in entry) is removed)


def _gone(page: Json) -> tuple[str, ...]:
    return tuple(str(entry["id"]) for entry in _entries(page, removed=True))


def _header(question: Question, answer: Answer) -> bytes | None:
    if answer.ok:
        return header_of(answer.json())
    error = refusal(question, answer)
    if isinstance(error, NotFound):
        return None
    raise error
