"""What Exchange's error codes mean for us: wait, ask a person, or it is simply not there any more.

https://learn.microsoft.com/exchange/client-developer/web-service-reference/responsecode
"""

from mailbot.errors import MailbotError, PermanentError, TransientError

_PASSES = frozenset(
    """ErrorBatchProcessingStopped ErrorConnectionFailed ErrorExceededConnectionCount ErrorInsufficientResources
    ErrorInternalServerError ErrorInternalServerTransientError ErrorMailboxFailover ErrorMailboxMoveInProgress
    ErrorMailboxStoreUnavailable ErrorServerBusy ErrorTimeoutExpired ErrorTooManyObjectsOpened
    ErrorProxyRequestNotAllowed ErrorNoRespondingCASInDestinationSite ErrorNetworkError""".split()
)
_NOT_THERE = frozenset(
    """ErrorFolderNotFound ErrorItemNotFound ErrorParentFolderNotFound ErrorInvalidFolderId
    ErrorInvalidIdMalformed ErrorInvalidIdNotAnItemAttachmentId""".split()
)
_NO_IMPERSONATION = frozenset(
    "ErrorImpersonateUserDenied ErrorImpersonationDenied ErrorImpersonationFailed ErrorImpersonationRequired".split()
)
_NO_MAILBOX = frozenset("ErrorNonExistentMailbox ErrorMissingEmailAddress ErrorInvalidSmtpAddress".split())
_LOST_STATE = frozenset("ErrorInvalidSyncStateData ErrorSyncFolderNotFound".split())


class EwsRefusal(PermanentError):
    """The server answered with an error code that does not pass by itself."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class NotThere(EwsRefusal):
    """The item or folder has been moved or deleted."""


class LostState(EwsRefusal):
    """The server does not know this sync state (any more)."""


class MayNotImpersonate(EwsRefusal):
    """The service account may not act for this mailbox."""


class AccountRefused(PermanentError):
    """The server does not let the service account in; trying again would only get it locked."""


def failure(code: str, server: str, mailbox: str) -> MailbotError:
    """The error for a response code. The server's own words stay out: they quote subjects and addresses."""
    if code in _PASSES:
        return TransientError(f"{server} cannot answer for {mailbox} at present ({code})")
    if code in _LOST_STATE:
        return LostState(f"{server} has forgotten how far {mailbox} was read ({code})", code)
    if code in _NOT_THERE:
        return NotThere(f"what was asked for is no longer in {mailbox} ({code})", code)
    if code in _NO_IMPERSONATION:
        return MayNotImpersonate(
            f"the service account may not act for {mailbox} on {server} ({code}); "
            "give it the role ApplicationImpersonation with a scope that holds this mailbox",
            code,
        )
    if code in _NO_MAILBOX:
        return EwsRefusal(f"{server} has no mailbox {mailbox} ({code}); is it on another server, or in the cloud?", code)
    if code == "ErrorAccessDenied":
        return EwsRefusal(f"{server} refuses access in {mailbox} ({code})", code)
    return EwsRefusal(f"{server} refuses what was asked of {mailbox} ({code or 'no code'})", code)
