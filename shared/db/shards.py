"""Numbers of shards of the outbox, beside the tables, which take SQLAlchemy to describe: workers need these alone."""

from __future__ import annotations

OUTBOX_SHARDS = 16
"""How many relays can work side by side on one service's outbox. Fixed: rows already written carry their shard."""
BARRIER_SHARD = OUTBOX_SHARDS
"""Rows that wait until no row with a smaller id is left in the shards below. Barriers of all keys lie here together."""

LANE_SHARDS = tuple(range(BARRIER_SHARD + 1, BARRIER_SHARD + 1 + OUTBOX_SHARDS))
"""Rows on their way to the lane of history, by key as the others: a backlog of them stands in no live row's way."""
ALL_SHARDS = (*range(OUTBOX_SHARDS), BARRIER_SHARD, *LANE_SHARDS)
