"""When mailbot gave a copy its own category."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("categorised_at", sa.DateTime(timezone=True), nullable=True))
