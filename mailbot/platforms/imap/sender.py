"""Sending by submission, and filing what was sent: Sender for an IMAP server with its SMTP server.

The last line of a mail is what SMTP cannot take back. `prepare` goes so far, the caller records it, and `send` says
that line: an attempt that died before was not sent, and only what dies between that record and the recorded answer
stays unclear. The copy in Sent is made after the answer is on record, and looked for before it is made.
"""

from collections.abc import Callable
from contextlib import suppress
from itertools import islice

from mailbot.errors import PermanentError, TransientError
from mailbot.platforms.imap.connection import ImapConnection
from mailbot.platforms.imap.folders import RoleNames, find_folders, own_prefix, raw_name
from mailbot.platforms.imap.session import LostConnection, Refused
from mailbot.platforms.imap.smtp import Begun, SmtpConnection
from mailbot.platforms.imap.smtp_content import Offer, carriage
from mailbot.platforms.imap.uids import UidSet
from mailbot.platforms.sending import Fate, OutgoingMail, Receipt, SenderUnavailable

#: the recorded fact that the last line of the mail was about to be said
_LAST_LINE = "last line"
#: made where the service mailbox has no Sent folder yet
_NEW_SENT = b"Sent"
#: copies whose Message-ID is asked for at once
_WINDOW = 1_000
_EVERYTHING = Offer(eight_bit=True, utf8=True)


class SmtpSender:
    """Sender of the service mailbox. Both connections are opened when they are first needed, and kept until `close`.

    `submission` and `mailbox` connect and log in; `folder_names` are the configured names of the service mailbox's
    folders. Whatever keeps all mail from leaving raises SenderUnavailable, also what a person must mend: the mail
    waits, and none of it fails because a certificate has expired.
    """

    def __init__(
        self,
        submission: Callable[[], SmtpConnection],
        mailbox: Callable[[], ImapConnection],
        *,
        folder_names: RoleNames | None = None,
    ) -> None:
        self._submission = submission
        self._mailbox = mailbox
        self._folder_names = folder_names or {}
        self._smtp: SmtpConnection | None = None
        self._imap: ImapConnection | None = None
        self._sent: bytes | None = None
        self._begun: Begun | None = None

    def prepare(self, mail: OutgoingMail) -> str | None:
        """Hand over everything but the last line."""
        if self._begun is not None:  # the caller could not record it: it is not to be sent now
            self._hang_up()
        kept = self._smtp is not None and self._smtp.usable
        smtp = self._connected()
        try:
            self._begun = smtp.begin(mail)
        except SenderUnavailable:
            if not kept or smtp.usable:
                raise
            # Servers hang up on idle clients (RFC 5321 4.5.3.2.7); nothing has been sent yet.
            self._begun = self._connected().begin(mail)
        return _LAST_LINE

    def send(self, mail: OutgoingMail, handle: str | None) -> Receipt:  # noqa: ARG002
        if self._begun is None or self._begun.message_id != mail.message_id:
            self.prepare(mail)
        begun, self._begun = self._begun, None
        assert begun is not None and self._smtp is not None
        self._smtp.finish()
        return Receipt(begun.refused, begun.deferred, filed=False)

    def fate(self, message_id: str, handle: str | None) -> Fate:
        """Not in Sent proves nothing once the last line may have been said: we file there only afterwards."""
        if self._is_filed(message_id):
            return "sent"
        return "not_sent" if handle is None else "unknown"

    def file(self, mail: OutgoingMail) -> None:
        """Exactly once, also where the server files what passes through it."""
        if self._is_filed(mail.message_id):
            return
        connection, sent = self._opened()
        # A connection that dies here may have stored it all the same: the next call looks first.
        self._append(connection, sent or self._create_sent(connection), carriage(mail, _EVERYTHING).content)

    def _append(self, connection: ImapConnection, sent: bytes, content: bytes) -> None:
        connection.append(sent, content, flags=r"(\Seen)")

    def _is_filed(self, message_id: str) -> bool:
        kept = self._imap is not None and self._imap.usable
        try:
            return self._finds(message_id)
        except LostConnection:
            if not kept:
                raise
            return self._finds(message_id)  # servers hang up on idle clients (RFC 3501 5.4)

    def _finds(self, message_id: str) -> bool:
        connection, sent = self._opened()
        if sent is None:
            return False
        state = connection.examine(sent)
        with suppress(Refused):
            connection.noop()  # some servers do not show before what has just been laid there
        try:
            found = list(connection.uids_with_field("Message-ID", message_id.strip("<>")))
        except Refused:  # a server that cannot search header fields (Twisted)
            found = list(connection.all_uids(state.messages))
        # SEARCH finds parts of words too (RFC 3501 6.4.4)
        wanted, newest_first = message_id.encode(), iter(reversed(found))
        while window := UidSet.of(islice(newest_first, _WINDOW)):
            answers = connection.fetch(window, "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]")
            if any(isinstance(value, bytes) and wanted in value for _, items in answers for value in items.values()):
                return True
        return False

    # --- connections ---

    def _connected(self) -> SmtpConnection:
        if self._smtp is None or not self._smtp.usable:
            try:
                self._smtp = self._submission()
            except SenderUnavailable:
                raise
            except (TransientError, PermanentError) as error:
                raise SenderUnavailable(str(error)) from error
        return self._smtp

    def _opened(self) -> tuple[ImapConnection, bytes | None]:
        """The service mailbox and the name of its Sent folder, None without one."""
        if self._imap is not None and not self._imap.usable:
            self._imap.close()
            self._imap = None
        if self._imap is None:
            self._imap = self._mailbox()
            found = (each.folder for each in find_folders(self._imap, self._folder_names))
            # of several the topmost: subfolders of Sent share its role
            names = [raw_name(folder) for folder in found if folder.role == "sent"]
            self._sent = min(names, key=len, default=None)
        return self._imap, self._sent

    def _create_sent(self, connection: ImapConnection) -> bytes:
        name = own_prefix(connection) + _NEW_SENT
        connection.create_folder(name)
        self._sent = name
        return name

    def _hang_up(self) -> None:
        self._begun = None
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None

    def close(self) -> None:
        """A mail that was prepared and not sent stays unsent."""
        self._hang_up()
        if self._imap is not None:
            self._imap.close()
            self._imap = None
