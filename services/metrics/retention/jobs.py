"""Publishes the shop's retention: soon after changes, and at the start of each of the shop's days.

One timer for each shop carries both. Changes only ever move it nearer, and never nearer than five seconds from now,
so that a shop's snapshots are at least that far apart, however many partitions its orders lie in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from services.metrics.retention.answering import figures
from shared.contracts.envelope import message_key
from shared.contracts.metrics import RetentionSnapshot
from shared.contracts.shops import Shop
from shared.contracts.topics import METRICS_RETENTION
from shared.kernel import DayOrdinal, ShopId, Zone, derive_event_id
from shared.messaging.handling import OutboxKey, Timer, Work

SNAPSHOT_TIMER = "retention_snapshot"
PAUSE = timedelta(seconds=5)


def announce(work: Work, partitions: Mapping[Shop, int]) -> None:
    """After a batch: have the shops' retention published. `partitions`: one of those that the shop's orders came by.

    Its owner fires the timer. Any partition of the topic will do, since each has an owner: the next one fires it if
    this worker leaves.
    """
    for shop, partition in partitions.items():
        _set_timer(work, shop, partition, day=False)


async def publish(work: Work, timers: Sequence[Timer]) -> None:
    """Timer handler: one snapshot for each shop, then the next timer."""
    due = {timer.identity: timer for timer in timers}
    shops = {slug: work.shop(slug) for slug in sorted(due)}
    keys = {slug: OutboxKey(ShopId(shop.number), message_key(slug, "")) for slug, shop in shops.items()}
    await work.tx.lock_keys(dict.fromkeys(keys.values(), 1))
    for slug, shop in shops.items():
        sequence = work.tx.sequence(keys[slug])
        snapshot = RetentionSnapshot(
            id=derive_event_id(int(work.tx.now.timestamp() * 1000), slug, str(sequence), "retention.snapshot"),
            source="mandegar/metrics",
            subject=slug,
            time=work.tx.now,
            shop=slug,
            sequence=sequence,
            data=await figures(work.tx.conn, shop, Zone(shop.zone).day_of(work.tx.now)),
        )
        work.tx.publish(METRICS_RETENTION, keys[slug], snapshot)
        _set_timer(work, shop, due[slug].partition, day=True)


def _set_timer(work: Work, shop: Shop, partition: int, *, day: bool) -> None:
    due = work.tx.now + PAUSE
    if day:
        zone = Zone(shop.zone)
        due = max(due, zone.start_of(DayOrdinal(zone.day_of(work.tx.now) + 1)))
    # The slug is the identity: a handler is given shops by slug.
    work.tx.set_timer(Timer(ShopId(shop.number), SNAPSHOT_TIMER, shop.slug, due, partition))
