"""`python -m bench.sizing`: how long it takes to say for how many a condition holds, of a large shop.

Profiles, consents and orders are made by SQL; a sample is asked as the API asks it, and of as many as are
still counted, everybody.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import statistics
import time
from typing import Any

import asyncpg

from bench.servers import servers
from mandegar.connecting import Connection
from mandegar.preparing import migrate_service
from services.campaigns.segments import parse
from services.campaigns.segments.store.members import Asking
from services.campaigns.segments.store.sizing import EXACT_MAX, size
from shared.db import acquire, create_pool
from shared.kernel import SystemClock, Zone

_MINUTES = 30 * 60
_MADE = (
    """
    INSERT INTO profile (shop, customer, orders, money, counts, first_order_at, last_order_at, stage, points, email,
                         phone, locale)
    SELECT 1, (random() * (2::numeric ^ 62)::float8 * 0.999999)::bigint + 1, n % 7,
           jsonb_build_object('USD', n % 10000), jsonb_build_object('USD', n % 7),
           now() - make_interval(days => 200 + n % 300), now() - make_interval(days => n % 200),
           (ARRAY['new', 'active', 'lapsing', 'lost'])[1 + n % 4], n % 500, 'c' || n || '@example.com', '+98912' || n,
           'fa-IR'
    FROM generate_series(1, $1::int) n ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO consent (shop, customer, channel, purpose, state, occurred_at, record, source)
    SELECT 1, customer, 'email', 'news', 'given', now(), 'r', 'checkout' FROM profile WHERE points % 2 = 0
    """,
    """
    INSERT INTO purchase (shop, order_id, customer, net, at, currency, known, products, categories)
    SELECT 1, customer || '-' || k, customer, 100, now() - make_interval(days => (points + k * 10)::int), 'USD', '',
           ARRAY['p' || points % 50], ARRAY['c' || points % 9]
    FROM profile, generate_series(1, 2) k WHERE orders > 0
    """,
)
_CONDITIONS: dict[str, dict[str, Any]] = {
    "regulars at risk": {
        "kind": "all",
        "of": [
            {"kind": "number", "field": "orders", "least": 3},
            {"kind": "age", "since": "last_order", "least": 30},
            {"kind": "not", "of": {"kind": "among", "field": "stage", "values": ["lost"]}},
            {"kind": "consent", "channel": "email", "purpose": "news"},
        ],
    },
    "bought a category": {"kind": "bought", "field": "category", "values": ["c3"], "days": 90},
    "clicked": {"kind": "responded", "did": "clicked", "days": 90},
}


def main() -> None:
    """Make a shop, ask, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.sizing", description=__doc__)
    parser.add_argument("--profiles", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    with servers() as stack:
        migrate_service("campaigns", Connection(stack.bootstrap_servers, stack.database_url, secrets.token_hex(32)))
        asyncio.run(_measured(stack.database_url, given.profiles, given.rounds))


async def _measured(url: str, profiles: int, rounds: int) -> None:
    async with await create_pool(url, "campaigns", application="bench") as pool, acquire(pool) as conn:
        await conn.execute("SET statement_timeout = 0")
        for statement in _MADE:
            await conn.execute(statement, *([profiles] if "$1" in statement else []), timeout=_MINUTES)
        await conn.execute("VACUUM ANALYZE", timeout=_MINUTES)
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {profiles:,} profiles", flush=True)
        await _asked(conn, "a sample", rounds)
        await conn.execute("DELETE FROM profile WHERE random() > $1", 0.98 * EXACT_MAX / profiles, timeout=_MINUTES)
        await conn.execute("VACUUM ANALYZE", timeout=_MINUTES)
        await _asked(conn, "everybody", rounds)


async def _asked(conn: asyncpg.Connection[Any], how: str, rounds: int) -> None:
    asking = Asking(1, Zone("Asia/Tehran"), SystemClock().now().date().toordinal())
    for name, condition in _CONDITIONS.items():
        took = []
        for _ in range(rounds):
            began = time.perf_counter()
            async with conn.transaction():
                found = await size(conn, asking, parse(condition), None)
            took.append((time.perf_counter() - began) * 1000)
        one = found.size
        print(
            f"{how:<10} {name:<18} median {statistics.median(took):>6,.0f} ms, most {max(took):>6,.0f};"
            f" {one.value:,} ({one.low:,} to {one.high:,}) of {found.customers:,}",
            flush=True,
        )


if __name__ == "__main__":
    main()
