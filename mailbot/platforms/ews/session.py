"""Talking to an Exchange server for one mailbox: exchangelib connects, logs in and negotiates; the XML is ours.

Of exchangelib we use what is hard: NTLM, Kerberos and certificates, sessions, SOAP faults, server versions. Its object
layer is left alone: it takes five to nine times as long, asks for everything, drops what we need (whether Outlook keeps
rules of its own, whom external replies go to) and refuses what exists (a schedule that has passed).
"""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import requests
from exchangelib import UTC, Account, Credentials
from exchangelib.configuration import Configuration
from exchangelib.credentials import IMPERSONATION
from exchangelib.errors import (
    ErrorServerBusy,
    ErrorTimeoutExpired,
    EWSError,
    MalformedResponseError,
    RateLimitError,
    ResponseMessageError,
    SOAPError,
    UnauthorizedError,
)
from exchangelib.protocol import FailFast, Protocol
from exchangelib.services.common import EWSAccountService
from exchangelib.transport import AUTH_TYPE_MAP, BASIC, GSSAPI, NOAUTH, NTLM
from exchangelib.util import SOAPNS, to_xml
from exchangelib.version import EXCHANGE_2013_SP1, Version

from mailbot.errors import MailbotError, PermanentError, TransientError
from mailbot.platforms.ews.failures import Busy, failure, not_offered
from mailbot.platforms.ews.gate import Gate
from mailbot.platforms.ews.xml import MESSAGES, Element, first, text


class NoAnswer(TransientError):
    """The request may or may not have reached the server."""


class Fault(NoAnswer):
    """The server has failed on the request as a whole, and says nothing that we know."""


Auth = Literal["ntlm", "kerberos", "basic", "certificate", "oauth"]

_SECONDS = 120
#: what servers of other makes say of an operation they do not have
_UNKNOWN = re.compile(r"unknown request|not[ _]?implemented|not[ _]?supported|unsupported", re.IGNORECASE)
_AUTH_TYPES = {"ntlm": NTLM, "kerberos": GSSAPI, "basic": BASIC, "certificate": NOAUTH, "oauth": NOAUTH}

