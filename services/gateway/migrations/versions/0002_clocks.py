"""The time of shops on the stream clock.

Revision 0002, after 0001.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_SHOP_CLOCK = """
CREATE TABLE shop_clock (
    shop smallint NOT NULL,
    partition int NOT NULL,
    until timestamptz,
    origin text NOT NULL,
    partitions int NOT NULL,
    CONSTRAINT pk_shop_clock PRIMARY KEY (shop, partition)
) WITH (fillfactor = 50)
"""


def upgrade() -> None:
    op.execute(_SHOP_CLOCK)


def downgrade() -> None:
    op.drop_table("shop_clock", schema="gateway")
