"""Answers on the scale from 0 to 10, for the net promoter score.

Revision 0010, after 0009.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ANSWER = """
CREATE TABLE nps_answer (
    customer bigint NOT NULL,
    identity bigint NOT NULL,
    answered_at timestamptz NOT NULL,
    shop smallint NOT NULL,
    score smallint NOT NULL,
    answer text COLLATE "C" NOT NULL,
    CONSTRAINT pk_nps_answer PRIMARY KEY (shop, answer)
)
"""
_UP = (
    _ANSWER,
    "CREATE INDEX ix_nps_answer_customer ON nps_answer (shop, customer, answered_at, answer) INCLUDE (score)",
    "CREATE INDEX ix_nps_answer_at ON nps_answer (shop, answered_at) INCLUDE (customer, answer, score)",
    "COMMENT ON COLUMN nps_answer.customer IS 'for whom it counts'",
    "COMMENT ON COLUMN nps_answer.identity IS 'whom the event named'",
    "COMMENT ON COLUMN nps_answer.score IS '0 to 10'",
    "COMMENT ON COLUMN nps_answer.answer IS 'feedback''s id of it'",
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE nps_answer")
