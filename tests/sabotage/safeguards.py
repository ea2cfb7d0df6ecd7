"""The safeguards, how each is taken out, and the tests that must notice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


class Edit(NamedTuple):
    """A text that stands in a file exactly once, and what takes its place."""

    file: str
    old: str
    new: str


class NotThere(Exception):
    """The code has changed: the edit must be written anew."""


@dataclass(frozen=True)
class Safeguard:
    name: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]

    def remove_from(self, tree: Path) -> None:
        """Take it out of a copy of the tree. Raises NotThere and changes nothing when a text is not there once."""
        texts = {edit.file: (tree / edit.file).read_text("utf-8") for edit in self.edits}
        for edit in self.edits:
            if texts[edit.file].count(edit.old) != 1:
                raise NotThere(f"{self.name}: {edit.file} does not hold exactly once:\n{edit.old}")
            texts[edit.file] = texts[edit.file].replace(edit.old, edit.new)
        for file, text in texts.items():
            (tree / file).write_text(text, "utf-8")

    def put_back(self, original: Path, tree: Path) -> None:
        for edit in self.edits:
            (tree / edit.file).write_text((original / edit.file).read_text("utf-8"), "utf-8")


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

_SHELF = "services/loyalty/rewards/store/catalogue.py"
SAFEGUARDS = (
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
        "sorting of customers",
        (
            Edit(
                "services/metrics/orders/store/customers.py",
                "ORDER BY c.shop, c.generation, c.customer\nFOR UPDATE",
                "ORDER BY random()\nFOR UPDATE",
            ),
        ),
        ("tests/metrics/test_concurrency.py",),
    ),
    Safeguard(
        "sorting of counters",
        (Edit("services/metrics/counters/store/adding.py", "ORDER BY n\n", "ORDER BY random()\n"),),
        ("tests/metrics/test_concurrency.py",),
    ),
    Safeguard(
        "key lock",
        (
            Edit("shared/db/transaction.py", _LOCKED, _READ),
            Edit(
                "shared/db/transaction.py",
                "        self._published: list[Published] = []\n",
                "        self._published: list[Published] = []\n        self._last: dict[OutboxKey, int] = {}\n",
            ),
            Edit(
                "shared/db/transaction.py",
                "            self._reserved.setdefault(key, deque())",
                "            self._last[key] = last\n            self._reserved.setdefault(key, deque())",
            ),
            Edit(
                "shared/db/transaction.py",
                "        await set_timers(self._conn, self._timers)\n",
                "        await set_timers(self._conn, self._timers)\n" + _WRITE_BACK,
            ),
        ),
        ("tests/db/test_transaction.py",),
    ),
    Safeguard(
        "lock of the order row",
        (
            Edit(
                "services/metrics/orders/store/facts.py",
                "ORDER BY o.shop, o.order_id\nFOR UPDATE OF o\n",
                "ORDER BY o.shop, o.order_id\n",
            ),
        ),
        ("tests/metrics/test_concurrency.py",),
    ),
    Safeguard(
        "order stub",
        (Edit("services/metrics/orders/store/facts.py", "    if batch.states:\n", "    if False:\n"),),
        ("tests/metrics/test_consumer.py",),
    ),
    Safeguard(
        "retraction",
        (
            Edit(
                "services/metrics/orders/domain/decide.py",
                "_joined((appended, now, was))",
                "_joined((appended, now))",
            ),
        ),
        ("tests/metrics/test_consumer.py",),
    ),
    Safeguard(
        "taking stages back",
        (
            Edit(
                "services/metrics/lifecycle/domain/walking.py", "        for at in untrue:\n", "        for at in ():\n"
            ),
        ),
        ("tests/metrics_lifecycle/test_wall.py",),
    ),
    Safeguard(
        "late flag",
        (
            Edit(
                "services/metrics/lifecycle/domain/walking.py",
                "late=change.day < cause.horizon",
                "late=False",
            ),
        ),
        ("tests/metrics_lifecycle/test_wall.py",),
    ),
    Safeguard(
        "what fell due comes first",
        (
            Edit(
                "services/metrics/lifecycle/domain/stages.py",
                "    standing, changes = fall_due(standing, rules, day)\n    beats = ",
                "    changes: list[Transition] = []\n    beats = ",
            ),
        ),
        ("tests/metrics_lifecycle/test_domain_stages.py",),
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
        "difference of the books",
        (
            Edit(
                "services/metrics/orders/consumer.py",
                "        await counters.add(conn, booked, numbers, work.shard, counters.BOOKED)\n",
                "        pass\n",
            ),
        ),
        ("tests/metrics/test_booked.py",),
    ),
    Safeguard(
        "who was erased is not locked",
        (Edit("services/gateway/identity/store/reading.py", "WHERE c.erasure IS NULL\n", "WHERE true\n"),),
        ("tests/privacy/test_erasing.py",),
    ),
    Safeguard(
        "tombstones have no value",
        (Edit("shared/messaging/relay/sender.py", "value = row.value or None", "value = row.value"),),
        ("tests/messaging/test_relay.py",),
    ),
    Safeguard(
        "the last statement holds",
        (
            Edit(
                "services/gateway/consents/domain.py",
                "if key not in found or _order(one) > _order(found[key]):",
                "if True:",
            ),
        ),
        ("tests/privacy/test_consents.py",),
    ),
    Safeguard(
        "lock of accounts",
        (Edit("services/loyalty/points/store/accounts.py", "\nFOR UPDATE OF a\n", "\n"),),
        ("tests/loyalty_points/test_posting.py",),
    ),
    Safeguard(
        "sorting of accounts",
        (
            Edit(
                "services/loyalty/points/store/accounts.py",
                "ORDER BY a.shop, a.customer\nFOR UPDATE",
                "ORDER BY random()\nFOR UPDATE",
            ),
        ),
        ("tests/loyalty_points/test_posting.py",),
    ),
    Safeguard(
        "accounts are made before any is locked",
        (
            Edit(
                "services/loyalty/points/store/accounts.py",
                "    made = {Who(",
                "    await _lock(conn, wanted)\n    made = {  Who(",
            ),
        ),
        ("tests/loyalty_points/test_locks.py",),
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
    Safeguard(
        "lots have their turn",
        (Edit("services/loyalty/points/domain/model.py", "key=lambda lot: lot.turn)", "key=lambda lot: lot.lot)"),),
        ("tests/loyalty_points/test_cases.py",),
    ),
    Safeguard(
        "repayments are given up with their debt",
        (
            Edit(
                "services/loyalty/points/domain/awarding.py",
                "        _give_up_repayments(book, lot, owed - account.owed)\n",
                "        owed = min(owed, account.owed)\n",
            ),
        ),
        ("tests/loyalty_points/test_cases.py",),
    ),
    Safeguard(
        "reviews come before expiry",
        (Edit("services/loyalty/points/beside.py", "(own[0].day, _REVIEW) < _place(telling)", "False"),),
        ("tests/loyalty_tiers/test_days_turn.py",),
    ),
    Safeguard(
        "this morning's points count for this morning's review",
        (
            Edit(
                "services/loyalty/tiers/domain/standing.py",
                "self.measure(day - 1) + self.opening(day), ",
                "self.measure(day - 1), ",
            ),
        ),
        ("tests/loyalty_tiers/test_standing.py",),
    ),
    Safeguard(
        "what is taken back is counted off",
        (
            Edit(
                "services/loyalty/orders/domain/granting.py",
                "((-1, was, counted), (1, grant, kept))",
                "((1, grant, kept),)",
            ),
        ),
        ("tests/loyalty_tiers/test_reviewing.py",),
    ),
    Safeguard(
        "who is looked at by a timer is armed anew",
        (Edit("services/loyalty/tiers/reviewing.py", "one.asked.fired or ", ""),),
        ("tests/loyalty_tiers/test_reviewing.py",),
    ),
    Safeguard(
        "what is left of a reward",
        (Edit(_SHELF, "AND (stock IS NULL OR taken < stock)\n", "\n"),),
        ("tests/loyalty_rewards/test_redeeming.py",),
    ),
    Safeguard(
        "how many rewards one customer may have",
        (Edit(_SHELF, "u.customer = ANY($4)) < $6)", "u.customer = ANY($4)) < $6 + 1000)"),),
        ("tests/loyalty_rewards/test_redeeming.py",),
    ),
    Safeguard(
        "a reward is used once",
        (Edit("services/loyalty/rewards/redeeming.py", "named is not None and named == one.order_id", "one"),),
        ("tests/loyalty_rewards/test_redeeming.py",),
    ),
    Safeguard(
        "the second person",
        (Edit("services/loyalty/corrections/domain.py", "if who == one.asked_by:", "if False:"),),
        ("tests/loyalty_rewards/test_corrections.py",),
    ),
)
