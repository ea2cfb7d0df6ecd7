"""The outbox relay: publishes what committed transactions have left in the outbox, in order, at least once.

A round, for the shards that this relay leads:

1. DELETE the oldest rows, RETURNING them
2. send them and wait for all acknowledgements
3. COMMIT

A crash before 3 leaves the rows where they are, and they are sent again with the same ids, which consumers drop. The
first appearances of a key's events are in the order of their commits whatever happens in between, because rows are
gone only when everything before them has been acknowledged. The one place where a transaction is held open over
a call to the outside: the send is bounded, and below the time after which PostgreSQL ends an idle transaction.
"""

from __future__ import annotations

import asyncio
from collections import Counter as Tally
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import Any

import asyncpg
import structlog

from shared.db import AWAY
from shared.messaging import crash
from shared.messaging.connecting import Connect, transaction
from shared.messaging.faults import Fault, judge
from shared.messaging.relay import store
from shared.messaging.relay.leadership import Leadership
from shared.messaging.relay.sender import KafkaSender, MessageRefused, SendFailed, TopicMissing, fits
from shared.messaging.relay.shares import Pace, quotas
from shared.messaging.relay.store import OutboxRow
from shared.telemetry import runtime_metrics

log = structlog.get_logger(__name__)

SetAside = Callable[["asyncpg.Connection[Any]", Sequence[OutboxRow]], Awaitable[None]]
"""Keeps rows that can never be sent, in the relay's transaction."""

_ROWS_MAX = 2_000
_BYTES_MAX = 8 << 20
_SEARCHING_ROWS = 64
_REFRESH_SECONDS = 0.5
_MEASURE_SECONDS = 5.0
_TOPIC_RETRY_SECONDS = 2.0
_BACKOFF_MIN_SECONDS = 0.1
_BACKOFF_MAX_SECONDS = 2.0

# A relay looks at its session at least every half second. One that does not for this long is a zombie (stopped, or
# its machine is gone): the session ends and with it the leadership. DELETEs need no flush to disk: a lost one means
# rows sent twice, which is what consumers are ready for, and saves a disk write for each round.
_SESSION = "SET idle_session_timeout = '10s'; SET synchronous_commit = off"


def outbox_channel(schema: str) -> str:
    """The channel whose NOTIFY wakes relays early. A hint: relays look by themselves every 25 to 50 ms."""
    return f"outbox_{schema}"


