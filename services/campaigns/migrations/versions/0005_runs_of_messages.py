"""Messages that belong to runs of journeys.

Revision 0005, after 0004.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_UP = (
    'ALTER TABLE message ADD COLUMN journey_version integer, ADD COLUMN run text COLLATE "C", ADD COLUMN variant text',
    "CREATE INDEX ix_message_run ON message (shop, run) WHERE state = 0 AND run IS NOT NULL",
    "CREATE INDEX ix_message_paused ON message (shop, campaign) WHERE state = 0 AND reason = 'paused'",
    "COMMENT ON COLUMN message.journey_version IS 'that the run keeps'",
    "COMMENT ON COLUMN message.run IS 'of a journey, that it belongs to'",
    "COMMENT ON COLUMN message.variant IS 'of the run''s last random split'",
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP INDEX ix_message_run, ix_message_paused")
    op.execute("ALTER TABLE message DROP COLUMN journey_version, DROP COLUMN run, DROP COLUMN variant")
