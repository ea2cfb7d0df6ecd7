"""Cases, and what was done about each.

Revision 0005, after 0004.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_UP = (
    """
    CREATE TABLE care_case (
        customer bigint NOT NULL,
        opened_at timestamptz NOT NULL,
        due_at timestamptz NOT NULL,
        solved_at timestamptz,
        escalations integer DEFAULT 0 NOT NULL,
        reopened integer DEFAULT 0 NOT NULL,
        contacts integer DEFAULT 0 NOT NULL,
        score smallint,
        shop smallint NOT NULL,
        state smallint NOT NULL,
        id text COLLATE "C" NOT NULL,
        cause text NOT NULL,
        survey text,
        answer text,
        owner text COLLATE "C" DEFAULT '' NOT NULL,
        outcome text DEFAULT '' NOT NULL,
        about text DEFAULT '' NOT NULL,
        CONSTRAINT pk_care_case PRIMARY KEY (shop, id)
    )
    """,
    "CREATE INDEX ix_care_case_customer ON care_case (shop, customer)",
    "CREATE INDEX ix_care_case_due_at ON care_case (shop, state, due_at, id)",
    """
    CREATE TABLE care_contact (
        at timestamptz NOT NULL,
        points integer,
        shop smallint NOT NULL,
        case_id text COLLATE "C" NOT NULL,
        ref text COLLATE "C" NOT NULL,
        channel text NOT NULL,
        actor text NOT NULL,
        text text NOT NULL,
        CONSTRAINT pk_care_contact PRIMARY KEY (shop, case_id, ref)
    )
    """,
    "COMMENT ON COLUMN care_case.state IS 'as cases.domain.State'",
    "COMMENT ON COLUMN care_case.answer IS 'that opened it'",
    "COMMENT ON COLUMN care_case.owner IS 'a staff member; empty: nobody yet'",
    "COMMENT ON COLUMN care_case.about IS 'in words; emptied by an erasure'",
    "COMMENT ON COLUMN care_contact.points IS 'that were given'",
    "COMMENT ON COLUMN care_contact.ref IS 'the caller''s own id of it, which makes it one'",
    "COMMENT ON COLUMN care_contact.text IS 'what was said; emptied by an erasure'",
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE care_contact, care_case")
