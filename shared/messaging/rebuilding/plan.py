"""What a service says of its tables, so that they can be rebuilt from the topics, compared and exchanged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

RUNTIME_EXCHANGED = ("consumer_offset", "processed_event", "timer", "shop", "api_key")
"""Tables of the runtime that a rebuild has anew, and that take the place of the live ones.

The others stay: `outbox` holds what is still to be sent, sequences of `outbox_key` must never go back, and
`dead_letter` holds bodies that people may have repaired or that were erased.
"""


@dataclass(frozen=True, slots=True)
class Compared:
    """A table and the rows of it that a rebuild must have exactly as live has them."""

    table: str
    rows: str
    """A query without parameters; the search path is the schema. Order does not matter, repeats do."""
    left_out: str = ""
    """What of the table is not compared, and why."""


@dataclass(frozen=True, slots=True)
class RebuildPlan:
    """How a service is rebuilt. Its topics are those that it subscribes to."""

    exchanged: Sequence[str]
    """The service's own tables that are filled anew, beside RUNTIME_EXCHANGED."""
    compared: Sequence[Compared]
    seeds: Sequence[str] = ()
    """Statements that take over from live what no topic tells. {live} and {anew} stand for the schemas; repeatable."""
    timers: Sequence[str] = ()
    """Kinds of timers that fire while the past is read, at their own time. Others wait until after the exchange."""
    constant: Sequence[Compared] = ()
    """What must be alike for an exchange: a choice that people made meanwhile must not be undone by it."""
