"""What rules read and what they return. Pure values; nothing here knows where mail lies or is sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal


class Diarise(StrEnum):
    """Must the message be registered in the diary? `ask` goes to the registrar (Bjurholm p. 6, "Är du osäker")."""

    YES = "yes"
    NO = "no"
    ASK = "ask"


class Kind(StrEnum):
    """What kind of document a message is; names are part of the command-line contract."""

    DOCUMENT_REQUEST = "document_request"
    CONSULTATION = "consultation"
    DECISION = "decision"
    INSTRUCTION = "instruction"
    APPEAL = "appeal"
    APPLICATION = "application"
    REPORT = "report"
    CONCERN = "concern"
    COMPLAINT = "complaint"
    CITIZEN_PROPOSAL = "citizen_proposal"
    INVOICE = "invoice"
    INVITATION = "invitation"
    ADVERTISING = "advertising"
    FOR_INFORMATION = "for_information"
    ENQUIRY = "enquiry"
    PRIVATE = "private"
    INTERNAL = "internal"
    DRAFT = "draft"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    SOCIAL_MEDIA = "social_media"
    MISDIRECTED = "misdirected"
    CONSENT_REQUEST = "consent_request"
    OTHER = "other"


class Stage(StrEnum):
    """How much of a message has been read. Ordered: headers, body, attachments."""

    HEADERS = "headers"
    BODY = "body"
    ATTACHMENTS = "attachments"


Direction = Literal["incoming", "outgoing", "internal"]
MailboxRole = Literal["authority", "function", "personal", "service"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where in the message a rule found its reason: offsets, never the words themselves (invariant 6).

    `field` is "subject", "text", "header:Name", "attachment:N" (the text of the Nth attachment) or "attachment_name:N";
    offsets count characters of the decoded value.
    """

    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule's finding. `rule` is a dotted id such as "diary.must.appeal"; points are signed weights."""

    rule: str
    points: float = 0.0
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class AttachedText:
    """What was read of attachment number `number` (counted as in `Body.attachments`).

    `unread` says why there is no text: "encrypted", "damaged", "format", "picture", "too_large" or "gave_up".
    """

    number: int
    text: str = ""
    unread: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What configuration and store know about a message and rules may need; loaded before deciding."""

    #: domains and addresses of the organisation, lower case
    own_domains: frozenset[str] = frozenset()
    own_addresses: frozenset[str] = frozenset()
    #: addresses whose envelope is automatic but whose words are a person's ([[web_forms]])
    web_form_senders: frozenset[str] = frozenset()
    #: the mailbox the copy lies in; None in `assess`
    mailbox: str | None = None
    mailbox_role: MailboxRole | None = None
    mailbox_addresses: frozenset[str] = frozenset()
    unit: str | None = None
    #: regular expressions of diary numbers, per unit id (`[[units]] diary_pattern`)
    diary_patterns: Mapping[str, str] = field(default_factory=dict)
    direction: Direction = "incoming"
    #: legal arrival time, aware UTC (requirements 0, "Arrival time")
    received_at: datetime | None = None
    #: the conversation already has mail that we sent to this sender
    we_wrote_before: bool = False
    conversation_has_open_obligation: bool = False
    conversation_diary_number: str | None = None
    #: the Message-ID is one that mailbot has given
    sent_by_mailbot: bool = False
    #: the address that mailbot's own mail comes from, lower case
    service_address: str = ""
    #: the attachments as far as they could be read; None: nobody has tried yet
    attached: tuple[AttachedText, ...] | None = None
    #: headers-only mailboxes never get further than this stage
    last_stage: Stage = Stage.ATTACHMENTS


@dataclass(frozen=True, slots=True)
class OpenObligation:
    """Somebody owes the asker an answer."""

    due_on: date | None
    document_due_on: date | None = None
    #: False: headers only, nobody has judged yet (no holding reply, nothing forwarded)
    judged: bool = True
    name: str = field(default="open_obligation", init=False)


@dataclass(frozen=True, slots=True)
class CloseObligations:
    """An answer went out: close what the conversation owed and had received before it was sent."""

    sent_at: datetime
    name: str = field(default="close_obligations", init=False)


@dataclass(frozen=True, slots=True)
class ForwardToRegistrar:
    """The untouched original goes to the unit's registrar."""

    name: str = field(default="forward_to_registrar", init=False)


@dataclass(frozen=True, slots=True)
class AskRegistrar:
    """A question in the registrar's digest; no copy leaves the mailbox."""

    name: str = field(default="ask_registrar", init=False)


@dataclass(frozen=True, slots=True)
class AnnounceConfidential:
    """The registrar is told date, mailbox and reference, nothing of the content (invariant 6)."""

    name: str = field(default="announce_confidential", init=False)


@dataclass(frozen=True, slots=True)
class ProposePassingOn:
    """Another authority's affair: whoever answers passes it on and tells the sender.

    Förvaltningslagen 8 §, forvaltningsloven § 11. A person does both; the sender is owed an answer until then.
    """

    name: str = field(default="propose_passing_on", init=False)


@dataclass(frozen=True, slots=True)
class ReportUnparsable:
    """The bytes could not be read; the registrar is told where they lie (invariant 1)."""

    name: str = field(default="report_unparsable", init=False)


Action = (
    OpenObligation
    | CloseObligations
    | ForwardToRegistrar
    | AskRegistrar
    | AnnounceConfidential
    | ProposePassingOn
    | ReportUnparsable
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Everything mailbot concluded about one message, with the reasons in the order the rules ran.

    None means "cannot be judged from what was read", never a guess.
    """

    stage: Stage
    #: the stage that some rule still needs; the caller reads further and decides again
    needs: Stage | None = None
    language: str | None = None
    automatic: bool | None = None
    automatic_reason: str | None = None
    answer_allowed: bool = False
    needs_reply: bool | None = None
    due_on: date | None = None
    document_due_on: date | None = None
    diarise: Diarise | None = None
    kind: Kind | None = None
    confidential: bool | None = None
    #: a diary number found in the mail or known from the conversation
    diary_number: str | None = None
    verdicts: tuple[Verdict, ...] = ()
    actions: tuple[Action, ...] = ()
