"""Answers.

Revision 0004, after 0003.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_UP = (
    """
    CREATE TABLE answer (
        customer bigint NOT NULL,
        at timestamptz NOT NULL,
        version integer NOT NULL,
        score smallint,
        shop smallint NOT NULL,
        counts boolean NOT NULL,
        complete boolean NOT NULL,
        id text COLLATE "C" NOT NULL,
        survey text COLLATE "C" NOT NULL,
        kind text COLLATE "C" NOT NULL,
        invitation text COLLATE "C",
        by text NOT NULL,
        stage text COLLATE "C" DEFAULT '' NOT NULL,
        tier text COLLATE "C" DEFAULT '' NOT NULL,
        given jsonb NOT NULL,
        texts jsonb NOT NULL,
        CONSTRAINT pk_answer PRIMARY KEY (shop, id)
    )
    """,
    "CREATE INDEX ix_answer_at ON answer (shop, kind, at) WHERE score IS NOT NULL",
    "CREATE INDEX ix_answer_customer ON answer (shop, customer)",
    "COMMENT ON COLUMN answer.customer IS 'the identity that answered'",
    "COMMENT ON COLUMN answer.at IS 'when it began to count, or was first kept'",
    "COMMENT ON COLUMN answer.score IS 'on the scale of the kind'",
    "COMMENT ON COLUMN answer.counts IS 'it was sent off, or its link expired'",
    "COMMENT ON COLUMN answer.complete IS 'all that is needed was answered'",
    "COMMENT ON COLUMN answer.invitation IS 'null: handed in without one'",
    "COMMENT ON COLUMN answer.stage IS 'the customer''s, at that time'",
    "COMMENT ON COLUMN answer.tier IS 'likewise'",
    "COMMENT ON COLUMN answer.given IS 'numbers and choices, by question'",
    "COMMENT ON COLUMN answer.texts IS 'own words, by question; emptied by an erasure'",
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE answer")
