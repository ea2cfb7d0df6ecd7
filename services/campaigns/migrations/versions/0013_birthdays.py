"""Profiles know birthdays, by month and day of either calendar.

Revision 0013, after 0012.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_UP = (
    """
    ALTER TABLE profile ADD COLUMN birthday text, ADD COLUMN birthday_gregorian smallint,
        ADD COLUMN birthday_jalali smallint
    """,
    "COMMENT ON COLUMN profile.birthday IS 'as shared.kernel.Birthday.text'",
    "COMMENT ON COLUMN profile.birthday_gregorian IS 'month * 100 + day; null: not known in this calendar'",
    "COMMENT ON COLUMN profile.birthday_jalali IS 'likewise'",
    """
    CREATE INDEX ix_profile_birthday_gregorian ON profile (shop, birthday_gregorian, customer)
        WHERE birthday_gregorian IS NOT NULL
    """,
    """
    CREATE INDEX ix_profile_birthday_jalali ON profile (shop, birthday_jalali, customer)
        WHERE birthday_jalali IS NOT NULL
    """,
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    op.execute("ALTER TABLE profile DROP COLUMN birthday, DROP COLUMN birthday_gregorian, DROP COLUMN birthday_jalali")
