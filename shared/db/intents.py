"""What a transaction can be asked to do beside its own SQL: publish under a key, fire a timer later, forget both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from shared.kernel import ShopId


class OutboxKey(NamedTuple):
    """What is published in order: one shop's customer (or the shop itself). `key` is the Kafka message key."""

    shop: ShopId
    key: bytes


@dataclass(frozen=True, slots=True)
class Timer:
    """Something to do later for one identity. A timer that exists moves only when the new due is earlier (lazy)."""

    shop: ShopId
    kind: str
    identity: str
    due: datetime
    partition: int
    """Partition whose owner fires it."""


class Mark(NamedTuple):
    """How much had been buffered at a savepoint."""

    published: int
    timers: int
    reserved: dict[OutboxKey, list[int]]
