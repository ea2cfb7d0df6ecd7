"""Policies, surveys, what may ask for one, and invitations.

Revision 0003, after 0002.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_UP = (
    """
    CREATE TABLE asking_policy (
        published_at timestamptz NOT NULL,
        version integer NOT NULL,
        shop smallint NOT NULL,
        author text NOT NULL,
        body jsonb NOT NULL,
        CONSTRAINT pk_asking_policy PRIMARY KEY (shop, version)
    )
    """,
    """
    CREATE TABLE survey_version (
        published_at timestamptz NOT NULL,
        version integer NOT NULL,
        shop smallint NOT NULL,
        survey text COLLATE "C" NOT NULL,
        author text NOT NULL,
        body jsonb NOT NULL,
        CONSTRAINT pk_survey_version PRIMARY KEY (shop, survey, version)
    )
    """,
    """
    CREATE TABLE survey_round (
        customer bigint NOT NULL,
        shop smallint NOT NULL,
        survey text COLLATE "C" NOT NULL,
        CONSTRAINT pk_survey_round PRIMARY KEY (shop, survey)
    )
    """,
    """
    CREATE TABLE ordered (
        customer bigint,
        completed_at timestamptz,
        delivered_at timestamptz,
        shop smallint NOT NULL,
        order_id text COLLATE "C" NOT NULL,
        known bytea NOT NULL,
        CONSTRAINT pk_ordered PRIMARY KEY (shop, order_id)
    )
    """,
    """
    CREATE TABLE invitation (
        customer bigint NOT NULL,
        due timestamptz NOT NULL,
        until timestamptz NOT NULL,
        asked_at timestamptz,
        sent_at timestamptz,
        opened_at timestamptz,
        ended_at timestamptz,
        expires_at timestamptz,
        version integer,
        place integer NOT NULL,
        shop smallint NOT NULL,
        state smallint NOT NULL,
        history boolean DEFAULT false NOT NULL,
        id text COLLATE "C" NOT NULL,
        survey text COLLATE "C" NOT NULL,
        occasion text COLLATE "C" NOT NULL,
        reason text DEFAULT '' NOT NULL,
        hash bytea,
        CONSTRAINT pk_invitation PRIMARY KEY (shop, id)
    )
    """,
    "CREATE INDEX ix_invitation_customer ON invitation (shop, customer, survey)",
    "CREATE INDEX ix_invitation_hash ON invitation (shop, hash) WHERE hash IS NOT NULL",
    "CREATE INDEX ix_invitation_occasion ON invitation (shop, occasion)",
    "COMMENT ON COLUMN survey_round.customer IS 'the last one who was gone through'",
    "COMMENT ON COLUMN ordered.customer IS 'who got it, as a delivery named them'",
    "COMMENT ON COLUMN ordered.completed_at IS 'first completion that was told live'",
    "COMMENT ON COLUMN ordered.delivered_at IS 'first delivery that was told live'",
    "COMMENT ON COLUMN ordered.known IS 'JSON: all that stands of what was said of the order'",
    "COMMENT ON COLUMN invitation.customer IS 'the identity that it is for'",
    "COMMENT ON COLUMN invitation.until IS 'given up from then on'",
    "COMMENT ON COLUMN invitation.opened_at IS 'the page was fetched for the first time'",
    "COMMENT ON COLUMN invitation.expires_at IS 'of the link'",
    "COMMENT ON COLUMN invitation.version IS 'of the survey, as it was asked'",
    "COMMENT ON COLUMN invitation.place IS 'partition of its timers'",
    "COMMENT ON COLUMN invitation.state IS 'as surveys.domain.State'",
    "COMMENT ON COLUMN invitation.history IS 'asked by replayed history'",
    "COMMENT ON COLUMN invitation.id IS 'of survey, occasion and customer'",
    "COMMENT ON COLUMN invitation.hash IS 'SHA-256 of the link''s token'",
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE invitation, ordered, survey_round, survey_version, asking_policy")
