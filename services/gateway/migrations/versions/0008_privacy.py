"""Erasures of persons, and what they agreed to.

Revision 0008, after 0007.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_ERASED = "ALTER TABLE customer ADD COLUMN erasure uuid"
_ALIASES_OF = "CREATE INDEX ix_customer_alias_customer ON customer_alias (shop, customer)"
_CONSENT = """
CREATE TABLE consent (
    customer bigint NOT NULL,
    shop smallint NOT NULL,
    record text COLLATE "C" NOT NULL,
    channel text NOT NULL,
    purpose text NOT NULL,
    state text NOT NULL,
    occurred_at timestamptz NOT NULL,
    source text NOT NULL,
    evidence text,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_consent PRIMARY KEY (shop, customer, record)
)
"""
_ERASURE = """
CREATE TABLE erasure (
    customer bigint NOT NULL,
    id uuid NOT NULL,
    requested_at timestamptz NOT NULL,
    erased_at timestamptz,
    completed_at timestamptz,
    raw_cleared_at timestamptz,
    shop smallint NOT NULL,
    reason text NOT NULL,
    reference text NOT NULL,
    asked text[] NOT NULL,
    removed jsonb,
    sought bytea[],
    searched uuid,
    CONSTRAINT pk_erasure PRIMARY KEY (shop, id),
    CONSTRAINT uq_erasure_customer UNIQUE (shop, customer)
)
"""
_WAITING = "CREATE INDEX ix_erasure_waiting ON erasure (requested_at) WHERE completed_at IS NULL"
_ANSWER = """
CREATE TABLE erasure_answer (
    shop smallint NOT NULL,
    id uuid NOT NULL,
    service text NOT NULL,
    answered_at timestamptz NOT NULL,
    removed jsonb NOT NULL,
    kept jsonb NOT NULL,
    CONSTRAINT pk_erasure_answer PRIMARY KEY (shop, id, service)
)
"""


def upgrade() -> None:
    for statement in (_ERASED, _ALIASES_OF, _CONSENT, _ERASURE, _WAITING, _ANSWER):
        op.execute(statement)


def downgrade() -> None:
    for table in ("erasure_answer", "erasure", "consent"):
        op.drop_table(table, schema="gateway")
    op.drop_index("ix_customer_alias_customer", "customer_alias", schema="gateway")
    op.drop_column("customer", "erasure", schema="gateway")
