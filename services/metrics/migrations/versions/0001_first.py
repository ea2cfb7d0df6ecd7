"""The runtime's tables; order facts, customers, counters.

Revision 0001, the first.
"""

import sqlalchemy as sa
from alembic import op

from shared.db.migrating import create_runtime_tables, drop_runtime_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = (
    """
    CREATE TABLE order_fact (
        customer bigint NOT NULL,
        completed_at timestamptz,
        received_at timestamptz,
        status_at timestamptz,
        content_at timestamptz,
        revenue bigint NOT NULL,
        net bigint NOT NULL,
        day int,
        booked_day int,
        shop smallint NOT NULL,
        status smallint NOT NULL,
        counted boolean NOT NULL,
        currency text NOT NULL,
        content_id text COLLATE "C" NOT NULL,
        lines bytea,
        order_id text COLLATE "C" NOT NULL,
        CONSTRAINT pk_order_fact PRIMARY KEY (shop, order_id)
    )
    """,
    "CREATE INDEX ix_order_fact_customer_day ON order_fact (shop, customer, day) WHERE counted AND customer <> 0",
    """
    CREATE TABLE order_status (
        shop smallint NOT NULL,
        order_id text COLLATE "C" NOT NULL,
        occurred_at timestamptz NOT NULL,
        completed boolean NOT NULL,
        received_at timestamptz NOT NULL,
        booked_day int NOT NULL,
        CONSTRAINT pk_order_status PRIMARY KEY (shop, order_id, occurred_at, completed)
    )
    """,
    """
    CREATE TABLE refund (
        shop smallint NOT NULL,
        order_id text COLLATE "C" NOT NULL,
        refund_id text COLLATE "C" NOT NULL,
        occurred_at timestamptz NOT NULL,
        event_id text COLLATE "C" NOT NULL,
        received_at timestamptz NOT NULL,
        booked_day int NOT NULL,
        amount bigint,
        currency text,
        whole boolean NOT NULL,
        items bytea,
        CONSTRAINT pk_refund PRIMARY KEY (shop, order_id, refund_id)
    )
    """,
    """
    CREATE TABLE customer_state (
        customer bigint NOT NULL,
        shop smallint NOT NULL,
        generation smallint NOT NULL,
        first_day int NOT NULL,
        orders int NOT NULL,
        version int NOT NULL,
        days int[] NOT NULL,
        CONSTRAINT pk_customer_state PRIMARY KEY (shop, generation, customer)
    ) WITH (fillfactor = 80)
    """,
    """
    CREATE TABLE counter (
        shop smallint NOT NULL,
        generation smallint NOT NULL,
        basis smallint NOT NULL,
        measure smallint NOT NULL,
        param int NOT NULL,
        gap int NOT NULL,
        day int NOT NULL,
        currency text COLLATE "C" NOT NULL,
        shard smallint NOT NULL,
        value bigint NOT NULL,
        CONSTRAINT pk_counter PRIMARY KEY (shop, generation, basis, measure, param, currency, day, gap, shard)
    ) WITH (fillfactor = 50)
    """,
    """
    CREATE TABLE generation (
        shop smallint NOT NULL,
        number smallint NOT NULL,
        live boolean NOT NULL,
        zone text NOT NULL,
        calendar text NOT NULL,
        windows int[] NOT NULL,
        loyal_over int NOT NULL,
        CONSTRAINT pk_generation PRIMARY KEY (shop, number)
    )
    """,
)
_COMMENTS = {
    "order_fact": {
        "customer": "surrogate; 0 for a guest",
        "completed_at": "first completion; null while it is only known of",
        "received_at": "of that completion; completed_at if nobody said",
        "status_at": "last completion or cancellation",
        "content_at": "of the event whose content stands here",
        "revenue": "minor units",
        "net": "revenue less refunds, never below 0",
        "day": "shop-local day of completed_at, an ordinal",
        "booked_day": "day, or the day of receipt if that month had closed",
        "status": "0 neither known, 1 cancelled, 2 completed",
        "counted": "completed, not cancelled, not wholly refunded",
        "content_id": "id of that event: decides between equal instants",
        "lines": "JSON [[line, pieces], …]; null for an order without lines",
    },
    "order_status": {"completed": "false: cancelled"},
    "refund": {
        "amount": "minor units; null where neither amount nor items were named",
        "currency": "null: that of the order",
        "whole": "the shop named neither amount nor items",
        "items": "JSON [[line, pieces], …]",
    },
    "customer_state": {
        "first_day": "0: no counted order",
        "orders": "counted orders",
        "version": "rises with each change",
        "days": "last order days, rising, repeats kept, 0 in front",
    },
    "counter": {
        "basis": "0 restated, 1 booked",
        "param": "window, days or cohort month, as the measure says",
        "shard": "writers of different partitions differ; readers add up",
    },
}


def upgrade() -> None:
    create_runtime_tables(op, "metrics")
    for statement in _TABLES:
        op.execute(statement)
    for table, columns in _COMMENTS.items():
        for column, comment in columns.items():
            quoted = comment.replace("'", "''")
            op.execute(sa.text(f"COMMENT ON COLUMN {table}.{column} IS '{quoted}'".replace(":", "\\:")))


def downgrade() -> None:
    for table in ("generation", "counter", "customer_state", "refund", "order_status", "order_fact"):
        op.drop_table(table, schema="metrics")
    drop_runtime_tables(op, "metrics")
