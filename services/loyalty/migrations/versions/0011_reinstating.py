"""Corrections may reinstate a lot that has expired.

Revision 0011, after 0010.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE correction ADD COLUMN lot bigint")
    comment = "of the account, that had expired and is reinstated; null: points by hand"
    op.execute(f"COMMENT ON COLUMN correction.lot IS '{comment}'")


def downgrade() -> None:
    op.execute("ALTER TABLE correction DROP COLUMN lot")
