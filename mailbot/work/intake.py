"""Fetch, parse, decide, record: one mailbox's new mail becomes decisions, obligations, diary items and queued mail.

Cursor and results are committed together (invariant 1); a message that can't be read is recorded and shown to a
person, and never stops the next.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from mailbot.config.model import MailboxSettings
from mailbot.errors import MailbotError
from mailbot.log import get_logger
from mailbot.platforms.base import AnswerMark, Arrival, Changes, Folder, Mailbox, TellsStanding
from mailbot.store.intake import Mark
from mailbot.store.lineage import RESTORED
from mailbot.store.records import MailboxCheck
from mailbot.work.context import Context
from mailbot.work.judging import Judge
from mailbot.work.judging_asked import Batch

log = get_logger(__name__)

#: RFC 6154 roles whose mail nobody has received: our own drafts, what a person threw away, and what we sent
NOT_RECEIVED = frozenset({"sent", "drafts", "trash"})
_MARKS_EVERY = timedelta(hours=1)
#: in the installation, before the address of a mailbox
_MARKS_LOOKED_AT = "marks_looked_at:"


@dataclass(frozen=True, slots=True)
class MailboxPass:
    """What reading one mailbox came to; `error` is a fixed phrase for people, without mail content."""

    mailbox: str
    new_messages: int
    error: str | None
    #: ids of the folders into which servers move mail by themselves
    junk_folders: tuple[str, ...] = ()
    #: nothing new lies in Sent either, as the list of folders told
    sent_is_unchanged: bool = False


def read_received(context: Context, settings: MailboxSettings, now: datetime) -> MailboxPass:
    """Everything new outside Sent, Drafts and Trash, Junk included: spam-filtered mail has legally arrived."""
    result = _read(context, settings, now, lambda folder: folder.role not in NOT_RECEIVED)
    if result.error is not None:
        note(context, [result], now)
    return result


def read_sent(context: Context, settings: MailboxSettings, now: datetime) -> MailboxPass:
    """New mail in Sent: answers, and outgoing mail that may have to be registered.

    Only now the check of the mailbox is complete: an answer in Sent may have settled a duty.
    """
    result = _read(context, settings, now, lambda folder: folder.role == "sent")
    note(context, [result], now)
    return result


def note(context: Context, results: Sequence[MailboxPass], now: datetime) -> None:
    """Write down that these mailboxes were read, or why not."""
    context.store.intake.checked(
        *(
            MailboxCheck(
                mailbox=result.mailbox,
                started_at=now,
                completed_at=None if result.error else now,
                new_messages=result.new_messages,
                error=result.error,
            )
            for result in results
        )
    )


def _read(context: Context, settings: MailboxSettings, now: datetime, wanted: Callable[[Folder], bool]) -> MailboxPass:
    """Read some folders of a mailbox. Trouble with one folder is reported, and the others are read all the same."""
    counts: list[int] = []
    troubles: list[str] = []
    try:
        mailbox = context.open_mailbox(settings)
    except (MailbotError, OSError) as trouble:
        return MailboxPass(settings.address, 0, _told(trouble, settings.address))
    with closing(mailbox):
        reader = _Reader(context, settings, mailbox, now)
        try:
            folders = mailbox.folders()
            reader.forget_missing(folders)
        except (MailbotError, OSError) as trouble:
            return MailboxPass(settings.address, 0, _told(trouble, settings.address))
        for folder in filter(wanted, folders):
            try:
                counts.extend(reader.batches(folder))
            except (MailbotError, OSError) as trouble:
                troubles.append(_told(trouble, settings.address))
        reader.end()
        quiet = all(reader.is_unchanged(folder) for folder in folders if folder.role == "sent")
    return MailboxPass(
        settings.address,
        sum(counts),
        "; ".join(dict.fromkeys(troubles)) or None,
        tuple(folder.id for folder in folders if folder.role == "junk"),
        sent_is_unchanged=quiet,
    )


def _told(trouble: Exception, mailbox: str) -> str:
    log.warning("mailbox_not_read", mailbox=mailbox, error=type(trouble).__name__)
    return str(trouble) if isinstance(trouble, MailbotError) else type(trouble).__name__


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    """A batch of changes whose new mail has been fetched, and is being judged."""

    folder: Folder
    changes: Changes
    judge: Judge
    batch: Batch
    hold_replies: bool
    #: deliveries that were not known before
    fetched: int
    vanished: Sequence[str]


def _held_back(batches: Iterator[_Begun]) -> Iterator[_Begun]:
    """Each batch when so many later ones have been begun that children have them to go on with; before trouble is told
    all that came before it.

    Whoever could not record one does not come back for a later one: cursors build on each other.
    """
    waiting: deque[_Begun] = deque()
    try:
        for begun in batches:
            waiting.append(begun)
            while len(waiting) > begun.batch.begun_ahead:
                yield waiting.popleft()
    except (MailbotError, OSError):
        yield from waiting
        raise
    yield from waiting


class _Reader:
    """Reads the folders of one open mailbox."""

    def __init__(self, context: Context, settings: MailboxSettings, mailbox: Mailbox, now: datetime) -> None:
        self._context = context
        self._settings = settings
        self._mailbox = mailbox
        self._now = now
        self._intake = context.store.intake
        self._looks_at_marks = False

    @cached_property
    def _first_pass(self) -> bool:
        return not self._intake.has_been_read(self._settings.address)

    @cached_property
    def _restored(self) -> bool:
        return self._context.store.installation.get(RESTORED) is not None

    @cached_property
    def _cursors(self) -> Mapping[str, str]:
        """How far each folder had been read before this pass."""
        return self._intake.folder_cursors(self._settings.address)

    def forget_missing(self, folders: Sequence[Folder]) -> None:
        """A folder that is no longer listed holds nothing any more; should it come back, its mail is recognised."""
        listed = {folder.id for folder in folders}
        for folder_id in self._cursors.keys() - listed:
            self._intake.folder_gone(self._settings.address, folder_id, now=self._now)

    def is_unchanged(self, folder: Folder) -> bool:
        """Whether the list of folders told that nothing came or went."""
        mailbox = self._mailbox
        return isinstance(mailbox, TellsStanding) and mailbox.is_unchanged(folder, self._cursors.get(folder.id))

    def batches(self, folder: Folder) -> Iterator[int]:
        """Judge and record what is new, batch by batch; how many deliveries of each were not known before."""
        for begun in _held_back(self._begun(folder)):
            yield self._record(begun)
        self._look_at_marks(folder)

    def _begun(self, folder: Folder) -> Iterator[_Begun]:
        """What is new, batch by batch."""
        cursor = self._cursors.get(folder.id)
        judge: Judge | None = None  # made when there is something to judge: most folders hold nothing new
        burst = self._context.config.policy.storm.burst
        arrived, hold = 0, False
        for changes in self._mailbox.changes(folder, cursor):
            unknown = self._unknown(folder, changes)
            arrived += len(unknown)
            # Invariant 3: after a first reading, a re-listed folder or a burst a person releases automatic replies.
            # What piled up while a lost database was restored is no burst.
            hold = hold or changes.reset or (arrived >= burst and not self._restored)
            if changes.cursor != cursor or changes.arrived or changes.gone or changes.reset or changes.marks:
                judge = judge or Judge(self._context, self._settings, self._mailbox, folder, self._now)
                arrivals = {one.delivery_id: one for one in unknown if not judge.is_too_old(one)}
                fetched = dict(self._mailbox.fetch_headers(folder, list(arrivals)))
                present = [(arrivals[delivery_id], raw) for delivery_id, raw in fetched.items() if raw is not None]
                yield _Begun(
                    folder=folder,
                    changes=changes,
                    judge=judge,
                    batch=judge.begin(present),
                    hold_replies=hold or self._first_pass,
                    fetched=len(fetched),
                    vanished=[delivery_id for delivery_id, raw in fetched.items() if raw is None],
                )
                cursor = changes.cursor

    @cached_property
    def _unmarked(self) -> Mapping[str, Sequence[str]]:
        """Open questions by folder, once an hour: looking at their marks costs a question per folder."""
        address, looked_at = self._settings.address, self._context.marks_looked_at
        if address not in looked_at and (before := self._context.store.installation.get(_MARKS_LOOKED_AT + address)):
            looked_at[address] = datetime.fromisoformat(before)  # by another process: a pass may be one of its own
        if address in looked_at and abs(self._now - looked_at[address]) < _MARKS_EVERY:
            return {}
        looked_at[address] = self._now
        self._looks_at_marks = True
        return self._intake.unmarked_questions(address)

    def end(self) -> None:
        """Every folder has been read."""
        if self._looks_at_marks:
            self._context.store.installation.set(_MARKS_LOOKED_AT + self._settings.address, self._now.isoformat())

    def _look_at_marks(self, folder: Folder) -> None:
        """Whether somebody has replied to what is open, where listings do not tell."""
        wanted = self._unmarked.get(folder.id)
        if not wanted:
            return
        try:
            found = self._mailbox.marks(folder, wanted)
        except (MailbotError, OSError) as trouble:  # the mail itself has been read
            log.warning("marks_not_read", mailbox=self._settings.address, error=type(trouble).__name__)
            return
        if found:
            self._intake.marked(self._settings.address, folder.id, _noted(found), now=self._now)

    def _unknown(self, folder: Folder, changes: Changes) -> Sequence[Arrival]:
        """Arrivals that were not recorded before: some servers repeat those whose flags people have changed."""
        if changes.reset or not changes.arrived:
            return changes.arrived
        ids = [one.delivery_id for one in changes.arrived]
        known = self._intake.known_deliveries(self._settings.address, folder.id, ids)
        return [one for one in changes.arrived if one.delivery_id not in known]

    def _record(self, begun: _Begun) -> int:
        """Judge one batch to the end and commit it together with its cursor."""
        changes = begun.changes
        self._intake.record(
            mailbox=self._settings.address,
            folder_id=begun.folder.id,
            outcomes=list(begun.judge.outcomes(begun.batch, hold_replies=begun.hold_replies)),
            vanished=begun.vanished,
            gone=changes.gone,
            cursor=changes.cursor,
            reset=changes.reset,
            now=self._now,
            marks=_noted(changes.marks),
        )
        return begun.fetched


def _noted(marks: Sequence[AnswerMark]) -> dict[str, Mark]:
    return {one.delivery_id: Mark(one.kind, one.at) for one in marks}
