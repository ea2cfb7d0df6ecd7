"""Journeys as versioned data, and their runs.

Revision 0010, after 0009.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TABLES = (
    """
    CREATE TABLE journey (
        changed_at timestamptz NOT NULL,
        version integer NOT NULL,
        edition integer NOT NULL,
        shop smallint NOT NULL,
        state smallint NOT NULL,
        id text COLLATE "C" NOT NULL,
        author text NOT NULL,
        draft jsonb NOT NULL,
        CONSTRAINT pk_journey PRIMARY KEY (shop, id)
    )
    """,
    """
    CREATE TABLE journey_version (
        published_at timestamptz NOT NULL,
        version integer NOT NULL,
        shop smallint NOT NULL,
        journey text COLLATE "C" NOT NULL,
        author text NOT NULL,
        body jsonb NOT NULL,
        CONSTRAINT pk_journey_version PRIMARY KEY (shop, journey, version)
    )
    """,
    """
    CREATE TABLE journey_run (
        customer bigint NOT NULL,
        due timestamptz,
        since timestamptz NOT NULL,
        entered_at timestamptz NOT NULL,
        changed_at timestamptz NOT NULL,
        version integer NOT NULL,
        partition integer NOT NULL,
        shop smallint NOT NULL,
        state smallint NOT NULL,
        control boolean NOT NULL,
        met boolean NOT NULL,
        parked boolean NOT NULL DEFAULT false,
        id text COLLATE "C" NOT NULL,
        journey text COLLATE "C" NOT NULL,
        key text COLLATE "C" NOT NULL,
        step text COLLATE "C" NOT NULL,
        variant text NOT NULL,
        cause text NOT NULL,
        trigger text NOT NULL,
        context bytea NOT NULL,
        CONSTRAINT pk_journey_run PRIMARY KEY (shop, id)
    )
    """,
    "CREATE INDEX ix_journey_run_customer ON journey_run (shop, customer, journey)",
    "CREATE INDEX ix_journey_run_running ON journey_run (shop, journey, id) WHERE state = 0",
    "CREATE INDEX ix_journey_run_listed ON journey_run (shop, journey, entered_at, id)",
    """
    CREATE TABLE journey_mark (
        customer bigint NOT NULL,
        at timestamptz NOT NULL,
        shop smallint NOT NULL,
        journey text COLLATE "C" NOT NULL,
        value text COLLATE "C" NOT NULL,
        cause text NOT NULL,
        CONSTRAINT pk_journey_mark PRIMARY KEY (shop, customer, journey, value)
    )
    """,
    "CREATE INDEX ix_journey_mark_at ON journey_mark (at)",
)
_COMMENTS = (
    "COMMENT ON COLUMN journey.version IS 'that new runs enter; 0: never published'",
    "COMMENT ON COLUMN journey.edition IS 'of the draft'",
    "COMMENT ON COLUMN journey.state IS 'as journeys.store.definitions.Stand'",
    "COMMENT ON COLUMN journey_run.customer IS 'the identity that it was entered for'",
    "COMMENT ON COLUMN journey_run.due IS 'until when it waits in its step; null: it is to do the step'",
    "COMMENT ON COLUMN journey_run.since IS 'when occurred what it was entered by'",
    "COMMENT ON COLUMN journey_run.partition IS 'whose owner fires its timers'",
    "COMMENT ON COLUMN journey_run.state IS 'as journeys.domain.run.State'",
    "COMMENT ON COLUMN journey_run.control IS 'held out'",
    "COMMENT ON COLUMN journey_run.met IS 'what it waits for has come'",
    "COMMENT ON COLUMN journey_run.parked IS 'waits for its journey'",
    "COMMENT ON COLUMN journey_run.key IS 'what it is for; empty: the customer'",
    "COMMENT ON COLUMN journey_run.step IS 'at which it stands; empty: at its end'",
    "COMMENT ON COLUMN journey_run.context IS 'JSON: what it was entered with; erasures empty it'",
    "COMMENT ON COLUMN journey_mark.at IS 'of the last event that would end such a run'",
    "COMMENT ON COLUMN journey_mark.value IS 'what the event was for; empty: for the customer'",
)


def upgrade() -> None:
    for statement in (*_TABLES, *_COMMENTS):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE journey_mark, journey_run, journey_version, journey")
