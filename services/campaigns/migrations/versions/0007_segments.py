"""Segments: conditions as versioned data, and who belongs.

Revision 0007, after 0006.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_UP = (
    """
    CREATE TABLE segment (
        walked bigint,
        done bigint NOT NULL DEFAULT 0,
        whole bigint NOT NULL DEFAULT 0,
        changed_at timestamptz NOT NULL,
        version integer NOT NULL DEFAULT 0,
        making integer NOT NULL DEFAULT 0,
        made integer NOT NULL DEFAULT 0,
        shop smallint NOT NULL,
        id text COLLATE "C" NOT NULL,
        title text NOT NULL,
        draft jsonb NOT NULL,
        CONSTRAINT pk_segment PRIMARY KEY (shop, id)
    )
    """,
    "CREATE INDEX ix_segment_to_make ON segment (changed_at) WHERE made < version",
    """
    CREATE TABLE segment_version (
        published_at timestamptz NOT NULL,
        version integer NOT NULL,
        shop smallint NOT NULL,
        segment text COLLATE "C" NOT NULL,
        title text NOT NULL,
        author text NOT NULL,
        condition jsonb NOT NULL,
        CONSTRAINT pk_segment_version PRIMARY KEY (shop, segment, version)
    )
    """,
    """
    CREATE TABLE segment_member (
        customer bigint NOT NULL,
        since timestamptz NOT NULL,
        version integer NOT NULL,
        shop smallint NOT NULL,
        segment text COLLATE "C" NOT NULL,
        CONSTRAINT pk_segment_member PRIMARY KEY (shop, segment, customer)
    )
    """,
    "CREATE INDEX ix_segment_member_customer ON segment_member (shop, customer)",
    "COMMENT ON COLUMN segment.walked IS 'the last identity that a version in the making has come to'",
    "COMMENT ON COLUMN segment.done IS 'identities that it has come by'",
    "COMMENT ON COLUMN segment.whole IS 'of so many when it began'",
    "COMMENT ON COLUMN segment.version IS 'that holds; 0: none is published'",
    "COMMENT ON COLUMN segment.making IS 'that everybody is judged by anew'",
    "COMMENT ON COLUMN segment.made IS 'that everybody was judged by last'",
    "COMMENT ON COLUMN segment.draft IS 'the condition as it would be published'",
    "COMMENT ON COLUMN segment_member.customer IS 'whom the person is counted as'",
    "COMMENT ON COLUMN segment_member.version IS 'by which they entered'",
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE segment, segment_version, segment_member")
