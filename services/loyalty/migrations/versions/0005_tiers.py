"""What occasions count for tiers, and where persons stand.

Revision 0005, after 0004.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_COLUMNS = (
    "ALTER TABLE occasion ADD COLUMN kept bigint, ADD COLUMN day integer, ADD COLUMN starts integer",
    "COMMENT ON COLUMN occasion.kept IS 'revenue left, as tiers count it; null: it counts for nothing'",
    "COMMENT ON COLUMN occasion.day IS 'of the shop, that it counts on; null: never judged'",
    "COMMENT ON COLUMN occasion.starts IS 'the day on which its points become active; null: never judged'",
)
# Of orders that were judged before: what refunds with an amount have left. Whole refunds leave nothing.
_COUNT = """
UPDATE occasion o
SET day = (convert_from(o.granted, 'UTF8')::jsonb ->> 'day')::int,
    starts = coalesce((convert_from(o.granted, 'UTF8')::jsonb ->> 'starts')::int, 0),
    kept = CASE
        WHEN o.status <> 2 OR coalesce(o.through, 0) = 0 OR r.whole THEN NULL
        WHEN r.amount > 0 AND r.amount >= o.revenue THEN NULL
        ELSE o.revenue - coalesce(r.amount, 0)
    END
FROM occasion p LEFT JOIN LATERAL (
    SELECT bool_or(f.whole) AS whole, sum(f.amount) AS amount
    FROM occasion_refund f WHERE f.shop = p.shop AND f.order_id = p.id AND p.kind = 1
) r ON true
WHERE o.granted IS NOT NULL AND p.shop = o.shop AND p.kind = o.kind AND p.id = o.id
"""
_STANDING = """
CREATE TABLE tier_standing (
    customer bigint NOT NULL,
    since integer NOT NULL,
    due integer NOT NULL,
    seen integer NOT NULL,
    number integer NOT NULL,
    shop smallint NOT NULL,
    missed boolean NOT NULL,
    level text COLLATE "C" NOT NULL,
    CONSTRAINT pk_tier_standing PRIMARY KEY (shop, customer)
)
"""
_COMMENTS = {
    "customer": "whom the person is counted as",
    "since": "day on which the level was reached, or changed last",
    "due": "day on which it is looked at next; 2147483647: none",
    "seen": "the day up to which changes were told",
    "number": "how many changes were told",
    "missed": "the last review found too little; grace runs until `due`",
    "level": "id; empty: the first",
}


def upgrade() -> None:
    for statement in (*_COLUMNS, _COUNT, _STANDING):
        op.execute(statement)
    for column, comment in _COMMENTS.items():
        op.execute(f"COMMENT ON COLUMN tier_standing.{column} IS '{comment}'")


def downgrade() -> None:
    op.execute("DROP TABLE tier_standing")
    op.execute("ALTER TABLE occasion DROP COLUMN kept, DROP COLUMN day, DROP COLUMN starts")
