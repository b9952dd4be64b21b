"""One logged-in ManageSieve connection (RFC 5804).

A small client of our own: the libraries take no SSLContext of ours (managesieve 0.8.1), or lose step with the server
after warnings (sievelib 1.6.0); see docs/dependencies.md.
"""

import base64
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from mailbot.errors import MailbotError, PermanentError, TransientError
from mailbot.platforms.imap.login import Login, login_error
from mailbot.platforms.imap.sieve_answers import Answer, Nonsense, Token, answer_from, capabilities, next_line, quoted
from mailbot.platforms.imap.sieve_answers import scripts as listed
from mailbot.platforms.imap.sieve_syntax import quoted as sieve_quoted
from mailbot.platforms.imap.tls import certificate_remedy, client_context
from mailbot.platforms.imap.transport import CONNECT_SECONDS, READ_SECONDS, Endpoint

_GOODBYE_SECONDS = 2
_SASL = {"xoauth2": ("XOAUTH2", "OAUTHBEARER")}
#: RFC 5804 1.3: response codes that pass by themselves
_TEMPORARY = ("TRYLATER",)


class SieveRefused(PermanentError):
    """The server answered NO; `code` is its response code, `words` what it says of the script (never to be logged)."""

    def __init__(self, message: str, code: str = "", words: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.words = words


class SieveConnection:
    """Used by one thread. Scripts and their names are other people's: octets that are never changed here."""

    def __init__(self, endpoint: Endpoint, login: Login) -> None:
        """Connect and log in. TransientError or PermanentError, each with its remedy."""
        self.endpoint = endpoint
        self.login = login
        self._buffer = b""
        with self._errors():
            self._socket = socket.create_connection((endpoint.host, endpoint.port), timeout=CONNECT_SECONDS)
        try:
            with self._errors():
                if endpoint.tls == "implicit":
                    self._wrap()
                self._socket.settimeout(READ_SECONDS)
                self.capabilities = capabilities(self._checked("the greeting", self._answer()))
                if endpoint.tls == "starttls":
                    self._start_tls()
                self._authenticate()
        except BaseException:
            self._hang_up()
            raise

    # --- before anybody is logged in ---

    def _wrap(self) -> None:
        context = self.endpoint.context or client_context()
        self._socket = context.wrap_socket(self._socket, server_hostname=self.endpoint.host)

    def _start_tls(self) -> None:
        if "STARTTLS" not in self.capabilities:
            raise PermanentError(
                f'{self.endpoint} does not offer STARTTLS, so nothing is sent; set tls = "implicit" for managesieve, '
                "or allow it on the server"
            )
        self._command("STARTTLS")
        if self._buffer:
            # Octets that came in clear would be taken for the server's own words.
            raise PermanentError(
                f"{self.endpoint} sent data between STARTTLS and TLS: the connection may be tampered with"
            )
        self._wrap()
        # RFC 5804 2.2: what was said before TLS does not count, the server tells it again.
        self.capabilities = capabilities(self._checked("STARTTLS", self._answer()))

    def _authenticate(self) -> None:
        mechanism = self._mechanism()
        answer = self._talk("AUTHENTICATE", quoted(mechanism), quoted(base64.b64encode(self._credentials(mechanism))))
        if answer.status != "OK":
            raise login_error(_as_imap_code(answer.code), self.login, str(self.endpoint))
        # What scripts may do can differ from person to person (RFC 5804 2.4).
        with suppress(SieveRefused):
            self.capabilities = capabilities(self._command("CAPABILITY"))

    def _mechanism(self) -> str:
        offered = self.capabilities.get("SASL", "").upper().split()
        wanted = _SASL.get(self.login.method, ("PLAIN",))
        for mechanism in wanted:
            if mechanism in offered:
                return mechanism
        remedy = 'set tls to "implicit" or "starttls"' if self.endpoint.tls == "none" else "allow it on the server"
        raise PermanentError(f"{self.endpoint} offers no login with {' or '.join(wanted)}; {remedy}")

    def _credentials(self, mechanism: str) -> bytes:
        login, secret = self.login, self.login.password()
        identity = login.authentication_identity
        if mechanism == "XOAUTH2":
            return f"user={identity}\1auth=Bearer {secret}\1\1".encode()
        if mechanism == "OAUTHBEARER":
            return f"n,a={identity},\1auth=Bearer {secret}\1\1".encode()
        return f"{login.authorization_identity}\0{identity}\0{secret}".encode()

    # --- commands ---

    @property
    def extensions(self) -> frozenset[str]:
        """What scripts may require here (RFC 5804 1.7, SIEVE)."""
        return frozenset(self.capabilities.get("SIEVE", "").lower().split())

    @property
    def max_redirects(self) -> int | None:
        value = self.capabilities.get("MAXREDIRECTS", "")
        return int(value) if value.isdigit() else None

    def list_scripts(self) -> tuple[list[str], str | None]:
        """The names of all scripts, and the active one."""
        return listed(self._command("LISTSCRIPTS"))

    def get_script(self, name: str) -> bytes | None:
        """Its octets, or None when there is none."""
        try:
            answer = self._command("GETSCRIPT", quoted(name))
        except SieveRefused as refusal:
            if refusal.code == "NONEXISTENT" or name not in self.list_scripts()[0]:
                return None  # Cyrus before 3.8 gives no code
            raise
        return next((each for line in answer.lines for each in line if isinstance(each, bytes)), b"")

    def check_script(self, script: bytes) -> None:
        """SieveRefused when the server would not take it. Servers older than RFC 5804 say so at `put_script` only."""
        if "VERSION" in self.capabilities:
            self._command("CHECKSCRIPT", _literal(script))

    def can_include(self, name: str) -> bool:
        """Whether other scripts find this one. A default of the site is listed by Pigeonhole, but not found.

        Told by a warning that an optional include does not cause; Cyrus looks for scripts at delivery only.
        """
        if "VERSION" not in self.capabilities:
            return True
        command = 'require "include"; include :personal {}{};\r\n'
        warned = []
        for optional in ("", ":optional "):
            text = command.format(optional, sieve_quoted(name)).encode("utf-8", "surrogateescape")
            warned.append(self._command("CHECKSCRIPT", _literal(text)).code == "WARNINGS")
            if not warned[0]:
                return True
        return warned[1]

    def put_script(self, name: str, script: bytes) -> None:
        """Replaces one of that name at once or not at all (RFC 5804 2.6)."""
        self._command("PUTSCRIPT", quoted(name), _literal(script))

    def set_active(self, name: str | None) -> None:
        """None: no script runs."""
        self._command("SETACTIVE", quoted(name or ""))

    def delete_script(self, name: str) -> None:
        """SieveRefused for the active one."""
        self._command("DELETESCRIPT", quoted(name))

    def close(self) -> None:
        with suppress(Exception):
            self._socket.settimeout(_GOODBYE_SECONDS)
            self._talk("LOGOUT")
        self._hang_up()

    def __enter__(self) -> "SieveConnection":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- the wire ---

    def _command(self, name: str, *arguments: bytes) -> Answer:
        with self._errors():
            return self._checked(name, self._talk(name, *arguments))

    def _talk(self, name: str, *arguments: bytes) -> Answer:
        self._socket.sendall(b" ".join((name.encode(), *arguments)) + b"\r\n")
        return self._answer(challenged=name == "AUTHENTICATE")

    def _answer(self, *, challenged: bool = False) -> Answer:
        lines: list[tuple[Token, ...]] = []
        while True:
            line = self._line()
            answer = answer_from(line, lines)
            if answer is not None:
                return answer
            if challenged and len(line) == 1:
                # All that is to be said was; XOAUTH2 tells the reason of a refusal in this way and waits.
                self._socket.sendall(b'""\r\n')
            else:
                lines.append(line)

    def _line(self) -> tuple[Token, ...]:
        while True:
            found = next_line(self._buffer)
            if found is not None:
                line, self._buffer = found
                return line
            more = self._socket.recv(65536)
            if not more:
                raise TransientError(f"{self.endpoint} hung up")
            self._buffer += more

    def _checked(self, command: str, answer: Answer) -> Answer:
        if answer.status == "OK":
            return answer
        shown = f" ({answer.code})" if answer.code else ""
        if answer.status == "BYE" or answer.code in _TEMPORARY:
            raise TransientError(f"{self.endpoint} cannot answer {command} for {self.login.mailbox} now{shown}")
        raise SieveRefused(
            f"{self.endpoint} refuses {command} for {self.login.mailbox}{shown}", answer.code, answer.text
        )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """What the network raises becomes an error of ours."""
        try:
            yield
        except MailbotError:
            raise
        except ssl.SSLCertVerificationError as error:
            raise PermanentError(certificate_remedy(error, str(self.endpoint))) from None
        except ssl.SSLError as error:
            reason = error.reason or "cut short"
            raise TransientError(
                f"{self.endpoint} fails in TLS ({reason}); are port and tls of managesieve right?"
            ) from None
        except TimeoutError:
            raise TransientError(f"{self.endpoint} does not answer") from None
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise TransientError(
                f"{self.endpoint} cannot be reached ({reason}); are host and port of managesieve right?"
            ) from None
        except Nonsense:
            raise TransientError(f"{self.endpoint} answers nonsense; is it a ManageSieve server?") from None

    def _hang_up(self) -> None:
        with suppress(OSError):
            self._socket.close()


def _literal(script: bytes) -> bytes:
    return b"{%d+}\r\n" % len(script) + script


def _as_imap_code(code: str) -> str:
    """RFC 5804 1.3 names as RFC 5530 names them, so that both give the same remedy."""
    return {"ENCRYPT-NEEDED": "PRIVACYREQUIRED", "TRYLATER": "UNAVAILABLE"}.get(code, code)
