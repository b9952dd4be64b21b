"""The HTTP side: who asks, validation of every request and answer against Microsoft's schema, and faults on demand."""

import base64
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain
from pathlib import Path
from queue import SimpleQueue

from lxml import etree

from tests.servers.certificates import Certificate
from tests.servers.exchange import operations
from tests.servers.exchange.organisation import Organisation
from tests.servers.exchange.xml import MESSAGES, SOAP, TYPES, SoapFault, envelope, fault, unknown_request

SCHEMAS = Path(__file__).parents[3].parent / "shared" / "schemas" / "ews"
USER, PASSWORD = "svc-mailbot", "service-password"


@cache
def schema() -> etree.XMLSchema | None:
    """Microsoft's published schema; None in a clone without it."""
    path = SCHEMAS / "messages.xsd"
    return etree.XMLSchema(etree.parse(str(path))) if path.exists() else None


@dataclass
class Faults:
    """What goes wrong, until it is taken back."""

    #: requests answered with HTTP 401, whatever the password
    unauthorised: bool = False
    #: requests answered with ErrorServerBusy, and how long the server asks to wait
    busy: int = 0
    back_off_milliseconds: int = 0
    #: runs before and after each request; may raise, and then no answer is given
    on_the_wire: Callable[[], None] = lambda: None
    #: operation -> an error code instead of an answer
    codes: dict[str, str] = field(default_factory=dict)
    #: FindItem takes no conditions (seen on a server of another make)
    cannot_search: bool = False
    #: SendItem succeeds and has an empty ResponseCode (seen on a server of another make)
    silent_send: bool = False
    #: these operations do not exist (another make)
    unknown: set[str] = field(default_factory=set)
    #: item id -> what is answered instead of it; items that cannot be written as MIME
    items: dict[str, str] = field(default_factory=dict)
    no_mime: set[str] = field(default_factory=set)
    #: GetItem gives so many at once, and is busy for the others (another make)
    most_items: int = 1000
    #: SendItem leaves the draft where it is and lays a copy there: "drafts" or "sentitems" (another make)
    sends_copies_into: str = ""
    #: SyncFolderItems takes no extended properties: an error code, or "fault" (another make)
    no_extended: str = ""
    #: mail tips as another make writes them, against the schema
    odd_mail_tips: bool = False
    #: what streaming notifications tell next: the name of an event, "Closed", or None to hang up
    streamed: "SimpleQueue[str | None]" = field(default_factory=SimpleQueue)
    #: the service account may not impersonate these
    out_of_scope: set[str] = field(default_factory=set)


class ExchangeServer:
    """Listens on a loopback port until `stop`. `requests` counts operations, `violations` lists broken schemas."""

    def __init__(self, organisation: Organisation, certificate: Certificate | None = None) -> None:
        self.organisation = organisation
        self.faults = Faults()
        self.requests: Counter[str] = Counter()
        self.http_requests = 0
        #: whether anybody asked for more than header fields
        self.content_left = False
        self.violations: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                server._handle(self)

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.certificate, certificate.key)
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        scheme = "https" if certificate else "http"
        host = "localhost" if certificate else "127.0.0.1"
        self.url = f"{scheme}://{host}:{self._http.server_port}/EWS/Exchange.asmx"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @contextmanager
    def counted(self) -> Iterator[Counter[str]]:
        """What is asked inside the block."""
        before = self.requests.copy()
        found: Counter[str] = Counter()
        yield found
        found.update(self.requests - before)

    # --- one request ---

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        self.http_requests += 1
        expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.faults.unauthorised or handler.headers.get("Authorization") != expected:
            handler.send_response(401)
            handler.send_header("WWW-Authenticate", 'Basic realm="exchange"')
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        if b"GetStreamingEvents" in body:
            self._stream(handler, body)
            return
        try:
            self.faults.on_the_wire()
            status, answer = self._answer(body)
            self.faults.on_the_wire()
        except ConnectionError:
            handler.close_connection = True
            return
        handler.send_response(status)
        handler.send_header("Content-Type", "text/xml; charset=utf-8")
        handler.send_header("Content-Length", str(len(answer)))
        handler.end_headers()
        handler.wfile.write(answer)

    def _stream(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        """An answer that goes on until the test ends it: first that all is well, then an event for each change."""
        self._check("request", etree.fromstring(body).find(f"{{{SOAP}}}Body")[0])
        self.requests["GetStreamingEvents"] += 1
        handler.send_response(200)
        handler.send_header("Content-Type", "text/xml; charset=utf-8")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.close_connection = True
        told = iter(self.faults.streamed.get, None)
        with suppress(OSError):
            for event in chain(("StatusEvent",), told):
                answer = operations.streamed(event)
                self._check("GetStreamingEvents", answer)
                document = etree.tostring(envelope(answer), xml_declaration=True, encoding="utf-8")
                handler.wfile.write(f"{len(document):x}\r\n".encode() + document + b"\r\n")
            handler.wfile.write(b"0\r\n\r\n")

    def _answer(self, body: bytes) -> tuple[int, bytes]:
        root = etree.fromstring(body)
        request = root.find(f"{{{SOAP}}}Body")[0]
        self._check("request", request)
        name = etree.QName(request).localname
        self.requests[name] += 1
        self.content_left = self.content_left or b"MimeContent>true" in body or b"item:Body" in body
        if name in self.faults.unknown:
            return 500, etree.tostring(unknown_request(name), xml_declaration=True, encoding="utf-8")
        try:
            if self.faults.busy:
                self.faults.busy -= 1
                raise SoapFault("ErrorServerBusy", back_off=self.faults.back_off_milliseconds)
            with self.organisation.lock:
                box = self._impersonated(root)
                call = operations.Call(self.organisation, box, request, self.faults)
                response = operations.answer(name, call)
        except SoapFault as problem:
            return 500, etree.tostring(fault(problem), xml_declaration=True, encoding="utf-8")
        self._check(name, response)
        return 200, etree.tostring(envelope(response), xml_declaration=True, encoding="utf-8")

    def _impersonated(self, root: etree._Element) -> operations.Box | None:
        found = root.find(f".//{{{TYPES}}}ConnectingSID/{{{TYPES}}}PrimarySmtpAddress")
        if found is None:
            return None
        address = str(found.text).lower()
        if address in self.faults.out_of_scope:
            raise SoapFault("ErrorImpersonateUserDenied")
        if address not in self.organisation.boxes:
            raise SoapFault("ErrorNonExistentMailbox")
        return self.organisation.boxes[address]

    def _check(self, what: str, element: etree._Element) -> None:
        known = schema()
        if known is None:
            return
        alone = etree.fromstring(etree.tostring(element))
        if not known.validate(alone):
            self.violations.append(f"{what}: {known.error_log}")
            if what == "request":
                raise AssertionError(f"request: {known.error_log}")


__all__ = ["MESSAGES", "ExchangeServer", "Faults"]
