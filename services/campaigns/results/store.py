"""Every query of the slice. It reads messages, what came of them, runs, and what was bought, and keeps nothing.

So a figure is what a recount would give, at any moment: an order that is cancelled or refunded later, comes late or
twice, or whose customer is merged, is in `purchase` as it stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TypeVar

import asyncpg

from services.campaigns.results.domain import Arm, Figures, Lift, Row, Variant
from shared.db import Reads

# What reaches the customer; what shops' systems and staff are told is no touch of a message.
_TOUCHING = ("email", "sms", "push")
_MESSAGES = """
SELECT m.step, coalesce(m.variant, '') AS variant, m.channel,
       count(*) FILTER (WHERE m.state IN (0, 1)) AS planned, count(*) FILTER (WHERE m.state = 2) AS sent,
       count(*) FILTER (WHERE m.state = 3) AS failed, count(*) FILTER (WHERE m.state = 4) AS unknown,
       count(*) FILTER (WHERE m.state = 5) AS suppressed,
       count(*) FILTER (WHERE r.delivered) AS delivered, count(*) FILTER (WHERE r.bounced) AS bounced,
       count(*) FILTER (WHERE r.complained) AS complained,
       count(*) FILTER (WHERE r.opened) AS opened, count(*) FILTER (WHERE r.clicked) AS clicked,
       coalesce(sum(m.segments), 0)::bigint AS segments,
       count(DISTINCT coalesce(p.canonical, m.customer)) FILTER (WHERE m.state = 2) AS reached
FROM message m LEFT JOIN customer_pointer p ON p.shop = m.shop AND p.customer = m.customer
LEFT JOIN LATERAL (
    SELECT bool_or(what = 1) AS delivered, bool_or(what = 2) AS bounced,
           bool_or(what = 5) AS complained,
           bool_or(what = 3 AND NOT machine) AS opened, bool_or(what = 4 AND NOT machine) AS clicked
    FROM receipt WHERE shop = m.shop AND message = m.id) r ON true
WHERE m.shop = $1 AND m.campaign = $2 AND NOT m.test
GROUP BY GROUPING SETS ((m.step, coalesce(m.variant, ''), m.channel), ())
"""
# The last message before an order has it, whichever campaign it is of: an order counts for one message at most.
_ORDERS = """
WITH person AS MATERIALIZED (
    SELECT DISTINCT coalesce(p.canonical, m.customer) AS person
    FROM message m LEFT JOIN customer_pointer p ON p.shop = m.shop AND p.customer = m.customer
    WHERE m.shop = $1 AND m.campaign = $2 AND m.state = 2 AND NOT m.test AND m.channel = ANY($4::text[])
), identity AS MATERIALIZED (
    SELECT person, person AS customer FROM person
    UNION SELECT p.canonical, p.customer FROM customer_pointer p JOIN person ON p.canonical = person.person
    WHERE p.shop = $1
), touch AS MATERIALIZED (
    SELECT i.person, m.id, m.ended_at, m.campaign, m.step, coalesce(m.variant, '') AS variant, m.channel
    FROM identity i JOIN message m ON m.shop = $1 AND m.customer = i.customer
    WHERE m.state = 2 AND NOT m.test AND m.channel = ANY($4::text[])
), attributed AS (
    SELECT DISTINCT ON (o.order_id) o.order_id, o.currency, o.net, t.person, t.campaign, t.step, t.variant, t.channel
    FROM identity i JOIN purchase o ON o.shop = $1 AND o.customer = i.customer
    JOIN touch t ON t.person = i.person AND t.ended_at <= o.at AND o.at < t.ended_at + $3::interval
    ORDER BY o.order_id, t.ended_at DESC, t.id DESC
)
SELECT grouping(step) = 1 AS whole, step, variant, channel, grouping(currency) = 1 AS any_currency, currency,
       count(DISTINCT person) AS converted, count(*) AS orders, sum(net)::bigint AS net
FROM attributed WHERE campaign = $2
GROUP BY GROUPING SETS ((step, variant, channel, currency), (step, variant, channel), (currency), ())
"""
# Orders of both groups are counted alike, whatever was sent: after what a run was entered by, as its goal is. A person
# is one draw of chance, however many runs they have; the order that enters a run is not due to it.
_LIFT = """
WITH run AS MATERIALIZED (
    SELECT coalesce(p.canonical, r.customer) AS person, r.id, r.since, r.control
    FROM journey_run r LEFT JOIN customer_pointer p ON p.shop = r.shop AND p.customer = r.customer
    WHERE r.shop = $1 AND r.journey = $2
), person AS MATERIALIZED (
    SELECT person, (array_agg(control ORDER BY since, id))[1] AS control, count(*) AS runs FROM run GROUP BY person
), identity AS MATERIALIZED (
    SELECT person, person AS customer FROM person
    UNION SELECT p.canonical, p.customer FROM customer_pointer p JOIN person ON p.canonical = person.person
    WHERE p.shop = $1
), bought AS MATERIALIZED (
    SELECT i.person, o.order_id, o.currency, o.net
    FROM identity i JOIN purchase o ON o.shop = $1 AND o.customer = i.customer
    WHERE EXISTS (
        SELECT FROM run WHERE run.person = i.person AND run.since < o.at AND o.at < run.since + $3::interval)
), total AS (
    SELECT control, count(*) AS persons, sum(runs)::bigint AS runs FROM person GROUP BY control
)
SELECT control, t.runs, t.persons, grouping(b.currency) = 1 AS any_currency, b.currency,
       count(DISTINCT b.person) AS converted, count(b.order_id) AS orders, coalesce(sum(b.net), 0)::bigint AS net
