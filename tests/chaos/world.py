"""One platform under fire: a database and topics of its own, a dirty stream, and workers that are kept alive."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from sqlalchemy.engine import make_url

from mandegar.generating import Settings, Stream, generate
from mandegar.stack import Stack
from services.gateway.shops import add_shop
from services.loyalty.programmes import Programme, Rate, Rule, Version
from shared.contracts import topics
from shared.contracts.shops import Shop
from shared.db.engine import create_pool, plain_url
from shared.kernel import SystemClock
from shared.testing import Databases
from tests.chaos.keeping import Ending, Keeper
from tests.chaos.topic import ends_of, forget_members, make_topics_anew
from tests.loyalty_orders.programmes import publish
from tests.messaging.lossy_proxy import LossyProxy, lossy_proxy

SECRET = "kU7yq2Zr9bXw4nTe6mLs0cVd8fGh1jPa"
SERVICES = ("gateway", "metrics", "loyalty")
COUNTING = ("gateway", "metrics")
READS = {
    "gateway": (topics.RAW_ORDERS,),
    "metrics": (topics.ORDERS, topics.CUSTOMERS),
    "loyalty": (topics.ORDERS, topics.CUSTOMERS),
    "feedback": (topics.ORDERS, topics.CUSTOMERS, topics.CAMPAIGNS_MESSAGES),
    "campaigns": (
        *(topics.CUSTOMERS, topics.CONSENTS, topics.INTERACTIONS, topics.ORDERS),
        *(topics.CAMPAIGNS_REQUESTS, topics.CAMPAIGNS_MESSAGES, topics.FEEDBACK_SURVEYS),
    ),
}
"""What each of them must have taken in, in the direction of flow."""
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What a look at the database may raise while that is being killed."""
_numbers = count(1)
_DRAINED_SECONDS_MAX = 900.0
_ANY_TAKEN = "SELECT sum(next) > 0 FROM consumer_offset"


@dataclass(frozen=True)
class Servers:
    stack: Stack
    databases: Databases
    logs: Path


