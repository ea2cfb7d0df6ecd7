"""Statements for what was told of customers, on both sides of a rebuild. {live} and {anew} stand for the schemas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import asyncpg

from services.metrics.lifecycle.store.changes import Row

# Timers on the shop's own clock lie under partitions below 0, as shared/clocks places them.
OVERDUE = """
SELECT t.shop, t.identity FROM timer t
LEFT JOIN shop_clock c ON t.partition = -(c.shop * 4096 + c.partition) - 1
LEFT JOIN shop s ON s.number = t.shop
WHERE t.kind = $1
  AND t.due <= CASE WHEN t.partition < 0 AND s.settings->>'clock' = 'stream' THEN c.until ELSE $2 END
"""
PUT_OFF = """
SELECT c.shop, c.customer FROM customer_state c
JOIN generation g ON g.shop = c.shop AND g.number = c.generation AND g.live
WHERE c.put_off
"""
# On the shop's own clock personal thresholds rest on figures of a partition. Where an order was told by more than one
# event, these may have come by two partitions, and no topic says which was first. So may all that is known of merged
# identities, and of those from whom one was parted: how far a partition's clock had come when another one's event was
# handled decides up to when their stages are told, until all clocks have passed.
UNDECIDED = """
SELECT DISTINCT o.shop, o.customer FROM order_fact o
JOIN shop s ON s.number = o.shop AND s.settings->>'clock' = 'stream'
JOIN generation g ON g.shop = o.shop AND g.live AND g.lifecycle->>'lapsing' = 'personal'
WHERE o.customer <> 0 AND (
    EXISTS (SELECT FROM order_status e WHERE (e.shop, e.order_id) = (o.shop, o.order_id))
    OR EXISTS (SELECT FROM order_content e WHERE (e.shop, e.order_id) = (o.shop, o.order_id))
    OR EXISTS (SELECT FROM refund e WHERE (e.shop, e.order_id) = (o.shop, o.order_id)))
UNION
SELECT p.shop, who.customer FROM customer_pointer p
JOIN shop s ON s.number = p.shop AND s.settings->>'clock' = 'stream'
CROSS JOIN LATERAL (VALUES (p.customer), (p.canonical)) AS who(customer)
UNION
SELECT t.shop, t.customer FROM transition t
JOIN shop s ON s.number = t.shop AND s.settings->>'clock' = 'stream'
JOIN generation g ON g.shop = t.shop AND g.number = t.generation AND g.live
WHERE t.retracted_by IS NOT NULL AND EXISTS (SELECT FROM customer_pointer p WHERE p.shop = t.shop)
"""
# Of shops on their own clock: by customer, what stands of them in a number.
STAGES = """
SELECT c.shop, c.customer, hashtextextended(ROW(c.stage, c.stage_began, c.threshold, c.gaps)::text, 11) AS life,
       coalesce(t.told, 0)::text
FROM customer_state c
JOIN shop s ON s.number = c.shop AND s.settings->>'clock' = 'stream'
JOIN generation g ON g.shop = c.shop AND g.number = c.generation AND g.live
 AND (g.lifecycle->>'lapsing' = 'personal' OR EXISTS (SELECT FROM customer_pointer p WHERE p.shop = c.shop))
LEFT JOIN (
    SELECT shop, generation, customer, sum(hashtextextended(ROW(day, previous, stage)::text, 11)::numeric) AS told
    FROM transition WHERE retracted_by IS NULL GROUP BY shop, generation, customer
) AS t ON (t.shop, t.generation, t.customer) = (c.shop, c.generation, c.customer)
WHERE c.orders > 0 OR c.last_visit > 0 OR c.odd <> 0
"""
SHOPS = """
SELECT s.number, s.slug, g.number AS generation, s.settings->>'clock' = 'stream' AS streams
FROM {anew}.shop s JOIN {live}.generation g ON g.shop = s.number AND g.live
ORDER BY s.number
"""
_STANDING = "SELECT customer, day, previous, stage FROM {side}.transition WHERE {of} AND retracted_by IS NULL"
_OF = "shop = $1 AND generation = $2"
# Who does not agree: other stages, other words under one event's id, or fewer rows than numbers were given away.
_DIFFERING = f"""
WITH live AS ({_STANDING.replace("{side}", "{live}").replace("{of}", _OF)}),
     anew AS ({_STANDING.replace("{side}", "{anew}").replace("{of}", _OF)})
SELECT customer FROM (TABLE live EXCEPT ALL TABLE anew) AS a
UNION SELECT customer FROM (TABLE anew EXCEPT ALL TABLE live) AS b
UNION
SELECT l.customer FROM {{live}}.transition l JOIN {{anew}}.transition r USING (shop, generation, customer, n)
WHERE l.shop = $1 AND l.generation = $2 AND l.event_id = r.event_id
  AND (l.day, l.previous, l.stage, l.reason) IS DISTINCT FROM (r.day, r.previous, r.stage, r.reason)