FROM total t JOIN person p USING (control) LEFT JOIN bought b USING (person)
GROUP BY GROUPING SETS ((control, t.runs, t.persons, b.currency), (control, t.runs, t.persons))
ORDER BY control, b.currency
"""
# By the first run of each person that came to a split: that draw is the first that told them apart. Those who were held
# out draw as others do and get nothing whatever they drew, so all who came to a split stand against each of its ways.
_VARIANTS = """
WITH draw AS MATERIALIZED (
    SELECT DISTINCT ON (person) person, since, control, split_part(variant, ':', 1) AS split,
           CASE WHEN control THEN '' ELSE split_part(variant, ':', 2) END AS name,
           count(*) OVER (PARTITION BY person) AS runs
    FROM (
        SELECT coalesce(p.canonical, r.customer) AS person, r.id, r.since, r.control, r.variant
        FROM journey_run r LEFT JOIN customer_pointer p ON p.shop = r.shop AND p.customer = r.customer
        WHERE r.shop = $1 AND r.journey = $2 AND r.variant <> ''
    ) run
    ORDER BY person, since, id
), identity AS MATERIALIZED (
    SELECT person, person AS customer FROM draw
    UNION SELECT p.canonical, p.customer FROM customer_pointer p JOIN draw ON p.canonical = draw.person
    WHERE p.shop = $1
), bought AS MATERIALIZED (
    SELECT d.person, o.order_id, o.currency, o.net
    FROM draw d JOIN identity i USING (person) JOIN purchase o ON o.shop = $1 AND o.customer = i.customer
    WHERE d.since < o.at AND o.at < d.since + $3::interval
), total AS (
    SELECT split, name, control, count(*) AS persons, sum(runs)::bigint AS runs FROM draw GROUP BY 1, 2, 3
)
SELECT split, name, control, t.runs, t.persons, grouping(b.currency) = 1 AS any_currency, b.currency,
       count(DISTINCT b.person) AS converted, count(b.order_id) AS orders, coalesce(sum(b.net), 0)::bigint AS net
FROM total t JOIN draw d USING (split, name, control) LEFT JOIN bought b USING (person)
GROUP BY split, name, control, t.runs, t.persons, GROUPING SETS ((b.currency), ())
ORDER BY split, name, control, b.currency
"""
_SENT = """
SELECT split_part(variant, ':', 1) AS split, split_part(variant, ':', 2) AS name, count(*) AS sent FROM message
WHERE shop = $1 AND campaign = $2 AND state = 2 AND NOT test AND variant <> '' GROUP BY 1, 2
"""
KeyT = TypeVar("KeyT")
_Place = tuple[str, str, str]
_WHOLE: _Place = ("", "", "")


async def rows_of(reads: Reads, shop: int, campaign: str, window: timedelta) -> tuple[Row, list[Row]]:
    """(the whole campaign, by step, variant and channel). `window`: an order so long after a message is due to it."""
    figures: dict[_Place, dict[str, int]] = {_WHOLE: {}}
    for row in await reads.fetch(_MESSAGES, shop, campaign):
        at = _WHOLE if row["step"] is None else (row["step"], row["variant"], row["channel"])
        figures[at] = {name: row[name] for name in Figures._fields if name not in ("converted", "orders")}
    revenue: dict[_Place, dict[str, int]] = {}
    for row in await reads.fetch(_ORDERS, shop, campaign, window, list(_TOUCHING)):
        at = _WHOLE if row["whole"] else (row["step"], row["variant"], row["channel"])
        if row["any_currency"]:
            figures[at] |= {"converted": row["converted"], "orders": row["orders"]}
        else:
            revenue.setdefault(at, {})[row["currency"]] = row["net"]
    made = [
        Row(*at, Figures(**found), tuple(sorted(revenue.get(at, {}).items()))) for at, found in sorted(figures.items())
    ]
    return made[0], made[1:]


async def lift_of(reads: Reads, shop: int, journey: str, window: timedelta) -> Lift | None:
    """What a journey brings; None where it held nobody out, or is none. `window`: so long after a run began."""
    arms = _arms((row["control"], row) for row in await reads.fetch(_LIFT, shop, journey, window))
    treated, control = (arms.get(held, Arm()) for held in (False, True))
    return Lift(treated, control) if control.persons else None


async def variants_of(reads: Reads, shop: int, journey: str, window: timedelta) -> list[Variant]:
    """What each way of a journey's splits brings, by split and name; none where it has no split, or is none."""
    rows = await reads.fetch(_VARIANTS, shop, journey, window)
    arms = _arms(((row["split"], row["name"], row["control"]), row) for row in rows)
    sent = {(row["split"], row["name"]): row["sent"] for row in await reads.fetch(_SENT, shop, journey)}
    treated = {(split, name): arm for (split, name, control), arm in arms.items() if not control}
    return [
        Variant(split, name, sent.get((split, name), 0), arm, arms.get((split, "", True)))
        for (split, name), arm in sorted(treated.items())
    ]


def _arms(rows: Iterable[tuple[KeyT, asyncpg.Record]]) -> dict[KeyT, Arm]:
    """From rows by currency, and of any, those of arms."""
    arms: dict[KeyT, Arm] = {}
    revenue: dict[KeyT, list[tuple[str, int]]] = {}
    for key, row in rows:
        if row["any_currency"]:
            arms[key] = Arm(row["runs"], row["persons"], row["converted"], row["orders"])
        elif row["currency"] is not None:  # null: of those who bought nothing
            revenue.setdefault(key, []).append((row["currency"], row["net"]))
    return {key: arm._replace(revenue=tuple(revenue.get(key, ()))) for key, arm in arms.items()}
