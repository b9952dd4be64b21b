"""What mail programs noted on a copy: that somebody replied to it, or passed it on."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("mark", sa.Text(), nullable=True))
    op.add_column("deliveries", sa.Column("marked_at", sa.DateTime(timezone=True), nullable=True))
