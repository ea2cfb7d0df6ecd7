"""Events a second: the same stream through all contestants, one after the other, rounds alternating."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np

from bench.contestants import PEERS, command, python_of, read
from bench.ground import PARTITIONS, SHOPS, create_topics, fresh_database
from bench.measure import Run, run_contestant
from bench.servers import servers
from bench.stream import Stream, make_stream, produce
from bench.verify import changes_of_stages, differing_days
from mandegar.stack import Stack

CUSTOMERS = 20_000
PLAIN_EVENTS = 3_000
OURS = "mandegar, "


class Ground(NamedTuple):
    """What a round needs."""

    stack: Stack
    stream: Stream
    ticks: int
    wanted: Mapping[str, Mapping[str, int]]
    """Changes of stages, by shop."""
    batch: int
    chosen: Collection[str]


def size(orders: int, rounds: int, batch: int, chosen: Collection[str]) -> list[Run]:
    """All rounds at one size, on servers of their own."""
    stream = make_stream(orders, CUSTOMERS)
    with servers() as stack:
        print(f"\n{orders:,} orders of {CUSTOMERS:,} customers, {PARTITIONS} partitions: producing …", flush=True)
        asyncio.run(create_topics(stack.bootstrap_servers))
        ticks = asyncio.run(produce(stack.bootstrap_servers, "orders.v1", PARTITIONS, stream))
        shops = SHOPS if "mandegar" in chosen else {}
        wanted = {name: changes_of_stages(stream, shop.lifecycle) for name, shop in shops.items()}
        ground = Ground(stack, stream, ticks, wanted, batch, chosen)
        runs: list[Run] = []
        for number in range(1, rounds + 1):
            print(f"round {number} of {rounds}", flush=True)
            for run in one_round(ground, f"{orders}-{number}"):
                print(f"  {run.name:<22} {run.rate:>10,.0f} events/s  {run.rss_mib:>6.0f} MiB", flush=True)
                runs.append(run)
        summarise(runs)
        return runs


def one_round(ground: Ground, number: str) -> list[Run]:
    """Each contestant once, one after the other."""
    where = ["--bootstrap", ground.stack.bootstrap_servers, "--topic", "orders.v1"]
    everything = ["--limit", str(len(ground.stream) + ground.ticks)]
    runs = []
    if "getmany" in ground.chosen:
        runs += [
            run_contestant("getmany", "bench.fetch", [*where, *everything]),
            run_contestant("getmany + decode", "bench.fetch", [*where, *everything, "--decode"]),
        ]
    limit = str(min(PLAIN_EVENTS, len(ground.stream)))
    plain = run_contestant("plain", "bench.plain", [*where, "--limit", limit, "--database", ground.stack.database_url])
    if plain.result["orders"] != plain.result["counted"]:
        raise SystemExit("the plain consumer's result is wrong")
    return [
        *runs,
        plain,
        *(peer(ground, name, number) for name in PEERS if name in ground.chosen),
        *(ours(ground, name) for name in ground.wanted),
    ]


def peer(ground: Ground, name: str, number: str) -> Run:
    """Another library's contestant once, its result recounted where it took the whole stream."""
    limit, run = PEERS[name].limit, f"{name}-{number}"
    asyncio.run(create_topics(ground.stack.bootstrap_servers, [run]))
    orders = min(limit or len(ground.stream), len(ground.stream))
    asked = command(ground.stack, topic="orders.v1", run=run, extra=("--limit", str(orders)))
    done = run_contestant(PEERS[name].title(name), PEERS[name].module, asked, python=python_of(name))
    found = read(name, ground.stack, run).changes
    counted = int(np.array(found["orders"]).reshape(-1, 2)[:, 1].sum())
    if counted != done.result["events"] or counted < orders:
        raise SystemExit(f"{name} counted {counted} of {done.result['events']} orders")
    if orders == len(ground.stream) and (wrong := differing_days(ground.stream, found)):
        raise SystemExit(f"the result of {name} is wrong on {wrong} days")
    return done


def ours(ground: Ground, shop: str) -> Run:
    """Our service once, its result recounted."""
    stream, wanted = ground.stream, ground.wanted[shop]
    fresh_database(ground.stack.database_url, SHOPS[shop])
    asked = ["--orders", str(len(stream)), "--ticks", str(ground.ticks), "--batch", str(ground.batch)]
    run = run_contestant(f"{OURS}{shop}", "bench.ours", asked)
    wrong = differing_days(stream, run.result.pop("figures"))
    if wrong or run.result["events"] != len(stream):
        raise SystemExit(f"our result is wrong on {wrong} days, {run.result['events']} of {len(stream)} events")
    told = dict(run.result["changes"])
    if told.pop("retracted") or told != wanted:
        raise SystemExit(f"changes of stages are wrong: {run.result['changes']}, recounted {wanted}")
    return run


def summarise(runs: list[Run]) -> None:
    """Medians over the rounds, ratios to the plain consumer, and our stages."""
    names = list(dict.fromkeys(run.name for run in runs))
    median = {name: statistics.median(run.rate for run in runs if run.name == name) for name in names}
    print("\ncontestant              events/s   x plain   peak RSS MiB   events a round")
    for name in names:
        own = [run for run in runs if run.name == name]
        rss, events = max(run.rss_mib for run in own), own[0].result["events"]
        print(
            f"{name:<22} {median[name]:>9,.0f} {median[name] / median['plain']:>9,.1f} {rss:>14,.0f} {events:>16,.0f}"
        )
    for name in names:
        own = [run for run in runs if run.name == name and name.startswith(OURS)]
        if own:
            stages = {
                stage: statistics.median(run.result["stages"][stage] for run in own)
                for stage in own[0].result["stages"]
            }
            changes = (sum(own[0].result["changes"].values())) / float(own[0].result["events"])
            print(f"{name}: {changes:.2f} changes of stages an order; us an order by stage: ", end="")
            print("  ".join(f"{stage} {cost:.2f}" for stage, cost in stages.items()))
    print(
        "verified on every day for all who took the whole stream: held and repeat (30, 90, 180, 365), orders, revenue;"
    )
    print("and for mandegar the changes of stages: equal to the recount")
