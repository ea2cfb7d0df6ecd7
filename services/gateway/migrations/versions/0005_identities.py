"""Identities that are one person: merges, what was merged and undone, and what was not merged and why.

Revision 0005, after 0004.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_MERGED_INTO = "ALTER TABLE customer ADD COLUMN merged_into bigint"
_MERGED = "CREATE INDEX ix_customer_merged ON customer (shop, canonical) WHERE canonical <> customer"
_JOIN = """
CREATE TABLE customer_join (
    id bigint GENERATED ALWAYS AS IDENTITY,
    customer bigint NOT NULL,
    other bigint NOT NULL,
    shop smallint NOT NULL,
    action text NOT NULL,
    reason text NOT NULL,
    done_by text NOT NULL,
    done_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_customer_join PRIMARY KEY (shop, id)
)
"""
_JOIN_INDEX = "CREATE INDEX ix_customer_join_customer ON customer_join (shop, customer)"
_CONFLICT = """
CREATE TABLE customer_conflict (
    customer bigint NOT NULL,
    other bigint NOT NULL,
    shop smallint NOT NULL,
    reason text NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_customer_conflict PRIMARY KEY (shop, customer, other, reason)
)
"""
_CONFLICT_INDEX = "CREATE INDEX ix_customer_conflict_other ON customer_conflict (shop, other)"


def upgrade() -> None:
    for statement in (_MERGED_INTO, _MERGED, _JOIN, _JOIN_INDEX, _CONFLICT, _CONFLICT_INDEX):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("customer_conflict", schema="gateway")
    op.drop_table("customer_join", schema="gateway")
    op.drop_index("ix_customer_merged", "customer", schema="gateway")
    op.drop_column("customer", "merged_into", schema="gateway")
