"""A logged-in session on an IMAP server: how it begins and ends, and what its failures mean.

imapclient and imaplib connect, log in and frame the protocol. Every failure becomes an error that names the host and
the remedy.
"""

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, cast

from imapclient import IMAPClient
from imapclient.exceptions import CapabilityError

from mailbot.errors import MailbotError, PermanentError, TransientError
from mailbot.platforms.imap.authentication import authenticate
from mailbot.platforms.imap.login import TEMPORARY_CODES, Login, login_error
from mailbot.platforms.imap.syntax import response_code
from mailbot.platforms.imap.tls import certificate_remedy
from mailbot.platforms.imap.transport import Endpoint, connected, secure, shared, upper, with_implied

_GOODBYE_SECONDS = 2


class LostConnection(TransientError):
    """The server hung up or fell silent; a new connection may work."""


class Refused(PermanentError):
    """The server answered NO or BAD; `code` is its response code (RFC 5530) in upper case, or empty."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class ImapSession:
    """Used by one thread at a time."""

    def __init__(self, endpoint: Endpoint, login: Login) -> None:
        """Connect and log in. TransientError or PermanentError, each with its remedy."""
        self.endpoint = endpoint
        self.login = login
        #: false once nothing more can be asked
        self.usable = True
        with self.errors():
            self._client = connected(endpoint)
        try:
            with self.errors():
                secure(self._client, endpoint)
                self.capabilities = self._logged_in()
        except BaseException:
            self._hang_up()
            raise

    # --- logging in ---

    def _logged_in(self) -> frozenset[str]:
        offered = upper(self._imap.capabilities)
        try:
            authenticate(self._client, offered, self.login, self.endpoint)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            raise login_error(response_code(str(error)), self.login, str(self.endpoint)) from None
        capabilities = self._client.capabilities()
        # imapclient holds them too, imaplib those from before the login, and what the server said
        self._client._cached_capabilities = shared(capabilities)
        self._imap.capabilities = shared(self._imap.capabilities)
        self._forget("CAPABILITY")
        return shared(with_implied(upper(capabilities)))

    @property
    def client(self) -> IMAPClient:
        """For what only one caller needs (APPEND, IDLE); call it within `errors`."""
        return self._client

    def close(self) -> None:
        """Log out; a server that does not answer is left."""
        if not self.usable:
            self._hang_up()
            return
        self.usable = False
        with suppress(Exception):
            self._client.socket().settimeout(_GOODBYE_SECONDS)
            self._client.logout()
        self._hang_up()

    # --- imaplib ---

    @property
    def _imap(self) -> imaplib.IMAP4:
        return cast(imaplib.IMAP4, self._client._imap)

    def _command(self, name: str, *arguments: str | bytes) -> tuple[str, list[Any]]:
        return cast(tuple[str, list[Any]], self._imap._simple_command(name, *arguments))

    def _response(self, name: str) -> list[Any]:
        """Untagged data of this name that has come since it was last asked for."""
        return [each for each in self._imap.response(name)[1] if each is not None]

    def _forget(self, *names: str) -> None:
        """Drop what the server said unasked: it must not be taken for the answer to the next command."""
        for name in names:
            self._imap.response(name)

    def _number(self, name: str) -> int:
        """The last number the server gave under this name since the folder was opened; 0 without one."""
        values = self._imap.untagged_responses.get(name) or [b"0"]
        digits = values[-1] if isinstance(values[-1], bytes) else b"0"
        return int(digits) if digits.isdigit() else 0

    def _checked(self, command: str, answer: tuple[str, list[Any]]) -> list[Any]:
        typ, data = answer
        if typ == "OK":
            return [each for each in data if each is not None]
        raise self._refusal(command, typ, response_code(first_line(data)))

    def _refusal(self, command: str, typ: str, code: str) -> MailbotError:
        """The server's own words are left out: they may quote mail or names of people's folders."""
        shown = f" [{code}]" if code else ""
        if code in TEMPORARY_CODES:
            return TransientError(f"{self.endpoint} cannot answer {command} for {self.login.mailbox} now{shown}")
        return Refused(f"{self.endpoint} answers {command} for {self.login.mailbox} with {typ}{shown}", code)

    @contextmanager
    def errors(self, command: str = "") -> Iterator[None]:
        """A context in which what the network and the libraries raise becomes an error of ours.

        After most of them the connection is dead.
        """
        try:
            yield
        except (MailbotError, GeneratorExit):
            raise
        except imaplib.IMAP4.abort:
            raise self._lost("hung up") from None
        except imaplib.IMAP4.error as error:
            if isinstance(error, CapabilityError):
                raise Refused(f"{self.endpoint} does not offer {command}") from None
            raise self._refusal(command or "the greeting", "BAD", response_code(str(error))) from None
        except ssl.SSLCertVerificationError as error:
            raise PermanentError(certificate_remedy(error, str(self.endpoint))) from None
        except ssl.SSLError as error:
            reason = error.reason or "cut short"
            raise self._lost(f"fails in TLS ({reason}); are port and tls = {self.endpoint.tls!r} right?") from None
        except TimeoutError:
            raise self._lost("does not answer") from None
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise self._lost(f"cannot be reached ({reason}); are host and port right, and is the server up?") from None
        except (ValueError, IndexError, KeyError, AssertionError, OverflowError, MemoryError) as error:
            # imaplib trips over an answer that is no IMAP; nothing after it can be trusted.
            self.usable = False
            raise LostConnection(f"{self.endpoint}: {command or 'its greeting'} was answered with nonsense") from error

    def _lost(self, what: str) -> LostConnection:
        self.usable = False
        return LostConnection(f"{self.endpoint} {what}")

    def _hang_up(self) -> None:
        with suppress(Exception):
            self._client.shutdown()


def quoted(name: bytes) -> bytes:
    if any(octet in name for octet in b"\0\r\n"):
        # RFC 3501 section 9: no quoted string can carry them, and a line break would begin another command
        raise Refused("a name with a line break cannot be sent")
    return b'"' + name.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def first_line(data: list[Any]) -> str:
    return next((each.decode("ascii", "replace") for each in data if isinstance(each, bytes)), "")
