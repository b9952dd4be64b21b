"""Absences, the covers of their weeks, what is installed for them, and who may read whose mailbox."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "absences",
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("back_on", sa.Date(), nullable=False),
        sa.Column("option", sa.Text(), nullable=False),
        sa.Column("colleague", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("text_version", sa.Integer(), nullable=False),
        sa.Column("told_version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("changed_at", _INSTANT, nullable=False),
        sa.CheckConstraint("option IN ('A', 'B', 'C', 'D')", name=op.f("ck_absences_option")),
        sa.CheckConstraint(
            "state IN ('planned', 'active', 'proven', 'broken', 'ended', 'cancelled')", name=op.f("ck_absences_state")
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_absences")),
    )
    op.create_index(op.f("ix_absences_person"), "absences", ["person"], unique=False)
    op.create_index("ix_absences_state_back_on", "absences", ["state", "back_on"], unique=False)
    op.create_table(
        "absence_covers",
        sa.Column("absence_ref", sa.Text(), nullable=False),
        sa.Column("week", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=True),
        sa.Column("answered_at", _INSTANT, nullable=True),
        sa.CheckConstraint("state IN ('asked', 'accepted', 'declined')", name=op.f("ck_absence_covers_state")),
        sa.ForeignKeyConstraint(
            ["absence_ref"], ["absences.ref"], name=op.f("fk_absence_covers_absence_ref"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("absence_ref", "week", name=op.f("pk_absence_covers")),
    )
    op.create_table(
        "absence_tokens",
        sa.Column("absence_ref", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("kept_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["absence_ref"], ["absences.ref"], name=op.f("fk_absence_tokens_absence_ref"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("absence_ref", "name", name=op.f("pk_absence_tokens")),
    )
    op.create_table(
        "mandates",
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("absence_ref", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.Column("revoked_at", _INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["absence_ref"], ["absences.ref"], name=op.f("fk_mandates_absence_ref"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_mandates")),
    )
    op.create_index(op.f("ix_mandates_owner"), "mandates", ["owner"], unique=False)
