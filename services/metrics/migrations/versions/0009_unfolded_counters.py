"""An index of the counters that wait to be folded.

Revision 0009, after 0008.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX ix_counter_unfolded ON counter "
        "(shop, generation, basis, measure, param, currency, day, gap, shard) WHERE shard >= 0"
    )


def downgrade() -> None:
    op.execute("DROP INDEX ix_counter_unfolded")
