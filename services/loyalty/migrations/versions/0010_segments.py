"""In which segments of campaigns customers were, and when: rules of earning ask.

Revision 0010, after 0009.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_COMMENTS = {
    "customer": "whom a person was counted as",
    "sequence": "of what campaigns tells of the customer",
    "entered": "false: they left",
    "segment": "as campaigns names it",
}


def upgrade() -> None:
    op.execute("""
        CREATE TABLE belonging (
            customer bigint NOT NULL,
            at timestamptz NOT NULL,
            sequence bigint NOT NULL,
            shop smallint NOT NULL,
            entered boolean NOT NULL,
            segment text COLLATE "C" NOT NULL,
            CONSTRAINT pk_belonging PRIMARY KEY (shop, customer, segment, at, sequence)
        )
    """)
    for column, comment in _COMMENTS.items():
        op.execute(f"COMMENT ON COLUMN belonging.{column} IS '{comment}'")


def downgrade() -> None:
    op.execute("DROP TABLE belonging")
