"""Profiles have attributes: what customers said of themselves in surveys.

Revision 0017, after 0016.
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE profile ADD COLUMN attributes jsonb NOT NULL DEFAULT '{}'")
    op.execute("COMMENT ON COLUMN profile.attributes IS 'what surveys found out: by attribute the last word'")


def downgrade() -> None:
    op.execute("ALTER TABLE profile DROP COLUMN attributes")
