"""Orders a second from `orders.v1` to posted points and their event: loyalty beside plain per-event code.

Both go by columns. With tiers each order looks for its customer's level beside that, so they are given half of them.
"""

from __future__ import annotations

import asyncio
import os
import statistics
from datetime import timedelta
from typing import NamedTuple

import asyncpg
from msgspec.structs import replace

from bench.ground import PARTITIONS, SHOPS, create_topics, fresh_database
from bench.loyalty_told import ends, kept, read
from bench.measure import Run, processes_of, processor_seconds, run_contestant
from bench.plain_loyalty import CENTS_A_POINT
from bench.servers import servers
from bench.stream import FIRST_DAY, Stream, make_stream, produce
from mandegar.stack import Stack
from services.loyalty.main import create_service
from services.loyalty.programmes import Level, Programme, Rate, RollingWindow, Rule, Tiers, Version
from services.loyalty.programmes.store import add_version
from shared.contracts import topics
from shared.db.engine import server_settings

PLAIN_EVENTS = 3_000
ORDERS_A_CUSTOMER = 10
SHOP = SHOPS["personal"]
FLAT = Programme(
    name="Points",
    currency=SHOP.currency,
    rules=(Rule(id="spend", name="Spend", earn=Rate(points=1, per=CENTS_A_POINT)),),
)
# They give benefits and not more points, so that the recount needs no tiers of its own.
_LEVELS = (
    Level(id="regular", name="Regular", threshold=0),
    Level(id="silver", name="Silver", threshold=100_000, benefits=("Free shipping",)),
    Level(id="gold", name="Gold", threshold=300_000, benefits=("Free shipping", "Early access")),
)
PROGRAMMES = {
    "flat": FLAT,
    "tiers": replace(FLAT, tiers=Tiers(levels=_LEVELS, window=RollingWindow(days=365), downgrade="one_step")),
}
SHARE = {"flat": 1, "tiers": 2}
"""Of how many orders the stream has one."""


class Ground(NamedTuple):
    """What a round needs."""

    stack: Stack
    stream: Stream
    ticks: int
    programme: str
    batch: int


