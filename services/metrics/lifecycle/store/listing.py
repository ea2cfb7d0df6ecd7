"""Customers of a stage at the end of any day, a page at a time: by their ids, or by the day on which they came to it.

On the shop's present day the customers' rows know; of a day before, the changes up to it. Either way a page is read
along an index from its cursor on, in the memory of a page. A statement looks at so many customers, or days; a page that
has taken its time ends where it has come, with fewer customers than it might have.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from services.metrics.lifecycle.domain.stages import Reason, Stage
from services.metrics.orders import STRIDE, STRIDE_END
from shared.db import Reads

BATCH = 2_000
DAYS = 92
"""So many days of changes are looked at by one statement."""
_SECONDS = 2.0
"""After so long a page ends with what it has found."""
_GREATEST = 2**63 - 1
_OLDEST = "SELECT min(day) AS day FROM transition WHERE shop = $1 AND generation = $2"
Sort = Literal["customer", "day"]

_BY_EVENT = f"({Reason.ORDER:d}, {Reason.VISIT:d})"
# Which change was the last: on one day the clock comes first, then orders, of which the one that brought the customer
# in (or back) goes before what followed from it. Numbers do not tell: corrections have the highest.
_NEWEST_FIRST = (
    f"t.day DESC, (t.reason IN {_BY_EVENT}) DESC, "
    f"(t.previous NOT IN ({Stage.PROSPECT:d}, {Stage.LOST:d})) DESC, t.n DESC"
)
_TRUE = "t.shop = $1 AND t.generation = $2 AND t.retracted_by IS NULL AND t.day <= $3"
_CHANGE = "t.n, t.day, t.previous, t.stage, t.reason, t.last_active, t.threshold, t.late, t.event_id"
_LAST = f"""
SELECT {_CHANGE} FROM transition t WHERE {_TRUE} AND t.customer = c.customer ORDER BY {_NEWEST_FIRST} LIMIT 1
"""  # noqa: S608 - constants
_PRESENT = f"""
SELECT c.customer, c.threshold AS present_threshold, last.*
FROM (
    SELECT s.customer, s.threshold FROM customer_state s
    WHERE s.shop = $1 AND s.generation = $2 AND s.stage = $4 AND s.customer > $5 AND s.customer <= $7
    ORDER BY s.customer LIMIT $6
) c
CROSS JOIN LATERAL ({_LAST}) last
"""  # noqa: S608 - constants
_PAST = f"""
SELECT c.customer, NULL::int AS present_threshold, last.*
FROM customer_state c
CROSS JOIN LATERAL ({_LAST}) last
WHERE c.shop = $1 AND c.generation = $2 AND c.changes > 0 AND c.customer > $5 AND c.customer <= $7
  AND last.stage = $4
ORDER BY c.customer LIMIT $6
"""  # noqa: S608 - constants
_BY_DAY = f"""
SELECT c.customer, {{present}} AS present_threshold, {_CHANGE.replace("t.", "c.")}
FROM transition c
WHERE c.shop = $1 AND c.generation = $2 AND c.retracted_by IS NULL AND c.day <= $3 AND c.stage = $4
  AND c.day > $7 AND (c.day < $8 OR (c.day = $8 AND c.customer > $5))
  AND c.n = (SELECT last.n FROM ({_LAST}) last)
