"""Entry of the operator."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import asyncpg

from services.campaigns.reports import store
from services.campaigns.reports.letters import of_letter
from shared.db import acquire


async def take_letter(pool: asyncpg.Pool[Any], raw: bytes, now: datetime) -> int:
    """Keep what a server's letter tells, until the worker understands it; how many things it tells."""
    found = [one for one in of_letter(raw, now) if "\0" not in one.code]
    async with acquire(pool) as conn:
        await store.add(conn, found)
    return len(found)
