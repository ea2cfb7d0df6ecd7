"""What a service gives the runtime, and what the runtime gives a service's handlers.

A handler is the four steps translate, load, decide, save. It never commits, never opens a transaction and never
talks to Kafka: the runtime does all of that, once, around it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

import asyncpg
import msgspec

from shared.contracts.envelope import Envelope
from shared.contracts.shops import Shop
from shared.db.intents import Mark, OutboxKey, Timer
from shared.db.timers import Reach

__all__ = [
    "Delivery",
    "Handler",
    "NotYet",
    "OutboxKey",
    "Reach",
    "Service",
    "ShopClock",
    "Subscription",
    "Timer",
    "TimerHandler",
    "Transaction",
    "Work",
]

EventT = TypeVar("EventT")


class Delivery(msgspec.Struct, Generic[EventT], frozen=True, gc=False):
    """One decoded event and where it stood."""

    event: EventT
    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    """The broker's append time."""
    value: bytes


class NotYet(Exception):
    """The event refers to something that is on its way (such as a shop just configured): try the batch again soon."""


class Transaction(Protocol):
    """The fenced transaction that a handler works in. Implemented by shared.db; also used by HTTP writes."""

    @property
    def conn(self) -> asyncpg.Connection[Any]:
        """For set-based SQL and COPY. The search path is the service's schema. Never commit or roll back."""
        ...

    @property
    def now(self) -> datetime:
        """One instant for the whole batch, from the runtime's clock."""
        ...

    async def lock_keys(self, reserve: Mapping[OutboxKey, int]) -> None:
        """Lock the keys under which events will be published, and reserve that many sequence numbers for each.

        Call it once, before any row of state is written: writers that publish under one key are then serial, and
        what they publish reaches the topic in the order of their commits. Unused numbers leave a gap.
        """
        ...

    def sequence(self, key: OutboxKey) -> int:
        """The next reserved number of a locked key. LookupError when none is left."""
        ...

    def publish(self, topic: str, key: OutboxKey, event: Envelope) -> None:
        """Publish when (and only when) the transaction commits, in call order. The key must be locked."""
        ...

    def publish_encoded(self, topic: str, key: OutboxKey, value: bytes) -> None:
        """As `publish`, an event that is encoded already: for those of which there are very many."""
        ...

    def publish_tombstone(self, topic: str, key: OutboxKey) -> None:
        """As `publish`: on a compacted topic, what the key said until then is to be forgotten."""
        ...

    def publish_barrier(self, topic: str, key: bytes, event: Envelope) -> None:
        """Publish after everything that was written to the outbox before, by any transaction that this one has seen.

        The event reaches its topic when no row of the outbox is left whose number is smaller (history apart, which has
        topics of its own). Later events may overtake it. Barriers keep their order among themselves.
        """
        ...

    def set_timer(self, timer: Timer) -> None:
        """Ensure that the timer fires at its due or before. An existing earlier one stays as it is."""
        ...

    def mark(self) -> Mark:
        """Remember what was published and armed so far, beside a savepoint of the handler's own."""
        ...

    def back_to(self, mark: Mark) -> None:
        """Forget what came after, because that savepoint was rolled back."""
        ...


class Work(Protocol):
    """What a handler is given beside its events."""

    @property
    def tx(self) -> Transaction: ...

    @property
    def shard(self) -> int:
        """Which shard of summed counters this transaction writes (0..15); writers of different partitions differ."""
        ...

    def shop(self, slug: str) -> Shop:
        """The shop's settings. NotYet when the shop is not known in this service."""
        ...

    def refuse(self, delivery: Delivery[Any], reason: str, detail: str) -> None:
        """Set the event aside as a dead letter, in this transaction; its id is not kept as processed.

        `reason` is a short word for machines; `detail` names the field and the remedy and repeats no value.
        The handler must leave no effect of the event.
        """
        ...


Handler = Callable[[Work, Sequence[Delivery[Any]]], Awaitable[None]]
TimerHandler = Callable[[Work, Sequence[Timer]], Awaitable[None]]
"""Does what is due, for timers of one kind, in a transaction of its own. It may find that nothing is due any more."""


class ShopClock(Protocol):
    """Whose time timers follow: the wall's, or that of a shop whose time goes by its events, as in replays."""

    async def reaches(self, conn: asyncpg.Connection[Any], now: datetime, partitions: Sequence[int]) -> list[Reach]:
        """Until when timers are due, for these partitions of topics and whatever follows them. `now`: the runtime's.

        A shop's own time is kept with timers under partitions below 0, which the clock alone knows: so wall time
        never finds them.
        """
        ...


@dataclass(frozen=True)
class Subscription:
    """A topic, the type(s) of its events, and the handler of a batch of them.

    `events` is a msgspec Struct type or a union of them. A type not in the union is skipped (readers ignore what
    they do not know); what breaks the schema of a known type becomes a dead letter. A batch has only events whose
    id was not processed before, in partition order.
    """

    topic: str
    events: Any
    handle: Handler
    first: bool = False
    """Reference data: handled before the other topics of the same batch."""
    raw: bool = False
    """The events are not Envelopes but a foreign form with `id`, `source`, `shop`, `time` attributes."""
    lane: bool = False
    """The lane of history: served after live traffic, beside the live topics' partitions of the same numbers.

    What comes by it has origin `backfill`, whatever the event says, and what it causes inherits that.
    """
    other_forms: Mapping[str, Any] = field(default_factory=dict)
    """Raw only: forms of events that are not of `events`, by their `type` in lower case."""


@dataclass(frozen=True)
class Service:
    """A service as the runtime sees it: one consumer group, one schema."""

    name: str
    subscriptions: Sequence[Subscription]
    timers: Mapping[str, TimerHandler] = field(default_factory=dict)
    """Handler by timer kind."""
    own_topics: Iterable[str] = ()
    """Topics that the service publishes to."""
    clock: ShopClock | None = None
    """Whose time timers follow; None: the wall's."""
    beside: Sequence[Callable[[asyncio.Event], Coroutine[Any, Any, None]]] = ()
    """What a worker does beside its topics, in the thread of Kafka, until the event is set: work that waits for others
    and never computes for long. One that ends early ends the worker."""
