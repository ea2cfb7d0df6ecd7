"""The audit log, and when API keys were last used.

Revision 0006, after 0005.
"""

from alembic import op

from shared.db.migrating import create_audit_tables, drop_audit_tables

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_audit_tables(op, "gateway")


def downgrade() -> None:
    drop_audit_tables(op, "gateway")