@dataclass
class World:
    """What a test does its harm to. `stream` is what shops send; `shops` by slug."""

    servers: Servers
    url: str
    stream: Stream
    shops: dict[str, Shop]
    proxy: LossyProxy
    environ: dict[str, str]
    services: tuple[str, ...] = COUNTING
    """Those that must be done before all is."""
    keepers: list[Keeper] = field(default_factory=list)
    sent: int = 0
    """Lines of the stream that are on the topic."""
    hurry: bool = False
    """Feed without pauses from now on."""
    loss: float = 0.0
    """The share of COMMITs whose reply is lost."""
    rng: Random = field(default_factory=lambda: Random(0))

    @property
    def endings(self) -> list[Ending]:
        """How all lives of all workers ended so far."""
        return [ending for keeper in self.keepers for ending in keeper.endings]

    def obituary(self, lines: int = 40) -> str:
        """How workers ended, and the last that each who failed had to say."""
        told = [str(self.endings)]
        for keeper in self.keepers:
            if any(ending.code == 1 for ending in keeper.endings):
                told += [f"{keeper.service}:", *keeper.log.read_text(errors="replace").splitlines()[-lines:]]
        return "\n".join(told)

    @property
    def kafka(self) -> str:
        return self.servers.stack.bootstrap_servers

    def keep(self, service: str, *, plan: Iterable[str] = (), forget: bool = True, **environ: str) -> Keeper:
        """Start a worker, and start it again whenever it dies. `forget`: its group misses it at once."""

        async def died(name: str) -> None:
            if forget:
                await forget_members(self.kafka, name)

        log = self.servers.logs / f"{Path(self.url).name}-{service}-{len(self.keepers)}.log"
        keeper = Keeper(service, self.environ | environ, log, plan=plan, died=died)
        self.keepers.append(keeper)
        return keeper

    async def feed(self, lines: int, *, piece: int = 50, pause: float = 0.0) -> None:
        """Send the next lines of the stream, to partitions at random, with a pause after each piece."""
        until = min(self.sent + lines, len(self.stream.lines))
        while self.sent < until:
            part = self.stream.lines[self.sent : min(self.sent + (500 if self.hurry else piece), until)]
            await self._send(part)
            self.sent += len(part)
            await asyncio.sleep(0 if self.hurry else pause)

    async def feed_rest(self) -> None:
        await self.feed(len(self.stream.lines), piece=500)

    async def pool(self, schema: str) -> asyncpg.Pool[Any]:
        return await create_pool(self.url, schema, application="judge")

    async def underway(self, seconds: float = 60.0) -> None:
        """Wait until every service has taken in something: harm done before would befall nobody."""
        async with asyncio.timeout(seconds):
            for service in self.services:
                pool = await self.pool(service)
                try:
                    while not await pool.fetchval(_ANY_TAKEN):  # noqa: ASYNC110 - tables tell no one
                        await asyncio.sleep(0.1)
                finally:
                    await pool.close()

    async def drained(self, seconds: float = 90.0) -> float:
        """Wait until everything sent has gone all the way; the seconds it took.

        AssertionError when less was never left for so many seconds: a busy machine is slow, and still goes on.
        """
        began = moved = monotonic()
        least, left = -1, dict[str, int]()
        trouble = "nothing was seen yet"
        while (now := monotonic()) - moved < seconds and now - began < _DRAINED_SECONDS_MAX:
            try:
                left = await self.left()
            except (*AWAY, KafkaError) as error:
                trouble = repr(error)
            else:
                if not left:
                    return monotonic() - began
                trouble, total = str(left), sum(left.values())
                if least < 0 or total < least:
                    least, moved = total, monotonic()
            await asyncio.sleep(0.25)
        endings = {f"{keeper.service}-{at}": keeper.endings for at, keeper in enumerate(self.keepers)}
        raise AssertionError(
            f"not drained after {monotonic() - began:.0f} s: {trouble}; workers ended: {endings}; "
            f"see {self.servers.logs}"
        )

    async def settled(self, seconds: float = 90.0) -> None:
        """Wait until the snapshots that follow a change have been published: no timer is due before the next day."""
        due = (
            "SELECT kind, count(*), min(due)::text, array_agg(DISTINCT partition) FROM timer"
            " WHERE due < now() + interval '7 seconds' GROUP BY 1"
        )
        for service in self.services[1:]:
            pool = await self.pool(service)
            began = monotonic()
            try:
                while waiting := await pool.fetch(due):
                    told = [tuple(row) for row in waiting]
                    assert monotonic() - began < seconds, f"{service} still has timers after {seconds} s: {told}"
                    await asyncio.sleep(0.25)
            finally:
                await pool.close()
        await self.drained(seconds)

    async def left(self) -> dict[str, int]:
        """What is still on its way, by place; empty when nothing is. In the direction of flow."""
        left = {}
        for service, topic in [(reader, read) for reader in self.services for read in READS[reader]]:
            ends = await ends_of(self.kafka, [topic])
            conn = await asyncpg.connect(plain_url(self.url), timeout=5, server_settings={"search_path": service})
            try:
                rows = await conn.fetch("SELECT partition, next FROM consumer_offset WHERE topic = $1", topic)
                done = {(topic, row[0]): row[1] for row in rows}
                left[f"{topic} before {service}"] = sum(end - done.get(place, 0) for place, end in ends.items())
                left[f"outbox of {service}"] = await conn.fetchval("SELECT count(*) FROM outbox")
            finally:
                await conn.close(timeout=5)
        return {place: number for place, number in left.items() if number}

    async def _send(self, lines: Sequence[bytes]) -> None:
        """Until they are acknowledged: after a failure all again, as shops do."""
        partitions = [self.rng.randrange(12) for _ in lines]
        async with asyncio.timeout(120):
            while True:
                producer = AIOKafkaProducer(bootstrap_servers=self.kafka, enable_idempotence=True, linger_ms=2)
                try:
                    await asyncio.wait_for(producer.start(), 10)
                    sends = [
                        await producer.send(topics.RAW_ORDERS, line, partition=partition)
                        for line, partition in zip(lines, partitions, strict=True)
                    ]
                    await asyncio.wait_for(asyncio.gather(*sends), 15)
                except (KafkaError, OSError, TimeoutError):
                    await asyncio.sleep(0.5)
                else:
                    return
                finally:
                    with contextlib.suppress(Exception):
                        await asyncio.wait_for(producer.stop(), 3)


