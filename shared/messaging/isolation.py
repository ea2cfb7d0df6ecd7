"""Poison: a batch that fails is cut in halves, each under a savepoint, until the events at fault stand alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from shared.messaging.faults import Fault, judge
from shared.messaging.handling import Delivery

ATTEMPTS_MAX = 40
"""More halves than this in a large batch mean that many events are at fault; small batches then find them."""
SMALL_BATCH = 100

Attempt = Callable[[Sequence[Delivery[Any]]], Awaitable[None]]
"""Handles deliveries under a savepoint of its own; leaves nothing behind when it raises."""


class Culprit(NamedTuple):
    """An event that fails even alone."""

    delivery: Delivery[Any]
    error: Exception


class TooManyCulprits(Exception):
    """Roll back and go on in batches of SMALL_BATCH."""


async def isolate(attempt: Attempt, deliveries: Sequence[Delivery[Any]], *, patient: bool) -> list[Culprit]:
    """Handle all that can be handled, in order; gives what cannot.

    Transient and fatal errors pass through. So does NotYet while `patient`; after that it is a fault like others.
    Raises TooManyCulprits when a batch larger than SMALL_BATCH needs more than ATTEMPTS_MAX attempts.
    """
    left = ATTEMPTS_MAX if len(deliveries) > SMALL_BATCH else 4 * SMALL_BATCH
    culprits: list[Culprit] = []
    pending: list[Sequence[Delivery[Any]]] = [deliveries]
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