UNION
SELECT c.customer FROM {{live}}.customer_state c
LEFT JOIN (
    SELECT customer, count(*) AS rows FROM {{live}}.transition WHERE {_OF} GROUP BY customer
) AS t USING (customer)
WHERE c.shop = $1 AND c.generation = $2 AND c.changes <> coalesce(t.rows, 0)
"""  # noqa: S608 - constants
HORIZON = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text"
# What was written since somebody looked. Whatever that one did not see has a number at least as great.
_TOUCHED = """
SELECT customer FROM {live}.transition
WHERE shop = $1 AND generation = $2 AND age(xmin) <= age($3::text::xid8::xid)
UNION
SELECT customer FROM {anew}.transition
WHERE shop = $1 AND generation = $2 AND age(xmin) <= age($3::text::xid8::xid)
"""
_NUMBERS = """
UPDATE {anew}.customer_state r SET changes = l.changes FROM (
    SELECT l.customer, l.changes FROM {live}.customer_state l JOIN {anew}.customer_state r
      USING (shop, generation, customer)
    WHERE l.shop = $1 AND l.generation = $2 AND {which} LIMIT $3
) AS l
WHERE r.shop = $1 AND r.generation = $2 AND r.customer = l.customer
"""
# Of whom live has told something, and the rebuild knows nothing any more: their orders count for others.
_MISSING = """
INSERT INTO {anew}.customer_state (customer, shop, generation, first_day, orders, version, days, changes)
SELECT l.customer, l.shop, l.generation, 0, 0, 1, array_fill(0, ARRAY[cardinality(l.days)]), l.changes
FROM {live}.customer_state l
WHERE l.shop = $1 AND l.generation = $2 AND l.changes > 0 AND NOT EXISTS (
    SELECT FROM {anew}.customer_state r
    WHERE (r.shop, r.generation, r.customer) = (l.shop, l.generation, l.customer)
)
ON CONFLICT (shop, generation, customer) DO NOTHING
"""
_ROWS = """
SELECT customer, shop, generation, n, day, previous, stage, reason, last_active, threshold, evidence, late, time,
       event_id, retracted_by
