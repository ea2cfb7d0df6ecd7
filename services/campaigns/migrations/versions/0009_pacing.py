"""When a shop's customers may be sent messages, and how often, as versions.

Revision 0009, after 0008.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE message_policy (
            published_at timestamptz NOT NULL,
            version integer NOT NULL,
            shop smallint NOT NULL,
            author text NOT NULL,
            policy jsonb NOT NULL,
            CONSTRAINT pk_message_policy PRIMARY KEY (shop, version)
        )
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE message_policy")