def loyalty(orders: int, rounds: int, batch: int) -> dict[str, list[dict[str, object]]]:
    """Each programme on servers of its own; gives all runs."""
    report: dict[str, list[dict[str, object]]] = {}
    for programme, share in SHARE.items():
        runs = one_programme(programme, orders // share, rounds, batch)
        report[programme] = [{"name": run.name, "rss_mib": run.rss_mib, **run.result} for run in runs]
    return report


def one_programme(programme: str, orders: int, rounds: int, batch: int) -> list[Run]:
    """All rounds with one programme: plain and ours, in turns."""
    customers = max(1, orders // ORDERS_A_CUSTOMER)
    stream = make_stream(orders, customers)
    with servers() as stack:
        print(f"\nloyalty, {programme}: {orders:,} orders of {customers:,} customers: producing …", flush=True)
        asyncio.run(create_topics(stack.bootstrap_servers, topics_of_loyalty()))
        ticks = asyncio.run(produce(stack.bootstrap_servers, topics.ORDERS, PARTITIONS, stream))
        ground = Ground(stack, stream, ticks, programme, batch)
        runs: list[Run] = []
        for number in range(1, rounds + 1):
            print(f"round {number} of {rounds}", flush=True)
            for run in (plain(ground, f"plain-{number}"), ours(ground)):
                print(f"  {run.name:<22} {run.rate:>10,.0f} orders/s  {run.rss_mib:>6.0f} MiB", flush=True)
                runs.append(run)
        summarise(runs)
        return runs


def topics_of_loyalty() -> set[str]:
    """The topics that loyalty reads and writes."""
    service = create_service()
    return {one.topic for one in service.subscriptions} | {*service.own_topics, topics.DEAD_LETTERS}


def plain(ground: Ground, topic: str) -> Run:
    """Plain per-event code once, what it told recounted order by order."""
    stack = ground.stack
    asyncio.run(create_topics(stack.bootstrap_servers, [topic]))
    orders = min(PLAIN_EVENTS, len(ground.stream))
    where = ["--bootstrap", stack.bootstrap_servers, "--database", stack.database_url, "--topic", topics.ORDERS]
    run = run_contestant("plain", "bench.plain_loyalty", [*where, "--told", topic, "--limit", str(orders)])
    told = asyncio.run(read(stack.bootstrap_servers, topic, dict.fromkeys(range(PARTITIONS), 0)))
    found = run.result
    points = told.points.total()
    if told.wrong(ground.stream, orders) or (found["entries"], found["rest"], found["points"]) != (
        2 * orders,
        0,
        points,
    ):
        raise SystemExit(f"the plain result is wrong: {found}; {told.wrong(ground.stream, orders)}")
    return run


def ours(ground: Ground) -> Run:
    """Our service once, its ledger replayed and what it told recounted order by order."""
    stack, orders = ground.stack, len(ground.stream)
    fresh_database(stack.database_url, SHOP, "loyalty")
    asyncio.run(publish(stack.database_url, PROGRAMMES[ground.programme]))
    since = asyncio.run(ends(stack.bootstrap_servers))
    asked = ["--orders", str(orders), "--ticks", str(ground.ticks), "--batch", str(ground.batch)]
    processes = processes_of(stack)
    before = {name: processor_seconds(process) for name, process in processes.items()}
    run = run_contestant(f"mandegar, {ground.programme}", "bench.loyalty_ours", asked)
    used = {name: processor_seconds(process) - before[name] for name, process in processes.items()}
    run.result["processor"] = {
        name: seconds * 1e6 / orders for name, seconds in {"worker": run.result["processor_seconds"], **used}.items()
    }
    told = asyncio.run(read(stack.bootstrap_servers, topics.LOYALTY_POINTS, since))
    found = asyncio.run(kept(stack.database_url, os.environ["MANDEGAR_SECRET_KEY"]))
    if wrong := told.wrong(ground.stream, orders):
        raise SystemExit(f"what was told is wrong: {wrong}")
    if (found.earned, found.points, found.broken) != (orders, told.points.total(), 0):
        raise SystemExit(f"the ledger is wrong: {found}, told {told.points.total()} points of {orders} orders")
    return run


async def publish(url: str, programme: Programme) -> None:
    """Have it be the shop's programme from before the first order on."""
    conn = await asyncpg.connect(url, server_settings=server_settings("loyalty", "bench"))
    since = FIRST_DAY - timedelta(days=1)
    try:
        await add_version(conn, SHOP.number, Version(1, since, programme, "bench", "", since))
    finally:
        await conn.close()


def summarise(runs: list[Run]) -> None:
    """Medians over the rounds, the ratio, and microseconds by stage."""
    names = list(dict.fromkeys(run.name for run in runs))
    median = {name: statistics.median(run.rate for run in runs if run.name == name) for name in names}
    print("\ncontestant              orders/s   x plain   peak RSS MiB   orders a round")
    for name in names:
        own = [run for run in runs if run.name == name]
        rss, orders = max(run.rss_mib for run in own), own[0].result["events"]
        print(
            f"{name:<22} {median[name]:>9,.0f} {median[name] / median['plain']:>9,.1f} {rss:>14,.0f} {orders:>16,.0f}"
        )
    for name in names:
        own = [run for run in runs if run.name == name and "stages" in run.result]
        if own:
            posted = statistics.median(run.result["events"] / run.result["seconds_posted"] for run in own)
            whole = statistics.median(1e6 / run.rate for run in own)
            batch = own[0].result["events"] / own[0].result["batches"]
            print(
                f"{name}: committed {posted:,.0f} orders/s, {batch:,.0f} a batch; us an order: all {whole:.1f}  ",
                end="",
            )
            print(_columns(own, "stages"))
            print(f"processor time, us an order: {_columns(own, 'processor')}")
    print("verified: each order told once with its points; an entry an order; the ledger replayed, nothing broken")


def _columns(runs: list[Run], of: str) -> str:
    """Medians by name."""
    return "  ".join(
        f"{name} {statistics.median(run.result[of][name] for run in runs):.2f}" for name in runs[0].result[of]
    )
