"""Links that expire: without an answer, or with one that was begun."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from services.feedback import clocks, customers, surveys
from services.feedback.answers import store
from services.feedback.answers.concluding import Concluded, conclude
from services.feedback.surveys import EXPIRY_TIMER, Invitation, State, Version, key_of, told
from shared.contracts import topics
from shared.contracts.feedback import SurveyExpired
from shared.contracts.shops import Shop
from shared.messaging.handling import Timer, TimerHandler, Work


class Ending(NamedTuple):
    """An invitation whose time is over."""

    shop: Shop
    invitation: Invitation
    version: Version
    timer: Timer


def expiry_handlers() -> dict[str, TimerHandler]:
    """By kind of timer."""
    return {EXPIRY_TIMER: expire}


async def expire(work: Work, timers: Sequence[Timer]) -> None:
    """What was begun and has a score counts as it stands; of the rest is told that nobody answered."""
    tx, shops = work.tx, await surveys.shops_of(work, timers)
    asked = {(int(timer.shop), timer.identity): timer for timer in timers}
    before = await surveys.several(tx.conn, asked)
    await customers.lock(tx.conn, {(one.shop, one.customer) for one in before.values()})
    found = await surveys.several(tx.conn, asked)  # as it stands while nobody else writes
    ending = {key: one for key, one in found.items() if one.state in (State.ASKED, State.SENT)}
    versions = await surveys.several_versions(
        tx.conn, {(one.shop, one.survey, one.version) for one in ending.values() if one.version is not None}
    )
    begun = await store.several(tx.conn, ending.keys())
    concluded, silent = [], []
    for key, one in sorted(ending.items()):
        assert one.version is not None, "it was asked"
        end = Ending(shops[key[0]], one, versions[one.shop, one.survey, one.version], asked[key])
        answer = begun.get(key)
        now = clocks.time_of(end.shop, tx.now, end.timer)
        if answer is not None and answer.score is not None:
            await store.keep(tx.conn, answer._replace(counts=True))
            await surveys.end(tx.conn, one.shop, one.id, State.ANSWERED, now)
            concluded.append(Concluded(end.shop, answer._replace(counts=True), end.version, one.occasion, now))
        else:
            await surveys.end(tx.conn, one.shop, one.id, State.EXPIRED, now)
            silent.append((end, now))
    await conclude(tx, concluded)
    keys = [key_of(end.shop, end.invitation.customer) for end, _ in silent]
    await tx.lock_keys(Counter(keys))
    for outbox, (end, now) in zip(keys, silent, strict=True):
        about: dict[str, Any] = {"slug": end.shop.slug, "now": now, "sequence": tx.sequence(outbox)}
        tx.publish(topics.FEEDBACK_SURVEYS, outbox, told(SurveyExpired, end.invitation, end.version, **about))
