"""What came in is joined to its message, kept once and told, in one transaction. Complaints and stops end consent.

A report that belongs to no message waits for a day: a provider may be quicker than the end of the sending.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import asyncpg
import structlog

from services.campaigns import consent
from services.campaigns.reports import store
from services.campaigns.reports.domain import AGAIN, KEPT, Key, Known, Receipt, Report, What, is_machine, said_at
from services.campaigns.reports.events import key_of, told
from services.campaigns.reports.store import Waiting
from services.campaigns.settings import CampaignsSettings
from shared.contracts import topics
from shared.db import AWAY, create_pool, write_transaction
from shared.kernel import Clock, SystemClock

log = structlog.get_logger(__name__)

_BATCH = 200
_LOOK_SECONDS = 0.5
_OF_ADDRESSES = frozenset({What.DELIVERED, What.BOUNCED})
Understood = tuple[Receipt, Known]


async def settle(pool: asyncpg.Pool[Any], clock: Clock) -> int:
    """Take up some reports; how many."""
    async with write_transaction(pool, clock) as tx:
        found = await store.due(tx.conn, _BATCH, KEPT)
        stops = [one.report for one in found if one.report.what is What.STOPPED]
        receipts, waiting = await _understood(tx.conn, [one for one in found if one.report.what is not What.STOPPED])
        fresh = await store.keep(tx.conn, [receipt for receipt, _ in receipts.values()])
        await store.put_off(tx.conn, waiting, AGAIN)
        await store.done(tx.conn, {one.number for one in found} - waiting)
        wanted = [*_complained((receipts[at] for at in fresh), tx.now), *await _stopped(tx.conn, stops, tx.now)]
        withdrawn = await consent.withdrawn(tx.conn, wanted)
        keys = {at: key_of(receipts[at][1]) for at in fresh}
        await tx.lock_keys(Counter([*keys.values(), *(one.key for one in withdrawn)]))
        for at in sorted(fresh):
            receipt, known = receipts[at]
            event = told(receipt, known, tx.now, tx.sequence(keys[at]))
            tx.publish(topics.CAMPAIGNS_MESSAGES, keys[at], event)
        await consent.withdraw(tx, withdrawn)
    return len(found)


async def _understood(
    conn: asyncpg.Connection[Any], found: Sequence[Waiting]
) -> tuple[dict[Key, Understood], set[int]]:
    """(what came of messages, each thing once; numbers of reports whose message is not known yet)."""
    messages = await store.messages_of(conn, {one.report.reference for one in found})
    receipts: dict[Key, Understood] = {}
    waiting: set[int] = set()
    for one in found:
        known = messages.get((one.report.channel, one.report.reference))
        if known is None:
            waiting |= set() if one.is_old else {one.number}
        elif not known.test:
            report = one.report._replace(machine=is_machine(one.report, known.sent_at))
            went_to = known.went_to if report.what in _OF_ADDRESSES else None
            receipt = Receipt(known.shop, known.about["message"], report, went_to)
            before = receipts.setdefault(receipt.key, (receipt, known))[0].report
            if report.hard and not before.hard:
                receipts[receipt.key] = receipt, known
    return receipts, waiting


def _complained(fresh: Iterable[Understood], now: datetime) -> list[consent.Withdrawal]:
    return [
        consent.Withdrawal(
            shop=known.shop,
            slug=known.slug,
            customer=known.customer,
            channel=known.channel,
            at=said_at(receipt.report.at, known.sent_at, now),
            source="spam-complaint",
            evidence=f"complaint about message {receipt.message}",
        )
        for receipt, known in fresh
        if receipt.report.what is What.COMPLAINED
    ]


async def _stopped(conn: asyncpg.Connection[Any], stops: Collection[Report], now: datetime) -> list[consent.Withdrawal]:
    """Whoever was last sent text messages at these numbers, in whichever shop: all shops send from one line."""
    by_mark: Mapping[bytes, Report] = {bytes.fromhex(one.reference): one for one in stops}
    return [
        consent.Withdrawal(
            shop=one.shop,
            slug=one.slug,
            customer=one.customer,
            channel="sms",
            at=min(by_mark[one.went_to].at, now),
            source="text-stop",
            evidence=f"text message {by_mark[one.went_to].code} after message {one.message}",
        )
        for one in await store.texted(conn, by_mark.keys())
    ]


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
