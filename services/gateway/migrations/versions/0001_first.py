"""The runtime's tables, and who is who.

Revision 0001, after none.
"""

from alembic import op

from shared.db.migrating import create_runtime_tables, drop_runtime_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_CUSTOMER = """
CREATE TABLE customer (
    shop smallint NOT NULL,
    customer bigint NOT NULL,
    canonical bigint NOT NULL,
    shop_customer_id text,
    name text,
    email text,
    phone text,
    locale text,
    name_at_us bigint NOT NULL,
    email_at_us bigint NOT NULL,
    phone_at_us bigint NOT NULL,
    locale_at_us bigint NOT NULL,
    phones smallint NOT NULL,
    emails smallint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_customer PRIMARY KEY (shop, customer)
) WITH (fillfactor = 80)
"""
# Rows of aliases never change, so their pages may be full; an order's owner changes seldom.
_CUSTOMER_ALIAS = """
CREATE TABLE customer_alias (
    shop smallint NOT NULL,
    kind smallint NOT NULL,
    value_hash bytea NOT NULL,
    customer bigint NOT NULL,
    CONSTRAINT pk_customer_alias PRIMARY KEY (shop, kind, value_hash)
)
"""
_ORDER_CUSTOMER = """
CREATE TABLE order_customer (
    shop smallint NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    customer bigint NOT NULL,
    at_us bigint NOT NULL,
    tie bigint NOT NULL,
    CONSTRAINT pk_order_customer PRIMARY KEY (shop, order_id)
)
"""


def upgrade() -> None:
    create_runtime_tables(op, "gateway")
    for statement in (_CUSTOMER, _CUSTOMER_ALIAS, _ORDER_CUSTOMER):
        op.execute(statement)


def downgrade() -> None:
    for table in ("order_customer", "customer_alias", "customer"):
        op.drop_table(table, schema="gateway")
    drop_runtime_tables(op, "gateway")
