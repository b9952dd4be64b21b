"""What people answer to mailbot's mail: tickets, the mails in its own mailbox, and what proves whose they are."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tickets",
        sa.Column("code_print", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("code_print", name=op.f("pk_tickets")),
    )
    op.create_index(op.f("ix_tickets_message_id"), "tickets", ["message_id"], unique=False)
    op.create_table(
        "answers",
        sa.Column("content_print", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'done', 'unclear', 'refused', 'ignored')", name=op.f("ck_answers_state")
        ),
        sa.PrimaryKeyConstraint("content_print", name=op.f("pk_answers")),
    )
    op.create_index("ix_answers_state", "answers", ["state"], unique=False)
    op.add_column("sent_traces", sa.Column("text_print", sa.Text(), nullable=True))
