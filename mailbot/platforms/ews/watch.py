"""Waiting for news in an inbox: streaming notifications. They only wake us up; what has come is asked as ever.

https://learn.microsoft.com/exchange/client-developer/exchange-web-services/notification-subscriptions-mailbox-events-and-ews-in-exchange
"""

import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress

import requests

from mailbot.errors import TransientError
from mailbot.platforms.ews.folders import distinguished
from mailbot.platforms.ews.session import EwsSession, read_document
from mailbot.platforms.ews.xml import Element, M, T, text

#: the longest that the server holds one answer open
_MINUTES = 30
#: the server says at least every minute that it is still there
_SILENCE_SECONDS = 150.0
_EVENTS = ("NewMailEvent", "CreatedEvent", "MovedEvent", "DeletedEvent")
_END = re.compile(rb"</(?:\w+:)?Envelope\s*>")
_LONGEST_DOCUMENT = 1_000_000


class EwsWatch:
    """A platforms.base.Watch of an inbox, on a session of its own."""

    def __init__(self, session: EwsSession) -> None:
        self._session = session
        self._response: requests.Response | None = None
        self._documents: Iterator[Element] = iter(())
        self._subscription = self._subscribe()

    def wait(self, timeout_seconds: float) -> bool:
        """The server ends its answer after half an hour; what comes until the next one counts as news (there is no
        catching up)."""
        deadline = time.monotonic() + timeout_seconds
        if self._response is None:
            self._listen()
        with self._session.errors():
            for document in self._documents:
                status, news = self._told(document)
                if status == "Closed":
                    self._hang_up()
                    self._listen()
                    return True
                if news or time.monotonic() >= deadline:
                    return news
        raise TransientError(f"{self._session.host} has stopped telling of news")

    def _told(self, document: Element) -> tuple[str, bool]:
        status, news = "OK", False
        for answer in document.iter("{*}GetStreamingEventsResponseMessage"):
            self._session.require(answer)
            status = text(answer, "m:ConnectionStatus", status)
            # The schema has notifications among the types, Microsoft's examples among the messages.
            names = (event.tag.rpartition("}")[2] for told in answer.iter("{*}Notification") for event in told)
            news = news or any(name in _EVENTS for name in names)
        return status, news

    def _subscribe(self) -> str:
        request = M.Subscribe(
            M.StreamingSubscriptionRequest(
                T.FolderIds(distinguished("inbox")), T.EventTypes(*(T.EventType(name) for name in _EVENTS))
            )
        )
        return text(self._session.one("Subscribe", request), "m:SubscriptionId")

    def _listen(self) -> None:
        request = M.GetStreamingEvents(
            M.SubscriptionIds(T.SubscriptionId(self._subscription)), M.ConnectionTimeout(str(_MINUTES))
        )
        self._response = self._session.stream("GetStreamingEvents", request, _SILENCE_SECONDS)
        self._documents = _documents(self._response)

    def interrupt(self) -> None:
        """From another thread: the waiting read ends at once."""
        response = self._response
        connection = getattr(response.raw, "connection", None) if response is not None else None
        if (link := getattr(connection, "sock", None)) is not None:
            with suppress(OSError):
                # Not SSLSocket.shutdown: that takes the encryption away from under the waiting thread.
                socket.socket.shutdown(link, socket.SHUT_RDWR)

    def close(self) -> None:
        self._hang_up()
        self._session.close()

    def _hang_up(self) -> None:
        if self._response is not None:
            with suppress(OSError):
                self._response.close()
        self._response, self._documents = None, iter(())


def _documents(response: requests.Response) -> Iterator[Element]:
    """The XML documents that the server writes one after the other."""
    waiting = b""
    for piece in response.iter_content(chunk_size=None):
        waiting += piece
        while (end := _END.search(waiting)) is not None:
            document, waiting = waiting[: end.end()], waiting[end.end() :]
            yield read_document(document)
        if len(waiting) > _LONGEST_DOCUMENT:
            raise TransientError("the server tells of news in a way that cannot be read")
