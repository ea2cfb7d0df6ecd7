"""What is told of runs: keys locked once, then events in the order in which they came about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from services.campaigns import messages
from services.campaigns.journeys import events
from services.campaigns.journeys.domain.run import Run, State, Told
from shared.contracts import topics
from shared.contracts.envelope import Envelope
from shared.messaging.handling import OutboxKey, Work


class Word(NamedTuple):
    """An event that is to be told."""

    key: OutboxKey
    topic: str
    make: Callable[[datetime, int], Envelope]
    """From now and the number of the sequence."""


async def tell(work: Work, words: Sequence[Word]) -> None:
    """Tell them, in their order."""
    await work.tx.lock_keys(Counter(one.key for one in words))
    for one in words:
        work.tx.publish(one.topic, one.key, one.make(work.tx.now, work.tx.sequence(one.key)))


def of_run(one: Told, slug: str) -> Word:
    """That a run begins or ends."""

    def make(now: datetime, sequence: int) -> Envelope:
        return events.told_of(one, slug, now, sequence)

    return Word(events.key_of(one.run, slug), topics.CAMPAIGNS_JOURNEYS, make)


async def silenced(work: Work, slugs: Mapping[int, str], told: Sequence[Told]) -> list[Word]:
    """Of runs that ended before their end no message that waits is sent: written, and what is to be told of it.

    Their rows are locked, and keys of the outbox are locked after this.
    """
    over = {(one.run.shop, one.run.id): one.run for one in told if one.run.state > State.COMPLETED}
    waiting = await messages.planned_of(work.tx.conn, over.keys())
    why = {(plan.shop, plan.id): _reason(over[plan.shop, plan.run or ""]) for plan in waiting}
    await messages.suppress(work.tx.conn, why)
    return [_suppressed(plan, slugs[plan.shop], why[plan.shop, plan.id]) for plan in waiting]


def _suppressed(plan: messages.Plan, slug: str, why: messages.Suppression) -> Word:
    def make(now: datetime, sequence: int) -> Envelope:
        return messages.suppressed(plan, slug, why, now, sequence)

    return Word(messages.key_of(plan, slug), topics.CAMPAIGNS_MESSAGES, make)


def _reason(run: Run) -> messages.Suppression:
    if run.state is State.GOAL:
        return "goal"
    return "erased" if run.state is State.ERASED else "exit"
