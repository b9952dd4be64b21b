"""A local server that speaks Microsoft Graph v1.0 for a `Tenant`, with its token end point.

Every request and response of the API is held to Microsoft's published description (`graph_schema`); what that does not
say follows the documentation page named beside it. `faults` makes it fail on demand, `log` tells what was asked.
"""

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, unquote_plus, urlsplit

from werkzeug.datastructures import Headers, MultiDict
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.urls import iri_to_uri
from werkzeug.wrappers import Request, Response

from tests.servers import graph_schema
from tests.servers.graph_calls import CALLS, Problem, Told
from tests.servers.graph_identity import IdentityProvider
from tests.servers.graph_tenant import Account, Tenant

#: learn.microsoft.com/graph/throttling-limits#outlook-service-limits
AT_A_TIME = 4
#: learn.microsoft.com/graph/json-batching
MOST_IN_A_BATCH = 20


@dataclass
class Fault:
    """Answers that fail: `status` for requests whose "METHOD path" matches `pattern`, so many times."""

    pattern: str
    status: int
    code: str = "generalException"
    times: int = 1
    headers: dict[str, str] = field(default_factory=dict)
    #: the work is done and the answer lost
    after: bool = False


@dataclass
class Asked:
    """One request as it came; those inside a batch have `within`."""

    method: str
    path: str
    within: bool = False
    prefer: str = ""


