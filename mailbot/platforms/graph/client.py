"""Requests to Microsoft Graph: token, pacing, batches, pages, and what becomes of refusals."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

import httpx

from mailbot.errors import PermanentError, TransientError
from mailbot.platforms.graph.answers import (
    BUSY,
    Answer,
    BadRequest,
    Json,
    NotFound,
    Question,
    TooLarge,
    Unclear,
    refusal,
)
from mailbot.platforms.graph.token import Tokens
from mailbot.platforms.pacing import Pacing, retry_after_seconds

#: learn.microsoft.com/graph/json-batching: at most so many requests in one
BATCH = 20
#: learn.microsoft.com/graph/outlook-immutable-id: ids stay when a message moves within its mailbox
IMMUTABLE = 'IdType="ImmutableId"'
_VERSION = re.compile(r"^/(v1\.0|beta)(?=/)")


def path(*segments: str, **query: str | int) -> str:
    """A relative URL. Keys of the query get their "$"; "$" and "," of OData stay as people write them."""
    where = "/" + "/".join(quote(segment, safe="@$=-_().") for segment in segments)
    asked = "&".join(f"${key}={quote(str(value), safe=',:()')}" for key, value in query.items())
    return f"{where}?{asked}" if asked else where


def literal(text: str) -> str:
    """A string in an OData filter."""
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


@dataclass(slots=True)
class GraphClient:
    """One application in one tenant, for all threads."""

    base_url: str
    tokens: Tokens
    pacing: Pacing
    http: httpx.Client
    #: mailbox -> sign-in name (UPN), where it is not the address: Graph knows users by the latter
    users: Mapping[str, str] = field(default_factory=dict)
    #: some servers in front of Graph offer no $batch; then each request goes by itself
    _batches: bool = True

    # --- one request ---

    def ask(self, question: Question) -> Answer:
        """The answer, of 2xx; what else the server says is raised: TransientError, PermanentError, Unclear."""
        answer = self._answer(question)
        if not answer.ok:
            raise refusal(question, answer, self._told_to_wait(question, answer))
        return answer

    def _answer(self, question: Question) -> Answer:
        """An answer of any status, after what patience allows. Unclear when it may have been done all the same."""
        attempt = 0
        while True:
            try:
                answer = self._authorised(question)
            except httpx.HTTPError as error:
                if not question.is_safe and not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
                    raise Unclear(f"no answer from Microsoft Graph ({type(error).__name__})") from None
                pause = self.pacing.pause(attempt, None)
                if pause is None:
                    raise TransientError(f"no answer from Microsoft Graph ({type(error).__name__})") from None
            else:
                if answer.status not in BUSY:
                    # 501: the server does not do such things at all (RFC 9110 15.6.2), so it has not done this one
                    if answer.status >= 500 and answer.status != 501 and not question.is_safe:
                        raise Unclear(f"Microsoft Graph answered {answer.status}")
                    return answer
                if answer.status != 429 and not question.is_safe:
                    raise Unclear(f"Microsoft Graph answered {answer.status}")
                pause = self.pacing.pause(attempt, self._asked_seconds(answer))
                if pause is None:
                    return answer
            self.pacing.sleep(pause)
            attempt += 1

    def _authorised(self, question: Question) -> Answer:
        """With a token; a refused one is renewed once, never again: directories count failures."""
        token = self.tokens.get()
        answer = self._sent(question, token)
        if answer.status != 401:
            return answer
        renewed = self.tokens.get(refused=token)
        return answer if renewed == token else self._sent(question, renewed)

    def _sent(self, question: Question, token: str) -> Answer:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", **_headers(question)}
        content = question.content
        if question.body is not None:
            content = json.dumps(question.body).encode()
        # Graph sends at most four requests of a batch to Exchange at a time, whatever their mailboxes.
        at_once = len(question.body["requests"]) if question.together and question.body else 1
        with self.pacing.turn(question.together or list(filter(None, [question.mailbox])), at_once):
            url = self.base_url + self._where(question)
            if question.most_octets:
                return self._bounded(question, url, headers)
            response = self.http.request(question.method, url, content=content, headers=headers)
        return Answer(response.status_code, response.content, response.headers)

    def _bounded(self, question: Question, url: str, headers: Mapping[str, str]) -> Answer:
        """An answer that may be long. TooLarge as soon as it is longer than it may be."""
        pieces, octets = [], 0
        with self.http.stream(question.method, url, headers=headers) as response:
            for piece in response.iter_bytes():
                pieces.append(piece)
                octets += len(piece)
                if octets > question.most_octets:
                    raise TooLarge(f"Microsoft Graph gives more than {question.most_octets} octets")
        return Answer(response.status_code, b"".join(pieces), response.headers)

    def put(self, url: str, chunk: bytes, content_range: str) -> None:
        """One piece of an upload session. Its URL stands for the permission and is on another host: no token goes there
        (learn.microsoft.com/graph/outlook-large-attachments)."""
        if urlsplit(url).scheme != "https" and not self.base_url.startswith("http://"):
            raise PermanentError("Microsoft Graph names a place for an upload that is not encrypted")
        headers = {"Content-Range": content_range, "Content-Type": "application/octet-stream"}
        try:
            response = self.http.put(url, content=chunk, headers=headers)
        except httpx.HTTPError as error:
            raise TransientError(f"an upload was broken off ({type(error).__name__})") from None
        if not response.is_success:
            raise TransientError(f"an upload was broken off ({response.status_code})")

    # --- many ---

    def ask_all(self, questions: Sequence[Question]) -> list[Answer]:
        """The answers in the order asked, of any status, 20 in one request. Throttled ones are asked again in time.

        Only for what may be asked twice.
        """
        answers: list[Answer] = []
        for start in range(0, len(questions), BATCH):
            answers.extend(self._together(questions[start : start + BATCH]))
        return answers

    def _together(self, questions: Sequence[Question]) -> list[Answer]:
        if len(questions) == 1 or not self._batches:
            return [self._told(question, self._answer(question)) for question in questions]
        answers: dict[int, Answer] = {}
        waiting, attempt = list(range(len(questions))), 0
        while True:
            try:
                answers.update(self._batch({number: questions[number] for number in waiting}))
            except (NotFound, BadRequest):
                self._batches = False
                return self._together(questions)
            busy = [number for number in waiting if answers[number].status in BUSY]
            asked = [self._asked_seconds(answers[number]) for number in busy]
            pause = self.pacing.pause(attempt, max((each for each in asked if each is not None), default=None))
            if not busy or pause is None:
                return [self._told(question, answers[number]) for number, question in enumerate(questions)]
            self.pacing.sleep(pause)
            waiting, attempt = busy, attempt + 1

    def _batch(self, questions: dict[int, Question]) -> dict[int, Answer]:
        requests = [
            {"id": str(number), "method": each.method, "url": self._where(each), **_inner(each)}
            for number, each in questions.items()
        ]
        mailboxes = tuple(sorted({each.mailbox for each in questions.values()}))
        needs = next(iter(questions.values())).needs
        mailbox = mailboxes[0] if len(mailboxes) == 1 else ""
        together = Question("POST", "/$batch", mailbox, needs, body={"requests": requests}, together=mailboxes)
        try:
            told = self.ask(together).json().get("responses")
        except Unclear as error:  # questions only: nothing can have been done
            raise TransientError(str(error)) from None
        found: dict[int, Answer] = {}
        for each in told if isinstance(told, list) else []:
            found[int(each["id"])] = _inner_answer(each)
        return {number: found.get(number, Answer(503)) for number in questions}

    def pages(self, question: Question) -> Iterator[Json]:
        """The entries of a listing, page by page."""
        following: Question | None = question
        while following is not None:
            page = self.ask(following).json()
            yield from page.get("value") or ()
            link = page.get("@odata.nextLink")
            following = replace(question, path=self.relative(link)) if link else None

    # --- URLs ---

    def _where(self, question: Question) -> str:
        below = self.relative(question.path)
        user, prefix = self.users.get(question.mailbox), f"{path('users', question.mailbox)}/"
        return f"{path('users', user)}/{below.removeprefix(prefix)}" if user and below.startswith(prefix) else below

    def relative(self, link: str) -> str:
        """The part of a link below the version of the API. What a server names as its host is not followed: the token
        only ever goes where the configuration says."""
        if link.startswith(self.base_url + "/"):
            return link.removeprefix(self.base_url)
        parts = urlsplit(link)
        below = _VERSION.sub("", parts.path)
        return below + (f"?{parts.query}" if parts.query else "")

    # --- pacing ---

    def _told(self, question: Question, answer: Answer) -> Answer:
        self._told_to_wait(question, answer)
        return answer

    def _told_to_wait(self, question: Question, answer: Answer) -> float | None:
        """Remember that this mailbox wants to be left alone, and for how long."""
        if answer.status not in BUSY:
            return None
        seconds = self._asked_seconds(answer)
        if seconds is not None and question.mailbox:
            self.pacing.leave_alone(question.mailbox, seconds)
        return seconds

    def _asked_seconds(self, answer: Answer) -> float | None:
        value = next((text for name, text in answer.headers.items() if name.lower() == "retry-after"), None)
        return retry_after_seconds(str(value) if value is not None else None, datetime.now(UTC))


def _headers(question: Question) -> dict[str, str]:
    headers = {}
    if question.prefer:
        headers["Prefer"] = ", ".join(question.prefer)
    if question.body is not None:
        headers["Content-Type"] = "application/json"
    elif question.content is not None:
        headers["Content-Type"] = question.content_type
    return headers


def _inner(question: Question) -> Json:
    inner: Json = {"headers": _headers(question)} if _headers(question) else {}
    return inner | ({"body": question.body} if question.body is not None else {})


def _inner_answer(told: Json) -> Answer:
    body = told.get("body")
    headers = told.get("headers")
    return Answer(
        int(told.get("status", 503)),
        headers=headers if isinstance(headers, dict) else {},
        parsed=body if isinstance(body, dict) else {},
        body=body.encode() if isinstance(body, str) else b"",
    )
