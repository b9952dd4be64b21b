"""Who still waits for an answer: a conversation's questions and answers, replayed in the order they happened.

Mailboxes are read in any order, and an answer may be known before its question. Therefore obligations are not moved
step by step as mail is read: they are computed anew from everything known, which gives the same result in any order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A message in a unit that somebody there must answer. `ref` is the REF of the pair."""

    ref: str
    message_ref: str
    content_print: str
    #: the asker's addresses, as fingerprints: an answer goes to one of them
    asker_prints: frozenset[str]
    #: when the wait began: its arrival, or the moment a person opened it again
    asked_at: datetime
    received_at: datetime
    mailbox: str
    assignee: str
    judged: bool
    answer_allowed: bool
    hold_replies: bool
    language: str | None
    due_on: date | None
    document_due_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Mail that went out."""

    content_print: str
    sent_at: datetime
    mailbox: str
    recipient_prints: frozenset[str]


@dataclass(slots=True)
class Run:
    """One obligation in the making: from its first question to the answer that leaves nobody waiting."""

    questions: list[Question] = field(default_factory=list)
    #: newest last
    waiting: list[Question] = field(default_factory=list)
    met_at: datetime | None = None
    met_by: str | None = None

    @property
    def shown(self) -> Sequence[Question]:
        """The questions that clocks and asker are taken from: those that wait, or all once none does."""
        return self.waiting or self.questions


def replay(questions: Iterable[Question], answers: Iterable[Answer]) -> tuple[list[Run], set[str]]:
    """The runs of one conversation in one unit, oldest first, and the `content_print`s of the answers that counted.

    A question joins the run that is still open. An answer meets the questions of everyone it was sent to, asked before
    it went out; the run ends when nobody waits (a reply to one of two askers does not settle the other's question).
    """
    # At the same instant the question comes first: an answer cannot be older than what it answers.
    events: list[tuple[datetime, int, str, Question | Answer]] = [
        *((question.asked_at, 0, question.ref, question) for question in questions),
        *((answer.sent_at, 1, answer.content_print, answer) for answer in answers),
    ]
    runs: list[Run] = []
    used: set[str] = set()
    for at, _, _, event in sorted(events, key=lambda entry: entry[:3]):
        if isinstance(event, Question):
            if not runs or not runs[-1].waiting:
                runs.append(Run())
            runs[-1].questions.append(event)
            runs[-1].waiting.append(event)
        elif runs and runs[-1].waiting:
            # Mail to oneself is in the inbox and in Sent: it does not answer itself.
            met = {
                question.ref
                for question in runs[-1].waiting
                if question.asker_prints & event.recipient_prints and question.content_print != event.content_print
            }
            if not met:
                continue
            used.add(event.content_print)
            runs[-1].waiting = [question for question in runs[-1].waiting if question.ref not in met]
            if not runs[-1].waiting:
                runs[-1].met_at, runs[-1].met_by = at, event.mailbox
    return runs, used


def earliest(days: Iterable[date | None]) -> date | None:
    """The earliest day given, or None when there is none."""
    return min((day for day in days if day is not None), default=None)
