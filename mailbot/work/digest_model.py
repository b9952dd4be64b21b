"""What each digest says, as its template reads it. `count` is how much there is to do."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from mailbot.store.records import Pause
from mailbot.work.digest_lines import CheckLine, DiaryLine, QueueLine, ReplyLine, Rows, UnreadMailbox
from mailbot.work.digest_week import WeekFigures
from mailbot.work.digest_would_have import WouldHave


@dataclass(frozen=True, slots=True, kw_only=True)
class Replies:
    """Open obligations by how urgent they are."""

    overdue: Rows[ReplyLine] = field(default_factory=Rows)
    due_today: Rows[ReplyLine] = field(default_factory=Rows)
    later: Rows[ReplyLine] = field(default_factory=Rows)
    #: nobody has judged whether an answer is owed (only headers were read)
    to_judge: Rows[ReplyLine] = field(default_factory=Rows)

    @property
    def total(self) -> int:
        return self.overdue.total + self.due_today.total + self.later.total + self.to_judge.total


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrarDigest:
    """What waits for the registrar of one unit."""

    today: date
    unit: str
    #: handed over more than `diary.remind_after` working days ago and still not confirmed
    unconfirmed: Rows[DiaryLine]
    to_register: Rows[DiaryLine]
    to_decide: Rows[DiaryLine]
    confidential: Rows[DiaryLine]
    unparsable: Rows[DiaryLine]
    remind_after: int

    @property
    def count(self) -> int:
        lists = (self.unconfirmed, self.to_register, self.to_decide, self.confidential, self.unparsable)
        return sum(each.total for each in lists)


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffDigest:
    """What one person owes."""

    today: date
    person: str
    replies: Replies

    @property
    def count(self) -> int:
        return self.replies.total


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerDigest:
    """The morning mail of whoever looks after a unit's authority mailboxes."""

    today: date
    unit: str
    #: how each authority mailbox of the unit stands today; empty where no check is asked for
    checks: tuple[CheckLine, ...]
    #: earlier days, since the last morning mail, on which nobody checked
    missed: tuple[CheckLine, ...]
    replies: Replies
    unread: tuple[UnreadMailbox, ...]

    @property
    def count(self) -> int:
        return self.replies.total + len(self.unread)

    @property
    def to_check(self) -> bool:
        """Whether somebody still has to look into a mailbox today."""
        return any(line.state in {"waiting", "missed"} for line in self.checks)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadDigest:
    """What the head of administration answers for."""

    today: date
    #: since the last digest: authority mailboxes that nobody checked on a working day
    missed: tuple[CheckLine, ...]
    #: requests for public documents, whose faster clock the law sets (TF 2:15-16, offl. section 29)
    late_documents: Rows[ReplyLine]
    #: every other late answer
    overdue: Rows[ReplyLine]
    #: unconfirmed for `diary.escalate_after` working days
    unconfirmed: Rows[DiaryLine]
    unread: tuple[UnreadMailbox, ...]
    week: WeekFigures
    escalate_after: int

    @property
    def count(self) -> int:
        return (
            len(self.missed)
            + self.late_documents.total
            + self.overdue.total
            + self.unconfirmed.total
            + len(self.unread)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorDigest:
    """The health of the installation; no content of mail."""

    today: date
    mode: Literal["observe", "enforce"]
    #: with its instant in local time
    paused: Pause | None
    unread: tuple[UnreadMailbox, ...]
    mailboxes: int
    queue: Rows[QueueLine]
    waiting: int
    #: authority mailboxes that nobody has checked although it is time, or since the last digest
    missed: tuple[CheckLine, ...]
    #: local dates of mails in mailbot's own mailbox since the last digest that nobody could use
    refused_answers: tuple[date, ...]
    would_have: WouldHave | None

    @property
    def count(self) -> int:
        return len(self.unread) + self.queue.total + (self.paused is not None) + len(self.missed)


Digest = RegistrarDigest | StaffDigest | OfficerDigest | HeadDigest | OperatorDigest
