"""What mailbot may do on a server, tried without leaving a trace: for `mailbot doctor`."""

from dataclasses import dataclass
from datetime import datetime

from mailbot.errors import PermanentError
from mailbot.platforms.base import Folder
from mailbot.platforms.imap.connection import ImapConnection
from mailbot.platforms.imap.dates import seconds_of, utc
from mailbot.platforms.imap.folders import RoleNames, find_folders, raw_name
from mailbot.platforms.imap.session import Refused
from mailbot.platforms.imap.smtp import SmtpConnection
from mailbot.platforms.imap.smtp_replies import Reply
from mailbot.platforms.imap.uids import UidSet

_INBOX = b"INBOX"


class InboxRefused(PermanentError):
    """The login works and the inbox cannot be opened: a master user who is judged by the owner's ACL."""


class SenderRefused(PermanentError):
    """The login works and mail from this address is not taken."""


class RecipientRefused(PermanentError):
    """Mail to this address is not taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What was found in one mailbox."""

    messages: int
    #: when the server took in the last message of the inbox; None without one
    newest_at: datetime | None
    #: the Sent folder as people call it; empty: there is none, and mailbot creates it when it sends
    sent: str
    #: whether copies can be laid into it; true where it was not asked
    may_file: bool


def access(connection: ImapConnection, names: RoleNames, *, files: bool) -> Access:
    """Open the inbox for reading and, with `files`, find out whether copies can be filed in Sent.

    InboxRefused, or what any command may raise.
    """
    try:
        state = connection.examine(_INBOX)
    except Refused as refusal:
        raise InboxRefused(str(refusal)) from None
    newest = _newest_at(connection) if state.messages else None
    folders = [found.folder for found in find_folders(connection, names)]
    sent = min((folder for folder in folders if folder.role == "sent"), key=lambda each: len(each.id), default=None)
    may_file = not files or sent is None or _may_insert(connection, sent)
    return Access(messages=state.messages, newest_at=newest, sent=sent.name if sent else "", may_file=may_file)


def _newest_at(connection: ImapConnection) -> datetime | None:
    # "*" is the last message (RFC 3501 9, seq-number)
    found = connection.fetch(UidSet.of([connection.uids_from(1).highest]), "INTERNALDATE")
    seconds = next((seconds_of(items.get(b"INTERNALDATE")) for _, items in found), None)
    return None if seconds is None else utc(seconds)


def _may_insert(connection: ImapConnection, folder: Folder) -> bool:
    """By the right to insert (RFC 4314) where the server tells rights, else by whether it opens for writing."""
    if "ACL" in connection.capabilities:
        return b"i" in connection.my_rights(raw_name(folder))
    return connection.opens_for_writing(raw_name(folder))


def try_submission(connection: SmtpConnection, sender: str, recipient: str) -> None:
    """Begin a mail from `sender`, and one without a sender as automatic replies are sent, and take both back.

    SenderRefused, RecipientRefused, or what the network may raise. Nothing is sent: DATA is never said.
    """
    for from_ in (sender, ""):
        to_sender, to_recipient = connection.rehearse(from_, recipient)
        _require(to_sender, connection, from_ or "<>")
        # Servers may hold the verdict on the sender back until the first recipient.
        if to_recipient.permanent and to_recipient.subject == 7:
            _require(to_recipient, connection, from_ or "<>")
        if not to_recipient.positive:
            raise RecipientRefused(f"{connection.endpoint} takes no mail to {recipient}: {to_recipient.words}")


def _require(reply: Reply, connection: SmtpConnection, sender: str) -> None:
    if not reply.positive:
        raise SenderRefused(f"{connection.endpoint} takes no mail from {sender}: {reply.words}")
