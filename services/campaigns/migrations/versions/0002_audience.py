"""The audience: profiles by identity, whom identities are counted as, orders and stages behind them.

Revision 0002, after 0001.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_COMMENTS = (
    "COMMENT ON COLUMN customer_pointer.customer IS 'the identity, as events name it'",
    "COMMENT ON COLUMN customer_pointer.canonical IS 'whom it is counted as; itself after an undone merge'",
    "COMMENT ON COLUMN customer_pointer.sequence IS 'of the event that said so'",
    "COMMENT ON COLUMN profile.customer IS 'an identity, as events name it'",
    "COMMENT ON COLUMN profile.sequence IS 'of the last word on contacts'",
    "COMMENT ON COLUMN profile.orders IS 'that count'",
    "COMMENT ON COLUMN profile.erased IS 'nothing personal comes back'",
    "COMMENT ON COLUMN profile.money IS 'net revenue by currency'",
    "COMMENT ON COLUMN purchase.customer IS 'whom it counts for; null: it counts for nothing, or for nobody'",
    "COMMENT ON COLUMN purchase.net IS 'minor units, less refunds; null as above'",
    "COMMENT ON COLUMN purchase.at IS 'first completion; null as above'",
    "COMMENT ON COLUMN purchase.known IS 'JSON: all that stands of what was said of the order'",
    "COMMENT ON COLUMN stage_change.number IS 'counts the customer''s changes'",
    "COMMENT ON COLUMN stage_change.day IS 'of the shop, on which it took effect'",
)


_TABLES = (
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
    CREATE TABLE profile (
        customer bigint NOT NULL,
        sequence bigint NOT NULL DEFAULT -1,
        first_order_at timestamptz,
        last_order_at timestamptz,
        points bigint NOT NULL DEFAULT 0,
        pending bigint NOT NULL DEFAULT 0,
        owed bigint NOT NULL DEFAULT 0,
        points_sequence bigint NOT NULL DEFAULT -1,
        tier_sequence bigint NOT NULL DEFAULT -1,
        member_sequence bigint NOT NULL DEFAULT -1,
        orders integer NOT NULL DEFAULT 0,
        shop smallint NOT NULL,
        erased boolean NOT NULL DEFAULT false,
        stage text,
        tier text,
        tier_name text,
        member text,
        name text,
        email text,
        phone text,
        locale text,
        shop_customer_id text,
        money jsonb NOT NULL DEFAULT '{}',
        CONSTRAINT pk_profile PRIMARY KEY (shop, customer)
    )
    """,
    """
    CREATE TABLE purchase (
        customer bigint,
        net bigint,
        at timestamptz,
        shop smallint NOT NULL,
        currency text NOT NULL DEFAULT '',
        order_id text COLLATE "C" NOT NULL,
        known bytea NOT NULL,
        CONSTRAINT pk_purchase PRIMARY KEY (shop, order_id)
    )
    """,
    "CREATE INDEX ix_purchase_customer ON purchase (shop, customer, at)",
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
)


def upgrade() -> None:
    for statement in (*_TABLES, *_COMMENTS):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE stage_change, purchase, profile, customer_pointer")
