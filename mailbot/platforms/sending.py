"""Sending mail from the service mailbox: what a platform promises (see `base` for the terms)."""

from dataclasses import dataclass
from typing import Literal, Protocol

from mailbot.errors import PermanentError, TransientError


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMail:
    """Finished RFC 5322 bytes with their envelope (RFC 5321)."""

    message_id: str
    raw: bytes
    #: empty string: the null reverse-path, as RFC 3834 wants it for automatic replies
    envelope_from: str
    recipients: tuple[str, ...]


Fate = Literal["sent", "not_sent", "unknown"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """One recipient whom the server refused for good, and its words (without mail content)."""

    recipient: str
    reason: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The mail was taken, by everybody but those in `refused` and `deferred` (a partial refusal)."""

    refused: tuple[Refusal, ...] = ()
    #: recipients whom the server refuses for now: the mail goes to them, and to nobody else, later
    deferred: tuple[Refusal, ...] = ()
    #: False: the copy in Sent is made by `Sender.file`, once it is on record that the mail was taken
    filed: bool = True


class SenderUnavailable(TransientError):
    """Nothing can be sent at present, whatever the mail: no connection, a refused login, an untrusted certificate.

    `saw_mail`: the server had taken this mail's envelope before it said so. Most likely it says the same of any other
    mail; but a filter that cannot digest this one answers so too, each time.
    """

    def __init__(self, message: str, *, retry_after_seconds: float | None = None, saw_mail: bool = False) -> None:
        super().__init__(message, retry_after_seconds=retry_after_seconds)
        self.saw_mail = saw_mail


class DestinationTrouble(TransientError):
    """One destination takes no mail at present: an address, or a whole domain; other mail is not affected."""

    def __init__(self, message: str, destination: str) -> None:
        super().__init__(message)
        self.destination = destination


class CannotCarry(PermanentError):
    """This server cannot take the mail without altering it; the reason is a fixed word for templates."""

    def __init__(self, message: str, reason: Literal["too_large", "eight_bit", "line_ends"]) -> None:
        super().__init__(message)
        self.reason = reason


class Sender(Protocol):
    """Sending from the service mailbox; what was sent lies in its Sent folder exactly once."""

    def prepare(self, mail: OutgoingMail) -> str | None:
        """Everything that can still be undone: a draft, or a dialogue up to its last word. A handle, or None.

        The caller records the handle before `send`. An attempt without a recorded handle has sent nothing.
        """
        ...

    def send(self, mail: OutgoingMail, handle: str | None) -> Receipt:
        """Send now; nobody refused: an empty Receipt, some: they are in it, all: PermanentError.

        TransientError and PermanentError promise that it was *not* sent; any other exception is unclear.
        """
        ...

    def fate(self, message_id: str, handle: str | None) -> Fate:
        """What became of an attempt whose answer was lost: looked up by handle, or by Message-ID in Sent."""
        ...

    def file(self, mail: OutgoingMail) -> None:
        """Lay a copy of sent mail into Sent unless one is there; for receipts that are not `filed`."""
        ...

    def close(self) -> None: ...
