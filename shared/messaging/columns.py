"""A batch by topic: what came of each in several chunks, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.messaging.dead_letters import Request
from shared.messaging.handling import Delivery
from shared.messaging.records import Chunk


@dataclass(slots=True)
class Column:
    """The deliveries of one subscription in a batch, with what their identities need. Parallel lists."""

    deliveries: list[Delivery[Any]] = field(default_factory=list)
    ids: list[bytes] = field(default_factory=list)
    contents: list[int] = field(default_factory=list)
    days: list[int] = field(default_factory=list)
    replayed: dict[int, Request] = field(default_factory=dict)
    """The dead letter that a delivery (by `id()`) was replayed from."""

    def add(self, chunk: Chunk) -> None:
        """Put a chunk behind what is there."""
        self.deliveries += chunk.deliveries
        self.ids += chunk.ids
        self.contents += chunk.contents
        self.days += chunk.days

    def drop(self, gone: Sequence[Delivery[Any]]) -> None:
        """Leave these out."""
        out = set(map(id, gone))
        keep = [n for n, delivery in enumerate(self.deliveries) if id(delivery) not in out]
        self.deliveries = [self.deliveries[n] for n in keep]
        self.ids = [self.ids[n] for n in keep]
        self.contents = [self.contents[n] for n in keep]
        self.days = [self.days[n] for n in keep]
