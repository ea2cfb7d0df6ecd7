"""Orders know which products and categories were bought.

Revision 0016, after 0015.
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE purchase ADD COLUMN products text[], ADD COLUMN categories text[]")
    op.execute("COMMENT ON COLUMN purchase.products IS 'ids and SKUs of what was kept; null: as above, or not known'")
    op.execute("COMMENT ON COLUMN purchase.categories IS 'likewise'")


def downgrade() -> None:
    op.execute("ALTER TABLE purchase DROP COLUMN products, DROP COLUMN categories")
