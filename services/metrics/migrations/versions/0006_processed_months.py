"""When ids of processed events were last asked for, by month.

Revision 0006, after 0005.
"""

from alembic import op

from shared.db.migrating import note_processed_months

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    note_processed_months(op, "metrics")


def downgrade() -> None:
    op.execute("DROP TABLE processed_month")
