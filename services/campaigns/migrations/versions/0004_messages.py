"""Templates as versioned data, and messages.

Revision 0004, after 0003.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_UP = (
    """
    CREATE TABLE template_version (
        published_at timestamptz NOT NULL,
        version integer NOT NULL,
        shop smallint NOT NULL,
        template text COLLATE "C" NOT NULL,
        author text NOT NULL,
        body jsonb NOT NULL,
        CONSTRAINT pk_template_version PRIMARY KEY (shop, template, version)
    )
    """,
    """
    CREATE TABLE message (
        customer bigint NOT NULL,
        planned_at timestamptz NOT NULL,
        due timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        claimed_at timestamptz,
        ended_at timestamptz,
        attempt integer NOT NULL DEFAULT 0,
        template_version integer,
        shop smallint NOT NULL,
        state smallint NOT NULL,
        id text COLLATE "C" NOT NULL,
        channel text NOT NULL,
        purpose text NOT NULL,
        campaign text NOT NULL,
        step text NOT NULL,
        occasion text NOT NULL,
        template text NOT NULL,
        locale text NOT NULL DEFAULT '',
        reason text NOT NULL DEFAULT '',
        fields bytea NOT NULL,
        CONSTRAINT pk_message PRIMARY KEY (shop, id)
    )
    """,
    "CREATE INDEX ix_message_due ON message (due) WHERE state = 0",
    "CREATE INDEX ix_message_claimed ON message (claimed_at) WHERE state = 1",
    "CREATE INDEX ix_message_customer ON message (shop, customer, planned_at)",
    "COMMENT ON COLUMN message.customer IS 'the identity that it was planned for'",
    "COMMENT ON COLUMN message.due IS 'not before'",
    "COMMENT ON COLUMN message.expires_at IS 'not from then on'",
    "COMMENT ON COLUMN message.template_version IS 'as it was claimed with'",
    "COMMENT ON COLUMN message.state IS 'as messages.domain.State'",
    "COMMENT ON COLUMN message.id IS 'of campaign, step, occasion, customer and channel'",
    "COMMENT ON COLUMN message.fields IS 'JSON: fields of the template; emptied by an erasure'",
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE message, template_version")
