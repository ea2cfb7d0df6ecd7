"""Customers have birthdays.

Revision 0013, after 0012.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE customer ADD COLUMN birthday text, ADD COLUMN birthday_at_us bigint NOT NULL DEFAULT -1")


def downgrade() -> None:
    op.execute("ALTER TABLE customer DROP COLUMN birthday, DROP COLUMN birthday_at_us")
