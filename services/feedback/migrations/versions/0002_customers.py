"""Who customers are to surveys, and the time of shops.

Revision 0002, after 0001.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_UP = (
    """
    CREATE TABLE shop_clock (
        shop smallint NOT NULL,
        partition integer NOT NULL,
        until timestamptz NOT NULL,
        origin text NOT NULL,
        CONSTRAINT pk_shop_clock PRIMARY KEY (shop, partition)
    )
    """,
    """
    CREATE TABLE customer_pointer (
        customer bigint NOT NULL,
        canonical bigint NOT NULL,
        sequence bigint NOT NULL,
        shop smallint NOT NULL,
        CONSTRAINT pk_customer_pointer PRIMARY KEY (shop, customer)
    )
    """,
    "CREATE INDEX ix_customer_pointer_canonical ON customer_pointer (shop, canonical) WHERE canonical <> customer",
    """
    CREATE TABLE respondent (
        customer bigint NOT NULL,
        sequence bigint DEFAULT -1 NOT NULL,
        tier_sequence bigint DEFAULT -1 NOT NULL,
        first_order_at timestamptz,
        place integer DEFAULT 0 NOT NULL,
        shop smallint NOT NULL,
        erased boolean DEFAULT false NOT NULL,
        locale text,
        stage text,
        tier text,
        CONSTRAINT pk_respondent PRIMARY KEY (shop, customer)
    )
    """,
    """
    CREATE TABLE stage_change (
        customer bigint NOT NULL,
        number integer NOT NULL,
        day integer NOT NULL,
        shop smallint NOT NULL,
        retracted boolean NOT NULL,
        stage text NOT NULL,
        CONSTRAINT pk_stage_change PRIMARY KEY (shop, customer, number)
    )
    """,
    "COMMENT ON COLUMN shop_clock.partition IS 'of orders.v1'",
    "COMMENT ON COLUMN shop_clock.until IS 'all events that occurred before have come'",
    "COMMENT ON COLUMN shop_clock.origin IS 'of the event that said so'",
    "COMMENT ON COLUMN customer_pointer.customer IS 'the identity, as events name it'",
    "COMMENT ON COLUMN customer_pointer.canonical IS 'whom it is counted as; itself after an undone merge'",
    "COMMENT ON COLUMN customer_pointer.sequence IS 'of the event that said so'",
    "COMMENT ON COLUMN respondent.customer IS 'an identity, as events name it'",
    "COMMENT ON COLUMN respondent.sequence IS 'of the last word on it'",
    "COMMENT ON COLUMN respondent.first_order_at IS 'of orders that were told live'",
    "COMMENT ON COLUMN respondent.place IS 'partition of its events'",
    "COMMENT ON COLUMN respondent.erased IS 'nothing personal comes back'",
    "COMMENT ON COLUMN stage_change.number IS 'counts the customer''s changes'",
    "COMMENT ON COLUMN stage_change.day IS 'of the shop, on which it took effect'",
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE stage_change, respondent, customer_pointer, shop_clock")
