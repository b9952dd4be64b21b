"""Reaching an IMAP server: the connection and its encryption, before anybody logs in."""

import logging
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from imapclient import IMAPClient
from imapclient.imapclient import SocketTimeout

from mailbot.errors import PermanentError
from mailbot.platforms.imap.tls import client_context

Tls = Literal["implicit", "starttls", "none"]

CONNECT_SECONDS = 30
READ_SECONDS = 120

# At DEBUG imapclient writes commands and mail into the log.
logging.getLogger("imapclient").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a server listens, and how the connection is protected."""

    host: str
    port: int
    tls: Tls = "implicit"
    #: None for tls = "none"; left out: the authorities of the operating system
    context: ssl.SSLContext | None = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def connected(endpoint: Endpoint) -> IMAPClient:
    timeout = SocketTimeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    implicit = endpoint.tls == "implicit"
    context = (endpoint.context or client_context()) if implicit else None
    client = IMAPClient(endpoint.host, endpoint.port, ssl=implicit, ssl_context=context, timeout=timeout)
    _silence_imaplib(client)
    return client


def _silence_imaplib(client: IMAPClient) -> None:
    """imapclient 4.1.0 sets imaplib's debug level to 5: each literal is formatted for a log nobody reads.

    That costs more than half of the time of a large FETCH, and the log would hold mail.
    """
    client._imap.debug = 0


def secure(client: IMAPClient, endpoint: Endpoint) -> None:
    """STARTTLS where it is wanted. A server that does not offer it, or was talked over, is never logged in to."""
    if endpoint.tls != "starttls":
        return
    imap = client._imap
    if imap.state != "NONAUTH":
        # A PREAUTH greeting would leave no room for STARTTLS (RFC 9051 section 7.1.4).
        raise PermanentError(f"{endpoint} wants no login before TLS (PREAUTH): the connection may be tampered with")
    if "STARTTLS" not in upper(imap.capabilities):
        raise PermanentError(
            f'{endpoint} does not offer STARTTLS, so nothing is sent; set tls = "implicit", or allow it on the server'
        )
    plain = imap.file
    client.starttls(endpoint.context or client_context())
    if _buffered(plain):
        raise PermanentError(f"{endpoint} sent data between STARTTLS and TLS: the connection may be tampered with")
    imap.untagged_responses.clear()  # said before TLS, by whomever


def _buffered(plain: Any) -> bool:
    """Whether octets were read in clear together with the answer to STARTTLS; its socket is TLS's own by now."""
    try:
        return bool(plain.peek(1))
    except (OSError, ValueError):
        return False


def upper(words: Iterable[str | bytes]) -> frozenset[str]:
    return frozenset((each.decode("ascii", "replace") if isinstance(each, bytes) else each).upper() for each in words)
