"""For how many a condition holds: everybody is asked, in one statement."""

from __future__ import annotations

from typing import NamedTuple

from services.campaigns.segments.compiling import Compiled
from services.campaigns.segments.domain.condition import Condition
from services.campaigns.segments.store.members import Asking
from shared.db import Reads

CHANNELS = {"email": "email", "sms": "phone", "phone": "phone", "push": "", "messenger": ""}
"""Those that somebody may be reachable by, each with the contact that it needs."""
_SAMPLE = 10
_COUNTED = """
WITH judged AS MATERIALIZED ({judged})
SELECT count(*) AS customers, count(*) FILTER (WHERE yes) AS size,
       {counts},
       (SELECT array_agg(person) FROM (SELECT person FROM judged WHERE yes ORDER BY person LIMIT {sample}) s) AS sample
FROM judged
"""


class Size(NamedTuple):
    """For how many."""

    customers: int
    size: int
    reachable: dict[str, int]
    sample: list[int]


async def size(reads: Reads, asking: Asking, condition: Condition, purpose: str | None) -> Size:
    """`purpose`: that they must have agreed to, for a channel to count as reachable; None: any."""
    compiled = Compiled(asking.zone, asking.today, everybody=True)
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
    statement = _COUNTED.format(judged=judged, counts=counts, sample=_SAMPLE)
    row = await reads.fetchrow(statement, asking.shop, *compiled.arguments)
    assert row is not None, "an aggregate has a row"
    reachable = {channel: int(row[f"by_{channel}"]) for channel in CHANNELS}
    return Size(row["customers"], row["size"], reachable, list(row["sample"] or []))
