"""`make bench`: the same job by this service, a plain consumer and other libraries, beside raw fetches.

Rates (rounds alternate in one run, every result recounted), exactness after kill -9 and with doubled events, the
latency from the collector to the result event, points posted and told beside plain per-event code, and journeys whose
timers are all due. Ratios travel; absolute figures are of this machine at this hour.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from pathlib import Path

from bench.contestants import PEERS
from bench.exactness import exactness
from bench.ground import SHOPS
from bench.journeys import journeys
from bench.latency import latency
from bench.loyalty import loyalty
from bench.loyalty_latency import latency as loyalty_latency
from bench.rates import OURS, size

PARTS = ("rates", "exactness", "latency", "loyalty", "journeys")
CONTESTANTS = ("getmany", "plain", *PEERS, "mandegar")


def main() -> None:
    """Run the parts asked for, print the tables, and write them where asked."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--contestants", nargs="+", choices=CONTESTANTS, default=CONTESTANTS, help="plain always runs")
    parser.add_argument("--orders", type=int, nargs="+", default=[200_000], help="sizes of the rates' streams")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the first size; later sizes run once")
    parser.add_argument("--batch", type=int, default=20_000, help="largest batch of ours")
    parser.add_argument("--kills", type=int, default=3, help="how often each is killed")
    parser.add_argument("--exact-orders", type=int, default=100_000, help="orders of the part exactness")
    parser.add_argument("--seconds", type=float, default=60.0, help="of measured latency")
    parser.add_argument("--json", type=Path, help="write all runs there")
    parser.add_argument("--runs", type=int, default=100_000, help="of journeys")
    given = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", flush=True)
    report: dict[str, object] = {}
    began = time.perf_counter()
    if "rates" in given.parts:
        report["rates"] = rates(given)
    if "exactness" in given.parts:
        report["exactness"] = [one._asdict() for one in exactness(given.exact_orders, given.kills, given.contestants)]
    if "latency" in given.parts:
        report["latency"] = latency(rate=1_000, seconds=given.seconds)
    if "loyalty" in given.parts:
        report["loyalty"] = loyalty(given.orders[0], given.rounds, given.batch)
        report["loyalty latency"] = loyalty_latency(rate=1_000, seconds=given.seconds / 2)
    if "journeys" in given.parts:
        report["journeys"] = journeys(given.runs)
    print(f"\n{time.perf_counter() - began:,.0f} s in all; load {os.getloadavg()[0]:.1f}")
    if given.json:
        given.json.write_text(json.dumps(report, indent=1))


def rates(given: argparse.Namespace) -> dict[str, list[dict[str, object]]]:
    """All sizes; for several, what an order costs us at each."""
    report: dict[str, list[dict[str, object]]] = {}
    flat: list[tuple[int, str, float, float]] = []
    for number, orders in enumerate(given.orders):
        runs = size(orders, given.rounds if number == 0 else 1, given.batch, given.contestants)
        report[str(orders)] = [{"name": run.name, "rss_mib": run.rss_mib, **run.result} for run in runs]
        for shop in SHOPS if "mandegar" in given.contestants else ():
            own = [run for run in runs if run.name == f"{OURS}{shop}"]
            cost = statistics.median(1e6 / run.rate for run in own)
            flat.append((orders, shop, cost, max(run.rss_mib for run in own)))
    if len(given.orders) > 1:
        print("\nsize      stages        us an order   peak RSS MiB")
        for orders, shop, cost, rss in flat:
            print(f"{orders:>9,} {shop:<12} {cost:>12.1f} {rss:>14.0f}")
    return report


if __name__ == "__main__":
    main()
