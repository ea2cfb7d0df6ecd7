"""Clocks of shops whose time goes by events, and orders of profiles by currency.

Revision 0006, after 0005.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_UP = (
    """
    CREATE TABLE shop_clock (
        until timestamptz NOT NULL,
        partition integer NOT NULL,
        shop smallint NOT NULL,
        origin text NOT NULL,
        CONSTRAINT pk_shop_clock PRIMARY KEY (shop, partition)
    )
    """,
    "COMMENT ON COLUMN shop_clock.until IS 'all events that occurred before have come'",
    "COMMENT ON COLUMN shop_clock.partition IS 'of orders.v1'",
    "COMMENT ON COLUMN shop_clock.origin IS 'of the event that said so'",
    "ALTER TABLE profile ADD COLUMN counts jsonb NOT NULL DEFAULT '{}'",
    "COMMENT ON COLUMN profile.counts IS 'counted orders by currency'",
    """
    UPDATE profile p SET counts = w.counts
    FROM (
        SELECT shop, customer, jsonb_object_agg(currency, orders) AS counts
        FROM (
            SELECT shop, customer, currency, count(*) AS orders FROM purchase
            WHERE customer IS NOT NULL GROUP BY shop, customer, currency
        ) AS by_currency
        GROUP BY shop, customer
    ) AS w
    WHERE p.shop = w.shop AND p.customer = w.customer
    """,
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    op.execute("ALTER TABLE profile DROP COLUMN counts")
    op.execute("DROP TABLE shop_clock")
