"""Customers of a stage at the end of any day, a page at a time: by their ids, or by the day on which they came to it.

On the shop's present day the customers' rows know; of a day before, the changes up to it. Either way a page is read
along an index from its cursor on, in the memory of a page.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from services.metrics.lifecycle.domain.stages import Reason, Stage
from shared.db import Reads

BATCH = 2_000
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
    WHERE s.shop = $1 AND s.generation = $2 AND s.stage = $4 AND s.customer > $5
    ORDER BY s.customer LIMIT $6
) c
CROSS JOIN LATERAL ({_LAST}) last
"""  # noqa: S608 - constants
_PAST = f"""
SELECT c.customer, NULL::int AS present_threshold, last.*
FROM customer_state c
CROSS JOIN LATERAL ({_LAST}) last
WHERE c.shop = $1 AND c.generation = $2 AND c.changes > 0 AND c.customer > $5 AND last.stage = $4
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


async def staged(reads: Reads, asked: InStage, *, after: Sequence[int] = (), limit: int) -> list[Staged]:
    """The first `limit` after a place: by id, or the latest change first and by id within a day."""
    arguments: list[int] = [asked.shop, asked.generation, asked.at, asked.stage]
    if asked.sort == "customer":
        arguments += [after[0] if after else 0, limit]
    else:
        day, customer = after or (asked.at, 0)
        arguments += [customer, limit, 0 if asked.longest is None else asked.at - asked.longest, day]
    rows = await reads.fetch(_STATEMENTS[asked.sort, asked.is_present], *arguments)
    return [Staged(*row) for row in rows]


async def all_staged(
    reads: Reads, asked: InStage, *, after: Sequence[int] = ()
) -> AsyncGenerator[Sequence[Staged], None]:
    """All of them after a place, some thousands at a time."""
    while rows := await staged(reads, asked, after=after, limit=BATCH):  # places rise
        yield rows
        if len(rows) < BATCH:
            return
        after = rows[-1].place(asked.sort)
