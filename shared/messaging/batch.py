"""One batch, one transaction: fence, processed ids, handlers, dead letters, timers, outbox, COMMIT.

Knows nothing of Kafka's client: a test, a benchmark and the worker give it chunks of records alike.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import numpy as np

from shared.contracts import topics
from shared.contracts.envelope import message_key
from shared.contracts.shops import Shop
from shared.db.partitions import ProcessedPartitions
from shared.db.shards import OUTBOX_SHARDS
from shared.db.transaction import OpenTransaction
from shared.kernel import Clock
from shared.messaging import crash
from shared.messaging.columns import Column
from shared.messaging.dead_letters import DeadLetters, Request, SetAside
from shared.messaging.decoding import TopicDecoder
from shared.messaging.fence import advance
from shared.messaging.handling import Delivery, Service, Subscription, Work
from shared.messaging.identities import Identities, ProcessedIds
from shared.messaging.isolation import Suspects, isolate
from shared.messaging.records import Chunk, PlainRecord, Refusal
from shared.messaging.reference import PATIENCE_SECONDS, ShopDirectory, ShopUnknown, UnknownShops, has_read
from shared.messaging.refusing import reason_of, refusal_of, set_aside
from shared.messaging.stages import StageTimes, Stopwatch

CONTENT_DIFFERS = "content_differs"
Step = Callable[[Work], Awaitable[None]]
"""Something else to do in a batch's transaction, after its ids and before its events: timers that are due."""


@dataclass(slots=True)
class Outcome:
    """What a committed batch did."""

    handled: dict[str, int] = field(default_factory=dict)
    """Events that took effect, by topic."""
    repeats: dict[str, int] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)
    published: int = 0
    replayed: int = 0
    times: StageTimes = field(default_factory=StageTimes)


class CommitDoubtful(Exception):
    """COMMIT was sent and its answer never came: read the positions to learn what happened."""


class BatchWork:
    """Implements `shared.messaging.handling.Work` for one transaction."""

    def __init__(self, tx: OpenTransaction, shard: int, directory: ShopDirectory) -> None:
        self._tx = tx
        self._shard = shard
        self._directory = directory
        self.refused: list[tuple[Delivery[Any], str, str]] = []

    @property
    def tx(self) -> OpenTransaction:
        return self._tx

    @property
    def shard(self) -> int:
        return self._shard

    def shop(self, slug: str) -> Shop:
        return self._directory.get(slug)

    def refuse(self, delivery: Delivery[Any], reason: str, detail: str) -> None:
        self.refused.append((delivery, reason, detail))


