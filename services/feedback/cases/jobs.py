"""Timers: cases that are late."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from services.feedback import clocks, customers, policy, surveys
from services.feedback.cases import store
from services.feedback.cases.domain import escalated, late_at
from services.feedback.cases.events import told
from services.feedback.cases.working import DUE_TIMER
from services.feedback.surveys import key_of
from shared.contracts import topics
from shared.contracts.feedback import CaseEscalated
from shared.messaging.handling import Timer, TimerHandler, Work


def due_handlers() -> dict[str, TimerHandler]:
    """By kind of timer."""
    return {DUE_TIMER: fall_due}


async def fall_due(work: Work, timers: Sequence[Timer]) -> None:
    """Tell of cases that are late, and look again when they are later still."""
    tx, shops = work.tx, await surveys.shops_of(work, timers)
    asked = {(int(timer.shop), timer.identity): timer for timer in timers}
    before = await store.several(tx.conn, asked)
    await customers.lock(tx.conn, {(one.shop, one.customer) for one in before.values()})
    rules = await policy.policies(tx.conn, shops)
    late = []
    for key, one in sorted((await store.several(tx.conn, asked)).items()):
        shop, rule = shops[key[0]], rules[key[0]]
        now = clocks.time_of(shop, tx.now, asked[key])
        after = escalated(one, rule, now)
        if after is not None:
            late.append((shop, after, now))
        look = late_at(after or one, rule)
        if look is not None:
            tx.set_timer(Timer(asked[key].shop, DUE_TIMER, one.id, look, asked[key].partition))
    keys = [key_of(shop, one.customer) for shop, one, _ in late]
    await tx.lock_keys(Counter(keys))
    for outbox, (shop, one, now) in zip(keys, late, strict=True):
        await store.save(tx.conn, one)
        event = told(CaseEscalated, one, slug=shop.slug, now=now, sequence=tx.sequence(outbox))
        tx.publish(topics.FEEDBACK_CASES, outbox, event)
