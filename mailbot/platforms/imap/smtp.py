"""One connection to a submission server (RFC 6409), and how far a mail can go on it before it cannot be taken back.

smtplib frames commands and replies. What it decides by itself is done here instead: `sendmail` rewrites line ends and
aborts by its own rules, and its errors quote servers that quote addresses.
"""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from mailbot.errors import PermanentError, TransientError
from mailbot.platforms.imap.login import Login
from mailbot.platforms.imap.smtp_content import Carriage, Offer, carriage, stuffed
from mailbot.platforms.imap.smtp_login import authenticate
from mailbot.platforms.imap.smtp_replies import Reply
from mailbot.platforms.imap.tls import certificate_remedy, client_context
from mailbot.platforms.imap.transport import CONNECT_SECONDS, Endpoint
from mailbot.platforms.sending import CannotCarry, DestinationTrouble, OutgoingMail, Refusal, SenderUnavailable

#: RFC 5321 4.5.3.2: five minutes for commands, ten for the answer to the last line of DATA
_REPLY_SECONDS = 120
_ACCEPT_SECONDS = 600
_GOODBYE_SECONDS = 2


class UnclearOutcome(Exception):
    """The mail was handed over and no answer came: it may have been taken or not."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A mail that the server has in full, but for its last line; who will not get it."""

    message_id: str
    refused: tuple[Refusal, ...]
    deferred: tuple[Refusal, ...]


