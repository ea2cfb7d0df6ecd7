"""Whether the result is right after kill -9, and when a tenth of the events comes twice.

Each contestant is killed some times in the middle and started again, without anybody looking at its data in between;
then it may end, and its counters are compared with the recount on every day of every measure.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import NamedTuple

from bench.contestants import PEERS, command, python_of, read
from bench.ground import PARTITIONS, SHOPS, create_topics, fresh_database
from bench.measure import kill_contestant, run_contestant
from bench.rates import OURS
from bench.servers import servers
from bench.stream import DAYS, Stream, make_stream, produce
from bench.verify import changes_of_stages, differing_days, recount
from mandegar.stack import Stack

DOUBLED = 0.1
SMALL = 10_000
"""Orders for those who take some hundreds a second."""
_SAVE = ("--save-seconds", "1")
_IDLE_SECONDS = 4.0
_ENDS_MAX = 4


class Outcome(NamedTuple):
    """One contestant, one treatment."""

    name: str
    treatment: str
    orders: int
    wrong: int
    """Days of measures that differ from the recount."""
    note: str = ""
    seconds_to_work: float = 0.0
    """After a kill, until the next process told of work: the longest."""


class Field(NamedTuple):
    """Streams and where they lie."""

    stack: Stack
    large: Stream
    small: Stream
    kills: int


def exactness(orders: int, kills: int, chosen: Collection[str]) -> list[Outcome]:
    """Everything, on servers of its own; prints as it goes."""
    with servers() as stack:
        small = min(SMALL, orders)
        field = Field(stack, make_stream(orders, orders // 10), make_stream(small, small // 10), kills)
        print(
            f"\nexactness: {kills} times kill -9; {orders:,} orders ({small:,} for faststream): producing …", flush=True
        )
        asyncio.run(_produce(field))
        outcomes: list[Outcome] = []
        for name in PEERS:
            if name in chosen:
                outcomes += _peer(field, name)
        if "mandegar" in chosen:
            outcomes.append(_ours(field))
        days = DAYS * len(recount(field.small))
        print(f"\ncontestant            treatment                    orders  wrong of {days:,}  slowest restart  note")
        for one in outcomes:
            wrong = "exact" if not one.wrong else f"{one.wrong:,}"
            again = f"{one.seconds_to_work:.1f} s" if one.seconds_to_work else ""
            print(f"{one.name:<21} {one.treatment:<26} {one.orders:>8,}  {wrong:>14}  {again:>15}  {one.note}")
        return outcomes


async def _produce(field: Field) -> None:
    servers_, topics = field.stack.bootstrap_servers, ("large", "small", "small-doubled")
    await create_topics(servers_)
    await create_topics(servers_, topics)
    await produce(servers_, "large", PARTITIONS, field.large)
    await produce(servers_, "small", PARTITIONS, field.small)
    await produce(servers_, "small-doubled", PARTITIONS, field.small, doubled=DOUBLED)
    await produce(servers_, "orders.v1", PARTITIONS, field.large, doubled=DOUBLED)


def _peer(field: Field, name: str) -> list[Outcome]:
    peer, outcomes = PEERS[name], []
    stream = field.small if peer.heavy else field.large
    plain, doubled = ("small", "small-doubled") if peer.heavy else ("large", "orders.v1")
    for treatment, topic, kills in (("killed", plain, field.kills), ("10 % doubled", doubled, 0)):
        run = f"{name}-{treatment.split()[0]}"
        asyncio.run(create_topics(field.stack.bootstrap_servers, [run]))
        asked = command(field.stack, topic=topic, run=run, extra=_SAVE)
        slowest = 0.0
        for number in range(kills):
            killed = kill_contestant(peer.module, asked, after=len(stream) // (kills + 1), python=python_of(name))
            slowest = max(slowest, killed.seconds_to_work if number else 0.0)
        for _ in range(_ENDS_MAX):
            ended = run_contestant(name, peer.module, asked, python=python_of(name))
            found = read(name, field.stack, run)
            wrong = differing_days(stream, found.changes)
            if not wrong or not ended.result["events"]:
                break  # right, or wrong though nothing is left to do
        note = f"{found.repeated:,} messages told again" if found.repeated else ""
        title = peer.title(name)
        outcomes.append(Outcome(title, f"{treatment}", len(stream), wrong, note, slowest))
        if found.repeated:
            careful = differing_days(stream, read(name, field.stack, run, once=True).changes)
            outcomes.append(
                Outcome(title, f"{treatment}, read once", len(stream), careful, "the reader drops what was told")
            )
        print(f"  {title}: {treatment}: {'exact' if not wrong else f'{wrong:,} wrong'}", flush=True)
    return outcomes


def _ours(field: Field) -> Outcome:
    """Both at once: a tenth doubled, and killed."""
    shop = SHOPS["personal"]
    fresh_database(field.stack.database_url, shop)
    asked = ["--orders", str(len(field.large)), "--ticks", "0", "--idle", str(_IDLE_SECONDS), "--batch", "5000"]
    slowest = 0.0
    for number in range(field.kills):
        killed = kill_contestant("bench.ours", asked, after=len(field.large) // (field.kills + 1))
        slowest = max(slowest, killed.seconds_to_work if number else 0.0)
    run = run_contestant(OURS, "bench.ours", asked)
    wrong = differing_days(field.large, run.result["figures"])
    told = dict(run.result["changes"])
    retracted, wanted = told.pop("retracted"), changes_of_stages(field.large, shop.lifecycle)
    same = not retracted and told == wanted
    note = "changes of stages " + ("too" if same else f"differ: {told}, {retracted} retracted, wanted {wanted}")
    return Outcome(f"{OURS}personal", "killed and 10 % doubled", len(field.large), wrong + (not same), note, slowest)
