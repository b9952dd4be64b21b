"""The first tables.

Frozen: what later revisions build on. `tables.py` may move on; a test holds that the two meet at the newest revision.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

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


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_audit_ref"), "audit", ["ref"], unique=False)
    op.create_table(
        "cursors",
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("mailbox", "folder", name=op.f("pk_cursors")),
    )
    op.create_table(
        "installation",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_installation")),
    )
    op.create_table(
        "links",
        sa.Column("message_id_print", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("message_id_print", name=op.f("pk_links")),
    )
    op.create_index(op.f("ix_links_conversation"), "links", ["conversation"], unique=False)
    op.create_table(
        "mailbox_checks",
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("finished", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("new_messages", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("mailbox", "finished", name=op.f("pk_mailbox_checks")),
    )
    op.create_table(
        "messages",
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("content_print", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("message_id_print", sa.Text(), nullable=True),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("sender", sa.Text(), nullable=True),
        sa.Column("sender_name", sa.Text(), nullable=True),
        sa.Column("asker", sa.Text(), nullable=True),
        sa.Column("asker_print", sa.Text(), nullable=True),
        sa.Column("confidential", sa.Boolean(), nullable=False),
        sa.Column("unparsable", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_messages")),
        sa.UniqueConstraint("content_print", name=op.f("uq_messages_content_print")),
    )
    op.create_index(op.f("ix_messages_conversation"), "messages", ["conversation"], unique=False)
    op.create_index(op.f("ix_messages_message_id_print"), "messages", ["message_id_print"], unique=False)
    op.create_index(op.f("ix_messages_recorded_at"), "messages", ["recorded_at"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("dedup_key", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("recipients", sa.Text(), nullable=False),
        sa.Column("envelope_from", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("hold", sa.Text(), nullable=True),
        sa.Column("handle", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("item_ref", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'sending', 'sent', 'failed', 'unknown', 'held', 'cancelled')",
            name=op.f("ck_outbox_state"),
        ),
        sa.PrimaryKeyConstraint("dedup_key", name=op.f("pk_outbox")),
        sa.UniqueConstraint("ref", name=op.f("uq_outbox_ref")),
    )
    op.create_index(op.f("ix_outbox_item_ref"), "outbox", ["item_ref"], unique=False)
    op.create_index(op.f("ix_outbox_message_id"), "outbox", ["message_id"], unique=False)
    op.create_index("ix_outbox_state_next_attempt_at", "outbox", ["state", "next_attempt_at"], unique=False)
    op.create_table(
        "sent_traces",
        sa.Column("content_print", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recipient_prints", sa.Text(), nullable=False),
        sa.Column("answers", sa.Boolean(), nullable=False),
        sa.Column("matched", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("content_print", name=op.f("pk_sent_traces")),
    )
    op.create_index(op.f("ix_sent_traces_conversation"), "sent_traces", ["conversation"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("message_ref", sa.Text(), nullable=False),
        sa.Column("internal_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["message_ref"], ["messages.ref"], name=op.f("fk_deliveries_message_ref"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("mailbox", "folder", "delivery_id", name=op.f("pk_deliveries")),
    )
    op.create_index(op.f("ix_deliveries_message_ref"), "deliveries", ["message_ref"], unique=False)
    op.create_table(
        "unit_messages",
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("message_ref", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("assignee", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent", sa.Boolean(), nullable=False),
        sa.Column("owes", sa.Text(), nullable=True),
        sa.Column("judged_stage", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("document_due_on", sa.Date(), nullable=True),
        sa.Column("answer_allowed", sa.Boolean(), nullable=False),
        sa.Column("hold_replies", sa.Boolean(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("obligation_ref", sa.Text(), nullable=True),
        sa.CheckConstraint("owes IN ('yes', 'unjudged', 'no')", name=op.f("ck_unit_messages_owes")),
        sa.ForeignKeyConstraint(
            ["message_ref"], ["messages.ref"], name=op.f("fk_unit_messages_message_ref"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_unit_messages")),
        sa.UniqueConstraint("message_ref", "unit", name=op.f("uq_unit_messages_message_ref_unit")),
    )
    op.create_index(op.f("ix_unit_messages_obligation_ref"), "unit_messages", ["obligation_ref"], unique=False)
    op.create_table(
        "decisions",
        sa.Column("item_ref", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.CheckConstraint("side IN ('received', 'sent')", name=op.f("ck_decisions_side")),
        sa.ForeignKeyConstraint(
            ["item_ref"], ["unit_messages.ref"], name=op.f("fk_decisions_item_ref"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("item_ref", "side", "stage", name=op.f("pk_decisions")),
    )
    op.create_table(
        "diary_items",
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("message_ref", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("proposal", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("decided_stage", sa.Integer(), nullable=False),
        sa.Column("unparsable", sa.Boolean(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("proposed_number", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("forwarded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.Text(), nullable=True),
        sa.CheckConstraint("proposal IN ('proposed', 'asked')", name=op.f("ck_diary_items_proposal")),
        sa.CheckConstraint(
            "state IN ('proposed', 'asked', 'forwarded', 'registered', 'dismissed')", name=op.f("ck_diary_items_state")
        ),
        sa.ForeignKeyConstraint(["message_ref"], ["messages.ref"], name=op.f("fk_diary_items_message_ref")),
        sa.ForeignKeyConstraint(["ref"], ["unit_messages.ref"], name=op.f("fk_diary_items_ref")),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_diary_items")),
    )
    op.create_index(op.f("ix_diary_items_message_ref"), "diary_items", ["message_ref"], unique=False)
    op.create_index("ix_diary_items_state", "diary_items", ["state"], unique=False)
    op.create_table(
        "obligations",
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("message_ref", sa.Text(), nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("assignee", sa.Text(), nullable=False),
        sa.Column("assigned_by", sa.Text(), nullable=True),
        sa.Column("judged", sa.Boolean(), nullable=False),
        sa.Column("answer_allowed", sa.Boolean(), nullable=False),
        sa.Column("hold_replies", sa.Boolean(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("document_due_on", sa.Date(), nullable=True),
        sa.Column("follow_up_on", sa.Date(), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("met_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("met_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("settled_by_person", sa.Boolean(), nullable=False),
        sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('open', 'answered', 'dismissed')", name=op.f("ck_obligations_state")),
        sa.ForeignKeyConstraint(["message_ref"], ["messages.ref"], name=op.f("fk_obligations_message_ref")),
        sa.ForeignKeyConstraint(["ref"], ["unit_messages.ref"], name=op.f("fk_obligations_ref")),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_obligations")),
    )
    op.create_index(op.f("ix_obligations_conversation"), "obligations", ["conversation"], unique=False)
    op.create_index(op.f("ix_obligations_message_ref"), "obligations", ["message_ref"], unique=False)
    op.create_index("ix_obligations_state_due_on", "obligations", ["state", "due_on"], unique=False)
    for statement in _SQLITE_GUARDS if op.get_bind().dialect.name == "sqlite" else _POSTGRES_GUARDS:
        op.execute(statement)
