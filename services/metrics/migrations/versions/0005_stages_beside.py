"""Stages that are worked out beside the live ones.

Revision 0005, after 0004.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_PHASES = "1 orders are dated, 2 customers counted, 4 stages worked out, 3 all is done, 5 live, days are exchanged"
_UP = (
    "ALTER TABLE transition ADD COLUMN owed smallint NOT NULL DEFAULT 0",
    "COMMENT ON COLUMN transition.owed IS "
    "'to be told of a change by other settings: 1 the change, 2 that it is not true'",
    "ALTER TABLE generation_build ADD COLUMN stage_cursor bigint NOT NULL DEFAULT 0",
    "ALTER TABLE generation_build ADD COLUMN stages_done bigint NOT NULL DEFAULT 0",
    f"COMMENT ON COLUMN generation_build.phase IS '{_PHASES}'",
    """
    CREATE TABLE built_gap (
        shop smallint NOT NULL,
        generation smallint NOT NULL,
        partition int NOT NULL,
        day int NOT NULL,
        first boolean NOT NULL,
        gap int NOT NULL,
        value bigint NOT NULL,
        CONSTRAINT pk_built_gap PRIMARY KEY (shop, generation, partition, day, first, gap)
    )
    """,
    "COMMENT ON COLUMN built_gap.day IS 'of the order that ended it'",
    """
    CREATE TABLE touched_customer (
        id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
        customer bigint NOT NULL,
        shop smallint NOT NULL,
        CONSTRAINT pk_touched_customer PRIMARY KEY (shop, id)
    )
    """,
)
_DOWN = (
    "DROP TABLE touched_customer",
    "DROP TABLE built_gap",
    "ALTER TABLE generation_build DROP COLUMN stages_done",
    "ALTER TABLE generation_build DROP COLUMN stage_cursor",
    "ALTER TABLE transition DROP COLUMN owed",
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in _DOWN:
        op.execute(statement)
