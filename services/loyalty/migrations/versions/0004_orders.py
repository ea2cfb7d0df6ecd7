"""Who there is and who is one person with whom, members, orders and interactions with what they were given.

Revision 0004, after 0003.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TABLES = {
    "customer_pointer": """
        customer bigint NOT NULL,
        canonical bigint NOT NULL,
        sequence bigint NOT NULL,
        shop smallint NOT NULL,
        CONSTRAINT pk_customer_pointer PRIMARY KEY (shop, customer)
    """,
    "known_customer": """
        customer bigint NOT NULL,
        shop smallint NOT NULL,
        CONSTRAINT pk_known_customer PRIMARY KEY (shop, customer)
    """,
    "member": """
        customer bigint NOT NULL,
        joined_at timestamptz NOT NULL,
        shop smallint NOT NULL,
        how smallint NOT NULL,
        state smallint NOT NULL,
        absences bytea,
        CONSTRAINT pk_member PRIMARY KEY (shop, customer)
    """,
    "occasion": """
        customer bigint NOT NULL,
        first_at timestamptz,
        last_at timestamptz,
        content_at timestamptz,
        delivered_at timestamptz,
        revenue bigint NOT NULL,
        points bigint NOT NULL DEFAULT 0,
        through bigint,
        shop smallint NOT NULL,
        kind smallint NOT NULL,
        status smallint NOT NULL,
        currency text NOT NULL,
        name text NOT NULL,
        content_id text COLLATE "C" NOT NULL,
        id text COLLATE "C" NOT NULL,
        detail bytea,
        granted bytea,
        CONSTRAINT pk_occasion PRIMARY KEY (shop, kind, id)
    """,
    "occasion_refund": """
        at timestamptz NOT NULL,
        amount bigint,
        shop smallint NOT NULL,
        whole boolean NOT NULL,
        order_id text COLLATE "C" NOT NULL,
        refund_id text COLLATE "C" NOT NULL,
        event_id text COLLATE "C" NOT NULL,
        currency text NOT NULL,
        items bytea,
        amounts bytea,
        CONSTRAINT pk_occasion_refund PRIMARY KEY (shop, order_id, refund_id)
    """,
    "cap_use": """
        customer bigint NOT NULL,
        points bigint NOT NULL,
        day integer NOT NULL,
        shop smallint NOT NULL,
        rule text COLLATE "C" NOT NULL,
        CONSTRAINT pk_cap_use PRIMARY KEY (shop, customer, rule, day)
    """,
    "order_spend": """
        customer bigint NOT NULL,
        points integer NOT NULL,
        shop smallint NOT NULL,
        order_id text COLLATE "C" NOT NULL,
        hold text COLLATE "C" NOT NULL,
        CONSTRAINT pk_order_spend PRIMARY KEY (shop, order_id, hold)
    """,
}
_INDEXES = (
    "CREATE INDEX ix_customer_pointer_canonical ON customer_pointer (shop, canonical) WHERE canonical <> customer",
    "CREATE INDEX ix_member_joined ON member (shop, state, joined_at, customer)",
    "CREATE INDEX ix_occasion_customer ON occasion (shop, customer, first_at)",
)
_COMMENTS = (
    "COMMENT ON COLUMN customer_pointer.customer IS 'the identity, as events name it'",
    "COMMENT ON COLUMN customer_pointer.canonical IS 'whom it is counted as; itself after an undone merge'",
    "COMMENT ON COLUMN customer_pointer.sequence IS 'of the event that said so'",
    "COMMENT ON COLUMN member.customer IS 'the identity that joined'",
    "COMMENT ON COLUMN member.joined_at IS 'what happens from then on earns'",
    "COMMENT ON COLUMN member.how IS '1 by event, 2 by first order, 3 over HTTP'",
    "COMMENT ON COLUMN member.state IS '1 active, 2 left, 3 blocked'",
    "COMMENT ON COLUMN member.absences IS 'JSON [[since, until, state, reason, actor], …], the last one now'",
    "COMMENT ON COLUMN occasion.customer IS 'the identity that events name; 0 for a guest'",
    "COMMENT ON COLUMN occasion.first_at IS 'first completion; null while there is none'",
    "COMMENT ON COLUMN occasion.last_at IS 'last completion or cancellation'",
    "COMMENT ON COLUMN occasion.content_at IS 'of the event whose content stands here'",
    "COMMENT ON COLUMN occasion.delivered_at IS 'the first delivery that was told of'",
    "COMMENT ON COLUMN occasion.revenue IS 'minor units, before refunds'",
    "COMMENT ON COLUMN occasion.points IS 'that stand for it'",
    "COMMENT ON COLUMN occasion.through IS 'by whose membership; 0: by none any more; null: never judged'",
    "COMMENT ON COLUMN occasion.kind IS '1 an order, 2 an interaction'",
    "COMMENT ON COLUMN occasion.status IS '0 neither known, 1 cancelled, 2 completed'",
    "COMMENT ON COLUMN occasion.name IS 'of the interaction; empty: an order'",
    "COMMENT ON COLUMN occasion.content_id IS 'id of that event: decides between equal instants'",
    "COMMENT ON COLUMN occasion.id IS 'of the order, or of the event of the interaction'",
    "COMMENT ON COLUMN occasion.detail IS 'JSON [channel, lines, name]; null where there is nothing'",
    "COMMENT ON COLUMN occasion.granted IS 'JSON: context, parts by rule and line; null: never judged'",
    "COMMENT ON COLUMN occasion_refund.amount IS 'minor units; null where neither amount nor items were named'",
    "COMMENT ON COLUMN occasion_refund.whole IS 'the shop named neither amount nor items'",
    "COMMENT ON COLUMN occasion_refund.event_id IS 'of the last telling'",
    "COMMENT ON COLUMN occasion_refund.currency IS 'empty: that of the order'",
    "COMMENT ON COLUMN occasion_refund.items IS 'JSON [[line, pieces], …]'",
    "COMMENT ON COLUMN occasion_refund.amounts IS 'JSON [[line, minor units], …]'",
    "COMMENT ON COLUMN cap_use.customer IS 'an identity'",
    "COMMENT ON COLUMN cap_use.points IS 'earned before refunds, of what stands'",
    "COMMENT ON COLUMN cap_use.day IS 'of the shop'",
    "COMMENT ON COLUMN order_spend.customer IS 'the identity that spent'",
    "COMMENT ON COLUMN order_spend.hold IS 'as the ledger names the spend'",
)


def upgrade() -> None:
    for name, columns in _TABLES.items():
        op.execute(f"CREATE TABLE {name} ({columns})")
    for statement in (*_INDEXES, *_COMMENTS):
        op.execute(statement)


def downgrade() -> None:
    for name in reversed(_TABLES):
        op.execute(f"DROP TABLE {name}")