@asynccontextmanager
async def a_world(
    servers: Servers,
    *,
    seed: int,
    customers: int = 300,
    bad: int = 12,
    through_proxy: bool = False,
    services: tuple[str, ...] = COUNTING,
) -> AsyncIterator[World]:
    """An empty platform with the generated shops; its workers are gone when the block ends.

    With loyalty among the `services`, each shop has a programme in which every order earns.
    """
    stream = without_strangers(generate(Settings(customers=customers, days=300, seed=seed, bad=bad)))
    print(f"chaos: seed {seed}, {len(stream.lines)} lines of {customers} customers")
    async with empty_world(servers, stream, seed=seed, through_proxy=through_proxy, services=services) as world:
        world.shops |= await _open_shops(world.url, stream)
        if "loyalty" in services:
            await _open_programmes(world.url, world.shops.values())
        yield world


@asynccontextmanager
async def empty_world(
    servers: Servers, stream: Stream, *, seed: int, through_proxy: bool, services: tuple[str, ...], **environ: str
) -> AsyncIterator[World]:
    """A platform without shops. `environ`: for its workers, who are gone when the block ends."""
    url = await servers.databases.create(*services)
    await make_topics_anew(servers.stack.bootstrap_servers)
    there = make_url(url)
    assert there.host is not None
    assert there.port is not None
    async with lossy_proxy(there.host, there.port, lambda _: world.rng.random() < world.loss) as proxy:
        seen = there.set(host="127.0.0.1", port=proxy.port) if through_proxy else there
        usual = {
            "DATABASE_URL": seen.render_as_string(hide_password=False),
            "KAFKA_BOOTSTRAP_SERVERS": servers.stack.bootstrap_servers,
            "MANDEGAR_SECRET_KEY": SECRET,
            "MANDEGAR_LOG_FORMAT": "json",
            "MANDEGAR_DRAIN_SECONDS": "8",
        }
        world = World(servers, url, stream, {}, proxy, {**usual, **environ}, services, rng=Random(seed))
        try:
            yield world
        finally:
            for keeper in world.keepers:
                keeper.kill()
            await asyncio.wait([keeper._task for keeper in world.keepers] or [asyncio.create_task(asyncio.sleep(0))])
            for service in services:
                await forget_members(world.kafka, service)


def programme_of(shop: Shop) -> Programme:
    """A point for each hundred of the smallest unit of what is paid in the shop's own money."""
    rule = Rule(id="spend", name="Spend", earn=Rate(points=1, per=100))
    return Programme(name="Points", currency=shop.currency, rules=(rule,))


def without_strangers(stream: Stream) -> Stream:
    """Without lines of unknown shops: each costs two minutes of patience in each life of a worker."""
    return Stream([line for line in stream.lines if b"no-such-shop" not in line], stream.facts, stream.shops)


async def _open_shops(url: str, stream: Stream) -> dict[str, Shop]:
    pool = await create_pool(url, "gateway", application="operator")
    try:
        return {
            shop.slug: await add_shop(
                pool,
                SystemClock(),
                shop.slug,
                name=shop.name,
                zone=shop.zone,
                currency=shop.currency,
                phone_region=shop.phone_region,
            )
            for shop in stream.shops
        }
    finally:
        await pool.close()


async def _open_programmes(url: str, shops: Iterable[Shop]) -> None:
    pool = await create_pool(url, "loyalty", application="operator")
    try:
        await publish(pool, {shop: [Version(1, LONG_AGO, programme_of(shop), "test", "", LONG_AGO)] for shop in shops})
    finally:
        await pool.close()
