"""One connection to a directory server: encrypted, logged in, read-only.

ldap3 (2.9.1) speaks the protocol. Two things of it are not used: its TLS, which lets no context of ours in and compares
names with a function that Python has dropped, and its schema and referrals, which would lead the password elsewhere.
"""

import ssl
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mailbot.errors import PermanentError, TransientError
from mailbot.platforms.imap.tls import certificate_remedy, client_context

with warnings.catch_warnings():
    # ldap3 2.9.1 uses names that pyasn1 0.6 calls by others
    warnings.simplefilter("ignore", DeprecationWarning)
    import ldap3
    from ldap3.core import exceptions, results
    from ldap3.utils.dn import parse_dn

_CONNECT_SECONDS, _ANSWER_SECONDS = 15, 60
_PAGE = 500
_NO_SUCH_BASE = (
    exceptions.LDAPNoSuchObjectResult,
    exceptions.LDAPReferralResult,
    exceptions.LDAPInvalidDNSyntaxResult,
    exceptions.LDAPInvalidDnError,
)
_BUSY = (exceptions.LDAPBusyResult, exceptions.LDAPUnavailableResult, exceptions.LDAPTimeLimitExceededResult)
#: an entry: attribute name in lower case -> its values
Values = Mapping[str, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LdapServer:
    """Where a directory is, and who asks it; `secret` is read when it is needed, and unused where `user` is empty."""

    host: str
    port: int
    tls: Literal["implicit", "starttls", "none"]
    ca_file: Path | None
    user: str
    secret: Callable[[], str]

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class _VerifiedTls(ldap3.Tls):  # type: ignore[misc]
    """Certificate and name are verified by OpenSSL; what it finds is kept, since ldap3 tells only that there was."""

    def __init__(self, host: str, context: ssl.SSLContext) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._host = host
        self._context = context
        self.refusal: ssl.SSLCertVerificationError | None = None

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:  # noqa: ARG002
        try:
            connection.socket = self._context.wrap_socket(connection.socket, server_hostname=self._host)
        except ssl.SSLCertVerificationError as error:
            self.refusal = error
            raise


class LdapConnection:
    """An open connection that was let in."""

    def __init__(self, server: LdapServer, connection: Any) -> None:
        self._server = server
        self._connection = connection

    def search(self, base: str, filter_: str, attributes: tuple[str, ...]) -> Iterator[tuple[str, Values]]:
        """DN and attributes of every entry below `base`, page by page (RFC 2696)."""
        search = self._connection.extend.standard.paged_search
        with _told(self._server, None):
            for entry in search(base, filter_, ldap3.SUBTREE, attributes=list(attributes), paged_size=_PAGE):
                if entry.get("type") == "searchResEntry":  # Active Directory also names other servers to ask
                    yield str(entry["dn"]), _values(entry["raw_attributes"])
            # ldap3 raises for no result that some programs may live with, such as a part of what was asked for.
            _require_all(self._connection.result)


def comparable(dn: str) -> str:
    """Equal for two spellings of one name: case and blanks around its parts do not matter (RFC 4517 4.2.15)."""
    try:
        parts = parse_dn(dn, strip=True)
    except exceptions.LDAPInvalidDnError:
        return dn.lower()
    return ",".join(f"{attribute}={value.strip()}" for attribute, value, _ in parts).lower()


@contextmanager
def connected(server: LdapServer) -> Iterator[LdapConnection]:
    """TransientError when the server does not answer, PermanentError when it lets nobody in."""
    tls = None if server.tls == "none" else _VerifiedTls(server.host, client_context(server.ca_file))
    connection = ldap3.Connection(
        ldap3.Server(
            server.host,
            server.port,
            use_ssl=server.tls == "implicit",
            tls=tls,
            get_info=ldap3.NONE,
            connect_timeout=_CONNECT_SECONDS,
        ),
        user=server.user or None,
        password=server.secret() if server.user else None,
        authentication=ldap3.SIMPLE if server.user else ldap3.ANONYMOUS,
        read_only=True,
        auto_referrals=False,
        raise_exceptions=True,
        receive_timeout=_ANSWER_SECONDS,
    )
    try:
        with _told(server, tls):
            connection.open(read_server_info=False)
            if server.tls == "starttls":
                connection.start_tls(read_server_info=False)
            if server.tls != "none" and not isinstance(connection.socket, ssl.SSLSocket):
                raise exceptions.LDAPStartTLSError  # no password without encryption, whatever ldap3 makes of a refusal
            connection.bind(read_server_info=False)
        yield LdapConnection(server, connection)
    finally:
        connection.strategy.close()
        if connection.socket is not None:  # ldap3 leaves one open that could not connect
            connection.socket.close()


@contextmanager
def _told(server: LdapServer, tls: _VerifiedTls | None) -> Iterator[None]:
    """What ldap3 and the server say, as who must act. Server texts may quote names and are left out."""
    try:
        yield
    except exceptions.LDAPInvalidCredentialsResult:
        raise PermanentError(
            f"{server} refuses the login of [directory]; check user and secret (`mailbot secret set`)"
        ) from None
    except _NO_SUCH_BASE:
        raise PermanentError(f"{server} has nothing at this base; check base in [directory]") from None
    except exceptions.LDAPInvalidFilterError:
        raise PermanentError("filter in [directory] is no LDAP filter (RFC 4515)") from None
    except exceptions.LDAPSizeLimitExceededResult:
        raise PermanentError(
            f"{server} gives only some of its entries to this account; let it read more, or narrow filter"
        ) from None
    except _BUSY:
        raise TransientError(f"{server} is busy") from None
    except exceptions.LDAPOperationResult as refusal:
        raise PermanentError(f"{server} refuses to be read ({refusal.description})") from None
    except (exceptions.LDAPException, OSError) as error:
        if tls is not None and tls.refusal is not None:
            raise PermanentError(certificate_remedy(tls.refusal, server.host)) from None
        raise TransientError(f"no answer from the directory {server} ({type(error).__name__})") from None


def _require_all(result: Mapping[str, Any]) -> None:
    told = int(result["result"])
    if told != results.RESULT_SUCCESS:
        raise exceptions.LDAPOperationResult(result=told, description=str(result.get("description")))


def _values(raw: Mapping[str, list[bytes]]) -> Values:
    return {name.lower(): [value.decode("utf-8", "replace") for value in values] for name, values in raw.items()}