class Relay:
    """One of any number of relays of a service's outbox; together they lead each shard once."""

    def __init__(
        self,
        schema: str,
        *,
        connect: Connect,
        sender: KafkaSender,
        set_aside: SetAside,
        rows_max: int = _ROWS_MAX,
        poll_seconds: float = 0.025,
    ) -> None:
        """`poll_seconds` is the wait after a round at low load; it doubles while nothing comes."""
        self._schema = schema
        self._connect = connect
        self._sender = sender
        self._set_aside = set_aside
        self._pace = Pace(limit=rows_max, poll_min=poll_seconds, poll_max=2 * poll_seconds)
        self._woken = asyncio.Event()
        self._taken: Tally[int] = Tally()
        self._parked: dict[str, float] = {}
        self._metrics = runtime_metrics(schema)

    def wake(self) -> None:
        """Look at once: something was just committed in this process."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until `stop` is set. Survives the loss of the database and of the brokers, however long.

        Whatever else it raises is a fault of ours: the process should end, loudly, and be restarted.
        """
        backoff = _BACKOFF_MIN_SECONDS
        try:
            while not stop.is_set():
                try:
                    async with self._session() as conn:
                        backoff = _BACKOFF_MIN_SECONDS
                        await self._lead(conn, stop)
                except Exception as error:
                    if not isinstance(error, AWAY) and judge(error) is not Fault.TRANSIENT:
                        raise
                    log.warning("relay lost its session", service=self._schema, error=repr(error))
                    self._failed()
                    await _pause(stop, backoff)
                    backoff = min(_BACKOFF_MAX_SECONDS, backoff * 2)
        finally:
            await self._sender.stop()

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[asyncpg.Connection[Any]]:
        conn = await self._connect()
        try:
            await conn.execute(_SESSION)
            await conn.add_listener(outbox_channel(self._schema), lambda *_: self._woken.set())
            yield conn
        finally:
            self._metrics.relay_shards.set(0)
            with suppress(Exception):  # the session may be gone already; what matters is that its locks are
                await conn.close(timeout=1.0)

    async def _lead(self, conn: asyncpg.Connection[Any], stop: asyncio.Event) -> None:
        leadership = Leadership(conn, self._schema)
        refresh_at = measure_at = 0.0
        backoff = _BACKOFF_MIN_SECONDS
        while not stop.is_set():
            if monotonic() >= refresh_at:
                await leadership.refresh()
                self._metrics.relay_shards.set(len(leadership.shards))
                refresh_at = monotonic() + _REFRESH_SECONDS
            if monotonic() >= measure_at:
                await self._measure(conn, leadership.shards)
                measure_at = monotonic() + _MEASURE_SECONDS
            self._woken.clear()
            try:
                await self._sender.start()  # before the transaction: it may take seconds
                wait = await self.round(conn, leadership.shards)
                backoff = _BACKOFF_MIN_SECONDS
            except SendFailed as error:
                self._send_failed(error)
                wait = 0.0
                await _pause(stop, backoff)
                backoff = min(_BACKOFF_MAX_SECONDS, backoff * 2)
            if wait:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), wait)

    async def round(self, conn: asyncpg.Connection[Any], shards: Sequence[int]) -> float:
        """Publish once what lies in the shards, bounded in rows and bytes. Gives the seconds to wait before the next.

        Raises SendFailed, with the rows still in the outbox, or the database's error.
        """
        parked = self._still_parked()
        if not shards or (self._pace.idle and not await store.any_waiting(conn, shards, parked)):
            return self._pace.sent(0, more=False)
        limit = self._pace.limit
        shares = quotas(self._taken, shards, limit)
        async with transaction(conn):
            rows = await store.take(conn, shares, limit=_exact(limit, shares), bytes_max=_BYTES_MAX, without=parked)
            refused = [row for row in rows if not fits(row)]
            if rows:
                crash.at("relay_after_delete")
                await self._send(rows, refused)
                crash.at("relay_after_send")
            if refused:
                await self._set_aside(conn, refused)
        self._published(len(rows) - len(refused), refused)
        self._taken = Tally(row.shard for row in rows)
        more = any(self._taken[shard] >= share for shard, share in shares.items())
        return self._pace.sent(len(rows), more=more)

    async def _send(self, rows: Sequence[OutboxRow], refused: list[OutboxRow]) -> None:
        """Send what is not refused. A single row that the broker finds too large joins the refused."""
        good = [row for row in rows if row not in refused] if refused else rows
        try:
            await self._sender.send(good)
        except MessageRefused:
            if len(good) > 1:
                raise
            refused.extend(good)

    def _published(self, sent: int, refused: Sequence[OutboxRow]) -> None:
        self._metrics.relayed.inc(sent)
        if refused:
            self._metrics.relay_refused.inc(len(refused))
            topics = sorted({row.topic for row in refused})
            log.error("events too large for Kafka were set aside", service=self._schema, topics=topics)

    def _send_failed(self, error: SendFailed) -> None:
        log.warning("relay could not send", service=self._schema, error=str(error))
        self._failed()
        if isinstance(error, TopicMissing):
            self._parked[error.topic] = monotonic() + _TOPIC_RETRY_SECONDS

    def _failed(self) -> None:
        self._pace.failed()
        self._metrics.relay_failed_rounds.inc()

    def _still_parked(self) -> list[str]:
        """Topics that were missing a moment ago: their rows wait, the others go on."""
        now = monotonic()
        self._parked = {topic: until for topic, until in self._parked.items() if until > now}
        return sorted(self._parked)

    async def _measure(self, conn: asyncpg.Connection[Any], shards: Sequence[int]) -> None:
        backlog = await store.backlog(conn, shards)
        self._metrics.outbox_rows.set(backlog.rows)
        self._metrics.outbox_oldest_seconds.set(backlog.oldest_seconds)
        self._metrics.oldest_transaction_seconds.set(backlog.oldest_transaction_seconds)


def _exact(limit: int, shares: Mapping[int, int]) -> int:
    """How many rows to take. While a single message is being looked for, not one too many."""
    return limit if limit <= _SEARCHING_ROWS else sum(shares.values())


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    """Sleep, unless told to stop."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
