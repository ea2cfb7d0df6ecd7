"""What staff wrote beside a merge is found by either of the two.

Revision 0009, after 0008.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX ix_customer_join_other ON customer_join (shop, other) WHERE reason <> ''")


def downgrade() -> None:
    op.drop_index("ix_customer_join_other", "customer_join", schema="gateway")
