"""The runtime's tables and the audit log.

Revision 0001, after none.
"""

from alembic import op

from shared.db.migrating import (
    create_audit_tables,
    create_runtime_tables,
    drop_audit_tables,
    drop_runtime_tables,
    note_processed_months,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_runtime_tables(op, "feedback")
    note_processed_months(op, "feedback")
    create_audit_tables(op, "feedback")


def downgrade() -> None:
    drop_audit_tables(op, "feedback")
    op.execute("DROP TABLE processed_month")
    drop_runtime_tables(op, "feedback")
