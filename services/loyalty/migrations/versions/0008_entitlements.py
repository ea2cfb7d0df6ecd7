"""Entitlements: where they are told, what is to be told; redemptions that are taken back.

Revision 0008, after 0007.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_CHANGES = (
    "ALTER TABLE redemption ADD COLUMN revoked_at timestamptz, ADD COLUMN revoked_why text",
    "CREATE INDEX ix_redemption_order ON redemption (shop, order_id) WHERE order_id IS NOT NULL",
    """
    CREATE TABLE entitlement_endpoint (
        set_at timestamptz NOT NULL,
        rotated_at timestamptz,
        previous_until timestamptz,
        gone_at timestamptz,
        shop smallint NOT NULL,
        url text NOT NULL,
        secret bytea NOT NULL,
        previous_secret bytea,
        CONSTRAINT pk_entitlement_endpoint PRIMARY KEY (shop)
    )
    """,
    """
    CREATE TABLE entitlement_delivery (
        made_at timestamptz NOT NULL,
        due_at timestamptz NOT NULL,
        claimed_until timestamptz,
        ended_at timestamptz,
        customer bigint NOT NULL,
        attempts integer NOT NULL DEFAULT 0,
        failures integer NOT NULL DEFAULT 0,
        shop smallint NOT NULL,
        number smallint NOT NULL,
        state smallint NOT NULL,
        last_status smallint,
        redemption text COLLATE "C" NOT NULL,
        what text NOT NULL,
        trouble text NOT NULL DEFAULT '',
        body text NOT NULL,
        CONSTRAINT pk_entitlement_delivery PRIMARY KEY (shop, redemption, number),
        CONSTRAINT ck_entitlement_delivery_counts CHECK (number >= 1 AND attempts >= 0 AND failures >= 0)
    )
    """,
    "CREATE INDEX ix_entitlement_delivery_due ON entitlement_delivery (shop, due_at) WHERE state = 1",
    "CREATE INDEX ix_entitlement_delivery_made ON entitlement_delivery (shop, made_at, redemption)",
    "CREATE INDEX ix_entitlement_delivery_failed ON entitlement_delivery (shop, made_at) WHERE state = 3",
    "CREATE INDEX ix_entitlement_delivery_customer ON entitlement_delivery (shop, customer)",
)
_COMMENTS = {
    "redemption.state": "1 held 2 granted 3 used 4 released 5 lapsed 6 expired 7 revoked",
    "redemption.revoked_why": "order: with its order; else the word that staff gave",
    "entitlement_endpoint.previous_until": "until then it is signed with both secrets",
    "entitlement_endpoint.gone_at": "it answered that it wants no more; nothing is sent",
    "entitlement_endpoint.secret": "encrypted, bound to the shop",
    "entitlement_endpoint.previous_secret": "likewise",
    "entitlement_delivery.claimed_until": "somebody is sending it; over, it is sent again",
    "entitlement_delivery.ended_at": "delivered, or given up",
    "entitlement_delivery.customer": "an identity",
    "entitlement_delivery.attempts": "begun, in all",
    "entitlement_delivery.failures": "since it waits; they set the pause",
    "entitlement_delivery.number": "of the redemption, from 1: the order they go out in",
    "entitlement_delivery.state": "1 waiting 2 delivered 3 failed",
    "entitlement_delivery.last_status": "of the last answer; null: there was none",
    "entitlement_delivery.what": "granted or revoked",
    "entitlement_delivery.body": "the same bytes at each attempt",
}


def upgrade() -> None:
    for statement in _CHANGES:
        op.execute(statement)
    for column, comment in _COMMENTS.items():
        op.execute(f"COMMENT ON COLUMN {column} IS '{comment}'")


def downgrade() -> None:
    op.execute("DROP TABLE entitlement_delivery, entitlement_endpoint")
    op.execute("DROP INDEX ix_redemption_order")
    before = "1 held 2 granted 3 used 4 released 5 lapsed 6 expired"
    op.execute(f"COMMENT ON COLUMN redemption.state IS '{before}'")
    op.execute("ALTER TABLE redemption DROP COLUMN revoked_at, DROP COLUMN revoked_why")
