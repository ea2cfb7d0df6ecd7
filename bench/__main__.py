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
from pathlib import Path

from bench.ground import PARTITIONS, configure_shop, create_topics, fresh_database
from bench.measure import Run, run_contestant
from bench.stream import Stream, make_stream, produce
from bench.verify import differing_days
from mandegar.stack import Stack

CUSTOMERS = 20_000
PLAIN_EVENTS = 3_000


def main() -> None:
    """Run the sizes asked for, print the tables, and write them where asked."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--orders", type=int, nargs="+", default=[200_000, 2_000_000])
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the first size; later sizes run once")
    parser.add_argument("--batch", type=int, default=20_000, help="largest batch")
    parser.add_argument("--json", type=Path, help="write all runs there")
    given = parser.parse_args()
    report: dict[str, list[dict[str, object]]] = {}
    flat: list[tuple[int, float, float]] = []
    for number, orders in enumerate(given.orders):
        runs = size(orders, given.rounds if number == 0 else 1, given.batch)
        report[str(orders)] = [{"name": run.name, "rss_mib": run.rss_mib, **run.result} for run in runs]
        ours = [run for run in runs if run.name == "mandegar"]
        flat.append((orders, statistics.median(1e6 / run.rate for run in ours), max(run.rss_mib for run in ours)))
    if len(flat) > 1:
        print("\nsize      us an order   peak RSS MiB")
        for orders, cost, rss in flat:
            print(f"{orders:>9,} {cost:>11.1f} {rss:>14.0f}")
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
        asyncio.run(configure_shop(stack.bootstrap_servers))
        asyncio.run(produce(stack.bootstrap_servers, "orders.v1", PARTITIONS, stream))
        runs: list[Run] = []
        for number in range(1, rounds + 1):
            runs += one_round(stack, stream, batch)
            print(f"round {number} of {rounds}", flush=True)
            for run in runs[-4:]:
                print(f"  {run.name:<16} {run.rate:>10,.0f} events/s  {run.rss_mib:>6.0f} MiB", flush=True)
        summarise(runs)
        return runs


def one_round(stack: Stack, stream: Stream, batch: int) -> list[Run]:
    """Each contestant once, one after the other."""
    where = ["--bootstrap", stack.bootstrap_servers, "--topic", "orders.v1"]
    everything = ["--limit", str(len(stream))]
    fetch = run_contestant("getmany", "bench.fetch", [*where, *everything])
    decode = run_contestant("getmany + decode", "bench.fetch", [*where, *everything, "--decode"])
    plain_limit = str(min(PLAIN_EVENTS, len(stream)))
    plain = run_contestant("plain", "bench.plain", [*where, "--limit", plain_limit, "--database", stack.database_url])
    if plain.result["orders"] != plain.result["counted"]:
        raise SystemExit("the plain consumer's result is wrong")
    fresh_database(stack.database_url)
    ours = run_contestant("mandegar", "bench.ours", [*everything, "--batch", str(batch)])
    wrong = differing_days(stream, ours.result.pop("figures"))
    if wrong or ours.result["events"] != len(stream):
        raise SystemExit(f"our result is wrong on {wrong} days, {ours.result['events']} of {len(stream)} events")
    return [fetch, decode, plain, ours]


def summarise(runs: list[Run]) -> None:
    """Medians over the rounds, ratios to the plain consumer, and our stages."""
    names = list(dict.fromkeys(run.name for run in runs))
    median = {name: statistics.median(run.rate for run in runs if run.name == name) for name in names}
    print("\ncontestant        events/s   x plain   peak RSS MiB")
    for name in names:
        rss = max(run.rss_mib for run in runs if run.name == name)
        print(f"{name:<16} {median[name]:>9,.0f} {median[name] / median['plain']:>9,.1f} {rss:>14,.0f}")
    ours = [run for run in runs if run.name == "mandegar"]
    stages = {
        stage: statistics.median(run.result["stages"][stage] for run in ours) for stage in ours[0].result["stages"]
    }
    print("us an order by stage: " + "  ".join(f"{stage} {cost:.2f}" for stage, cost in stages.items()))
    print("result verified on every day: held and repeat (30, 90, 180, 365), orders, revenue: equal")


if __name__ == "__main__":
    main()
