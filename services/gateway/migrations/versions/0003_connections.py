"""Connections to shop systems, by which webhooks come.

Revision 0003, after 0002.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_CONNECTION = """
CREATE TABLE connection (
    shop smallint NOT NULL,
    address text COLLATE "C" NOT NULL,
    vendor text NOT NULL,
    name text NOT NULL,
    secret bytea NOT NULL,
    previous_secret bytea,
    created_at timestamptz NOT NULL,
    rotated_at timestamptz,
    CONSTRAINT pk_connection PRIMARY KEY (shop, address),
    CONSTRAINT uq_connection_name UNIQUE (shop, name)
)
"""


def upgrade() -> None:
    op.execute(_CONNECTION)


def downgrade() -> None:
    op.drop_table("connection", schema="gateway")
