"""What a slice that follows customers is given of a batch, and what it gives back. Pure."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from services.metrics.counters import Deltas, Ints
from services.metrics.orders.domain.changes import Turns
from services.metrics.orders.domain.decide import States
from services.metrics.orders.domain.lives import Lives


class Followed(NamedTuple):
    """Customers of a batch whose orders changed, as they stood before it, and what happened, event by event."""

    states: States
    lives: Lives
    turns: Turns
    owner: Ints
    """By turn: index of its customer."""


class Follow(Protocol):
    """Follows customers through one batch, in the batch's transaction."""

    async def decide(self, followed: Followed) -> Lives:
        """Their lives after the batch. Their orders are written, they are locked and not yet written."""
        ...

    def forget(self) -> None:
        """The transaction went back: what was decided is to be decided again."""
        ...

    async def finish(self) -> Deltas:
        """Publish and write what was decided; the changes of counters. Customers are written, counters are not."""
        ...
