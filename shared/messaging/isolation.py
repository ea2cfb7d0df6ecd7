"""Poison: a batch of events or timers that fails is cut in halves, each under a savepoint, until those at fault stand
alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

from shared.messaging.faults import Fault, Suspected, judge

ATTEMPTS_MAX = 40
"""More halves than this in a large batch mean that many events are at fault; small batches then find them."""
SMALL_BATCH = 100

_REMEMBERED_MAX = 100_000

ItemT = TypeVar("ItemT")
Attempt = Callable[[Sequence[ItemT]], Awaitable[None]]
"""Handles items under a savepoint of its own; leaves nothing behind when it raises."""


class Culprit(NamedTuple, Generic[ItemT]):
    """An item that fails even alone."""

    item: ItemT
    error: Exception


class TooManyCulprits(Exception):
    """Roll back and go on in batches of SMALL_BATCH."""


class Suspects:
    """Items that failed once. Only who fails again, in another transaction on another connection, is a culprit.

    What kinds of trouble there are that pass is never known in full; an event that is set aside for one is lost work.
    """

    def __init__(self) -> None:
        self._known: set[Hashable] = set()

    def confirm(self, found: Iterable[Hashable]) -> None:
        """Raises Suspected when one of them has not been suspected before. Each is suspected once, so this ends."""
        new = set(found) - self._known
        if new:
            if len(self._known) > _REMEMBERED_MAX:
                self._known.clear()
            self._known |= new
            raise Suspected


async def isolate(attempt: Attempt[ItemT], items: Sequence[ItemT], *, patient: bool) -> list[Culprit[ItemT]]:
    """Handle all that can be handled, in order; gives what cannot.

    Transient and fatal errors pass through. So does NotYet while `patient`; after that it is a fault like others.
    Raises TooManyCulprits when a batch larger than SMALL_BATCH needs more than ATTEMPTS_MAX attempts.
    """
    left = ATTEMPTS_MAX if len(items) > SMALL_BATCH else 4 * SMALL_BATCH
    culprits: list[Culprit[ItemT]] = []
    pending: list[Sequence[ItemT]] = [items]
    while pending:
        part = pending.pop()
        if left == 0:
            raise TooManyCulprits
        left -= 1
        try:
            await attempt(part)
        except Exception as error:
            fault = judge(error)
            if fault is not Fault.DATA and (fault is not Fault.NOT_YET or patient):
                raise
            if len(part) == 1:
                culprits.append(Culprit(part[0], error))
            else:
                middle = len(part) // 2
                pending += [part[middle:], part[:middle]]
    return culprits
