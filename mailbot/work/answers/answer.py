"""What a handler gets and gives: a proven answer to one of our mails, and what it brought about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from mailbot.config.model import PersonSettings
from mailbot.store.records import NewMail, Ticket
from mailbot.work.answers.lines import Written
from mailbot.work.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Mail that is provably from the person its ticket was sent to."""

    ticket: Ticket
    person: PersonSettings
    #: what they wrote now, line by line, without greeting, signature and quotation
    lines: Sequence[Written]
    #: the whole text, quotation included: a form may be filled in anywhere
    whole: str = ""
    #: fingerprint of its content key: the same for every copy
    content_print: str
    message_id: str | None
    #: when it was decided: what follows bears this instant, also when a restored database reads it again
    arrived_at: datetime
    #: the date of mail that follows
    now: datetime

    @property
    def by(self) -> str:
        """The actor, as the store records it."""
        return f"person:{self.person.id} (mail)"

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was changed. `what` is a key of [answers_done] in words.toml, which may name `ref` and `value`."""

    what: str
    ref: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear:
    """What was not done. `why` is a key of [answers_unclear] in words.toml, which may name `ref` and `value`.

    `value` never holds words of the answer (it is mailed back, and may be seen by others).
    """

    why: str
    ref: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """What came of an answer. Only what is unclear, or what `tell` asks for, is mailed back."""

    done: tuple[Done, ...] = ()
    unclear: tuple[Unclear, ...] = ()
    #: tell the person what was done although nothing is unclear (an undo, say)
    tell: bool = False
    #: further mail that follows (a question to a colleague, say)
    mail: tuple[NewMail, ...] = ()

    def __add__(self, other: "Reaction") -> "Reaction":
        return Reaction(
            done=self.done + other.done,
            unclear=self.unclear + other.unclear,
            tell=self.tell or other.tell,
            mail=self.mail + other.mail,
        )


class Handler(Protocol):
    """What an answer to one kind of ticket brings about.

    `handle` may be called again for the same answer (a crash, a restored backup): what stands already must not change,
    and counts as done.
    """

    @property
    def kind(self) -> str: ...

    def handle(self, context: Context, answer: Answer) -> Reaction: ...


Outcome = Literal["waiting", "done", "unclear", "refused", "ignored"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is to be recorded about one mail in the service mailbox; `reason` is a fixed word."""

    state: Outcome
    reason: str | None = None
    person: PersonSettings | None = None
    ticket: Ticket | None = None
    reaction: Reaction = field(default_factory=Reaction)


#: words for a template: Done and Unclear as it reads them
Told = Mapping[str, str]
