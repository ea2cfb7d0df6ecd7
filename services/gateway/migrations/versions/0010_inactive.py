"""Who has not ordered for long is found by customer; an erasure knows the term that it rests on.

Revision 0010, after 0009.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX ix_order_customer_customer ON order_customer (shop, customer)")
    op.execute("ALTER TABLE erasure ADD COLUMN term_months smallint")


def downgrade() -> None:
    op.drop_column("erasure", "term_months", schema="gateway")
    op.drop_index("ix_order_customer_customer", "order_customer", schema="gateway")
