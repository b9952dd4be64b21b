"""Automatic replies, forwarding and their proof: what a platform promises (see `base` for the terms)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from mailbot.platforms.own_rules import ConflictReason

Audience = Literal["none", "known", "all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoReply:
    """An automatic reply as installed. Instants are aware UTC; `ends_at` is exclusive."""

    enabled: bool
    starts_at: datetime | None
    ends_at: datetime | None
    internal_text: str
    #: platforms with one text only install this one, and return it twice
    external_text: str
    #: which senders outside the organisation are answered
    audience: Audience = "all"
    # What platforms need that answer from a script. Others know it themselves; it is not read back, nor compared.
    #: empty = the server's own
    subject: str = field(default="", compare=False)
    #: the person's addresses and aliases: mail to any other address is not answered (RFC 5230 4.5)
    addresses: tuple[str, ...] = field(default=(), compare=False)
    #: absence and version of the text: who was answered under another one is answered anew (RFC 5230 4.7, :handle)
    version: str = field(default="", compare=False)
    #: read back only: what in the person's own rules would keep it from working
    hindered_by: ConflictReason | None = field(default=None, compare=False)


class MarkedMail(Protocol):
    """Mail of our own in a mailbox, told by a header field that only we can have written: probes, and what came of
    them. Nothing else is ever looked for, or removed."""

    def find(self, field: str, value: str, since: datetime) -> Sequence[bytes]:
        """The raw messages, in whatever folder, whose field (RFC 5322) has this value and that came after `since`."""
        ...

    def remove(self, field: str, value: str, since: datetime) -> int:
        """Delete them for good; how many. Again does no harm."""
        ...

    def close(self) -> None: ...


class AutoReplies(Protocol):
    """People's automatic replies. A mailbox has one; what it had before is kept by the caller and restored at the end.

    The order, in which a process may die at any point: `keep`, commit the token, `install`; later `restore`.
    """

    #: whether internal and external senders may get different texts
    two_texts: bool
    audiences: frozenset[Audience]

    def read(self, address: str) -> AutoReply:
        """What is installed and active now, read back from the server, be it ours or the person's own."""
        ...

    def keep(self, address: str) -> str:
        """What is there now, as an opaque token for `restore`. Changes nothing."""
        ...

    def install(self, address: str, reply: AutoReply, *, accepted: str | None = None) -> None:
        """Install, in place of what is there; the same again changes nothing. What it does not name stays as it is.

        OwnRulesConflict where the person's own rules stand against it; `accepted` is its proposal, agreed to. Platforms
        that never raise it ignore that.
        """
        ...

    def restore(self, address: str, token: str) -> None:
        """Bring back what was there at `keep`. Again does no harm; what the person has set up since then stays."""
        ...

    def shows_away(self, address: str) -> bool | None:
        """Whether the server tells senders at this moment that the person is away (Exchange: MailTips); None where it
        cannot be asked."""
        ...

    def close(self) -> None: ...


class ForwardRules(Protocol):
    """Forwarding of a copy; the original always stays (absence options B and C)."""

    #: rules act within their window only; without this the caller installs at the start and removes at the end
    windowed: bool

    def read(self, address: str) -> Sequence[str]:
        """Addresses that get a copy through rules that mailbot installed and that are active."""
        ...

    def install(
        self, address: str, forward_to: str, *, starts_at: datetime | None = None, ends_at: datetime | None = None
    ) -> str:
        """Install and return an opaque token for `remove`; a person's own rules stay as they are.

        The same address again gives the same token. Where auto-replies live in the same script, install those first.
        """
        ...

    def remove(self, address: str, token: str) -> None:
        """Remove it; again does no harm."""
        ...

    def close(self) -> None: ...
