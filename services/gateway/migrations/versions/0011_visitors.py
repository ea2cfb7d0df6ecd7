"""Browsers and devices lead to customers.

Revision 0011, after 0010.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE customer ADD COLUMN visitors smallint NOT NULL DEFAULT 0")


def downgrade() -> None:
    op.execute("DELETE FROM customer_alias WHERE kind = 4")
    op.drop_column("customer", "visitors", schema="gateway")
