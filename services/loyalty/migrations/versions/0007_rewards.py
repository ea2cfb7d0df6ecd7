"""Rewards: the catalogue, its versions, codes, redemptions; corrections of points by hand.

Revision 0007, after 0006.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TABLES = (
    """
    CREATE TABLE reward (
        taken bigint NOT NULL DEFAULT 0,
        committed bigint NOT NULL DEFAULT 0,
        stock bigint,
        budget bigint,
        shop smallint NOT NULL,
        version integer NOT NULL,
        reward text COLLATE "C" NOT NULL,
        CONSTRAINT pk_reward PRIMARY KEY (shop, reward),
        CONSTRAINT ck_reward_stock CHECK (taken >= 0 AND (stock IS NULL OR taken <= stock)),
        CONSTRAINT ck_reward_budget CHECK (committed >= 0 AND (budget IS NULL OR committed <= budget))
    ) WITH (fillfactor = 50)
    """,
    """
    CREATE TABLE reward_version (
        published_at timestamptz NOT NULL,
        shop smallint NOT NULL,
        version integer NOT NULL,
        reward text COLLATE "C" NOT NULL,
        author text NOT NULL,
        reason text NOT NULL,
        body jsonb NOT NULL,
        CONSTRAINT pk_reward_version PRIMARY KEY (shop, reward, version)
    )
    """,
    """
    CREATE TABLE reward_use (
        customer bigint NOT NULL,
        used integer NOT NULL DEFAULT 0,
        shop smallint NOT NULL,
        reward text COLLATE "C" NOT NULL,
        period text COLLATE "C" NOT NULL,
        CONSTRAINT pk_reward_use PRIMARY KEY (shop, customer, reward, period),
        CONSTRAINT ck_reward_use_used CHECK (used >= 0)
    )
    """,
    """
    CREATE TABLE reward_code (
        shop smallint NOT NULL,
        reward text COLLATE "C" NOT NULL,
        code text COLLATE "C" NOT NULL,
        redemption text COLLATE "C",
        CONSTRAINT pk_reward_code PRIMARY KEY (shop, code)
    )
    """,
    """
    CREATE TABLE redemption (
        customer bigint NOT NULL,
        worth bigint NOT NULL,
        asked_at timestamptz NOT NULL,
        until timestamptz NOT NULL,
        granted_at timestamptz,
        ends_at timestamptz,
        used_at timestamptz,
        points integer NOT NULL,
        version integer NOT NULL,
        shop smallint NOT NULL,
        state smallint NOT NULL,
        noticed smallint NOT NULL,
        id text COLLATE "C" NOT NULL,
        reward text COLLATE "C" NOT NULL,
        currency text NOT NULL,
        period text COLLATE "C" NOT NULL,
        order_id text COLLATE "C",
        actor text NOT NULL,
        CONSTRAINT pk_redemption PRIMARY KEY (shop, id),
        CONSTRAINT ck_redemption_amounts CHECK (points BETWEEN 0 AND 1000000000 AND worth >= 0)
    )
    """,
    """
    CREATE TABLE correction (
        customer bigint NOT NULL,
        asked_at timestamptz NOT NULL,
        decided_at timestamptz,
        points integer NOT NULL,
        shop smallint NOT NULL,
        state smallint NOT NULL,
        takes_two boolean NOT NULL,
        id text COLLATE "C" NOT NULL,
        reason text NOT NULL,
        asked_by text NOT NULL,
        decided_by text NOT NULL,
        CONSTRAINT pk_correction PRIMARY KEY (shop, id),
        CONSTRAINT ck_correction_points CHECK (abs(points) BETWEEN 1 AND 1000000000),
        CONSTRAINT ck_correction_two_people CHECK (
            NOT takes_two OR state = 1 OR (decided_by <> asked_by AND decided_by LIKE 'staff:%')
        )
    )
    """,
    """
    CREATE TABLE correction_text (
        customer bigint NOT NULL,
        shop smallint NOT NULL,
        id text COLLATE "C" NOT NULL,
        text text NOT NULL,
        answer text NOT NULL,
        CONSTRAINT pk_correction_text PRIMARY KEY (shop, id)
    )
    """,
)
_INDEXES = (
    "CREATE INDEX ix_reward_code_free ON reward_code (shop, reward, code) WHERE redemption IS NULL",
    "CREATE UNIQUE INDEX ix_reward_code_redemption ON reward_code (shop, redemption) WHERE redemption IS NOT NULL",
    "CREATE INDEX ix_redemption_customer ON redemption (shop, customer, asked_at)",
    "CREATE INDEX ix_correction_customer ON correction (shop, customer)",
    "CREATE INDEX ix_correction_state ON correction (shop, state, asked_at, id)",
)
_COMMENTS = {
    "reward.taken": "held, granted and used",
    "reward.committed": "what these are worth",
    "reward.stock": "of the version in force; null: no limit",
    "reward.budget": "likewise, minor units",
    "reward.version": "the one in force",
    "reward_version.version": "from 1, as they were published",
    "reward_use.customer": "an identity; of a person all count",
    "reward_use.period": "a day, a month; empty: ever",
    "reward_code.redemption": "who has it; null: nobody yet",
    "redemption.customer": "an identity",
    "redemption.worth": "minor units, as it was when asked for",
    "redemption.until": "of the hold",
    "redemption.ends_at": "null: it does not expire",
    "redemption.version": "of the reward",
    "redemption.state": "1 held 2 granted 3 used 4 released 5 lapsed 6 expired",
    "redemption.noticed": "shortest lead at which its expiry was announced",
    "redemption.id": "and the ledger's name of the hold",
    "redemption.period": "in which it counts against the customer's limit",
    "correction.customer": "the identity whose account it is",
    "correction.decided_at": "null: it waits",
    "correction.points": "below 0: taken away",
    "correction.state": "1 waiting 2 posted 3 refused",
    "correction.takes_two": "above the programme's limit when it was asked for",
    "correction.id": "and the ledger's name of it",
    "correction.reason": "a word",
    "correction_text.text": "of who asked for it",
    "correction_text.answer": "of who decided",
}


def upgrade() -> None:
    for statement in (*_TABLES, *_INDEXES):
        op.execute(statement)
    for column, comment in _COMMENTS.items():
        text = comment.replace("'", "''")
        op.execute(f"COMMENT ON COLUMN {column} IS '{text}'")


def downgrade() -> None:
    op.execute("DROP TABLE reward, reward_version, reward_use, reward_code, redemption, correction, correction_text")
