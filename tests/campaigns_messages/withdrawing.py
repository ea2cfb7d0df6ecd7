"""What was claimed of somebody at the moment at which they withdraw, written down in the withdrawing transaction.

Who withdraws holds the person's consents, so what is claimed of them is settled then: nothing may be added after it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import asyncpg

_WATCH = """
CREATE TABLE seen (customer bigint, purpose text, claimed text[]);
CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = campaigns AS $$
BEGIN
    INSERT INTO seen SELECT NEW.customer, NEW.purpose, coalesce(array_agg(id ORDER BY id), '{}') FROM message
    WHERE customer = NEW.customer AND attempt > 0 AND NEW.purpose IN (purpose, 'all');
    RETURN NULL;
END $$;
CREATE TRIGGER watch AFTER INSERT OR UPDATE ON consent FOR EACH ROW WHEN (NEW.state = 'withdrawn')
EXECUTE FUNCTION watch();
"""
_FOUND = """
SELECT s.customer, s.claimed, (SELECT coalesce(array_agg(id), '{}') FROM message m
                               WHERE m.customer = s.customer AND m.attempt > 0
                                 AND s.purpose IN (m.purpose, 'all')) AS found
FROM seen s
"""


class Withdrawn(NamedTuple):
    """Somebody who wanted no more."""

    customer: int
    claimed: set[str]
    """Messages, before, for the purpose that they withdrew; of a whole channel, for any."""
    after: set[str]
    """Messages that were claimed later."""


async def watch(conn: asyncpg.Connection[Any]) -> None:
    """From now on."""
    await conn.execute("SET search_path TO campaigns")
    await conn.execute(_WATCH)


async def withdrawn(conn: asyncpg.Connection[Any]) -> list[Withdrawn]:
    """All who did, each as often as they did."""
    return [
        Withdrawn(row["customer"], set(row["claimed"]), set(row["found"]) - set(row["claimed"]))
        for row in await conn.fetch(_FOUND)
    ]
