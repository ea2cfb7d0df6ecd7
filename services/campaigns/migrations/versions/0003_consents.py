"""Consents as they hold, and the links by which people change them.

Revision 0003, after 0002.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_UP = (
    """
    CREATE TABLE consent (
        customer bigint NOT NULL,
        occurred_at timestamptz NOT NULL,
        shop smallint NOT NULL,
        channel text COLLATE "C" NOT NULL,
        purpose text COLLATE "C" NOT NULL,
        state text NOT NULL,
        record text COLLATE "C" NOT NULL,
        source text NOT NULL,
        CONSTRAINT pk_consent PRIMARY KEY (shop, customer, channel, purpose)
    )
    """,
    """
    CREATE TABLE consent_link (
        customer bigint NOT NULL,
        expires_at timestamptz NOT NULL,
        shop smallint NOT NULL,
        channel text COLLATE "C" NOT NULL,
        locale text NOT NULL DEFAULT '',
        message text COLLATE "C" NOT NULL,
        hash bytea NOT NULL,
        CONSTRAINT pk_consent_link PRIMARY KEY (shop, hash)
    )
    """,
    "CREATE INDEX ix_consent_link_customer ON consent_link (shop, customer)",
    "CREATE INDEX ix_consent_link_expires_at ON consent_link (expires_at)",
    "COMMENT ON COLUMN consent.customer IS 'the identity that said it'",
    "COMMENT ON COLUMN consent.purpose IS 'all: withdrawn for every purpose of the channel'",
    "COMMENT ON COLUMN consent.record IS 'of the statement, whose evidence gateway keeps'",
    "COMMENT ON COLUMN consent_link.message IS 'in which the link was sent'",
    "COMMENT ON COLUMN consent_link.hash IS 'SHA-256 of the token; that is in the message alone'",
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE consent, consent_link")
