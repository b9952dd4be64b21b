"""The tables. Personal data stands in `messages` and `outbox` only, where `retention` finds and drops it.

A column called `*_print` holds a keyed fingerprint (see `References.fingerprint`), which can be compared and not read.
"""

from sqlalchemy import (
    DDL,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    event,
)

from mailbot.store.columns import COUNTER, Instant, Strings

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _one_of(column: str, *values: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


#: One row per content, wherever its copies lie. The subject and the sender's name of confidential mail are NULL.
messages = Table(
    "messages",
    metadata,
    Column("ref", Text, primary_key=True),
    Column("content_print", Text, nullable=False, unique=True),
    Column("message_id", Text),
    Column("message_id_print", Text, index=True),
    Column("conversation", Text, nullable=False, index=True),
    Column("direction", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False, index=True),
    Column("subject", Text),
    Column("sender", Text),
    Column("sender_name", Text),
    Column("asker", Text),
    Column("asker_print", Text),
    Column("confidential", Boolean, nullable=False),
    Column("unparsable", Text),
    # where an answer may go as well: a Reply-To beside From
    Column("other_asker_print", Text),
    # without "SV:" and the like; equal ones propose that a sent mail is the answer
    Column("subject_print", Text),
)

#: Where copies lie or lay. `listed_at` is the last listing; `gone_at` is set when the copy left this folder.
deliveries = Table(
    "deliveries",
    metadata,
    Column("mailbox", Text, primary_key=True),
    Column("folder", Text, primary_key=True),
    Column("delivery_id", Text, primary_key=True),
    Column("message_ref", Text, ForeignKey("messages.ref", ondelete="CASCADE"), nullable=False, index=True),
    Column("internal_date", Instant, nullable=False),
    Column("listed_at", Instant, nullable=False),
    Column("gone_at", Instant),
    # what mail programs noted on this copy: "replied" or "forwarded"; when, or when that was first seen
    Column("mark", Text),
    Column("marked_at", Instant),
    # when mailbot gave this copy its own category, where that was asked for
    Column("categorised_at", Instant),
)
#: what has left a folder lately, for the signs of people's work
_gone = deliveries.c.gone_at.is_not(None)
_gone_index = Index("ix_deliveries_gone", deliveries.c.mailbox, deliveries.c.gone_at, sqlite_where=_gone)


@event.listens_for(deliveries, "before_create")
def _same_on_postgresql(_table: Table, connection: Connection, **_: object) -> None:
    """Said here, because naming the other dialect above would load it (2 MiB) wherever tables are only used."""
    if connection.dialect.name == "postgresql":
        _gone_index.dialect_options["postgresql"]["where"] = _gone


#: One message in one unit: its first copy there, and whether somebody there owes an answer to it.
unit_messages = Table(
    "unit_messages",
    metadata,
    Column("ref", Text, primary_key=True),
    Column("message_ref", Text, ForeignKey("messages.ref", ondelete="CASCADE"), nullable=False),
    Column("unit", Text, nullable=False),
    # of the first received copy; of the first sent one when there is no other
    Column("mailbox", Text, nullable=False),
    Column("assignee", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("sent", Boolean, nullable=False),
    # yes / unjudged: owed; no: judged after it had been taken for owed; NULL: never owed
    Column("owes", Text),
    # how far the judging decision had read: -1 nobody judged, else 0 headers, 1 body, 2 attachments
    Column("judged_stage", Integer, nullable=False),
    Column("due_on", Date),
    Column("document_due_on", Date),
    Column("answer_allowed", Boolean, nullable=False),
    Column("hold_replies", Boolean, nullable=False),
    Column("language", Text),
    Column("obligation_ref", Text, index=True),
    UniqueConstraint("message_ref", "unit"),
    _one_of("owes", "yes", "unjudged", "no"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("item_ref", Text, ForeignKey("unit_messages.ref", ondelete="CASCADE"), primary_key=True),
    # the copy in Sent and the copy in an inbox of the same unit are judged apart: one answers, the other may ask
    Column("side", Text, primary_key=True),
    Column("stage", Text, primary_key=True),
    Column("mailbox", Text, nullable=False),
    Column("decided_at", Instant, nullable=False),
    Column("decision", Text, nullable=False),
    _one_of("side", "received", "sent"),
)

#: Which Message-IDs belong to which conversation: own ones and those that In-Reply-To and References name.
links = Table(
    "links",
    metadata,
    Column("message_id_print", Text, primary_key=True),
    Column("conversation", Text, nullable=False, index=True),
)

#: What went out, as fingerprints only: enough to meet an obligation whose mailbox is read later.
sent_traces = Table(
    "sent_traces",
    metadata,
    Column("content_print", Text, primary_key=True),
    Column("conversation", Text, nullable=False, index=True),
    Column("mailbox", Text, nullable=False),
    Column("sent_at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("recipient_prints", Strings, nullable=False),
    # False: automatic or too old; it ties the conversation together and answers nothing
    Column("answers", Boolean, nullable=False),
    Column("matched", Boolean, nullable=False),
    # of mail to mailbot itself: what it said, so that the copy that arrived can be proved to be this one
    Column("text_print", Text),
    # of mail that a person wrote
    Column("subject_print", Text, index=True),
    Index("ix_sent_traces_mailbox_recorded_at", "mailbox", "recorded_at"),
)

obligations = Table(
    "obligations",
    metadata,
    Column("ref", Text, ForeignKey("unit_messages.ref"), primary_key=True),
    Column("conversation", Text, nullable=False, index=True),
    Column("unit", Text, nullable=False),
    # the newest message that still waits for an answer
    Column("message_ref", Text, ForeignKey("messages.ref"), nullable=False, index=True),
    Column("mailbox", Text, nullable=False),
    Column("language", Text),
    Column("state", Text, nullable=False),
    Column("assignee", Text, nullable=False),
    Column("assigned_by", Text),
    Column("judged", Boolean, nullable=False),
    Column("answer_allowed", Boolean, nullable=False),
    Column("hold_replies", Boolean, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("due_on", Date),
    Column("document_due_on", Date),
    Column("follow_up_on", Date),
    Column("acknowledged_at", Instant),
    Column("met_at", Instant),
    Column("met_by", Text),
    Column("reason", Text),
    # a person settled it: rules and answers no longer move it
    Column("settled_by_person", Boolean, nullable=False),
    # a person opened it again: answers sent before do not count
    Column("reopened_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False, index=True),
    _one_of("state", "open", "answered", "dismissed"),
    Index("ix_obligations_state_due_on", "state", "due_on"),
)

diary_items = Table(
    "diary_items",
    metadata,
    Column("ref", Text, ForeignKey("unit_messages.ref"), primary_key=True),
    Column("message_ref", Text, ForeignKey("messages.ref"), nullable=False, index=True),
    Column("unit", Text, nullable=False),
    # what the rules proposed; `reopen` returns to it
    Column("proposal", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("kind", Text),
    Column("decided_stage", Integer, nullable=False),
    Column("unparsable", Boolean, nullable=False),
    Column("number", Text),
    Column("proposed_number", Text),
    Column("reason", Text),
    Column("created_at", Instant, nullable=False),
    Column("forwarded_at", Instant),
    Column("settled_at", Instant),
    Column("settled_by", Text),
    _one_of("proposal", "proposed", "asked"),
    _one_of("state", "proposed", "asked", "forwarded", "registered", "dismissed"),
    Index("ix_diary_items_state", "state"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("dedup_key", Text, primary_key=True),
    Column("ref", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("recipients", Strings, nullable=False),
    Column("envelope_from", Text, nullable=False),
    Column("message_id", Text, nullable=False, index=True),
    Column("raw", LargeBinary),
    Column("state", Text, nullable=False),
    Column("hold", Text),
    Column("handle", Text),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Instant, nullable=False),
    Column("attempted_at", Instant),
    Column("lease_until", Instant),
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("settled_at", Instant),
    Column("error", Text),
    Column("item_ref", Text, index=True),
    _one_of("state", "pending", "sending", "sent", "failed", "unknown", "held", "cancelled"),
    Index("ix_outbox_state_next_attempt_at", "state", "next_attempt_at"),
)

#: What mail to the staff may be answered with: whose answer counts, and what it is about.
tickets = Table(
    "tickets",
    metadata,
    Column("code_print", Text, primary_key=True),
    Column("message_id", Text, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    # the first answer that brought something about
    Column("used_at", Instant),
    Column("used_by", Text),
)

#: What lies in mailbot's own mailbox: where, and what came of it. Nothing of its words.
answers = Table(
    "answers",
    metadata,
    Column("content_print", Text, primary_key=True),
    Column("folder", Text, nullable=False),
    Column("delivery_id", Text, nullable=False),
    Column("arrived_at", Instant, nullable=False),
    Column("read_at", Instant, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    # whom it comes from: proved in the states "done" and "unclear", else claimed
    Column("person", Text),
    Column("settled_at", Instant),
    _one_of("state", "waiting", "done", "unclear", "refused", "ignored"),
    Index("ix_answers_state", "state"),
)

cursors = Table(
    "cursors",
    metadata,
    Column("mailbox", Text, primary_key=True),
    Column("folder", Text, primary_key=True),
    Column("cursor", Text, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

#: Per mailbox the last pass that finished and the last that failed.
mailbox_checks = Table(
    "mailbox_checks",
    metadata,
    Column("mailbox", Text, primary_key=True),
    Column("finished", Boolean, primary_key=True),
    Column("started_at", Instant, nullable=False),
    Column("completed_at", Instant),
    Column("new_messages", Integer, nullable=False),
    Column("error", Text),
)

#: What people said themselves about being away; local dates, `back_on` is the first day back. Never why.
away_notices = Table(
    "away_notices",
    metadata,
    Column("person", Text, primary_key=True),
    Column("from_on", Date, primary_key=True),
    Column("back_on", Date, nullable=False, index=True),
    Column("noted_at", Instant, nullable=False),
    Column("withdrawn_at", Instant),
)

#: When mailbot read an authority mailbox on a local day. Its reading alone is no check (Bjurholm p. 4).
daily_readings = Table(
    "daily_readings",
    metadata,
    Column("mailbox", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("first_read_at", Instant, nullable=False),
    Column("last_read_at", Instant, nullable=False),
)

#: Who checked which authority mailbox on which working day, and how it is known.
attestations = Table(
    "attestations",
    metadata,
    Column("mailbox", Text, primary_key=True),
    Column("day", Date, primary_key=True, index=True),
    # said by command or mail; seen: a reply, a move, a decision
    Column("how", Text, primary_key=True),
    # person id; "" where a shared mailbox does not tell who it was
    Column("person", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    # said on a later day
    Column("late", Boolean, nullable=False),
    Column("withdrawn_at", Instant),
    _one_of("how", "command", "mail", "reply", "move", "decision"),
)

#: Days on which all mail officers of a unit are away: since when the head has been asked, and whom they named.
stand_ins = Table(
    "stand_ins",
    metadata,
    Column("unit", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("asked_at", Instant),
    Column("person", Text),
    Column("named_at", Instant),
)

installation = Table(
    "installation",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

#: Who is away when, and how their mail is looked after. `back_on` is the first working day back.
absences = Table(
    "absences",
    metadata,
    Column("ref", Text, primary_key=True),
    Column("person", Text, nullable=False, index=True),
    Column("from_on", Date, nullable=False),
    Column("back_on", Date, nullable=False),
    Column("option", Text, nullable=False),
    Column("colleague", Text, nullable=False),
    Column("state", Text, nullable=False),
    # rises with every change of the automatic reply: who got an older text gets the new one (RFC 5230 4.2, :handle)
    Column("text_version", Integer, nullable=False),
    # the version that covers and switchboard have heard of; 0: none
    Column("told_version", Integer, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    _one_of("option", "A", "B", "C", "D"),
    _one_of("state", "planned", "active", "proven", "broken", "ended", "cancelled"),
    Index("ix_absences_state_back_on", "state", "back_on"),
)

absence_covers = Table(
    "absence_covers",
    metadata,
    Column("absence_ref", Text, ForeignKey("absences.ref", ondelete="CASCADE"), primary_key=True),
    Column("week", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("state", Text, nullable=False),
    # NULL: the mail that asks has not been queued (observe mode)
    Column("asked_at", Instant),
    Column("answered_at", Instant),
    _one_of("state", "asked", "accepted", "declined"),
)

#: What platforms returned when something was installed for an absence, to undo it by; opaque.
absence_tokens = Table(
    "absence_tokens",
    metadata,
    Column("absence_ref", Text, ForeignKey("absences.ref", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("kept_at", Instant, nullable=False),
)

#: Who may read whose personal mailbox (fullmakt), from when to when (both included; no end: until revoked).
mandates = Table(
    "mandates",
    metadata,
    Column("ref", Text, primary_key=True),
    Column("owner", Text, nullable=False, index=True),
    Column("reader", Text, nullable=False),
    Column("from_on", Date, nullable=False),
    Column("to_on", Date),
    # on whose word: a person id
    Column("granted_by", Text, nullable=False),
    # the absence that created it, and ends it when it is cancelled
    Column("absence_ref", Text, ForeignKey("absences.ref", ondelete="CASCADE")),
    Column("created_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("revoked_by", Text),
    Column("revoked_at", Instant),
)

#: Append-only; references, rule ids, actor ids and fingerprints, never personal text (invariant 8).
audit = Table(
    "audit",
    metadata,
    Column("id", COUNTER, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False, index=True),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("ref", Text, index=True),
    Column("detail", Text, nullable=False),
    sqlite_autoincrement=True,
)

_SQLITE_GUARDS = tuple(
    f"CREATE TRIGGER audit_refuses_{verb.lower()} BEFORE {verb} ON audit "
    "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
    for verb in ("UPDATE", "DELETE")
)
_POSTGRES_GUARDS = (
    "CREATE OR REPLACE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$",
    "CREATE TRIGGER audit_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()",
)

for _statement in _SQLITE_GUARDS:
    event.listen(audit, "after_create", DDL(_statement).execute_if(dialect="sqlite"))  # type: ignore[no-untyped-call]
for _statement in _POSTGRES_GUARDS:
    event.listen(audit, "after_create", DDL(_statement).execute_if(dialect="postgresql"))  # type: ignore[no-untyped-call]