class SmtpConnection:
    """Used by one thread at a time, for one mail after another: `begin`, then `finish`."""

    def __init__(self, endpoint: Endpoint, login: Login | None, *, greeting_name: str) -> None:
        """Connect, secure the connection and log in. TransientError or PermanentError, each with its remedy.

        `greeting_name` is what we call ourselves; left to itself smtplib asks the DNS, and may wait for it long.
        """
        self.endpoint = endpoint
        self._login = login
        self._begun: Begun | None = None
        #: whether it is worth keeping
        self.usable = True
        with self._errors("the greeting"):
            self._smtp = _connected(endpoint, greeting_name)
        try:
            with self._errors("EHLO"):
                self._greet()
                self._secure()
            if login is not None:
                with self._errors("AUTH"):
                    authenticate(self._smtp, login, self.endpoint)
        except BaseException:
            self._smtp.close()
            raise

    @property
    def offer(self) -> Offer:
        """What the server says it takes."""
        size = self._smtp.esmtp_features.get("size")
        limit = int(size) if size and size.isdigit() else 0
        # RFC 1870 section 3: 0, or no number, is no limit.
        return Offer(
            eight_bit=self._smtp.has_extn("8bitmime"),
            utf8=self._smtp.has_extn("smtputf8"),
            size_limit=None if size is None else limit,
        )

    # --- one mail ---

    def begin(self, mail: OutgoingMail) -> Begun:
        """Hand over envelope and content, all but the line that ends it: until `finish` nothing has been sent.

        Raises CannotCarry, DestinationTrouble, SenderUnavailable, TransientError or PermanentError: not sent.
        """
        if self._begun is not None:
            self._give_up()
            raise SenderUnavailable(f"{self.endpoint}: another mail is still open on this connection")
        wire = carriage(mail, self.offer)
        with self._errors("MAIL"):
            if wire.needs_utf8:
                self._smtp.command_encoding = "utf-8"
            try:
                self._begun = self._envelope(wire, mail)
                self._content(wire)
            except (TransientError, PermanentError):
                self._begun = None
                self._reset()
                raise
            finally:
                self._smtp.command_encoding = "ascii"
        return self._begun

    def rehearse(self, sender: str, recipient: str) -> tuple[Reply, Reply]:
        """The answers to an envelope that is taken back: to the sender, and to the recipient (the same where the sender
        is refused). DATA is never said."""
        with self._errors("MAIL"):
            to_sender = self._say(f"MAIL FROM:<{sender}>")
            to_recipient = self._say(f"RCPT TO:<{recipient}>") if to_sender.positive else to_sender
            self._say("RSET")
        return to_sender, to_recipient

    def finish(self) -> None:
        """The line that ends the mail, and its answer. UnclearOutcome when none comes; else as `begin`."""
        begun, self._begun = self._begun, None
        assert begun is not None, "finish comes after begin"
        try:
            self._socket.settimeout(_ACCEPT_SECONDS)
            self._smtp.send(b".\r\n")
            reply = Reply.of(*self._smtp.getreply())
            self._socket.settimeout(_REPLY_SECONDS)
        except (OSError, smtplib.SMTPException) as error:  # smtplib's errors are OSErrors, most of them
            self._give_up()
            raise UnclearOutcome(f"{self.endpoint} gave no answer to the end of a mail") from error
        if reply.code == 421:
            self._give_up()
        if not reply.positive and not (reply.temporary or reply.permanent):
            self._give_up()
            raise UnclearOutcome(f"{self.endpoint} answered the end of a mail with nonsense")
        self._require_of_mail(reply)

    def _envelope(self, wire: Carriage, mail: OutgoingMail) -> Begun:
        self._require(self._say(f"MAIL FROM:<{wire.envelope_from}>{wire.parameters(self.offer)}"), "the sender")
        refused: list[tuple[Refusal, Reply]] = []
        deferred: list[tuple[Refusal, Reply]] = []
        for recipient, spelled in zip(mail.recipients, wire.recipients, strict=True):
            reply = self._say(f"RCPT TO:<{spelled}>")
            if reply.code == 421:
                raise self._unavailable(reply)
            if not reply.positive:
                (deferred if reply.temporary else refused).append((Refusal(recipient, reply.words), reply))
        if len(refused) + len(deferred) == len(mail.recipients):
            for refusal, reply in deferred:
                destination = reply.destination(refusal.recipient)
                raise DestinationTrouble(f"{self.endpoint} defers the recipients: {reply.words}", destination)
            if any(reply.concerns_size for _, reply in refused):  # limits of single mailboxes are told here
                raise CannotCarry(f"{self.endpoint} refuses the recipients: too large", "too_large")
            reasons = "; ".join(dict.fromkeys(refusal.reason for refusal, _ in refused)) or "no recipients"
            raise PermanentError(f"{self.endpoint} refuses the recipients: {reasons}")
        return Begun(mail.message_id, tuple(each for each, _ in refused), tuple(each for each, _ in deferred))

    def _content(self, wire: Carriage) -> None:
        reply = self._say("DATA")
        if reply.code != 354:
            self._require_of_mail(reply)
            raise self._nonsense("DATA")
        try:
            self._smtp.send(stuffed(wire.content))
        except (OSError, smtplib.SMTPException) as error:
            self._give_up()
            raise SenderUnavailable(f"{self.endpoint} hung up within a mail", saw_mail=True) from error

    def _require_of_mail(self, reply: Reply) -> None:
        try:
            self._require(reply, "the mail")
        except SenderUnavailable as error:
            error.saw_mail = True
            raise

    def _require(self, reply: Reply, what: str) -> None:
        if reply.positive:
            return
        if reply.concerns_size:
            raise CannotCarry(f"{self.endpoint} refuses {what}: {reply.words}", "too_large")
        if reply.concerns_conversion:
            raise CannotCarry(f"{self.endpoint} refuses {what}: {reply.words}", "eight_bit")
        if reply.permanent:
            raise PermanentError(f"{self.endpoint} refuses {what}: {reply.words}")
        if not reply.temporary:
            raise self._nonsense(what)
        if reply.concerns_everything:
            raise self._unavailable(reply)
        raise TransientError(f"{self.endpoint} defers {what}: {reply.words}")

    def _unavailable(self, reply: Reply) -> SenderUnavailable:
        self.usable = self.usable and reply.code != 421
        return SenderUnavailable(f"{self.endpoint} takes no mail at present: {reply.words}")

    def _reset(self) -> None:
        """Ready for the next mail, or not usable any more."""
        try:
            self.usable = self.usable and self._say("RSET").positive
        except (OSError, smtplib.SMTPException):
            self.usable = False

    # --- connecting ---

    def _greet(self) -> None:
        reply = Reply.of(*self._smtp.ehlo())
        if not reply.positive:
            raise PermanentError(f"{self.endpoint} does not speak ESMTP (EHLO: {reply.words}); is the port right?")

    def _secure(self) -> None:
        """STARTTLS where it is wanted. A server that does not offer it, or was talked over, never gets the password."""
        if self.endpoint.tls != "starttls":
            return
        if not self._smtp.has_extn("starttls"):
            raise PermanentError(
                f"{self.endpoint} does not offer STARTTLS, so nothing is sent; "
                'set tls = "implicit", or allow it on the server'
            )
        plain = self._smtp.file
        reply = Reply.of(*self._smtp.starttls(context=self.endpoint.context or client_context()))
        if not reply.positive:
            raise TransientError(f"{self.endpoint} refuses STARTTLS: {reply.words}")
        if _buffered(plain):
            # smtplib would only forget them (the STARTTLS injection of CVE-2011-0411, seen from the client).
            raise PermanentError(f"{self.endpoint} sent data between STARTTLS and TLS: it may be tampered with")
        self._greet()

    # --- smtplib ---

    def _say(self, line: str) -> Reply:
        return Reply.of(*self._smtp.docmd(line))

    @property
    def _socket(self) -> Any:
        return self._smtp.sock

    @contextmanager
    def _errors(self, command: str) -> Iterator[None]:
        """Before the last line of a mail everything that goes wrong leaves it unsent."""
        try:
            yield
        except (TransientError, PermanentError):
            raise
        except ssl.SSLCertVerificationError as error:
            raise PermanentError(certificate_remedy(error, str(self.endpoint))) from None
        except ssl.SSLError as error:
            self._give_up()
            raise SenderUnavailable(
                f"{self.endpoint}: TLS failed ({error.reason or 'cut short'}); "
                f"are port and tls = {self.endpoint.tls!r} right?"
            ) from None
        except smtplib.SMTPConnectError as error:
            self._give_up()
            reply = Reply.of(error.smtp_code, error.smtp_error)
            raise SenderUnavailable(f"{self.endpoint} takes no connection: {reply.words}") from None
        except (smtplib.SMTPException, TimeoutError) as error:
            self._give_up()
            raise SenderUnavailable(f"{self.endpoint} hung up or fell silent at {command}") from error
        except OSError as error:
            self._give_up()
            raise SenderUnavailable(
                f"{self.endpoint} cannot be reached ({error.strerror or type(error).__name__}); "
                "are host and port right, and is the server up?"
            ) from None

    def _nonsense(self, command: str) -> SenderUnavailable:
        self.usable = False
        return SenderUnavailable(f"{self.endpoint} answered {command} with nonsense")

    def _give_up(self) -> None:
        """Hang up without the line that ends a mail: RFC 5321 4.1.1.4, it is not sent then."""
        self.usable = False
        self._begun = None
        if hasattr(self, "_smtp"):
            self._smtp.close()

    def close(self) -> None:
        """Say goodbye; a mail that was begun and not finished is not sent."""
        if self._begun is not None or not self.usable:
            self._give_up()
            return
        self.usable = False
        with suppress(OSError, smtplib.SMTPException):
            self._socket.settimeout(_GOODBYE_SECONDS)
            self._smtp.quit()
        self._smtp.close()


def _connected(endpoint: Endpoint, greeting_name: str) -> smtplib.SMTP:
    name = greeting_name.encode("idna").decode("ascii")
    arguments: dict[str, Any] = {"local_hostname": name, "timeout": CONNECT_SECONDS}
    if endpoint.tls == "implicit":
        context = endpoint.context or client_context()
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(endpoint.host, endpoint.port, context=context, **arguments)
    else:
        smtp = smtplib.SMTP(endpoint.host, endpoint.port, **arguments)
    socket: Any = smtp.sock
    socket.settimeout(_REPLY_SECONDS)
    return smtp


def _buffered(plain: Any) -> bool:
    """Whether octets were read in clear together with the answer to STARTTLS; its socket is TLS's own by now."""
    try:
        return bool(plain.peek(1))
    except (OSError, ValueError):
        return False
