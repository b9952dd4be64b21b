"""One reading round over all mailboxes: a bounded number of workers, and one mailbox's trouble delays no other."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from mailbot.config.model import MailboxSettings
from mailbot.errors import TransientError
from mailbot.log import get_logger
from mailbot.work import judging_children
from mailbot.work.context import Context
from mailbot.work.intake import MailboxPass, note, read_received, read_sent

log = get_logger(__name__)

Progress = Callable[[str], None]
_Read = Callable[[Context, MailboxSettings, datetime], MailboxPass]

#: few enough for a service manager to see that a long round gets on
_NOTED_AT_ONCE = 100
_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(minutes=30)


class Stopped(Exception):
    """mailbot is to end: the mailboxes that nobody has begun with are left to the next start."""


@dataclass(slots=True)
class BackOff:
    """Which mailboxes to leave alone for a while between scheduled passes: waits double, with jitter, up to a limit.

    The jitter keeps a thousand mailboxes of a server that has come back from calling at the same moment.
    """

    jitter: Callable[[], float] = field(default=random.random)
    _failures: dict[str, int] = field(default_factory=dict)
    _next_try_at: dict[str, datetime] = field(default_factory=dict)

    def may_try(self, mailbox: str, now: datetime) -> bool:
        return mailbox not in self._next_try_at or self._next_try_at[mailbox] <= now

    def note(self, results: Iterable[MailboxPass], now: datetime) -> None:
        """Remember how each mailbox fared."""
        for result in results:
            if result.error is None:
                self._failures.pop(result.mailbox, None)
                self._next_try_at.pop(result.mailbox, None)
                continue
            failures = self._failures.get(result.mailbox, 0)
            self._failures[result.mailbox] = failures + 1
            wait = min(_FIRST_WAIT * 2 ** min(failures, 10), _LONGEST_WAIT)
            self._next_try_at[result.mailbox] = now + wait * (0.75 + 0.5 * self.jitter())


def read_all(
    context: Context, mailboxes: Sequence[MailboxSettings], now: datetime, progress: Progress
) -> tuple[MailboxPass, ...]:
    """Received mail of every mailbox first, then everybody's Sent folder: an answer is seen after its question.

    Where the list of folders told that nothing is new in Sent, the server is not asked a second time: what was sent
    since then is read in the next pass.
    """
    readers = ThreadPoolExecutor(max_workers=context.config.schedule.workers, thread_name_prefix="reader")
    with judging_children.for_a_while(), readers as pool:
        results = pool.map(lambda one: _isolated(read_received, context, one, now, progress), mailboxes)
        received = list(_noting_quiet_ones(context, results, now))
        readable = [
            one
            for one, result in zip(mailboxes, received, strict=True)
            if result.error is None and not result.sent_is_unchanged
        ]
        sent = {
            result.mailbox: result
            for result in pool.map(lambda one: _isolated(read_sent, context, one, now, progress), readable)
        }
    return tuple(_together(result, sent.get(result.mailbox)) for result in received)


def _noting_quiet_ones(context: Context, results: Iterable[MailboxPass], now: datetime) -> Iterator[MailboxPass]:
    """`results` as they come; those without anything in Sent are written down, many in one transaction."""
    quiet: list[MailboxPass] = []
    for result in results:
        if result.error is None and result.sent_is_unchanged:
            quiet.append(result)
        if len(quiet) == _NOTED_AT_ONCE:
            note(context, quiet, now)
            quiet.clear()
        yield result
    if quiet:
        note(context, quiet, now)


def _isolated(
    read: _Read, context: Context, mailbox: MailboxSettings, now: datetime, progress: Progress
) -> MailboxPass:
    if context.stopping():
        raise Stopped
    progress(mailbox.address)
    try:
        return read(context, mailbox, now)
    except TransientError:  # the database's: what a mailbox has to say never comes this far
        raise
    except Exception as error:  # a defect of ours in one mailbox; the others are read
        log.exception("mailbox_pass_failed", mailbox=mailbox.address)
        return MailboxPass(mailbox.address, 0, f"reading it failed ({type(error).__name__})")


def _together(received: MailboxPass, sent: MailboxPass | None) -> MailboxPass:
    if sent is None:
        return received
    return replace(sent, new_messages=received.new_messages + sent.new_messages)
