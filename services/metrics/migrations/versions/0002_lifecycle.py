"""Stages of customers, their changes, the clocks of shops, gaps between order days, days of visits.

Revision 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = (
    """
    CREATE TABLE transition (
        customer bigint NOT NULL,
        shop smallint NOT NULL,
        generation smallint NOT NULL,
        n int NOT NULL,
        day int NOT NULL,
        previous smallint NOT NULL,
        stage smallint NOT NULL,
        reason smallint NOT NULL,
        last_active int,
        threshold int,
        evidence bytea,
        late boolean NOT NULL,
        time timestamptz NOT NULL,
        event_id text COLLATE "C",
        retracted_by text COLLATE "C",
        CONSTRAINT pk_transition PRIMARY KEY (shop, generation, customer, n)
    )
    """,
    "CREATE INDEX ix_transition_day ON transition (shop, generation, day)",
    """
    CREATE TABLE shop_clock (
        shop smallint NOT NULL,
        partition int NOT NULL,
        until timestamptz NOT NULL,
        origin text NOT NULL,
        CONSTRAINT pk_shop_clock PRIMARY KEY (shop, partition)
    )
    """,
    """
    CREATE TABLE gap_count (
        shop smallint NOT NULL,
        generation smallint NOT NULL,
        partition int NOT NULL,
        first boolean NOT NULL,
        gap int NOT NULL,
        value bigint NOT NULL,
        CONSTRAINT pk_gap_count PRIMARY KEY (shop, generation, partition, first, gap)
    ) WITH (fillfactor = 50)
    """,
    """
    CREATE TABLE gap_figure (
        shop smallint NOT NULL,
        generation smallint NOT NULL,
        partition int NOT NULL,
        day int NOT NULL,
        gaps bigint NOT NULL,
        gap_days int,
        first_gaps bigint NOT NULL,
        first_gap_days int,
        CONSTRAINT pk_gap_figure PRIMARY KEY (shop, generation, partition, day)
    )
    """,
    """
    CREATE TABLE visit (
        customer bigint NOT NULL,
        shop smallint NOT NULL,
        day int NOT NULL,
        CONSTRAINT pk_visit PRIMARY KEY (shop, customer, day)
    )
    """,
)
# Rows from before have no stage yet: `put_off` has it worked out from their orders when the next one comes.
_CUSTOMER = """
ALTER TABLE customer_state
    ADD COLUMN stage smallint NOT NULL DEFAULT 0,
    ADD COLUMN stage_began int NOT NULL DEFAULT 0,
    ADD COLUMN last_visit int NOT NULL DEFAULT 0,
    ADD COLUMN threshold int NOT NULL DEFAULT 0,
    ADD COLUMN figure_day int NOT NULL DEFAULT 0,
    ADD COLUMN seen int NOT NULL DEFAULT 0,
    ADD COLUMN due int NOT NULL DEFAULT 0,
    ADD COLUMN changes int NOT NULL DEFAULT 0,
    ADD COLUMN put_off boolean NOT NULL DEFAULT true,
    ADD COLUMN gaps bytea NOT NULL DEFAULT decode(repeat('00', 40), 'hex');
ALTER TABLE customer_state ALTER COLUMN put_off SET DEFAULT false;
CREATE INDEX ix_customer_state_stage ON customer_state (shop, generation, stage, customer)
"""
_GENERATION = "ALTER TABLE generation ADD COLUMN lifecycle jsonb NOT NULL DEFAULT '{}'"
_COMMENTS = {
    "customer_state": {
        "stage": "0 prospect, 1 new, 2 active, 3 lapsing, 4 lost, 5 reactivated",
        "stage_began": "day of the order or visit that last changed it",
        "last_visit": "0: none",
        "threshold": "days without activity after which the customer lapses; 0: none yet",
        "figure_day": "the figure in gap_figure that it rests on; 0: none",
        "seen": "greatest day of an event of their own that changed their order days",
        "due": "day of the timer that is set; 0: none. A later one is not written",
        "changes": "number of the last transition",
        "put_off": "the stage is to be worked out anew from the orders, by the timer",
        "gaps": "20 gaps between days of activity, two bytes each, newest last, 0 in front",
    },
    "transition": {
        "n": "numbers a customer's changes",
        "day": "the shop's day on which it took effect",
        "evidence": "JSON of the threshold",
        "late": "learnt after its day had been judged otherwise",
        "event_id": "null: not published",
        "retracted_by": "id of the event that took it back; empty: it had not been published",
    },
    "shop_clock": {
        "partition": "of orders.v1",
        "until": "all events that occurred before have come",
        "origin": "of the event that said so",
    },
    "gap_count": {"first": "from a customer's first order day to the second", "value": "how many gaps of that length"},
    "gap_figure": {
        "partition": "-1: the whole shop",
        "day": "in force from its start",
        "gap_days": "quantile of the gaps in days; null: there were none",
    },
    "generation": {"lifecycle": "settings of stages"},
}


def upgrade() -> None:
    for statement in (*_TABLES, _CUSTOMER, _GENERATION):
        for part in statement.split(";"):
            op.execute(part)
    for table, columns in _COMMENTS.items():
        for column, comment in columns.items():
            quoted = comment.replace("'", "''")
            op.execute(sa.text(f"COMMENT ON COLUMN {table}.{column} IS '{quoted}'".replace(":", "\\:")))


def downgrade() -> None:
    op.execute("ALTER TABLE generation DROP COLUMN lifecycle")
    op.execute("DROP INDEX ix_customer_state_stage")
    columns = ("stage", "stage_began", "last_visit", "threshold", "figure_day", "seen", "due", "changes", "put_off")
    for column in (*columns, "gaps"):
        op.execute(f"ALTER TABLE customer_state DROP COLUMN {column}")
    for table in ("visit", "gap_figure", "gap_count", "shop_clock", "transition"):
        op.drop_table(table, schema="metrics")
