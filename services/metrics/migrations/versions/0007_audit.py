"""The audit log, and when API keys were last used.

Revision 0007, after 0006.
"""

from alembic import op

from shared.db.migrating import create_audit_tables, drop_audit_tables

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_audit_tables(op, "metrics")


def downgrade() -> None:
    drop_audit_tables(op, "metrics")