class BatchHandler:
    """Runs batches of one service. Not for concurrent use: one for each worker."""

    def __init__(self, service: Service, clock: Clock, dead_letters: DeadLetters, *, publishes: bool = True) -> None:
        """Without `publishes`, as in a rebuild, nothing reaches the outbox."""
        self.service = service
        self._publishes = publishes
        self.directory = ShopDirectory()
        # Whoever keeps the registry itself has nothing to wait for: what it does not know does not exist.
        hears_of_shops = any(subscription.first for subscription in service.subscriptions)
        self.unknown_shops = UnknownShops(patience_seconds=PATIENCE_SECONDS if hears_of_shops else 0.0)
        self.decoders = {s.topic: TopicDecoder(s) for s in service.subscriptions}
        if len(self.decoders) != len(service.subscriptions):
            raise ValueError("a service subscribes to a topic once; its main.py hands the events on to slices")
        self._ordered = sorted(service.subscriptions, key=lambda s: not s.first)
        self.clock = clock
        self.suspects: Suspects | None = None
        """Whoever tries failed batches again sets it: nobody is judged at the first look then."""
        self._dead_letters = dead_letters
        self._ids = ProcessedIds()
        self._partitions = ProcessedPartitions()

    def forget(self) -> None:
        """Drop caches: a transaction failed, or partitions changed hands."""
        self.directory.forget()
        self._partitions.forget()

    async def handle(
        self,
        conn: asyncpg.Connection[Any],
        chunks: Sequence[Chunk],
        *,
        patient: bool = True,
        steps: Sequence[Step] = (),
        replay: bool = False,
    ) -> Outcome:
        """Run the batch to its commit. `chunks`: one for each partition, sorted, as `records.joined` gives them.

        With `patient` false, an event whose handler still waits for something becomes a dead letter. With `replay`,
        dead letters of these partitions that were asked for again are handled too, and nothing is waited for. Raises
        Fenced, CommitDoubtful, TooManyCulprits, NotYet (ShopUnknown), or a database error, and has then changed
        nothing (but see CommitDoubtful).
        """
        outcome = Outcome()
        outcome.times.fetch = sum(chunk.fetch_us for chunk in chunks)
        outcome.times.decode = sum(chunk.decode_us for chunk in chunks)
        watch = Stopwatch(outcome.times)
        days = {day for chunk in chunks for day in chunk.days}
        if replay:
            for request in await self._dead_letters.requested(conn, [(c.topic, c.partition) for c in chunks]):
                days.update(self._decode_again(request).days)
        await self._partitions.ensure(conn, days, self.clock.now().toordinal())
        transaction = conn.transaction()
        await transaction.start()
        try:
            await self._work(conn, chunks, outcome, watch, patient=patient, steps=steps, replay=replay)
        except BaseException as error:
            self.forget()
            if isinstance(error, asyncio.CancelledError | TimeoutError):
                conn.terminate()  # it does not answer, or not in time: neither will it answer ROLLBACK
            elif not conn.is_closed():
                await transaction.rollback()
            raise
        crash.at("before_commit")
        try:
            await transaction.commit()
        except (asyncpg.TransactionRollbackError, asyncpg.IntegrityConstraintViolationError):
            self.forget()
            raise  # the server answered: it did not commit
        except BaseException as error:
            self.forget()
            raise CommitDoubtful from error
        crash.at("after_commit")
        watch.lap("commit")
        return outcome

    async def _work(
        self,
        conn: asyncpg.Connection[Any],
        chunks: Sequence[Chunk],
        outcome: Outcome,
        watch: Stopwatch,
        *,
        patient: bool,
        steps: Sequence[Step],
        replay: bool,
    ) -> None:
        await self.directory.refresh(conn, await advance(conn, self.service.name, chunks))
        crash.at("after_fence")
        watch.lap("fence")
        tx = OpenTransaction(conn, self.clock.now(), publishes=self._publishes)
        shard = min(chunk.partition for chunk in chunks) % OUTBOX_SHARDS
        work = BatchWork(tx, shard, self.directory)
        columns, letters, requests = await self._columns(conn, chunks, replay=replay)
        pending = list(steps)
        for subscription in self._ordered:
            if not subscription.first:
                await _run_steps(work, pending)
            column = columns.get(subscription.topic)
            if column is not None and column.deliveries:
                letters += await self._refuse_strangers(conn, subscription, column, waiting=not replay)
                letters += await self._handle_topic(work, subscription, column, outcome, watch, patient=patient)
                if subscription.first:
                    await self.directory.refresh(conn)
        await _run_steps(work, pending)
        crash.at("after_state")
        watch.lap("handle")
        if requests:
            await self._dead_letters.close(conn, requests)
            outcome.replayed = len(requests)
        await self._set_aside(tx, letters)
        outcome.refused = [letter.refusal for letter in letters]
        outcome.published = await tx.finish()
        crash.at("after_outbox")
        watch.lap("outbox")

    async def _columns(
        self, conn: asyncpg.Connection[Any], chunks: Sequence[Chunk], *, replay: bool
    ) -> tuple[dict[str, Column], list[SetAside], list[Request]]:
        columns: dict[str, Column] = {}
        letters: list[SetAside] = []
        for chunk in chunks:
            columns.setdefault(chunk.topic, Column()).add(chunk)
            letters += [self._undecodable(refusal) for refusal in chunk.refusals]
        if not replay:
            return columns, letters, []
        requests = []
        for request in await self._dead_letters.requested(conn, [(c.topic, c.partition) for c in chunks]):
            again = self._decode_again(request)
            if self._partitions.missing(again.days):
                continue  # asked for since we looked: the next round prepares for it
            columns[request.topic].add(again)
            columns[request.topic].replayed |= {id(delivery): request for delivery in again.deliveries}
            letters += [self._undecodable(refusal, request) for refusal in again.refusals]
            requests.append(request)
        return columns, letters, requests

    def _decode_again(self, request: Request) -> Chunk:
        record = PlainRecord(request.offset, request.recorded_ms, request.body)
        return self.decoders[request.topic].chunk(request.partition, [record], start=request.offset)

    async def _handle_topic(
        self,
        work: BatchWork,
        subscription: Subscription,
        column: Column,
        outcome: Outcome,
        watch: Stopwatch,
        *,
        patient: bool,
    ) -> list[SetAside]:
        """Sift out repeats, hand the rest to the handler, and give what was refused on the way."""
        letters = list[SetAside]()
        watch.lap("handle")
        identities = Identities.of(column.days, self._shops_of(subscription, column), column.ids, column.contents)
        sifted = await self._ids.sift(work.tx.conn, identities)
        crash.at("after_ids")
        watch.lap("ids")
        every = column.deliveries
        if len(sifted.fresh) == len(every):
            fresh = every
        else:
            fresh = [every[row] for row in sifted.fresh.tolist()]
            outcome.repeats[subscription.topic] = len(every) - len(fresh) - len(sifted.differing)
        refused = [(every[row], CONTENT_DIFFERS, _DIFFERS) for row in sifted.differing.tolist()]
        if fresh:
            refused_by_handler = await self._run_handler(work, subscription, fresh, patient=patient)
            await self._forget_ids(work.tx.conn, identities, every, refused_by_handler)
            refused += refused_by_handler
            outcome.handled[subscription.topic] = len(fresh) - len(refused_by_handler)
        for delivery, reason, detail in refused:
            slug = str(getattr(delivery.event, "shop", ""))
            refusal = refusal_of(delivery, slug if self._shop_number(slug) else "", reason, detail)
            letters.append(set_aside(refusal, self._shop_number(slug), column.replayed.get(id(delivery))))
        return letters

    async def _refuse_strangers(
        self, conn: asyncpg.Connection[Any], subscription: Subscription, column: Column, *, waiting: bool
    ) -> list[SetAside]:
        """Events of shops that do not exist leave the column as dead letters. Raises ShopUnknown while one may."""
        unknown = self._unknown(subscription, column)
        if unknown and waiting:
            # In this order: what was read is asked first, and then which shops are known from it.
            if not await has_read(conn, self.service.name, self.unknown_shops.ends_to_pass(unknown)):
                raise ShopUnknown("the event's shop may stand where shops were not read yet")
            await self.directory.refresh(conn)
            unknown = self._unknown(subscription, column)
        if not unknown:
            return []
        column.drop(unknown)
        return [
            set_aside(refusal_of(d, "", "unknown_shop", _UNKNOWN_SHOP), 0, column.replayed.get(id(d))) for d in unknown
        ]

    def _unknown(self, subscription: Subscription, column: Column) -> list[Delivery[Any]]:
        """Deliveries of shops that are not known. Reference data tells of shops, so it belongs to none."""
        if subscription.first:
            return []
        slugs = {slug for slug in {d.event.shop for d in column.deliveries} if self.directory.find(slug) is None}
        return [d for d in column.deliveries if d.event.shop in slugs] if slugs else []

    def _shops_of(self, subscription: Subscription, column: Column) -> list[int]:
        """The shop number of each delivery."""
        if subscription.first:
            return [0] * len(column.deliveries)
        numbers = {slug: self.directory.get(slug).number for slug in {d.event.shop for d in column.deliveries}}
        return [numbers[d.event.shop] for d in column.deliveries]

    async def _run_handler(
        self, work: BatchWork, subscription: Subscription, fresh: list[Delivery[Any]], *, patient: bool
    ) -> list[tuple[Delivery[Any], str, str]]:
        conn = work.tx.conn

        async def attempt(deliveries: Sequence[Delivery[Any]]) -> None:
            mark, refused = work.tx.mark(), len(work.refused)
            await conn.execute("SAVEPOINT handler")  # not released: the transaction's end does that, or a later one
            try:
                await subscription.handle(work, deliveries)
            except Exception:
                work.tx.back_to(mark)
                del work.refused[refused:]
                if not conn.is_closed():
                    await conn.execute("ROLLBACK TO SAVEPOINT handler")
                raise

        culprits = await isolate(attempt, fresh, patient=patient)
        if self.suspects is not None:
            self.suspects.confirm((d.topic, d.partition, d.offset) for d, _ in culprits)
        refused, work.refused = work.refused, []
        return refused + [(culprit.item, *reason_of(culprit)) for culprit in culprits]

    async def _forget_ids(
        self,
        conn: asyncpg.Connection[Any],
        identities: Identities,
        every: Sequence[Delivery[Any]],
        refused: Sequence[tuple[Delivery[Any], str, str]],
    ) -> None:
        if refused:
            gone = {id(delivery) for delivery, _, _ in refused}
            rows = [row for row, delivery in enumerate(every) if id(delivery) in gone]
            await self._ids.forget(conn, identities.take(np.array(rows, np.intp)))

    async def _set_aside(self, tx: OpenTransaction, letters: Sequence[SetAside]) -> None:
        if not letters:
            return
        for event in await self._dead_letters.keep(tx.conn, letters, tx.now):
            tx.publish_unordered(topics.DEAD_LETTERS, message_key(event.shop, ""), event)

    def _undecodable(self, refusal: Refusal, replayed: Request | None = None) -> SetAside:
        number = self._shop_number(refusal.shop)
        return set_aside(refusal if number else refusal._replace(shop=""), number, replayed)

    def _shop_number(self, slug: str) -> int:
        shop = self.directory.find(slug)
        return shop.number if shop else 0


_DIFFERS = "its id was processed before with another content; the producer must give each event an id of its own"
_UNKNOWN_SHOP = "field `shop` names no configured shop; configure the shop and replay"


async def _run_steps(work: BatchWork, pending: list[Step]) -> None:
    while pending:
        await pending.pop(0)(work)
