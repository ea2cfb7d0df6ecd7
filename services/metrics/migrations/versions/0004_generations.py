"""Generations that are built beside the live one.

Revision 0004, after 0003.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_UP = (
    "ALTER TABLE generation ADD COLUMN building boolean NOT NULL DEFAULT false",
    "COMMENT ON COLUMN generation.building IS 'counted beside the live one, to take its place'",
    """
    CREATE TABLE generation_build (
        shop smallint NOT NULL,
        generation smallint NOT NULL,
        phase smallint NOT NULL,
        same_days boolean NOT NULL,
        order_cursor text COLLATE "C" NOT NULL,
        customer_cursor bigint NOT NULL,
        orders bigint NOT NULL,
        orders_done bigint NOT NULL,
        customers bigint NOT NULL,
        customers_done bigint NOT NULL,
        moved bigint NOT NULL,
        busy_ms bigint NOT NULL,
        began_at timestamptz NOT NULL,
        CONSTRAINT pk_generation_build PRIMARY KEY (shop)
    )
    """,
    "COMMENT ON COLUMN generation_build.phase IS '1 orders are dated, 2 customers are counted, 3 all is counted'",
    "COMMENT ON COLUMN generation_build.same_days IS 'orders keep the days that they have'",
    "COMMENT ON COLUMN generation_build.orders IS 'as many as there were when it began'",
    "COMMENT ON COLUMN generation_build.moved IS 'orders whose days differ from those in order_fact'",
    "COMMENT ON COLUMN generation_build.busy_ms IS 'time spent in steps so far'",
    """
    CREATE TABLE built_order (
        customer bigint NOT NULL,
        net bigint NOT NULL,
        day int,
        booked_day int,
        shop smallint NOT NULL,
        generation smallint NOT NULL,
        counted boolean NOT NULL,
        odd boolean NOT NULL,
        moved boolean NOT NULL,
        currency text NOT NULL,
        order_id text COLLATE "C" NOT NULL,
        CONSTRAINT pk_built_order PRIMARY KEY (shop, generation, order_id)
    )
    """,
    "CREATE INDEX ix_built_order_customer ON built_order (shop, generation, customer)",
    "CREATE INDEX ix_built_order_moved ON built_order (shop, generation, order_id) WHERE moved",
    "COMMENT ON COLUMN built_order.moved IS 'differs from order_fact'",
    """
    CREATE TABLE built_spell (
        customer bigint NOT NULL,
        net bigint NOT NULL,
        since int NOT NULL,
        until int NOT NULL,
        start int NOT NULL,
        shop smallint NOT NULL,
        generation smallint NOT NULL,
        currency text NOT NULL,
        order_id text COLLATE "C" NOT NULL,
        CONSTRAINT pk_built_spell PRIMARY KEY (shop, generation, order_id, since)
    )
    """,
    "CREATE INDEX ix_built_spell_customer ON built_spell (shop, generation, customer)",
    """
    CREATE TABLE touched_order (
        id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
        shop smallint NOT NULL,
        order_id text COLLATE "C" NOT NULL,
        CONSTRAINT pk_touched_order PRIMARY KEY (shop, id)
    )
    """,
)
_DOWN = (
    *(f"DROP TABLE {name}" for name in ("touched_order", "built_spell", "built_order", "generation_build")),
    "ALTER TABLE generation DROP COLUMN building",
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in _DOWN:
        op.execute(statement)
