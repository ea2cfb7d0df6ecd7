"""When ids of processed events were last asked for, by month.

Revision 0004, after 0003.
"""

from alembic import op

from shared.db.migrating import note_processed_months

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    note_processed_months(op, "gateway")


def downgrade() -> None:
    op.execute("DROP TABLE processed_month")