ORDER BY c.day DESC, c.customer LIMIT $6
"""  # noqa: S608 - constants
_PRESENT_THRESHOLD = """(
    SELECT s.threshold FROM customer_state s WHERE s.shop = $1 AND s.generation = $2 AND s.customer = c.customer
)"""
# What is told of each, looked up for the page alone.
_TOLD = """
WITH page AS MATERIALIZED ({page})
SELECT p.*, o.day AS last_order, v.day AS last_visit, b.day AS began
FROM page p
LEFT JOIN LATERAL (
    SELECT f.day FROM order_fact f
    WHERE f.shop = $1 AND f.customer = p.customer AND f.customer <> 0 AND f.counted AND f.day <= $3
    ORDER BY f.day DESC LIMIT 1
) o ON true
LEFT JOIN LATERAL (
    SELECT w.day FROM visit w WHERE w.shop = $1 AND w.customer = p.customer AND w.day <= $3 ORDER BY w.day DESC LIMIT 1
) v ON true
LEFT JOIN LATERAL (
    SELECT max(t.day) AS day FROM transition t WHERE {true} AND t.customer = p.customer AND t.reason IN {by_event}
) b ON true
ORDER BY {order}
"""


def _told(page: str, order: str) -> str:
    return _TOLD.format(page=page, true=_TRUE, by_event=_BY_EVENT, order=order)


_STATEMENTS = {
    ("customer", True): _told(_PRESENT, "p.customer"),
    ("customer", False): _told(_PAST, "p.customer"),
    ("day", True): _told(_BY_DAY.format(present=_PRESENT_THRESHOLD), "p.day DESC, p.customer"),
    ("day", False): _told(_BY_DAY.format(present="NULL::int"), "p.day DESC, p.customer"),
}


@dataclass(frozen=True, slots=True)
class InStage:
    """Who is asked for: customers in a stage at the end of a day (an ordinal)."""

    shop: int
    generation: int
    stage: Stage
    at: int
    is_present: bool
    """Whether it is the shop's present day, of which the customers' rows know."""
    longest: int | None = None
    """Nobody stays in the stage for more days than this; None where there is no limit."""
    sort: Sort = "customer"


class Staged(NamedTuple):
    """One of them, with the change that brought them there. Days are ordinals."""

    customer: int
    present_threshold: int | None
    n: int
    day: int
    previous: int
    stage: int
    reason: int
    last_active: int | None
    threshold: int | None
    late: bool
    event_id: str | None
    last_order: int | None
    last_visit: int | None
    began: int | None

    def place(self, sort: Sort) -> tuple[int, ...]:
        """Where the list goes on after this one."""
        return (self.customer,) if sort == "customer" else (self.day, self.customer)


class FoundStaged(NamedTuple):
    """Some of the customers, in order."""

    rows: list[Staged]
    reached: tuple[int, ...] | None
    """The place up to which all have been looked at; None when there are no more."""


async def staged(reads: Reads, asked: InStage, *, after: Sequence[int] = (), limit: int) -> FoundStaged:
    """The first `limit` after a place: by id, or the latest change first and by id within a day."""
    walk = _by_customer if asked.sort == "customer" else _by_day
    rows: list[Staged] = []
    began = time.monotonic()
    while True:  # ends with the customers, the page or the time
        found, reached = await walk(reads, asked, after, limit - len(rows))
        rows += found
        if len(rows) >= limit:
            return FoundStaged(rows, rows[-1].place(asked.sort))
        if reached is None or time.monotonic() - began > _SECONDS:
            return FoundStaged(rows, reached)
        after = reached


async def _by_customer(reads: Reads, asked: InStage, after: Sequence[int], limit: int) -> FoundStaged:
    start, until = after[0] if after else 0, _GREATEST
    if not asked.is_present:  # the present stage is in the index: nobody else is walked past
        bound = await reads.fetchrow(STRIDE_END, asked.shop, asked.generation, start, STRIDE - 1)
        until = _GREATEST if bound is None else bound["customer"]
    found = await _fetch(reads, asked, start, limit, until)
    return FoundStaged(found, None if until == _GREATEST else (until,))


async def _by_day(reads: Reads, asked: InStage, after: Sequence[int], limit: int) -> FoundStaged:
    day, customer = after or (asked.at, 0)
    day = max(0, min(day, asked.at))  # a cursor may hold any number
    oldest = await reads.fetchrow(_OLDEST, asked.shop, asked.generation)
    if oldest is None or oldest["day"] is None:
        return FoundStaged([], None)
    first = oldest["day"] - 1 if asked.longest is None else max(oldest["day"] - 1, asked.at - asked.longest)
    low = max(day - DAYS, first)
    found = await _fetch(reads, asked, customer, limit, low, day)
    return FoundStaged(found, None if low <= first else (low, 0))


async def _fetch(reads: Reads, asked: InStage, *arguments: int) -> list[Staged]:
    customer, limit, *bounds = arguments
    statement = _STATEMENTS[asked.sort, asked.is_present]
    own = (asked.shop, asked.generation, asked.at, asked.stage)
    return [Staged(*row) for row in await reads.fetch(statement, *own, customer, limit, *bounds)]


async def all_staged(
    reads: Reads, asked: InStage, *, after: Sequence[int] = ()
) -> AsyncGenerator[Sequence[Staged], None]:
    """All of them after a place, some thousands at a time."""
    reached: Sequence[int] | None = after
    while reached is not None:  # places rise
        rows, reached = await staged(reads, asked, after=reached, limit=BATCH)
        yield rows
