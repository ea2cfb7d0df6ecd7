"""Identities that are counted as another customer: pointers, and the identity beside the customer.

Revision 0008, after 0007.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_POINTER = """
CREATE TABLE customer_pointer (
    customer bigint NOT NULL,
    canonical bigint NOT NULL,
    sequence bigint NOT NULL,
    shop smallint NOT NULL,
    CONSTRAINT pk_customer_pointer PRIMARY KEY (shop, customer)
)
"""
_COMMENTS = (
    "COMMENT ON COLUMN customer_pointer.customer IS 'the identity, as events name it'",
    "COMMENT ON COLUMN customer_pointer.canonical IS 'whom it is counted as; itself after an undone merge'",
    "COMMENT ON COLUMN customer_pointer.sequence IS 'of the event that said so'",
    "COMMENT ON COLUMN order_fact.identity IS 'whom the event named, where customer is another; null: customer'",
    "COMMENT ON COLUMN order_content.identity IS 'whom the event named'",
    "COMMENT ON COLUMN visit.identity IS 'whom the event named'",
)
_UP = (
    _POINTER,
    "CREATE INDEX ix_customer_pointer_canonical ON customer_pointer (shop, canonical) WHERE canonical <> customer",
    # Null in all rows of shops without merges, so that nothing is rewritten and COPY need not name it.
    "ALTER TABLE order_fact ADD COLUMN identity bigint",
    "CREATE INDEX ix_order_fact_identity ON order_fact (shop, identity) WHERE identity IS NOT NULL",
    "ALTER TABLE order_content ADD COLUMN identity bigint",
    "UPDATE order_content SET identity = customer",
    "ALTER TABLE order_content ALTER COLUMN identity SET NOT NULL",
    "CREATE INDEX ix_order_content_identity ON order_content (shop, identity)",
    "ALTER TABLE visit ADD COLUMN identity bigint",
    "UPDATE visit SET identity = customer",
    "ALTER TABLE visit ALTER COLUMN identity SET NOT NULL",
    "ALTER TABLE visit DROP CONSTRAINT pk_visit",
    "ALTER TABLE visit ADD CONSTRAINT pk_visit PRIMARY KEY (shop, customer, day, identity)",
    "CREATE INDEX ix_visit_identity ON visit (shop, identity) WHERE identity <> customer",
    *_COMMENTS,
)
_DOWN = (
    "DROP INDEX ix_visit_identity",
    "ALTER TABLE visit DROP CONSTRAINT pk_visit",
    "DELETE FROM visit a USING visit b WHERE (a.shop, a.customer, a.day) = (b.shop, b.customer, b.day)"
    " AND a.identity > b.identity",
    "ALTER TABLE visit DROP COLUMN identity",
    "ALTER TABLE visit ADD CONSTRAINT pk_visit PRIMARY KEY (shop, customer, day)",
    "DROP INDEX ix_order_content_identity",
    "ALTER TABLE order_content DROP COLUMN identity",
    "DROP INDEX ix_order_fact_identity",
    "ALTER TABLE order_fact DROP COLUMN identity",
    "DROP TABLE customer_pointer",
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in _DOWN:
        op.execute(statement)
