"""Tests of templates that open a task for somebody of the staff.

Revision 0015, after 0014.
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE task ADD COLUMN test boolean NOT NULL DEFAULT false")
    op.execute("COMMENT ON COLUMN task.test IS 'of a template; nothing is told'")


def downgrade() -> None:
    op.execute("ALTER TABLE task DROP COLUMN test")