class GraphServer:
    """Start with `with GraphServer(tenant) as server`; `url` and `authority_url` go into the configuration."""

    def __init__(self, tenant: Tenant, *, permissions: set[str] | None = None) -> None:
        self.tenant = tenant
        self.identity = IdentityProvider()
        #: mailboxes the application may reach (RBAC for Applications); None = all
        self.scope: set[str] | None = None
        self.denied: set[str] = set()
        self.faults: list[Fault] = []
        self.log: list[Asked] = []
        self.violations: list[str] = []
        #: seconds that the client waited, or would have
        self.waits: list[float] = []
        self.offers_batch = True
        #: runs before and after each change of a mailbox, and may raise
        self.on_the_wire: Callable[[], None] = lambda: None
        self.most_at_once = 0
        self.delay_seconds = 0.0
        self.uploads: dict[str, Any] = {}
        self.tokens: dict[str, Any] = {}
        self._running: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._server: BaseWSGIServer | None = None

    def __enter__(self) -> "GraphServer":
        self._server = make_server("127.0.0.1", 0, self._wsgi, threaded=True, request_handler=_Quiet)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def origin(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        return f"{self.origin}/v1.0"

    @property
    def authority_url(self) -> str:
        return f"{self.origin}/login"

    def asked(self, pattern: str = "") -> list[str]:
        """Requests on the wire (not those inside a batch) whose "METHOD path" matches."""
        lines = [f"{each.method} {each.path}" for each in self.log if not each.within]
        return [line for line in lines if re.search(pattern, line)]

    @contextmanager
    def counting(self) -> Iterator[list[str]]:
        """The requests on the wire from here to the end of the block."""
        start = len(self.log)
        found: list[str] = []
        yield found
        found.extend(f"{each.method} {each.path}" for each in self.log[start:] if not each.within)

    # --- HTTP ---

    def _wsgi(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        raw_path = urlsplit(environ.get("RAW_URI") or environ.get("REQUEST_URI") or request.path).path
        try:
            response = self._response(request, raw_path)
        except Exception as error:  # what a test raises in `on_the_wire`, or a defect of this server
            self.violations.append(f"the server failed: {type(error).__name__}: {error}")
            response = Response("", 500)
        return response(environ, start_response)

    def _response(self, request: Request, raw_path: str) -> Response:
        if raw_path.startswith("/login/"):
            return self.identity.answer(request, raw_path.removeprefix("/login"), f"{self.authority_url}")
        if raw_path.startswith("/upload/"):
            return self._upload(request, raw_path)
        told = self.handle(
            request.method, raw_path, request.query_string.decode(), Headers(request.headers), request.get_data()
        )
        return Response(told.body, told.status, headers=told.headers, content_type=told.content_type or None)

    def handle(
        self, method: str, path: str, query: str, headers: Headers, body: bytes, *, within: bool = False
    ) -> Told:
        """One request, from the wire or out of a batch."""
        below = path.removeprefix("/v1.0")
        line = f"{unquote(below)}{f'?{unquote(query)}' if query else ''}"
        with self._lock:
            self.log.append(Asked(method, line, within, headers.get("Prefer", "")))
        arguments = _arguments(query)
        if not within and not self.identity.accepts(headers.get("Authorization", "")):
            return Told.error(401, "InvalidAuthenticationToken")
        wrong = graph_schema.request_problem(
            method, path, arguments, headers, body, headers.get("Content-Type", "")
        ) or (None if path.startswith("/v1.0/") else "not below /v1.0")
        if wrong:
            self.violations.append(f"request {method} {line}: {wrong}")
            return Told.error(400, "BadRequest")
        told = self._told(method, below, arguments, headers, body, line)
        wrong = graph_schema.response_problem(
            method, path, arguments, headers, told.status, told.body, told.content_type
        )
        if wrong:
            self.violations.append(f"response {told.status} to {method} {line}: {wrong}")
            return Told.error(500, "sl-violations")
        return told

    def _told(
        self, method: str, path: str, query: MultiDict[str, str], headers: Headers, body: bytes, line: str
    ) -> Told:
        fault = self._fault(f"{method} {line}")
        if fault is not None and not fault.after:
            return Told.error(fault.status, fault.code, fault.headers)
        if path == "/$batch":
            return self._batch(headers, body)
        segments = [unquote(each) for each in path.strip("/").split("/")]
        mailbox = segments[1].lower() if len(segments) > 1 and segments[0] == "users" else ""
        with self._at_work(mailbox) as too_many:
            if too_many:
                return Told.error(429, "ApplicationThrottled", {"Retry-After": "1"})
            with self.tenant.lock:
                told = self._called(method, segments, mailbox, query, headers, body)
        if fault is not None:
            return Told.error(fault.status, fault.code, fault.headers)
        return told

    def _called(
        self, method: str, segments: list[str], mailbox: str, query: MultiDict[str, str], headers: Headers, body: bytes
    ) -> Told:
        account = self.tenant.account(mailbox) if mailbox else None
        for call in CALLS:
            values = call.matches(method, segments)
            if values is None:
                continue
            if call.needs_mailbox and account is None:
                return Told.error(404, "ErrorInvalidUser")
            if call.permission in self.denied or (
                account is not None and self.scope is not None and account.address not in self.scope
            ):
                # learn.microsoft.com/exchange/permissions-exo/application-rbac
                return Told.error(403, "ErrorAccessDenied")
            if method != "GET":
                self.on_the_wire()
            try:
                told = call.function(self, account or Account(""), values, query, headers, body)
            except Problem as problem:
                return Told.error(problem.status, problem.code)
            if method != "GET":
                self.on_the_wire()
            return told
        return Told.error(404, "BadRequest")

    def _batch(self, headers: Headers, body: bytes) -> Told:
        """learn.microsoft.com/graph/json-batching: one answer per request, in any order; errors stand inside."""
        if not self.offers_batch:
            return Told.error(404, "BadRequest")
        requests = json.loads(body)["requests"]
        assert len(requests) <= MOST_IN_A_BATCH and len({each["id"] for each in requests}) == len(requests)
        responses = []
        for each in reversed(requests):
            url = urlsplit(f"/v1.0{each['url']}")
            inner = Headers([*(each.get("headers") or {}).items()])
            content = json.dumps(each["body"]).encode() if "body" in each else b""
            told = self.handle(each["method"], iri_to_uri(url.path), url.query, inner, content, within=True)
            answer: dict[str, Any] = {"id": each["id"], "status": told.status, "headers": dict(told.headers)}
            if told.body:
                answer["body"] = json.loads(told.body)
            responses.append(answer)
        return Told.json({"responses": responses})

    def _upload(self, request: Request, path: str) -> Response:
        """learn.microsoft.com/graph/outlook-large-attachments: no Authorization, ranges in order, at most 4 MB each."""
        session = self.uploads.get(path)
        content, told = request.get_data(), re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", request.headers["Content-Range"])
        if session is None or "Authorization" in request.headers or told is None or len(content) > 4 * 1024 * 1024:
            self.violations.append("an upload that the documentation does not allow")
            return Response("", 400)
        start, end, size = (int(each) for each in told.groups())
        if start != len(session["bytes"]) or end - start + 1 != len(content) or size != session["size"]:
            return Response("", 416)
        session["bytes"] += content
        if len(session["bytes"]) < size:
            return Response(json.dumps({"nextExpectedRanges": [str(end + 1)]}), 200)
        session["done"](session["bytes"])
        return Response("", 201)

    # --- trouble ---

    def _fault(self, line: str) -> Fault | None:
        with self._lock:
            for fault in self.faults:
                if fault.times > 0 and re.search(fault.pattern, line):
                    fault.times -= 1
                    return fault
        return None

    @contextmanager
    def _at_work(self, mailbox: str) -> Iterator[bool]:
        with self._lock:
            self._running[mailbox] += 1
            self.most_at_once = max(self.most_at_once, self._running[mailbox] if mailbox else 0)
            too_many = bool(mailbox) and self._running[mailbox] > AT_A_TIME
        try:
            if self.delay_seconds:
                time.sleep(self.delay_seconds)
            yield too_many
        finally:
            with self._lock:
                self._running[mailbox] -= 1

    def now(self) -> datetime:
        return self.tenant.clock().astimezone(UTC)


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    # an answer goes out in two pieces, which Nagle and delayed acknowledgements would keep 40 ms apart
    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: Any) -> None: ...

    def run_wsgi(self) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):
            super().run_wsgi()


def _arguments(query: str) -> MultiDict[str, str]:
    """ "+" is a space, as in the examples of graph/query-parameters and as proxies write it."""
    pairs = [each.partition("=") for each in query.split("&") if each]
    return MultiDict([(unquote(name), unquote_plus(value)) for name, _, value in pairs])
