"""Connections whose orders are read from the shop system's API, and hints of webhooks.

Revision 0007, after 0006.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_PULL = """
CREATE TABLE pull (
    shop smallint NOT NULL,
    address text COLLATE "C" NOT NULL,
    sealed bytea NOT NULL,
    reached timestamptz,
    due_at timestamptz NOT NULL,
    claimed_until timestamptz,
    pulled_at timestamptz,
    failures integer DEFAULT 0 NOT NULL,
    trouble text DEFAULT '' NOT NULL,
    CONSTRAINT pk_pull PRIMARY KEY (shop, address),
    CONSTRAINT fk_pull_connection FOREIGN KEY (shop, address) REFERENCES connection (shop, address) ON DELETE CASCADE
)
"""
_HINT = """
CREATE TABLE pull_hint (
    shop smallint NOT NULL,
    address text COLLATE "C" NOT NULL,
    hinted_at timestamptz NOT NULL,
    CONSTRAINT pk_pull_hint PRIMARY KEY (shop, address),
    CONSTRAINT fk_pull_hint_connection
        FOREIGN KEY (shop, address) REFERENCES connection (shop, address) ON DELETE CASCADE
)
"""


def upgrade() -> None:
    op.execute(_PULL)
    op.execute(_HINT)


def downgrade() -> None:
    op.drop_table("pull_hint", schema="gateway")
    op.drop_table("pull", schema="gateway")
