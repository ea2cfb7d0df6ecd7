"""Basis booked: what was known of orders before, their lives by the books, and who differs.

Revision 0003, after 0002.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_UP = (
    "ALTER TABLE order_fact ADD COLUMN odd boolean NOT NULL DEFAULT false",
    "COMMENT ON COLUMN order_fact.odd IS 'its life is told by spell'",
    """
    CREATE TABLE order_content (
        shop smallint NOT NULL,
        order_id text COLLATE "C" NOT NULL,
        occurred_at timestamptz NOT NULL,
        event_id text COLLATE "C" NOT NULL,
        received_at timestamptz NOT NULL,
        customer bigint NOT NULL,
        revenue bigint NOT NULL,
        currency text NOT NULL,
        lines bytea,
        CONSTRAINT pk_order_content PRIMARY KEY (shop, order_id, occurred_at, event_id)
    )
    """,
    "COMMENT ON COLUMN order_content.customer IS 'surrogate; 0 for a guest'",
    "COMMENT ON COLUMN order_content.revenue IS 'minor units'",
    "COMMENT ON COLUMN order_content.lines IS 'JSON [[line, pieces], …]'",
    "ALTER TABLE refund DROP CONSTRAINT pk_refund",
    "ALTER TABLE refund ADD CONSTRAINT pk_refund PRIMARY KEY (shop, order_id, refund_id, occurred_at, event_id)",
    """
    CREATE TABLE spell (
        shop smallint NOT NULL,
        order_id text COLLATE "C" NOT NULL,
        since int NOT NULL,
        until int NOT NULL,
        start int NOT NULL,
        customer bigint NOT NULL,
        currency text NOT NULL,
        net bigint NOT NULL,
        CONSTRAINT pk_spell PRIMARY KEY (shop, order_id, since)
    )
    """,
    "CREATE INDEX ix_spell_customer ON spell (shop, customer)",
    "COMMENT ON COLUMN spell.since IS 'first day of the stretch, an ordinal'",
    "COMMENT ON COLUMN spell.until IS 'day after its last; the greatest integer: no end'",
    "COMMENT ON COLUMN spell.start IS 'day since which the order lives, on which it counts'",
    "COMMENT ON COLUMN spell.customer IS 'surrogate; 0 for a guest'",
    "COMMENT ON COLUMN spell.net IS 'minor units'",
    "ALTER TABLE customer_state ADD COLUMN odd int NOT NULL DEFAULT 0",
    "COMMENT ON COLUMN customer_state.odd IS 'not 0: basis booked differs'",
    "CREATE INDEX ix_customer_state_odd ON customer_state (shop, generation, customer) WHERE odd <> 0",
    "ALTER TABLE generation ADD COLUMN periods int[] NOT NULL DEFAULT '{30}'",
    "ALTER TABLE generation ADD COLUMN closing_days int NOT NULL DEFAULT 3",
)
_DOWN = (
    "ALTER TABLE generation DROP COLUMN closing_days",
    "ALTER TABLE generation DROP COLUMN periods",
    "ALTER TABLE customer_state DROP COLUMN odd",
    "DROP TABLE spell",
    # Of each refund, the last telling stays.
    """
    DELETE FROM refund r USING refund s
    WHERE r.shop = s.shop AND r.order_id = s.order_id AND r.refund_id = s.refund_id
      AND (r.occurred_at, r.event_id) < (s.occurred_at, s.event_id)
    """,
    "ALTER TABLE refund DROP CONSTRAINT pk_refund",
    "ALTER TABLE refund ADD CONSTRAINT pk_refund PRIMARY KEY (shop, order_id, refund_id)",
    "DROP TABLE order_content",
    "ALTER TABLE order_fact DROP COLUMN odd",
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in _DOWN:
        op.execute(statement)
