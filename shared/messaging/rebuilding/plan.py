"""What a service says of its tables, so that they can be rebuilt from the topics, compared and exchanged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import asyncpg

RUNTIME_EXCHANGED = ("consumer_offset", "processed_event", "processed_month", "timer", "shop", "api_key")
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
    decides: bool = True
    """Otherwise a difference is told and nothing more: it may have come about without anything being wrong."""


class Sides(NamedTuple):
    """Names of two schemas."""

    live: str
    anew: str


class History(Protocol):
    """What was done to the outside, such as published, is no function of the topics: it stays when tables change."""

    async def prepare(self, worker: asyncpg.Connection[Any], sides: Sides) -> Any:
        """While live runs: look for what differs. `worker` sees all shops and is in no transaction."""
        ...

    async def adopt(
        self, operator: asyncpg.Connection[Any], sides: Sides, prepared: Any, now: datetime
    ) -> Sequence[str]:
        """While live stands still, in the transaction of the exchange: make what is filled anew go on from there.

        `operator` owns the tables, and is bound by their policies. Gives what was done, for people.
        """
        ...


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
    refreshed: Sequence[str] = ()
    """As `seeds`, and again before each comparison and exchange: what live learns meanwhile and no topic tells."""
    set_apart: Callable[[asyncpg.Connection[Any], asyncpg.Connection[Any]], Awaitable[int]] | None = None
    """Called with both sides, live's snapshot first, each in a transaction, before they are compared.

    For what is on its way on one side only: it may leave temporary tables that `compared` names. Gives how many.
    """
    history: History | None = None
    constant: Sequence[Compared] = ()
    """What must be alike for an exchange: a choice that people made meanwhile must not be undone by it."""
