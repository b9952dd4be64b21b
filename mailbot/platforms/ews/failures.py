"""What Exchange's error codes mean for us: wait, ask a person, or it is simply not there any more.

https://learn.microsoft.com/exchange/client-developer/web-service-reference/responsecode
"""

from mailbot.errors import MailbotError, PermanentError, TransientError


def _codes(names: str) -> frozenset[str]:
    return frozenset(names.split())


_PASSES = _codes("""ErrorBatchProcessingStopped ErrorConnectionFailed ErrorExceededConnectionCount
    ErrorInsufficientResources
    ErrorInternalServerError ErrorInternalServerTransientError ErrorMailboxFailover ErrorMailboxMoveInProgress
    ErrorMailboxStoreUnavailable ErrorServerBusy ErrorTimeoutExpired ErrorTooManyObjectsOpened
    ErrorProxyRequestNotAllowed ErrorNoRespondingCASInDestinationSite""")
_NOT_THERE = _codes("""ErrorFolderNotFound ErrorItemNotFound ErrorParentFolderNotFound ErrorInvalidFolderId
    ErrorInvalidIdMalformed ErrorInvalidIdNotAnItemAttachmentId ErrorSyncFolderNotFound""")
_NO_IMPERSONATION = _codes("ErrorImpersonateUserDenied ErrorImpersonationDenied ErrorImpersonationFailed")
_NO_MAILBOX = _codes("ErrorNonExistentMailbox ErrorMissingEmailAddress ErrorInvalidSmtpAddress")
_LOST_STATE = _codes("ErrorInvalidSyncStateData")
#: the trouble is that one message, whoever asks for it and whenever
_BAD_MESSAGE = _codes("""ErrorItemCorrupt ErrorCorruptData ErrorContentConversionFailed ErrorMimeContentConversionFailed
    ErrorMimeContentInvalid ErrorMimeContentInvalidBase64String ErrorVirusDetected ErrorVirusMessageDeleted""")


class EwsRefusal(PermanentError):
    """The server answered with an error code that does not pass by itself."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class NotThere(EwsRefusal):
    """The item or folder has been moved or deleted."""


class LostState(EwsRefusal):
    """The server does not know this sync state (any more)."""


class BadMessage(EwsRefusal):
    """The server has the message and cannot give it."""


class NotOffered(EwsRefusal):
    """A server of another make, without this operation."""


class Busy(TransientError):
    """The server asks to be left alone for a while, or does not answer so much at once."""


class MayNotImpersonate(EwsRefusal):
    """The service account may not act for this mailbox."""


_NOT_OFFERED = "{server} does not offer what mailbot asked for in {mailbox}"
_REFUSALS: tuple[tuple[frozenset[str], type[EwsRefusal], str], ...] = (
    (_LOST_STATE, LostState, "{server} has forgotten how far {mailbox} was read"),
    (_BAD_MESSAGE, BadMessage, "{server} cannot give a message of {mailbox}"),
    (_codes("ErrorInvalidOperation"), NotOffered, _NOT_OFFERED),
    (_NOT_THERE, NotThere, "what was asked for is no longer in {mailbox}"),
    (
        _NO_IMPERSONATION,
        MayNotImpersonate,
        "the service account may not act for {mailbox} on {server}; give it the role ApplicationImpersonation with a "
        "scope that holds this mailbox",
    ),
    (_NO_MAILBOX, EwsRefusal, "{server} has no mailbox {mailbox}; is it on another server, or in the cloud?"),
    (_codes("ErrorAccessDenied"), EwsRefusal, "{server} refuses access in {mailbox}"),
)


class AccountRefused(PermanentError):
    """The server does not let the service account in; trying again would only get it locked."""


def not_offered(server: str, mailbox: str) -> NotOffered:
    return NotOffered(_NOT_OFFERED.format(server=server, mailbox=mailbox), "")


def failure(code: str, server: str, mailbox: str) -> MailbotError:
    """The error for a response code. The server's own words stay out: they quote subjects and addresses."""
    if code in _PASSES:
        passing = Busy if code == "ErrorServerBusy" else TransientError
        return passing(f"{server} cannot answer for {mailbox} at present ({code})")
    for codes, kind, text in _REFUSALS:
        if code in codes:
            return kind(f"{text.format(server=server, mailbox=mailbox)} ({code})", code)
    return EwsRefusal(f"{server} refuses what was asked of {mailbox} ({code or 'no code'})", code)
