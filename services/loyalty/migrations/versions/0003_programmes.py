"""Versions of programmes, drafts, and answers kept for repeats of a write.

Revision 0003, after 0002.
"""

from alembic import op

from shared.db.answers import create_answer_table

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_VERSION = """
CREATE TABLE programme_version (
    shop smallint NOT NULL,
    number smallint NOT NULL,
    in_force_from timestamptz NOT NULL,
    published_at timestamptz NOT NULL,
    author text NOT NULL,
    reason text NOT NULL,
    body jsonb NOT NULL,
    CONSTRAINT pk_programme_version PRIMARY KEY (shop, number),
    CONSTRAINT ck_programme_version_number CHECK (number > 0)
)
"""
_COMMENTS = (
    "COMMENT ON COLUMN programme_version.number IS 'from 1, as it was published'",
    "COMMENT ON COLUMN programme_draft.edition IS 'rises with each change'",
    "COMMENT ON COLUMN programme_draft.based_on IS 'the version it was made from or published as last'",
)
_DRAFT = """
CREATE TABLE programme_draft (
    shop smallint NOT NULL,
    number integer NOT NULL,
    edition integer NOT NULL,
    discarded boolean NOT NULL DEFAULT false,
    based_on smallint,
    changed_at timestamptz NOT NULL,
    author text NOT NULL,
    name text NOT NULL,
    body jsonb NOT NULL,
    CONSTRAINT pk_programme_draft PRIMARY KEY (shop, number)
)
"""


def upgrade() -> None:
    for statement in (_VERSION, _DRAFT, *_COMMENTS):
        op.execute(statement)
    create_answer_table(op)


def downgrade() -> None:
    for table in ("kept_answer", "programme_draft", "programme_version"):
        op.drop_table(table, schema="loyalty")