# exchangelib logs whole requests and answers, mail and passwords' fates included, on errors and for debugging
# (exchangelib 5.6 util.post_ratelimited); what went wrong is in the errors it raises.
for _name in ("exchangelib", "spnego", "requests_ntlm", "requests_gssapi"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a server is and how the service account logs in. `secret` and `token` are read when they are needed."""

    url: str
    auth: Auth
    user: str = ""
    secret: Callable[[], str] | None = None
    #: a fresh access token, for auth = "oauth"
    token: Callable[[], str] | None = None
    #: PEM file with private key and certificate, for auth = "certificate"
    certificate: str | None = None
    #: PEM file or folder of the authorities to trust
    trusted: str

    @property
    def host(self) -> str:
        return self.url.split("/")[2]


class _Bearer(requests.auth.AuthBase):
    """The token of the moment, on every request."""

    def __init__(self, token: Callable[[], str]) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token()}"
        return request


class _OneSession(Protocol):  # type: ignore[misc]
    """exchangelib's protocol with one session of its own, and the TLS settings of one server.

    exchangelib shares one pool of sessions between all mailboxes of an account and can lock itself up when a server
    asks it to slow down (exchangelib 5.6 decrease_poolsize waits for a lock it holds), so none is shared here.
    """

    TIMEOUT = _SECONDS

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        auth_type = _AUTH_TYPES[endpoint.auth]
        if auth_type not in AUTH_TYPE_MAP:
            raise PermanentError("auth = \"kerberos\" needs a library: run `pip install 'exchangelib[kerberos]'`")
        credentials = None
        if endpoint.secret is not None and endpoint.auth in ("ntlm", "basic"):
            credentials = Credentials(endpoint.user, endpoint.secret())
        super().__init__(
            config=Configuration(
                credentials=credentials,
                service_endpoint=endpoint.url,
                auth_type=auth_type,
                # The oldest version that has all we use; the server's own is learned from its first answer.
                version=Version(build=EXCHANGE_2013_SP1),
                retry_policy=FailFast(),
                max_connections=1,
            )
        )

    def create_session(self) -> Any:
        session = super().create_session()
        session.verify = self._endpoint.trusted
        session.trust_env = False  # no password from .netrc, no authorities from the environment
        if self._endpoint.certificate is not None:
            session.cert = self._endpoint.certificate
        if self._endpoint.token is not None:
            session.auth = _Bearer(self._endpoint.token)
        return session


def protocol_of(endpoint: Endpoint) -> _OneSession:
    """Past exchangelib's cache, which gives everybody with these credentials the same object; nothing is connected."""
    made = object.__new__(_OneSession)
    made.__init__(endpoint)  # type: ignore[misc]
    return made


class _Operation(EWSAccountService):  # type: ignore[misc]
    """One operation whose request and answer are XML."""

    def ask(self, request: Element) -> list[Element]:
        answers: list[Element] = self._get_response_xml(payload=request)
        return answers

    @classmethod
    def _get_soap_parts(cls, response: requests.Response) -> tuple[Element | None, Element]:
        """exchangelib 5.6 hands the answer to the parser byte by byte (`iter_content()`), which takes three times as
        long as everything else."""
        root = to_xml(response.content)
        body = root.find(f"{{{SOAPNS}}}Body")
        if body is None:
            raise MalformedResponseError("no body")
        return root.find(f"{{{SOAPNS}}}Header"), body

    @classmethod
    def _response_message_tag(cls) -> str:
        """Mail tips are the exception in the naming of response messages."""
        name = (
            "MailTipsResponseMessageType" if cls.SERVICE_NAME == "GetMailTips" else f"{cls.SERVICE_NAME}ResponseMessage"
        )
        return f"{{{MESSAGES}}}{name}"


def read_document(document: bytes) -> Element:
    """One XML document, as forgiving as exchangelib reads all of them: Exchange writes what XML does not allow."""
    root: Element = to_xml(document)
    return root


@cache
def _operation(name: str) -> type[_Operation]:
    return type(name, (_Operation,), {"SERVICE_NAME": name})


class EwsSession:
    """One mailbox, for one thread at a time; connects with the first request."""

    def __init__(self, endpoint: Endpoint, address: str, gate: Gate) -> None:
        self.address = address
        self.host = endpoint.host
        self._endpoint = endpoint
        self._gate = gate
        self._account: Account | None = None

    def each(self, operation: str, request: Element, count: int) -> list[Element]:
        """`ask` for `count` things: as many response messages."""
        answers = self.ask(operation, request)
        if len(answers) != count:
            raise TransientError(f"{self.host} gave {len(answers)} answers to {count} questions")
        return answers

    def ask(self, operation: str, request: Element) -> list[Element]:
        """The response messages, in the order of what was asked for; each may be an error (see `require`).

        Raises TransientError or PermanentError when the request as a whole fails.
        """
        with self._gate.request(self.address), self.errors():
            answers = _operation(operation)(account=self._opened()).ask(request)
            self._gate.let_in()
        return answers

    def stream(self, operation: str, request: Element, silence_seconds: float) -> requests.Response:
        """An answer that the server goes on writing; silence for longer than that ends it with an error."""
        with self._gate.request(self.address), self.errors():
            account = self._opened()
            session = account.protocol.get_session()
            try:
                asked = _operation(operation)(account=account)
                body = asked.wrap(request, api_version=account.version.api_version)
                response: requests.Response = session.post(
                    self._endpoint.url, data=body, stream=True, allow_redirects=False, timeout=silence_seconds
                )
            finally:
                account.protocol.release_session(session)
            if response.status_code == requests.codes.unauthorized:
                raise UnauthorizedError("refused")
            response.raise_for_status()
        return response

    def one(self, operation: str, request: Element) -> Element:
        """The only response message; raises its error."""
        (answer,) = self.each(operation, request, 1)
        self.require(answer)
        return answer

    def require(self, answer: Element) -> None:
        """Raise what a response message says has failed.

        An empty code is no failure where the class says success: servers of another make answer so.
        """
        holder = first(answer, "m:ResponseMessage")
        message = answer if holder is None else holder
        code = text(message, "m:ResponseCode")
        failed = message.get("ResponseClass", "Success") == "Error" or code not in ("", "NoError")
        if failed and message.get("ResponseClass") != "Warning":
            raise failure(code, self.host, self.address)

    def _opened(self) -> Account:
        if self._account is None:
            account = Account(
                self.address, access_type=IMPERSONATION, config=_NO_CONNECTION, default_timezone=UTC, locale="en_US"
            )
            account.protocol = protocol_of(self._endpoint)
            self._account = account
        return self._account

    @contextmanager
    def errors(self) -> Iterator[None]:
        """exchangelib's exceptions as ours; their words stay behind, they quote what was asked and answered."""
        try:
            yield
        except MailbotError:
            raise
        except UnauthorizedError:
            self.close()
            self._gate.was_refused()
            raise self._gate.refusal() from None
        except (ErrorServerBusy, RateLimitError) as error:
            wait = self._gate.was_busy(self.address, getattr(error, "back_off", None) or getattr(error, "wait", None))
            raise Busy(f"{self.host} is busy", retry_after_seconds=wait) from None
        except SOAPError as error:
            if _UNKNOWN.search(str(error)):
                raise not_offered(self.host, self.address) from None
            raise Fault(f"{self.host} gave an answer that cannot be read") from None
        except MalformedResponseError:
            raise NoAnswer(f"{self.host} gave an answer that cannot be read") from None
        except ErrorTimeoutExpired:
            self.close()
            raise NoAnswer(f"{self.host} cannot be reached, or takes too long") from None
        except ResponseMessageError as error:
            raise failure(type(error).__name__, self.host, self.address) from None
        except EWSError as error:
            self.close()
            if "certificate" in str(error).lower():
                raise PermanentError(
                    f"{self.host} has a certificate that is not trusted; set ca_file to your authority's certificate"
                ) from None
            raise NoAnswer(f"{self.host} cannot be talked to ({type(error).__name__})") from None
        except (requests.RequestException, OSError) as error:
            self.close()
            raise NoAnswer(f"{self.host} cannot be reached ({type(error).__name__})") from None

    def close(self) -> None:
        """Hang up; the next request connects anew."""
        if self._account is not None:
            self._account.protocol.close()
            self._account = None


#: exchangelib wants a configuration when an account is made; its own protocol never connects and is replaced at once
_NO_CONNECTION = Configuration(
    service_endpoint="https://invalid.invalid/EWS/Exchange.asmx",
    auth_type=NOAUTH,
    version=Version(build=EXCHANGE_2013_SP1),
)
