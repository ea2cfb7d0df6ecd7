"""Addresses that messages do not reach: where messages went, by mark, and what staff lifted.

Revision 0014, after 0013.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_UP = (
    "ALTER TABLE message ADD COLUMN went_to bytea",
    "COMMENT ON COLUMN message.went_to IS 'keyed mark of the address; emptied by an erasure'",
    "CREATE INDEX ix_message_texted ON message (went_to) WHERE channel = 'sms' AND went_to IS NOT NULL",
    "ALTER TABLE receipt ADD COLUMN went_to bytea",
    "COMMENT ON COLUMN receipt.went_to IS 'of what arrived or bounced: mark of the address; erasures empty it'",
    "CREATE INDEX ix_receipt_bounced ON receipt (shop, went_to) WHERE what = 2 AND went_to IS NOT NULL",
    "CREATE INDEX ix_receipt_delivered ON receipt (shop, went_to, at) WHERE what = 1 AND went_to IS NOT NULL",
    "COMMENT ON COLUMN report.reference IS 'of the message, by its provider; of a stop: mark of the number'",
    """
    CREATE TABLE address_lift (
        customer bigint NOT NULL,
        lifted_at timestamptz NOT NULL,
        shop smallint NOT NULL,
        channel text NOT NULL,
        went_to bytea NOT NULL,
        author text NOT NULL,
        reason text NOT NULL,
        CONSTRAINT pk_address_lift PRIMARY KEY (shop, went_to, lifted_at)
    )
    """,
    "CREATE INDEX ix_address_lift_customer ON address_lift (shop, customer)",
    "COMMENT ON COLUMN address_lift.customer IS 'whose address it was when it was lifted'",
    "COMMENT ON COLUMN address_lift.lifted_at IS 'what came back before says nothing'",
    "COMMENT ON COLUMN address_lift.went_to IS 'keyed mark of the address'",
    "COMMENT ON COLUMN address_lift.reason IS 'a word for machines'",
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE address_lift")
    op.execute("ALTER TABLE receipt DROP COLUMN went_to")
    op.execute("ALTER TABLE message DROP COLUMN went_to")
    op.execute("COMMENT ON COLUMN report.reference IS 'by which the provider names the message'")
