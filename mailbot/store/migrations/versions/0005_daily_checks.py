"""The daily check of authority mailboxes: readings, attestations, stand-ins.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "daily_readings",
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("first_read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_read_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("mailbox", "day", name=op.f("pk_daily_readings")),
    )
    op.create_table(
        "attestations",
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("how IN ('command', 'mail', 'reply', 'move', 'decision')", name=op.f("ck_attestations_how")),
        sa.PrimaryKeyConstraint("mailbox", "day", "how", "person", name=op.f("pk_attestations")),
    )
    op.create_index(op.f("ix_attestations_day"), "attestations", ["day"], unique=False)
    op.create_table(
        "stand_ins",
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("unit", "day", name=op.f("pk_stand_ins")),
    )
    gone = sa.text("gone_at IS NOT NULL")
    op.create_index(
        "ix_deliveries_gone",
        "deliveries",
        ["mailbox", "gone_at"],
        unique=False,
        sqlite_where=gone,
        postgresql_where=gone,
    )
    op.create_index("ix_sent_traces_mailbox_recorded_at", "sent_traces", ["mailbox", "recorded_at"], unique=False)
    op.create_index(op.f("ix_obligations_changed_at"), "obligations", ["changed_at"], unique=False)
    op.create_index(op.f("ix_audit_at"), "audit", ["at"], unique=False)
