"""Timers of erasures: the search through dead letters, answers that are overdue, and who has not been heard of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import structlog
from prometheus_client import Gauge

from services.gateway import identity
from services.gateway.identity import Marker, MarkingRules
from services.gateway.intake import RulesBook
from services.gateway.privacy import store
from services.gateway.privacy.domain import (
    ASKED,
    OVERDUE_AFTER,
    OVERDUE_TIMER,
    SEARCH_TIMER,
    Erasure,
    Text,
    inactive_since,
    texts_of,
)
from services.gateway.privacy.events import completed, erasure_id_of, requested
from services.gateway.privacy.store import Search
from services.gateway.shops import INACTIVE_TIMER
from shared.contracts import topics
from shared.contracts.shops import Shop
from shared.kernel import CustomerId, ShopId, customer_id_text
from shared.messaging.dead_letters import Cipher, erase_letters
from shared.messaging.handling import Timer, TimerHandler, Work

log = structlog.get_logger(__name__)

LETTERS_AT_ONCE = 200
INACTIVE_AT_ONCE = 500
"""Customers that are looked at in one transaction."""
_DIGITS_MIN = 5
_OVERDUE = Gauge("mandegar_erasures_overdue", "Erasures that are not complete an hour after they were asked for.")


class PrivacyJobs:
    """The timers' handlers. One for each worker."""

    KINDS = (SEARCH_TIMER, OVERDUE_TIMER, INACTIVE_TIMER)

    def __init__(self, secret: str) -> None:
        """`secret`: the platform's. ValueError when it is short."""
        self._cipher = Cipher(secret)
        self._marker = Marker(secret.encode())
        self._book = RulesBook()

    def handlers(self) -> Mapping[str, TimerHandler]:
        """By kind of timer."""
        return {SEARCH_TIMER: self.search, OVERDUE_TIMER: self.look_overdue, INACTIVE_TIMER: self.erase_inactive}

    async def search(self, work: Work, timers: Sequence[Timer]) -> None:
        """Delete dead letters of whom was erased; some of them, then again. At the end gateway answers."""
        conn, partitions = work.tx.conn, {timer.identity: timer.partition for timer in timers}
        found = await store.searches(conn, sorted((timer.shop, timer.identity) for timer in timers))
        ended: list[tuple[Search, dict[str, int]]] = []
        for one in found:
            of = _Person(one, self._marker, self._book.of(work.shop(one.slug)).marking)
            step = await erase_letters(
                conn, self._cipher, one.shop, of.is_told_of, after=one.searched, limit=LETTERS_AT_ONCE
            )
            removed = dict(one.removed)
            removed["dead_letters"] = removed.get("dead_letters", 0) + step.removed
            removed["unreadable_dead_letters"] = removed.get("unreadable_dead_letters", 0) + step.unreadable
            await store.note_searched(conn, one, removed, step.last, more=step.more)
            if step.more:
                work.tx.set_timer(
                    Timer(one.shop, SEARCH_TIMER, one.erasure_id, work.tx.now, partitions[one.erasure_id])
                )
            else:
                ended.append((one, removed))
        await _answer(work, ended)

    async def look_overdue(self, work: Work, timers: Sequence[Timer]) -> None:
        """Say which erasures still wait for an answer, hour by hour."""
        now = work.tx.now
        locked = await store.lock(work.tx.conn, {(timer.shop, timer.identity) for timer in timers})
        for timer in timers:
            erasure = locked.get((timer.shop, timer.identity))
            if erasure is None or erasure.completed_at is not None:
                continue
            answered = {one.service for one in await store.answers_of(work.tx.conn, erasure)}
            log.warning("erasure overdue", erasure=timer.identity, waiting=sorted(set(erasure.asked) - answered))
            work.tx.set_timer(Timer(timer.shop, OVERDUE_TIMER, timer.identity, now + OVERDUE_AFTER, timer.partition))
        _OVERDUE.set(await store.overdue(work.tx.conn, now - OVERDUE_AFTER))

    async def erase_inactive(self, work: Work, timers: Sequence[Timer]) -> None:
        """Have those erased of whom nobody has heard for the shop's term; some of them, then again, daily."""
        tx = work.tx
        for timer in sorted(timers, key=lambda one: one.shop):
            # The slug, and behind a sign that no slug has the customer that the walk has come to.
            slug, _, after = timer.identity.partition("/")
            shop = work.shop(slug)
            if not shop.inactive_months:
                continue
            term = inactive_since(shop.inactive_months, tx.now)
            found, last = await store.inactive(tx.conn, timer.shop, term, after=int(after or 0), limit=INACTIVE_AT_ONCE)
            await _ask(work, shop, found)
            pause = timedelta(days=1) if last is None else timedelta(seconds=10 if found else 0.1)
            reached = slug if last is None else f"{slug}/{last}"
            tx.set_timer(Timer(timer.shop, INACTIVE_TIMER, reached, tx.now + pause, timer.partition))


async def _ask(work: Work, shop: Shop, customers: Sequence[CustomerId]) -> None:
    tx, number, months = work.tx, ShopId(shop.number), shop.inactive_months
    keys = {customer: identity.customer_key(number, shop.slug, customer) for customer in customers}
    await tx.lock_keys(dict.fromkeys(keys.values(), 1))
    for customer, key in keys.items():
        erasure_id = erasure_id_of(shop.slug, customer, tx.now)
        wanted = Erasure(erasure_id, number, customer, "inactive", f"{months}-months", ASKED, tx.now)
        if await store.add(tx.conn, wanted._replace(term_months=months)):
            event = requested(shop.slug, customer, erasure_id, tx.now, tx.sequence(key))
            tx.publish(topics.ERASURES, key, event)
    if customers:
        log.info("customers not heard of are to be erased", shop=shop.number, customers=len(customers))


async def _answer(work: Work, ended: Sequence[tuple[Search, dict[str, int]]]) -> None:
    keys = {one.erasure_id: identity.customer_key(one.shop, one.slug, one.customer) for one, _ in ended}
    await work.tx.lock_keys(dict.fromkeys(keys.values(), 1))
    for one, removed in ended:
        key = keys[one.erasure_id]
        counts = {name: count for name, count in removed.items() if count}
        kept = {"identities": len(one.customers)}
        if unreadable := counts.pop("unreadable_dead_letters", 0):
            kept["unreadable_dead_letters"] = unreadable
        event = completed(
            one.slug,
            one.customer,
            one.erasure_id,
            work.tx.now,
            work.tx.sequence(key),
            removed=counts,
            kept=kept,
        )
        work.tx.publish(topics.ERASURES, key, event)


class _Person:
    """Knows whether a body tells of somebody: by keyed hashes of identifiers, and by surrogate ids."""

    def __init__(self, search: Search, marker: Marker, rules: MarkingRules) -> None:
        self._sought = set(search.sought)
        self._ids = {customer_id_text(one) for one in search.customers}
        self._marker = marker
        self._rules = rules

    def is_told_of(self, body: bytes) -> bool:
        return any(one.text in self._ids or self._is_identifier(one) for one in texts_of(body))

    def _is_identifier(self, one: Text) -> bool:
        text, marks = one.text, []
        if one.may_be_id:
            marks.append(self._marker.customer_id(self._rules, text))
            marks.append(self._marker.visitor(self._rules, text))
        if "@" in text:
            marks.append(self._marker.email(self._rules, text))
        if sum(character.isdigit() for character in text) >= _DIGITS_MIN:
            marks.append(self._marker.phone(self._rules, text))
        return any(mark is not None and mark.fingerprint in self._sought for mark in marks)
