"""The database half of a worker, fed by hand: how batches are cut, and what it makes of failures around them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import Random
from time import monotonic
from typing import Any, NoReturn

from shared.contracts import topics
from shared.contracts.shops import ShopConfigured
from shared.kernel import SystemClock
from shared.messaging.batch import BatchHandler, Outcome
from shared.messaging.batching import Watchdog
from shared.messaging.dead_letters import Cipher, DeadLetters
from shared.messaging.decoding import TopicDecoder
from shared.messaging.fence import Position, TopicPartition
from shared.messaging.handling import NotYet, Subscription
from shared.messaging.handover import Handover, Signal
from shared.messaging.isolation import TooManyCulprits
from shared.messaging.processor import Processor
from shared.messaging.records import Chunk, PlainRecord
from shared.messaging.reference import ShopUnknown, keep_shops
from shared.messaging.tracks import Limits
from shared.testing.harness import TEST_SECRET
from tests.messaging.probe import ADDED, add_up, added, probe

SHOPS = TopicPartition(topics.SHOPS, 0)
EVENTS = TopicPartition(ADDED, 0)


class Recorder(BatchHandler):
    """Notes what it is given instead of handling it."""

    def __init__(self, *errors: Exception | None) -> None:
        super().__init__(probe(), SystemClock(), DeadLetters("probe", Cipher(TEST_SECRET)))
        self.batches: list[dict[str, int]] = []
        self.errors = list(errors)

    async def handle(self, conn: Any, chunks: Sequence[Chunk], **_: Any) -> Outcome:
        self.batches.append({chunk.topic: len(chunk) for chunk in chunks})
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        return Outcome()


class Connection:
    """Stands for one."""

    def is_closed(self) -> bool:
        return False

    def terminate(self) -> None:
        """Nothing to end."""


async def connect() -> Any:
    return Connection()


def processor(handler: Recorder, handover: Handover, watchdog: Watchdog | None = None, **options: Any) -> Processor:
    made = Processor(
        handler,
        options.pop("connect", connect),
        handover,
        watchdog or Watchdog(30, monotonic()),
        Limits(events_max=10, events_start=10),
        rng=Random(1),
        **options,
    )
    made.owned = {SHOPS: Position(0, 1), EVENTS: Position(0, 1)}
    return made


def a_handover() -> Handover:
    loop = asyncio.get_running_loop()
    return Handover(Signal(loop), Signal(loop), events_max=1000, bytes_max=1 << 20)


def chunk(topic: str, count: int, start: int = 0) -> Chunk:
    events = ShopConfigured if topic == topics.SHOPS else type(added(1))
    decoder = TopicDecoder(Subscription(topic, events, keep_shops if topic == topics.SHOPS else add_up))
    return decoder.chunk(0, [PlainRecord(start + n, 0, b"{") for n in range(count)], start=start, epoch=1)


async def rounds(made: Processor, count: int) -> None:
    made._chores._replay_at = monotonic() + 60
    for _ in range(count):
        await made._round()


async def test_reference_data_larger_than_a_batch_goes_in_several_and_before_the_rest() -> None:
    handover, handler = a_handover(), Recorder()
    handover.put(chunk(ADDED, 5))
    handover.put(chunk(topics.SHOPS, 25), first=True)
    await rounds(processor(handler, handover), 4)
    assert handler.batches == [{topics.SHOPS: 10}, {topics.SHOPS: 10}, {topics.SHOPS: 5}, {ADDED: 5}]


async def test_too_many_culprits_in_reference_data_make_its_batches_small() -> None:
    handover, handler = a_handover(), Recorder(TooManyCulprits())
    handover.put(chunk(topics.SHOPS, 500), first=True)
    made = processor(handler, handover)
    made._tracks.live.size.limit = 500
    await rounds(made, 2)
    assert handler.batches == [{topics.SHOPS: 500}, {topics.SHOPS: 100}]


async def test_reference_data_passes_by_itself_while_events_wait_for_it() -> None:
    handover, handler = a_handover(), Recorder(None, NotYet())
    handover.put(chunk(topics.SHOPS, 2), first=True)
    handover.put(chunk(ADDED, 3))
    made = processor(handler, handover)
    await rounds(made, 2)
    handover.put(chunk(topics.SHOPS, 1, start=2), first=True)
    await rounds(made, 2)
    assert handler.batches == [{topics.SHOPS: 2}, {ADDED: 3}, {topics.SHOPS: 1}, {ADDED: 3}]


async def test_who_waits_for_a_shop_asks_how_far_there_is_to_read_and_waits_anew_when_nobody_says() -> None:
    answers: list[dict[TopicPartition, int] | None] = [{SHOPS: 3}, None]

    async def ends() -> dict[TopicPartition, int] | None:
        return answers.pop(0)

    handover, handler = a_handover(), Recorder(ShopUnknown(), ShopUnknown())
    handover.put(chunk(ADDED, 3))
    made = processor(handler, handover, ends_of_shops=ends)
    await rounds(made, 1)
    assert handler.unknown_shops._ends is not None
    assert made._tracks.live.waiting_since is None, "a handler's patience is another"
    made._ends_asked -= 60
    handler.unknown_shops._since["new"] = 1.0
    await rounds(made, 1)
    assert handler.unknown_shops._ends is None
    assert not handler.unknown_shops._since


async def test_a_database_that_is_away_is_no_reason_to_end() -> None:
    async def refuse() -> NoReturn:
        raise ConnectionRefusedError

    handover, watchdog = a_handover(), Watchdog(30, monotonic() - 100)
    handover.put(chunk(ADDED, 5))
    handler = Recorder()
    handler.unknown_shops._since["new"] = 1.0
    made = processor(handler, handover, watchdog, connect=refuse)
    assert watchdog.expired(monotonic())
    await rounds(made, 3)
    assert not watchdog.expired(monotonic())
    assert made._tracks.live.size.limit == 5
    assert not handler.unknown_shops._since, "shops come by the database too: who waits for one waits anew"


async def test_an_owner_that_claimed_anew_is_not_misled_by_an_older_answer(monkeypatch: Any) -> None:
    async def read(*_: Any) -> dict[TopicPartition, Position]:
        return {EVENTS: Position(0, 1)}

    monkeypatch.setattr("shared.messaging.processor.read_positions", read)
    made = processor(Recorder(), a_handover())
    made.owned[EVENTS] = Position(7, 2)
    await made._read_positions([chunk(ADDED, 1)])
    assert made.owned[EVENTS] == Position(7, 2)
