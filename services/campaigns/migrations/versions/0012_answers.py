"""Profiles know the last answer to a survey, and the last score of NPS.

Revision 0012, after 0011.
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("answered_at", "timestamptz"),
    ("nps_at", "timestamptz"),
    ("answer_score", "smallint"),
    ("nps_score", "smallint"),
    ("answer", 'text COLLATE "C"'),
    ("answer_survey", "text"),
    ("answer_kind", "text"),
    ("nps_answer", 'text COLLATE "C"'),
    ("nps_survey", "text"),
)


def upgrade() -> None:
    op.execute("ALTER TABLE profile " + ", ".join(f"ADD COLUMN {name} {kind}" for name, kind in _COLUMNS))
    op.execute("COMMENT ON COLUMN profile.answered_at IS 'of the last answer to a survey'")
    op.execute("COMMENT ON COLUMN profile.nps_at IS 'of the last one with an NPS score'")
    op.execute("COMMENT ON COLUMN profile.answer IS 'id of the last answer: of two at one instant the greater'")


def downgrade() -> None:
    op.execute("ALTER TABLE profile " + ", ".join(f"DROP COLUMN {name}" for name, _ in _COLUMNS))