FROM {side}.transition WHERE shop = $1 AND generation = $2 AND customer = ANY($3::bigint[]) ORDER BY customer, n
"""
_CHANGES = """
SELECT customer, changes FROM {live}.customer_state
WHERE shop = $1 AND generation = $2 AND customer = ANY($3::bigint[])
"""
_FORGET_ROW = "DELETE FROM {live}.transition WHERE shop = $1 AND generation = $2 AND customer = $3 AND n = $4"
_WRITE_ROW = """
INSERT INTO {live}.transition
    (customer, shop, generation, n, day, previous, stage, reason, last_active, threshold, evidence, late, time,
     event_id, retracted_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""
_CONTRIBUTIONS = """
SELECT 13 AS measure, t.stage::int AS param, t.day, {sign} AS value FROM {side}.transition t WHERE {of}
UNION ALL
SELECT 13, t.previous, t.day, -{sign} FROM {side}.transition t WHERE {of} AND t.previous <> 0
UNION ALL
SELECT 14, t.previous * 8 + t.stage, t.day, {sign} FROM {side}.transition t WHERE {of}
"""
_THOSE = "t.shop = $1 AND t.generation = $2 AND t.customer = ANY($3::bigint[]) AND t.retracted_by IS NULL"


def _contributions(side: str, sign: str) -> str:
    return _CONTRIBUTIONS.replace("{side}", side).replace("{sign}", sign).replace("{of}", _THOSE)


_COUNT = f"""
INSERT INTO {{anew}}.counter AS c (shop, generation, basis, measure, param, gap, day, currency, shard, value)
SELECT $1, $2, 0, measure, param, 0, day, '', 0, sum(value) FROM (
    {_contributions("{live}", "1")} UNION ALL {_contributions("{anew}", "(-1)")}
) AS d
GROUP BY measure, param, day HAVING sum(value) <> 0
ON CONFLICT ON CONSTRAINT pk_counter DO UPDATE SET value = c.value + excluded.value
"""  # noqa: S608 - constants
_LIFE = ("stage", "stage_began", "last_visit", "threshold", "figure_day", "seen", "due", "changes", "put_off", "gaps")
_TAKE_LIVES = f"""
UPDATE {{anew}}.customer_state r SET {", ".join(f"{name} = l.{name}" for name in _LIFE)}
FROM {{live}}.customer_state l
WHERE l.shop = $1 AND l.generation = $2 AND l.customer = ANY($3::bigint[])
  AND (r.shop, r.generation, r.customer) = (l.shop, l.generation, l.customer)
"""  # noqa: S608 - constants
_PUT_OFF = """
UPDATE {anew}.customer_state SET put_off = true
WHERE shop = $1 AND generation = $2 AND customer = ANY($3::bigint[]) RETURNING customer
"""
_FORGET_TIMERS = "DELETE FROM {anew}.timer WHERE shop = $1 AND kind = $2 AND identity = ANY($3::text[])"
_TAKE_TIMERS = """
INSERT INTO {anew}.timer (shop, kind, identity, due, partition)
SELECT shop, kind, identity, due, partition FROM {live}.timer
WHERE shop = $1 AND kind = $2 AND identity = ANY($3::text[])
"""
_SET_TIMERS = """
INSERT INTO {anew}.timer AS t (shop, kind, identity, due, partition)
SELECT $1, $2, w.identity, $5, w.partition FROM unnest($3::text[], $4::int[]) AS w(identity, partition)
ON CONFLICT (shop, kind, identity) DO UPDATE SET due = least(t.due, excluded.due)
"""


class Sided:
    """One shop's live generation on both sides, through one connection."""

    def __init__(self, conn: asyncpg.Connection[Any], live: str, anew: str, shop: int, generation: int) -> None:
        self._conn = conn
        self._names = {"live": f'"{live}"', "anew": f'"{anew}"'}
        self._of = (shop, generation)

    async def differing(self) -> set[int]:
        """Customers of whom both sides do not agree."""
        return {row[0] for row in await self._conn.fetch(self._sql(_DIFFERING), *self._of)}

    async def touched(self, horizon: str) -> set[int]:
        """Customers of whom something was told on either side since."""
        return {row[0] for row in await self._conn.fetch(self._sql(_TOUCHED), *self._of, horizon)}

    async def raise_numbers(self) -> None:
        """No number that live has given away may be given away again."""
        await self._conn.execute(self._sql(_MISSING), *self._of)
        await self._conn.execute(self._sql(_NUMBERS, which="l.changes > r.changes"), *self._of, None)

    async def align_numbers(self, at_most: int) -> None:
        """Go on with live's numbers. Beyond `at_most` customers, some leave numbers out."""
        await self.raise_numbers()
        await self._conn.execute(self._sql(_NUMBERS, which="l.changes < r.changes"), *self._of, at_most)

    async def rows(self, side: str, customers: Sequence[int]) -> dict[int, list[Row]]:
        """All rows of customers, by number. `side`: live or anew."""
        found: dict[int, list[Row]] = {customer: [] for customer in customers}
        statement = self._sql(_ROWS, side=self._names[side])
        for row in await self._conn.fetch(statement, *self._of, list(customers)):
            found[row["customer"]].append(Row(*row))
        return found

    async def changes(self, customers: Sequence[int]) -> dict[int, int]:
        """How many numbers live has given away."""
        return dict(await self._conn.fetch(self._sql(_CHANGES), *self._of, list(customers)))

    async def mend(self, rows: Sequence[Row]) -> None:
        """Write rows into live's table, in place of those of the same numbers."""
        await self._conn.executemany(self._sql(_FORGET_ROW), [(*self._of, row.customer, row.n) for row in rows])
        await self._conn.executemany(self._sql(_WRITE_ROW), rows)

    async def count(self, customers: Sequence[int]) -> None:
        """Have the rebuild's counters of stages say what live's table says of these."""
        await self._conn.execute(self._sql(_COUNT), *self._of, list(customers))

    async def take_lives(self, kind: str, identities: Mapping[int, str]) -> None:
        """Leave customers as they stand in live, and their timers of this kind."""
        customers, names = list(identities), list(identities.values())
        await self._conn.execute(self._sql(_TAKE_LIVES), *self._of, customers)
        await self._conn.execute(self._sql(_FORGET_TIMERS), self._of[0], kind, names)
        await self._conn.execute(self._sql(_TAKE_TIMERS), self._of[0], kind, names)

    async def put_off(self, customers: Sequence[int]) -> set[int]:
        """Have stages worked out anew when their timers fire. Gives those who have a row."""
        return {row[0] for row in await self._conn.fetch(self._sql(_PUT_OFF), *self._of, list(customers))}

    async def set_timers(self, kind: str, places: Mapping[str, int], due: datetime) -> None:
        """Have timers fire by then. `places`: partitions, by identity."""
        statement = self._sql(_SET_TIMERS)
        await self._conn.execute(statement, self._of[0], kind, list(places), list(places.values()), due)

    def _sql(self, statement: str, **names: str) -> str:
        for name, value in {**names, **self._names}.items():
            statement = statement.replace(f"{{{name}}}", value)
        return statement
