"""For how many a condition holds: everybody is asked, in one statement; of a large shop, a sample of them."""

from __future__ import annotations

from typing import NamedTuple

from services.campaigns.segments.compiling import Compiled
from services.campaigns.segments.domain.condition import Condition
from services.campaigns.segments.domain.sampling import Estimate, Sample, room_of, start_of
from services.campaigns.segments.store.members import Asking
from shared.db import Reads

CHANNELS = {"email": "email", "sms": "phone", "phone": "phone", "push": "", "messenger": ""}
"""Those that somebody may be reachable by, each with the contact that it needs."""
_SHOWN = 10
_COUNTED = """
WITH judged AS MATERIALIZED ({judged})
SELECT count(*) AS customers, count(*) FILTER (WHERE yes) AS size,
       {counts},
       (SELECT array_agg(person) FROM (SELECT person FROM judged WHERE yes ORDER BY person LIMIT {sample}) s) AS sample
FROM judged
"""


# Persons by whom they are counted as: those who are counted as somebody else are left out, and who is known by another
# identity alone is in. Each half reads an index from a place on, as far as it is asked to.
_DRAWN = """
SELECT customer FROM (
    (SELECT p.customer FROM profile p
     WHERE p.shop = $1 AND p.customer >= $2 AND p.customer < $3 AND NOT EXISTS (
        SELECT FROM customer_pointer c WHERE c.shop = p.shop AND c.customer = p.customer AND c.canonical <> c.customer)
     ORDER BY p.customer LIMIT $4)
    UNION
    (SELECT DISTINCT c.canonical FROM customer_pointer c
     WHERE c.shop = $1 AND c.canonical >= $2 AND c.canonical < $3 AND c.canonical <> c.customer
     ORDER BY c.canonical LIMIT $4)
) AS one ORDER BY customer LIMIT $4
"""
_IS_LARGE = "SELECT count(*) > $2 AS yes FROM (SELECT FROM profile WHERE shop = $1 LIMIT $2 + 1) AS asked"
# For the sample alone: a plan that reads all of a table, to join some of it, takes as long as the shop is large.
_BY_KEYS = "SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)"
EXACT_MAX = 100_000
"""Of a shop with more identities a sample is asked."""
SAMPLE = 20_000
_END = 2**63 - 1


class Size(NamedTuple):
    """For how many."""

    customers: int
    size: Estimate
    reachable: dict[str, int]
    sample: list[int]
    exact: bool


async def size(
    reads: Reads, asking: Asking, condition: Condition, purpose: str | None, limits: tuple[int, int] | None = None
) -> Size:
    """`purpose`: that they must have agreed to, for a channel to count as reachable; None: any. `limits`: up to how
    many identities everybody is asked, and how many customers a sample has."""
    most, drawn = limits or (EXACT_MAX, SAMPLE)
    large = await reads.fetchrow(_IS_LARGE, asking.shop, most)
    if large is None or not large["yes"]:
        found = await _counted(reads, asking, condition, purpose, None)
        return Size(found.customers, Estimate(found.size, found.size, found.size), found.reachable, found.sample, True)
    await reads.fetchrow(_BY_KEYS)
    start = start_of(asking.shop)
    whom = [row["customer"] for row in await reads.fetch(_DRAWN, asking.shop, start, _END, drawn)]
    if len(whom) < drawn:
        whom += [row["customer"] for row in await reads.fetch(_DRAWN, asking.shop, 0, start, drawn - len(whom))]
    sample = Sample(len(whom), room_of(start, whom[-1]))
    found = await _counted(reads, asking, condition, purpose, whom)
    reachable = {channel: sample.whole(count).value for channel, count in found.reachable.items()}
    everybody = sample.whole(found.customers).value
    return Size(everybody, sample.whole(found.size), reachable, found.sample, False)


class _Counted(NamedTuple):
    customers: int
    size: int
    reachable: dict[str, int]
    sample: list[int]


async def _counted(
    reads: Reads, asking: Asking, condition: Condition, purpose: str | None, whom: list[int] | None
) -> _Counted:
    """`whom`: persons by whom they are counted as; None: everybody."""
    compiled = Compiled(asking.zone, asking.today, everybody=whom is None)
    compiled.agrees = True
    yes = compiled.condition(condition)
    reached = []
    for channel, contact in CHANNELS.items():
        agreed = (
            f"coalesce({compiled.put(channel, 'text')} = ANY(a.channels), false)"
            if purpose is None
            else f"coalesce({compiled.put(f'{channel} {purpose}', 'text')} = ANY(a.pairs), false)"
        )
        known = f"{compiled.column(contact)} IS NOT NULL AND " if contact else ""
        reached.append(f"{known}{agreed} AS by_{channel}")
    judged = compiled.statement(["w.person", f"{yes} AS yes", *reached], "WHERE NOT w.erased")
    counts = ", ".join(f"count(*) FILTER (WHERE yes AND by_{one}) AS by_{one}" for one in CHANNELS)
    statement = _COUNTED.format(judged=judged, counts=counts, sample=_SHOWN)
    row = await reads.fetchrow(statement, asking.shop, *([] if whom is None else [whom]), *compiled.arguments)
    assert row is not None, "an aggregate has a row"
    reachable = {channel: int(row[f"by_{channel}"]) for channel in CHANNELS}
    return _Counted(row["customers"], row["size"], reachable, list(row["sample"] or []))
