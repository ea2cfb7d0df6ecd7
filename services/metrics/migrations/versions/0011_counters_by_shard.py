"""Counters that wait to be folded stand apart from those that are, instead of in an index of their own.

Revision 0011, after 0010.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_KEY = "PRIMARY KEY (shop, generation, basis, measure, param, currency, day, gap, shard)"
_COLUMNS = "shop, generation, basis, measure, param, gap, day, currency, shard, value"


def upgrade() -> None:
    _set_aside()
    op.execute(f"""
        CREATE TABLE counter (LIKE counter_before INCLUDING COMMENTS, CONSTRAINT pk_counter {_KEY})
        PARTITION BY LIST (shard)
    """)
    op.execute("CREATE TABLE counter_folded PARTITION OF counter FOR VALUES IN (-1)")
    op.execute("CREATE TABLE counter_open PARTITION OF counter DEFAULT WITH (fillfactor = 50)")
    _take_back()


def downgrade() -> None:
    _set_aside()
    op.execute(f"""
        CREATE TABLE counter (LIKE counter_before INCLUDING COMMENTS, CONSTRAINT pk_counter {_KEY})
        WITH (fillfactor = 50)
    """)
    _take_back()
    op.execute(
        "CREATE INDEX ix_counter_unfolded ON counter "
        "(shop, generation, basis, measure, param, currency, day, gap, shard) WHERE shard >= 0"
    )


def _set_aside() -> None:
    op.execute("DROP INDEX IF EXISTS ix_counter_unfolded")
    op.execute("ALTER TABLE counter RENAME TO counter_before")
    op.execute("ALTER TABLE counter_before RENAME CONSTRAINT pk_counter TO pk_counter_before")


def _take_back() -> None:
    op.execute(f"INSERT INTO counter ({_COLUMNS}) SELECT {_COLUMNS} FROM counter_before")  # noqa: S608 - constants
    op.execute("DROP TABLE counter_before")
