"""A rebuild takes live's place: what was told of customers stays as it was told, and nothing is told twice or lost.

1 while live runs: of whom do both sides not agree   2 while live stands still: those, and whoever was told of since:
a   rows that must be wrong are mended
b   who is about to be told of in live, or may be right as they stand there, stays as they stand there
c   of whoever the table still says what is not true, the stage is worked out anew by their timer, which tells it
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import asyncpg

from services.metrics.lifecycle.domain.adopting import settle
from services.metrics.lifecycle.store import adopting as store
from services.metrics.lifecycle.store.adopting import Sided
from services.metrics.lifecycle.telling import LIFECYCLE_TIMER
from shared.clocks import timers_of
from shared.contracts.envelope import message_key
from shared.contracts.topics import ORDERS
from shared.kernel import CustomerId, customer_id_text, parse_customer_id
from shared.messaging.partitioning import partitions_of
from shared.messaging.rebuilding import Sides

_ALIGNED_MAX = 50_000
_EPOCH = datetime.fromtimestamp(0, UTC)
_TEMPORARY = "CREATE TEMPORARY TABLE set_apart (shop smallint, customer bigint) ON COMMIT DROP"
_PARTITIONS = "SELECT count(*) FROM {live}.consumer_offset WHERE topic = $1"


class _Shop(NamedTuple):
    number: int
    slug: str
    generation: int
    streams: bool


class Prepared(NamedTuple):
    """What was found while live ran."""

    horizon: str
    """Number of a transaction: whatever was not seen has that one or a later one."""
    shops: tuple[_Shop, ...]
    differing: Mapping[int, set[int]]
    """Customers, by shop."""


async def set_apart(live: asyncpg.Connection[Any], anew: asyncpg.Connection[Any]) -> int:
    """Customers who are about to be looked at on one side go to a temporary table `set_apart` on both.

    So do those whose stages differ although both sides may be right.
    """
    found: set[tuple[int, int]] = set()
    for side in (live, anew):
        found |= await _on_the_way(side, await side.fetchval("SELECT now()"))
    stages = [{(row[0], row[1]): row[2:] for row in await side.fetch(store.STAGES)} for side in (live, anew)]
    undecided = {(row[0], row[1]) for row in await live.fetch(store.UNDECIDED)}
    found |= {one for one in undecided if stages[0].get(one) != stages[1].get(one)}
    rows = sorted(found)
    for side in (live, anew):
        await side.execute(_TEMPORARY)
        await side.copy_records_to_table("set_apart", records=rows)
    return len(rows)


async def _on_the_way(conn: asyncpg.Connection[Any], now: datetime) -> set[tuple[int, int]]:
    """(shop, customer): put off, or with a timer that is due, by the tables of the search path."""
    found = {(row[0], row[1]) for row in await conn.fetch(store.PUT_OFF)}
    for shop, identity in await conn.fetch(store.OVERDUE, LIFECYCLE_TIMER, now):
        found.add((shop, int(parse_customer_id(identity))))
    return found


class LifecycleHistory:
    """Implements `shared.messaging.rebuilding.History`."""

    async def prepare(self, worker: asyncpg.Connection[Any], sides: Sides) -> Prepared:
        """Of whom both sides do not agree, as far as each has come."""
        horizon = await worker.fetchval(store.HORIZON)
        shops, differing = [], {}
        names = {"{live}": f'"{sides.live}"', "{anew}": f'"{sides.anew}"'}
        statement = store.SHOPS
        for name, schema in names.items():
            statement = statement.replace(name, schema)
        for row in await worker.fetch(statement):
            shop = _Shop(*row)
            sided = Sided(worker, *sides, shop.number, shop.generation)
            await sided.raise_numbers()
            differing[shop.number] = await sided.differing()
            shops.append(shop)
        return Prepared(horizon, tuple(shops), differing)

    async def adopt(
        self, operator: asyncpg.Connection[Any], sides: Sides, prepared: Prepared, now: datetime
    ) -> Sequence[str]:
        """See the module, point 2."""
        partitions = await operator.fetchval(_PARTITIONS.replace("{live}", f'"{sides.live}"'), ORDERS)
        mended = later = 0
        for shop in prepared.shops:
            # The owner is bound by the policies: one shop after the other.
            await operator.execute("SELECT set_config('app.shop', $1, true)", str(shop.number))
            await operator.execute(f'SET LOCAL search_path = "{sides.live}"')
            sided = Sided(operator, *sides, shop.number, shop.generation)
            on_the_way = {customer for _, customer in await _on_the_way(operator, now)}
            undecided = {row[1] for row in await operator.fetch(store.UNDECIDED)}
            await sided.align_numbers(_ALIGNED_MAX)
            wanted = prepared.differing[shop.number] | await sided.touched(prepared.horizon) | on_the_way
            found = await _adopt(sided, sorted(wanted), (on_the_way, undecided), _Timers(shop, partitions, now))
            mended, later = mended + found[0], later + found[1]
        told = []
        if mended:
            told.append(f"{mended:,} rows of changes of stages were mended in place; their events had been published")
        if later:
            told.append(f"of {later:,} customers stages are worked out anew within minutes, and corrections published")
        return told


class _Timers(NamedTuple):
    shop: _Shop
    partitions: int
    now: datetime

    async def hurry(self, sided: Sided, customers: Sequence[int]) -> None:
        """Have customers looked at as soon as may be."""
        if not customers:
            return
        names = [_name(customer) for customer in customers]
        places = partitions_of([message_key(self.shop.slug, name) for name in names], self.partitions).tolist()
        if self.shop.streams:
            places = [timers_of(self.shop.number, place) for place in places]
        due = _EPOCH if self.shop.streams else self.now
        await sided.set_timers(LIFECYCLE_TIMER, dict(zip(names, places, strict=True)), due)


async def _adopt(
    sided: Sided, customers: Sequence[int], apart: tuple[set[int], set[int]], timers: _Timers
) -> tuple[int, int]:
    """Gives how many rows were mended, and of how many customers something will have to be told."""
    live, anew = await sided.rows("live", customers), await sided.rows("anew", customers)
    changes = await sided.changes(customers)
    rows, untrue = [], []
    for customer in customers:
        found = settle(live[customer], anew[customer], changes.get(customer, 0))
        by_number = {row.n: row for row in anew[customer]}
        rows += [by_number[n] for n in found.mended]
        if not found.is_true:
            untrue.append(customer)
    await sided.mend(rows)
    await sided.count(untrue)
    on_the_way, undecided = apart
    waiting = [customer for customer in customers if customer in on_the_way]
    kept = {*waiting, *(undecided & set(untrue))}
    await sided.take_lives(LIFECYCLE_TIMER, {customer: _name(customer) for customer in sorted(kept)})
    later = sorted(await sided.put_off([customer for customer in untrue if customer not in kept]))
    # Who is put off in live may wait for another of its timers, which goes with live's tables.
    await timers.hurry(sided, later + waiting)
    return len(rows), len(later)


def _name(customer: int) -> str:
    return customer_id_text(CustomerId(customer))
