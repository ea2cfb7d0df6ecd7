"""What came in, understood: joined to its message, kept once, told once. Beside the sender, in its own transaction.

A report may overtake the end of the sending, so one that belongs to nothing waits for a day.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import Any

import asyncpg
import structlog

from services.campaigns.reports import store
from services.campaigns.reports.domain import AGAIN, KEPT, Key, Known, Receipt, is_machine
from services.campaigns.reports.events import key_of, told
from services.campaigns.settings import CampaignsSettings
from shared.contracts import topics
from shared.db import AWAY, create_pool, write_transaction
from shared.kernel import Clock, SystemClock

log = structlog.get_logger(__name__)

_BATCH = 200
_LOOK_SECONDS = 0.5


async def settle(pool: asyncpg.Pool[Any], clock: Clock) -> int:
    """Take up some reports; how many."""
    async with write_transaction(pool, clock) as tx:
        found = await store.due(tx.conn, _BATCH, KEPT)
        messages = await store.messages_of(tx.conn, {one.report.reference for one in found})
        receipts: dict[Key, tuple[Receipt, Known]] = {}
        waiting: set[int] = set()
        for one in found:
            known = messages.get((one.report.channel, one.report.reference))
            if known is None:
                waiting |= set() if one.is_old else {one.number}
            elif not known.test:
                report = one.report._replace(machine=is_machine(one.report, known.sent_at))
                receipt = Receipt(known.shop, known.about["message"], report)
                receipts.setdefault(receipt.key, (receipt, known))
        fresh = await store.keep(tx.conn, [receipt for receipt, _ in receipts.values()])
        await store.put_off(tx.conn, waiting, AGAIN)
        await store.done(tx.conn, {one.number for one in found} - waiting)
        keys = {at: key_of(receipts[at][1]) for at in fresh}
        await tx.lock_keys(Counter(keys.values()))
        for at in sorted(fresh):
            receipt, known = receipts[at]
            event = told(receipt, known, tx.now, tx.sequence(keys[at]))
            tx.publish(topics.CAMPAIGNS_MESSAGES, keys[at], event)
    return len(found)


async def keep_settling(settings: CampaignsSettings, stop: asyncio.Event) -> None:
    """What a worker does beside its topics until `stop` is set. A database that is away is waited for."""
    url, clock = settings.database_url.get_secret_value(), SystemClock()
    while not stop.is_set():
        try:
            async with await create_pool(url, "campaigns", application="campaigns-reports", max_size=1) as pool:
                while not stop.is_set():
                    if not await settle(pool, clock):
                        await _wait(stop)
        except AWAY as error:
            log.warning("reports wait for the database", error=type(error).__name__)
            await _wait(stop)


async def _wait(stop: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LOOK_SECONDS):
            await stop.wait()
