"""What every service rests on: positions, ids, locks, the relay, timers."""

from __future__ import annotations

from tests.sabotage.removing import Edit, Safeguard

_LOCKED = """
INSERT INTO outbox_key AS k (shop, key, sequence)
SELECT * FROM unnest($1::smallint[], $2::bytea[], $3::bigint[])
ON CONFLICT (shop, key) DO UPDATE SET sequence = k.sequence + excluded.sequence
RETURNING shop, key, sequence
"""
# What one writes who does not think of a second writer: read, add, and write back in the end.
_READ = """
SELECT w.shop, w.key, coalesce(k.sequence, 0) + w.wanted
FROM unnest($1::smallint[], $2::bytea[], $3::bigint[]) AS w (shop, key, wanted) LEFT JOIN outbox_key k USING (shop, key)
"""
_WRITE_BACK = """        for key, numbers in self._last.items():
            await self._conn.execute(
                "INSERT INTO outbox_key VALUES ($1, $2, $3) "
                "ON CONFLICT (shop, key) DO UPDATE SET sequence = greatest(outbox_key.sequence, excluded.sequence)",
                int(key.shop), key.key, numbers,
            )
"""

RUNTIME = (
    Safeguard(
        "fence",
        (
            Edit(
                "shared/messaging/fence.py",
                "    WHERE o.grp = $1 AND o.next = a.start AND o.epoch = a.epoch\n",
                "    WHERE o.grp = $1\n",
            ),
        ),
        ("tests/messaging/test_batch.py",),
    ),
    Safeguard(
        "processed ids",
        (
            Edit(
                "shared/messaging/batch.py",
                "import Identities, ProcessedIds\n",
                "import Identities, ProcessedIds, Sifted\n",
            ),
            Edit(
                "shared/messaging/batch.py",
                "sifted = await self._ids.sift(work.tx.conn, identities)",
                "sifted = Sifted(np.arange(len(identities)), np.arange(0))",
            ),
        ),
        ("tests/messaging/test_batch.py",),
    ),
    Safeguard(
        "months that are asked for",
        (
            Edit(
                "shared/db/partitions.py",
                "FROM processed_month WHERE taken_on < $1 ORDER",
                "FROM processed_month WHERE $1 > 0 ORDER",
            ),
            Edit("shared/db/partitions.py", "first = $1 AND taken_on < $2", "first = $1 AND $2 > 0"),
        ),
        ("tests/messaging/test_housekeeping.py",),
    ),
    Safeguard(
        "batches of reference data",
        (Edit("shared/messaging/processor.py", "        if reference:\n", "        if False:\n"),),
        ("tests/messaging/test_strangers.py",),
    ),
    Safeguard(
        "reading before judging",
        (Edit("shared/messaging/reference/patience.py", "    if not any(ends.values()):\n", "    if True:\n"),),
        ("tests/messaging/test_strangers.py",),
    ),
    Safeguard(
        "second look",
        (Edit("shared/messaging/batch.py", "        if self.suspects is not None:\n", "        if False:\n"),),
        ("tests/messaging/test_second_look.py",),
    ),
    Safeguard(
        "committed records only",
        (
            Edit(
                "shared/messaging/consumer.py",
                '"isolation_level": "read_committed"',
                '"isolation_level": "read_uncommitted"',
            ),
        ),
        ("tests/messaging/test_transactions.py",),
    ),
    Safeguard(
        "sorting of keys",
        (Edit("shared/db/transaction.py", "keys = sorted(reserve)", "keys = list(reserve)"),),
        ("tests/db/test_transaction.py",),
    ),
    Safeguard(
        "key lock",
        (
            Edit("shared/db/transaction.py", _LOCKED, _READ),
            Edit(
                "shared/db/transaction.py",
                "        self._published: list[_Row] = []\n",
                "        self._published: list[_Row] = []\n        self._last: dict[OutboxKey, int] = {}\n",
            ),
            Edit(
                "shared/db/transaction.py",
                "            numbers = self._reserved.get(key)\n            if",
                "            self._last[key] = last\n            numbers = self._reserved.get(key)\n            if",
            ),
            Edit(
                "shared/db/transaction.py",
                "        add_timers(writes, self._timers)\n",
                "        add_timers(writes, self._timers)\n" + _WRITE_BACK,
            ),
        ),
        ("tests/db/test_transaction.py",),
    ),
    Safeguard(
        "clock barrier",
        (
            Edit(
                "shared/messaging/relay/store.py",
                "AND (q.shard <> {BARRIER_SHARD} OR outbox.id < (",
                "AND (TRUE OR outbox.id < (",
            ),
        ),
        ("tests/gateway/test_clocks.py",),
    ),
    Safeguard(
        "origin of the lane",
        (Edit("shared/messaging/decoding.py", "if lane and event.origin != BACKFILL:", "if False:"),),
        ("tests/messaging/test_lane.py",),
    ),
    Safeguard(
        "tombstones have no value",
        (Edit("shared/messaging/relay/sender.py", "value = row.value or None", "value = row.value"),),
        ("tests/messaging/test_relay.py",),
    ),
    Safeguard(
        "one kind of timers in a transaction",
        (
            Edit(
                "shared/messaging/chores/timers.py",
                "            failed = await self._run(work, self._last, run)\n",
                "            failed, left = [], due\n"
                "            while run := one_run(left, ''):\n"
                "                failed += await self._run(work, run[0].kind, run)\n"
                "                left = [one for one in left if one not in run]\n"
                "            run = due\n",
            ),
        ),
        ("tests/loyalty_points/test_locks.py",),
    ),
    Safeguard(
        "timers are locked last",
        (
            Edit(
                "shared/db/timers.py",
                "timer.shop, timer.identity LIMIT $4\n",
                "timer.shop, timer.identity LIMIT $4 FOR UPDATE\n",
            ),
        ),
        ("tests/loyalty_points/test_locks.py",),
    ),
)
