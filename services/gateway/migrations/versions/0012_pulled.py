"""When a pull last ended well, so that somebody is told of one that has not for long.

Revision 0012, after 0011.
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE pull ADD COLUMN succeeded_at timestamptz")


def downgrade() -> None:
    op.drop_column("pull", "succeeded_at", schema="gateway")
