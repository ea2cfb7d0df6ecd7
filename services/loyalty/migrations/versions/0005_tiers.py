"""What occasions count for tiers, and where persons stand.

Revision 0005, after 0004.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from alembic import op

from services.loyalty.earning import GivenBack, Line, Purchase, Returned, kept_share

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
# Of what was judged before, and nothing of it refunded.
_COUNT = """
UPDATE occasion o
SET day = (p.granted ->> 'day')::int,
    starts = coalesce((p.granted ->> 'starts')::int, 0),
    kept = CASE
        WHEN o.status <> 2 OR coalesce(o.through, 0) = 0 THEN NULL
        WHEN o.currency = v.body ->> 'currency' THEN o.revenue
        ELSE 0
    END
FROM (
    SELECT shop, kind, id, convert_from(granted, 'UTF8')::jsonb AS granted FROM occasion WHERE granted IS NOT NULL
) AS p LEFT JOIN programme_version v ON v.shop = p.shop AND v.number = (p.granted #>> '{context,version}')::int
WHERE p.shop = o.shop AND p.kind = o.kind AND p.id = o.id
"""
_REFUNDED = """
SELECT o.shop, o.id, o.kept, o.revenue, o.currency, o.detail,
       (SELECT array_agg(ARRAY[
            r.amount::text, r.currency, r.whole::text, convert_from(r.items, 'UTF8'), convert_from(r.amounts, 'UTF8')])
        FROM occasion_refund r WHERE r.shop = o.shop AND r.order_id = o.id) AS refunds
FROM occasion o
WHERE o.kind = 1 AND o.kept IS NOT NULL
    AND EXISTS (SELECT FROM occasion_refund r WHERE r.shop = o.shop AND r.order_id = o.id)
"""
_LEAVE = "UPDATE occasion SET kept = $1 WHERE shop = $2 AND kind = 1 AND id = $3"
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


def _left_of(revenue: int, currency: str, detail: bytes | None, refunds: Sequence[Sequence[str | None]]) -> int | None:
    """Revenue that refunds left; None for an order of which all came back."""
    lines = msgspec.json.decode(detail, type=tuple[str, list[Line], str])[1] if detail else []
    given_back = tuple(_given_back(*refund) for refund in refunds)
    share = kept_share(
        Purchase(id="", at=0, currency=currency, revenue=revenue, lines=tuple(lines), refunds=given_back)
    )
    return revenue * share.numerator // share.denominator if share else None


def _given_back(amount: Any, currency: Any, whole: Any, items: Any, amounts: Any) -> GivenBack:
    money = dict(msgspec.json.decode(amounts)) if amounts else {}
    pieces = msgspec.json.decode(items) if items else []
    returned = tuple(Returned(line, count, money.get(line, 0)) for line, count in pieces)
    return GivenBack(None if amount is None else int(amount), currency, whole == "true", returned)


def _count_refunded() -> None:
    """Line by line, as the worker counts them."""
    connection = op.get_bind()
    rows = connection.exec_driver_sql(_REFUNDED).all()
    left = [
        (_left_of(revenue, currency, detail, refunds), shop, order, kept)
        for shop, order, kept, revenue, currency, detail, refunds in rows
    ]
    for now, shop, order, kept in left:
        counted = 0 if kept == 0 and now is not None else now  # of another currency than the programme's
        if counted != kept:
            connection.exec_driver_sql(_LEAVE, (counted, shop, order))


def upgrade() -> None:
    for statement in (*_COLUMNS, _COUNT, _STANDING):
        op.execute(statement)
    _count_refunded()
    for column, comment in _COMMENTS.items():
        op.execute(f"COMMENT ON COLUMN tier_standing.{column} IS '{comment}'")


def downgrade() -> None:
    op.execute("DROP TABLE tier_standing")
    op.execute("ALTER TABLE occasion DROP COLUMN kept, DROP COLUMN day, DROP COLUMN starts")
