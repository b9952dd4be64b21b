"""What Microsoft Graph answers, and what its refusals mean to us.

Error bodies hold {"error": {"code", "message"}}; only the code is used, as messages may quote addresses and content
(learn.microsoft.com/graph/errors).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mailbot.errors import PermanentError, TransientError

Json = dict[str, Any]

#: the server may have done what was asked (RFC 9110 15.6): only a question may be put again
BUSY = frozenset({429, 503, 504})
_TROUBLE = frozenset({408, 500, 502, *BUSY})
#: Exchange's words for a delta link that it has forgotten, beside status 410
_FORGOTTEN = re.compile(r"syncState|resync", re.IGNORECASE)
_NO_MAILBOX = frozenset(
    {
        "ErrorInvalidUser",
        "ErrorNonExistentMailbox",
        "MailboxNotEnabledForRESTAPI",
        "MailboxNotSupportedForRESTAPI",
        "Request_ResourceNotFound",
        "ResourceNotFound",
    }
)
_TOO_LARGE = frozenset({"ErrorMessageSizeExceeded", "ErrorAttachmentSizeLimitExceeded", "RequestEntityTooLarge"})


class NotFound(PermanentError):
    """There is no such message, folder or rule (any more)."""


class NoMailbox(PermanentError):
    """Nobody has a mailbox of this address in Exchange Online."""


class AccessDenied(PermanentError):
    """The application lacks a permission, or may not reach this mailbox."""


class Forgotten(PermanentError):
    """A delta link that the server does not know any more: everything is listed anew."""


class BadRequest(PermanentError):
    """The server cannot make out what is asked, or does not offer it."""


class TooLarge(PermanentError):
    """The server takes no request or message of this size."""


class Unclear(Exception):
    """No answer, or one that does not tell whether it was done. Not a TransientError: it must be looked up."""


@dataclass(frozen=True, slots=True)
class Question:
    """One request. `path` is relative to the version of the API and holds its query."""

    method: str
    path: str
    #: the mailbox it goes to, for pacing and for what is told; empty for the directory
    mailbox: str
    #: the application permission that it needs
    needs: str
    body: Json | None = None
    #: raw content instead of `body`, and its type
    content: bytes | None = None
    content_type: str = ""
    prefer: tuple[str, ...] = ()
    #: an answer that is longer is broken off: TooLarge; 0 = as long as it likes
    most_octets: int = 0
    #: the mailboxes that a batch goes to
    together: tuple[str, ...] = ()

    @property
    def is_safe(self) -> bool:
        """Asking twice changes nothing (RFC 9110 9.2)."""
        return self.method in ("GET", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    #: the answer inside a batch comes parsed
    parsed: Json | None = None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Json:
        if self.parsed is not None:
            return self.parsed
        try:
            value = json.loads(self.body)
        except ValueError:
            raise TransientError("Microsoft Graph answered with something that is not JSON") from None
        if not isinstance(value, dict):
            raise TransientError("Microsoft Graph answered with something unexpected")
        return value

    def code(self) -> str:
        """The error code, made of harmless characters."""
        try:
            error = self.json().get("error")
        except TransientError:
            return ""
        code = error.get("code") if isinstance(error, dict) else ""
        return re.sub(r"[^A-Za-z0-9_.-]", "", str(code))[:80]


def refusal(question: Question, answer: Answer, retry_after: float | None = None) -> PermanentError | TransientError:
    """The error for an answer that is none of 2xx."""
    code, where = answer.code(), question.mailbox or "the directory"
    told = f"{answer.status}{f' {code}' if code else ''}"
    if answer.status == 410 or _FORGOTTEN.search(code):
        return Forgotten(f"Microsoft Graph has forgotten how far {where} was read ({told})")
    if answer.status in _TROUBLE:
        return TransientError(
            f"Microsoft Graph cannot answer for {where} now ({told})", retry_after_seconds=retry_after
        )
    if answer.status == 413 or code in _TOO_LARGE:
        return TooLarge(f"Microsoft Graph takes nothing of this size in {where} ({told})")
    if answer.status == 404:
        nobody = NoMailbox(
            f"Exchange Online has no mailbox {where} ({told}); check address and licence, and "
            "write its sign-in name (UPN) as `user` where that is another one"
        )
        gone = NotFound(f"Microsoft Graph finds nothing there any more in {where} ({told})")
        return nobody if code in _NO_MAILBOX else gone
    if answer.status in (401, 403):
        return AccessDenied(_denied(question, answer.status, told))
    kind = BadRequest if answer.status in (400, 405, 501) else PermanentError
    return kind(f"Microsoft Graph refuses a request for {where} ({told})")


def _denied(question: Question, status: int, told: str) -> str:
    if status == 401:
        return f"Microsoft Graph does not accept the token, not even a new one ({told}); check tenant and client_id"
    if not question.mailbox:
        return f"the application may not read the directory ({told}): consent to {question.needs} in Entra"
    return (
        f"the application may not use {question.mailbox} ({told}): it needs the role "
        f'"Application {question.needs}" with a scope that includes this mailbox (docs/microsoft365.md)'
    )
