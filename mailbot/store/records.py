"""The rows about mail that enter and leave the store, as frozen values. Instants are aware UTC, dates are local."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from mailbot.mail.message import Message
from mailbot.policy.model import Decision, Direction, Stage

ObligationState = Literal["open", "answered", "dismissed"]
DiaryState = Literal["proposed", "asked", "forwarded", "registered", "dismissed"]
OutboxState = Literal["pending", "sending", "sent", "failed", "unknown", "held", "cancelled"]
AnswerState = Literal["waiting", "done", "unclear", "refused", "ignored"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySeen:
    """Where a copy of a message lies now."""

    mailbox: str
    folder: str
    delivery_id: str
    internal_date: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTicket:
    """What lets one person act by answering a mail. `kind` chooses the handler, which alone reads `about`."""

    kind: str
    person: str
    about: str
    #: how long it may be answered
    days: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A ticket that was sent out."""

    #: fingerprint of the code, which is not kept
    code_print: str
    message_id: str
    kind: str
    person: str
    about: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    #: fingerprint of the answer that used it first
    used_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSeen:
    """A mail in the service mailbox, and where it lies."""

    content_key: str
    folder: str
    delivery_id: str
    arrived_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRow:
    """What is recorded about a mail in the service mailbox."""

    content_print: str
    folder: str
    delivery_id: str
    arrived_at: datetime
    state: AnswerState
    #: a fixed word, see work/answers
    reason: str | None
    person: str | None
    settled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMail:
    """Outgoing mail to queue with the decision that causes it; rendered once, never again (invariant 2)."""

    dedup_key: str
    kind: Literal["forward", "announcement", "holding_reply", "digest", "notice", "absence_reply", "absence_forward"]
    #: who reads it decides what happens when the outcome stays unclear: resend to staff, hold towards citizens
    audience: Literal["staff", "citizen"]
    to: tuple[str, ...]
    envelope_from: str
    message_id: str
    raw: bytes
    #: why it must wait for a person, or None
    hold: str | None = None
    #: REF of the obligation or diary item it belongs to
    ref: str | None = None
    #: what its reader may do by answering it
    ticket: NewTicket | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What intake concluded about one delivery; `Store.record` writes many of these in one transaction."""

    delivery: DeliverySeen
    #: message ref (keyed hash of the content key)
    ref: str
    content_key: str
    #: None: the bytes could not be parsed, `unparsable` says why
    message: Message | None
    unparsable: str | None
    direction: Direction
    received_at: datetime
    unit: str
    #: person id or "" when nobody in particular
    assignee: str
    #: None: too old for clocks, or a copy that was judged already
    decision: Decision | None
    #: ref of the obligation / diary item that this outcome would create
    item_ref: str
    #: in observe mode and for held mail the actions are recorded and `mail` is empty
    mail: tuple[NewMail, ...] = ()
    hold_replies: bool = False
    #: whose diary it belongs in; "": that of `unit`
    diary_unit: str = ""
    #: whom to answer; None: the message's own `asker`
    asker: str | None = None
    #: where an answer may go as well
    other_asker: str | None = None
    #: of mail that we sent to mailbot itself: see `References.text_print`
    text_print: str | None = None
    #: which mailbox it counts to; "": the one in which it lies (mail that strayed into mailbot's own lies elsewhere)
    counts_to: str = ""

    @property
    def mailbox(self) -> str:
        """Whose mail it is."""
        return self.counts_to or self.delivery.mailbox

    @property
    def registering_unit(self) -> str:
        """Whose registrar it goes to."""
        return self.diary_unit or self.unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    ref: str
    unit: str
    mailbox: str
    message_ref: str
    message_id: str | None
    #: None for confidential messages
    subject: str | None
    asker: str
    language: str | None
    confidential: bool
    state: ObligationState
    assignee: str
    judged: bool
    answer_allowed: bool
    hold_replies: bool
    received_at: datetime
    due_on: date | None
    document_due_on: date | None
    follow_up_on: date | None
    acknowledged_at: datetime | None
    met_at: datetime | None
    #: who or what settled it: a mailbox address, "person:ID", "rule"
    met_by: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedAnswer:
    """What suggests that an open question was answered, and does not prove it: a person decides.

    sent: mail went to the asker under the same subject, tied to the question by nothing else. marked: a mail program
    noted on the question that somebody replied to it, and no answer was seen.
    """

    how: Literal["sent", "marked"]
    mailbox: str
    #: when it was sent; of a mark without a time, when that was first seen
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DiaryItem:
    ref: str
    message_ref: str
    message_id: str | None
    unit: str
    mailbox: str
    direction: Direction
    state: DiaryState
    kind: str | None
    #: None for confidential messages
    title: str | None
    sender: str | None
    confidential: bool
    unparsable: bool
    number: str | None
    #: a number found in the mail or its conversation, proposed to the registrar
    proposed_number: str | None
    reason: str | None
    received_at: datetime
    created_at: datetime
    forwarded_at: datetime | None
    settled_at: datetime | None
    settled_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxItem:
    dedup_key: str
    ref: str
    kind: str
    audience: str
    to: tuple[str, ...]
    envelope_from: str
    message_id: str
    #: None once settled mail has been dropped
    raw: bytes | None
    state: OutboxState
    handle: str | None
    attempts: int
    next_attempt_at: datetime
    created_at: datetime
    sent_at: datetime | None
    error: str | None
    item_ref: str | None
    #: why it waits or waited for a person
    hold: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDecision:
    """A decision as it was recorded, for `explain`."""

    unit: str
    mailbox: str
    decided_at: datetime
    #: the JSON form of the decision (see store.codec); evidence as offsets only
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxCheck:
    """The last pass over one mailbox."""

    mailbox: str
    started_at: datetime
    #: None: the pass did not finish
    completed_at: datetime | None
    new_messages: int
    #: a fixed phrase, never server text with personal data
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownMessage:
    """A message that was recorded before, under whatever delivery id."""

    ref: str
    #: units that judged a received copy, and how far they had read; such a copy is not judged again
    decided: frozenset[tuple[str, Stage]] = frozenset()
    #: the same for the copy in a Sent folder: an internal mail lies in both, and the two are judged apart
    decided_sent: frozenset[tuple[str, Stage]] = frozenset()
    unparsable: bool = False

    def judged_for(self, unit: str, *, at_least: Stage, sent: bool = False) -> bool:
        """Whether `unit` judged such a copy (with `sent`: the one in Sent), having read at least that far."""
        enough = list(Stage)[list(Stage).index(at_least) :]
        decided = self.decided_sent if sent else self.decided
        return any((unit, stage) in decided for stage in enough)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationFacts:
    """What rules may need to know about the conversation that a Message-ID belongs to."""

    open_obligation_units: frozenset[str] = frozenset()
    we_wrote: bool = False
    #: some message of it is confidential
    confidential: bool = False
    #: registered, else proposed
    diary_number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """Where a conversation is dealt with: by its obligations, else by its diary items."""

    unit: str
    mailbox: str
    #: "" when nobody in particular
    assignee: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """A recorded message."""

    ref: str
    message_id: str | None
    direction: Direction
    received_at: datetime
    recorded_at: datetime
    #: None for confidential messages and after the retention period, like the sender's name
    subject: str | None
    sender: str | None
    sender_name: str | None
    confidential: bool
    #: why the bytes could not be read, or None
    unparsable: str | None
    #: unit id -> REF of the message's obligation or diary item there
    item_refs: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Nothing leaves the house."""

    since: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One line of the audit trail."""

    at: datetime
    actor: str
    action: str
    ref: str | None
    detail: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedCounts:
    """Received messages that were judged; automatic ones need no person."""

    messages: int
    automatic: int
