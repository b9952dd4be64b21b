"""Reaching an IMAP server: the connection and its encryption, before anybody logs in."""

import imaplib
import logging
import ssl
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeVar, cast

from imapclient import IMAPClient
from imapclient.imapclient import SocketTimeout

from mailbot.errors import PermanentError, TransientError
from mailbot.platforms.imap.tls import client_context

Tls = Literal["implicit", "starttls", "none"]
Words = TypeVar("Words", bound=Hashable)

CONNECT_SECONDS = 30
READ_SECONDS = 120

#: what RFC 9051 appendix E made part of IMAP4rev2, so that servers need not announce it
_IN_REV2 = frozenset({"NAMESPACE", "UNSELECT", "UIDPLUS", "ESEARCH", "IDLE", "LIST-EXTENDED", "LIST-STATUS"})
# imaplib hangs up on servers that speak IMAP4rev2 alone. All that mailbot asks is in it.
imaplib.AllowedVersions = (*imaplib.AllowedVersions, "IMAP4REV2")  # type: ignore[attr-defined]

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
    try:
        client = IMAPClient(endpoint.host, endpoint.port, ssl=implicit, ssl_context=context, timeout=timeout)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        raise _unwelcome(endpoint, str(error)) from None
    _silence_imaplib(client)
    return client


def _unwelcome(endpoint: Endpoint, reason: str) -> TransientError | PermanentError:
    """Why there is no talking to a server; `reason` as imaplib has it, the greeting or words of its own."""
    if "BYE" in reason.upper():
        return TransientError(f"{endpoint} takes no connection now (BYE): it has too many, or goes down")
    return PermanentError(f"{endpoint} speaks neither IMAP4rev1 nor IMAP4rev2; is the port right?")


def _silence_imaplib(client: IMAPClient) -> None:
    """imapclient 4.1.0 sets imaplib's debug level to 5: each literal is formatted for a log nobody reads.

    That costs more than half of the time of a large FETCH, and the log would hold mail. imaplib itself keeps the last
    ten lines of either side for nobody: passwords, and a megabyte of UIDs for every large folder.
    """
    client._imap.debug = 0
    client._imap._log = _not_kept


def _not_kept(_line: str) -> None:
    """In place of imaplib's log."""


def secure(client: IMAPClient, endpoint: Endpoint) -> None:
    """STARTTLS where it is wanted. A server that does not offer it, or was talked over, is never logged in to."""
    imap = client._imap
    if imap.state != "NONAUTH":
        # A PREAUTH greeting would leave no room for STARTTLS (RFC 9051 section 7.1.4).
        if endpoint.tls == "starttls":
            raise PermanentError(f"{endpoint} wants no login before TLS (PREAUTH): the connection may be tampered with")
        raise PermanentError(f"{endpoint} wants no login (PREAUTH): nobody can tell whose mailbox that is")
    if endpoint.tls != "starttls":
        return
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


def with_implied(capabilities: frozenset[str]) -> frozenset[str]:
    """With what a server need not announce. Where both protocols are offered, nobody has asked for IMAP4rev2 yet."""
    is_rev2 = "IMAP4REV2" in capabilities and "IMAP4REV1" not in capabilities
    return capabilities | _IN_REV2 if is_rev2 else capabilities


def upper(words: Iterable[str | bytes]) -> frozenset[str]:
    return frozenset((each.decode("ascii", "replace") if isinstance(each, bytes) else each).upper() for each in words)


@lru_cache(maxsize=64)
def _known(words: Hashable) -> Hashable:
    return words


def shared(words: Words) -> Words:
    """Equal `words`, the same for all the connections that are kept to servers of one make."""
    return cast(Words, _known(words))
