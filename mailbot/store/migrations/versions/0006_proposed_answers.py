"""Whom to answer where Reply-To and From differ, and subjects as fingerprints, which propose answers."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("other_asker_print", sa.Text(), nullable=True))
    op.add_column("messages", sa.Column("subject_print", sa.Text(), nullable=True))
    op.add_column("sent_traces", sa.Column("subject_print", sa.Text(), nullable=True))
    op.create_index(op.f("ix_sent_traces_subject_print"), "sent_traces", ["subject_print"], unique=False)
