"""`make bench`: the same stream through this service, a plain consumer and raw fetches; rounds alternate in one run.

Prints events per second, the ratio to the plain consumer, microseconds an order by stage, peak memory, and whether
the result is right. Ratios travel; absolute figures are of this machine at this hour.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import statistics
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bench.ground import PARTITIONS, SHOPS, create_topics, fresh_database
from bench.measure import Run, run_contestant
from bench.stream import Stream, make_stream, produce
from bench.verify import changes_of_stages, differing_days
from mandegar.stack import Stack

CUSTOMERS = 20_000
PLAIN_EVENTS = 3_000
OURS = "mandegar, "


def main() -> None:
    """Run the sizes asked for, print the tables, and write them where asked."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--orders", type=int, nargs="+", default=[200_000, 2_000_000])
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the first size; later sizes run once")
    parser.add_argument("--batch", type=int, default=20_000, help="largest batch")
    parser.add_argument("--json", type=Path, help="write all runs there")
    given = parser.parse_args()
    report: dict[str, list[dict[str, object]]] = {}
    flat: list[tuple[int, str, float, float]] = []
    for number, orders in enumerate(given.orders):
        runs = size(orders, given.rounds if number == 0 else 1, given.batch)
        report[str(orders)] = [{"name": run.name, "rss_mib": run.rss_mib, **run.result} for run in runs]
        for shop in SHOPS:
            own = [run for run in runs if run.name == f"{OURS}{shop}"]
            cost = statistics.median(1e6 / run.rate for run in own)
            flat.append((orders, shop, cost, max(run.rss_mib for run in own)))
    if len(flat) > 1:
        print("\nsize      stages        us an order   peak RSS MiB")
        for orders, shop, cost, rss in flat:
            print(f"{orders:>9,} {shop:<12} {cost:>12.1f} {rss:>14.0f}")
    if given.json:
        given.json.write_text(json.dumps(report, indent=1))


def size(orders: int, rounds: int, batch: int) -> list[Run]:
    """All rounds at one size, on servers of their own."""
    stream = make_stream(orders, CUSTOMERS)
    with tempfile.TemporaryDirectory(prefix="mandegar-bench-") as directory, Stack(Path(directory)) as stack:
        os.environ.update(
            KAFKA_BOOTSTRAP_SERVERS=stack.bootstrap_servers,
            DATABASE_URL=stack.database_url,
            MANDEGAR_SECRET_KEY=secrets.token_hex(32),
            MANDEGAR_LOG_LEVEL="warning",
        )
        print(f"\n{orders:,} orders of {CUSTOMERS:,} customers, {PARTITIONS} partitions: producing …", flush=True)
        asyncio.run(create_topics(stack.bootstrap_servers))
        ticks = asyncio.run(produce(stack.bootstrap_servers, "orders.v1", PARTITIONS, stream))
        wanted = {name: changes_of_stages(stream, shop.lifecycle) for name, shop in SHOPS.items()}
        runs: list[Run] = []
        for number in range(1, rounds + 1):
            runs += one_round(stack, stream, ticks, wanted, batch)
            print(f"round {number} of {rounds}", flush=True)
            for run in runs[-3 - len(SHOPS) :]:
                print(f"  {run.name:<22} {run.rate:>10,.0f} events/s  {run.rss_mib:>6.0f} MiB", flush=True)
        summarise(runs)
        return runs


def one_round(
    stack: Stack, stream: Stream, ticks: int, wanted: Mapping[str, Mapping[str, int]], batch: int
) -> list[Run]:
    """Each contestant once, one after the other. `wanted`: changes of stages, by shop."""
    where = ["--bootstrap", stack.bootstrap_servers, "--topic", "orders.v1"]
    everything = ["--limit", str(len(stream) + ticks)]
    fetch = run_contestant("getmany", "bench.fetch", [*where, *everything])
    decode = run_contestant("getmany + decode", "bench.fetch", [*where, *everything, "--decode"])
    plain_limit = str(min(PLAIN_EVENTS, len(stream)))
    plain = run_contestant("plain", "bench.plain", [*where, "--limit", plain_limit, "--database", stack.database_url])
    if plain.result["orders"] != plain.result["counted"]:
        raise SystemExit("the plain consumer's result is wrong")
    return [
        fetch,
        decode,
        plain,
        *(ours(stack, stream, ticks, shop=name, wanted=wanted[name], batch=batch) for name in SHOPS),
    ]


def ours(stack: Stack, stream: Stream, ticks: int, *, shop: str, wanted: Mapping[str, int], batch: int) -> Run:
    """Our service once, its result recounted."""
    fresh_database(stack.database_url, SHOPS[shop])
    asked = ["--orders", str(len(stream)), "--ticks", str(ticks), "--batch", str(batch)]
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
    print("\ncontestant              events/s   x plain   peak RSS MiB")
    for name in names:
        rss = max(run.rss_mib for run in runs if run.name == name)
        print(f"{name:<22} {median[name]:>9,.0f} {median[name] / median['plain']:>9,.1f} {rss:>14,.0f}")
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
    print("result verified on every day: held and repeat (30, 90, 180, 365), orders, revenue, changes of stages: equal")


if __name__ == "__main__":
    main()
