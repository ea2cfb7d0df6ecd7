"""Before a rebuild reads anything: what no topic tells is taken over from the live tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from shared.messaging.rebuilding.plan import RebuildPlan


async def seed(conn: asyncpg.Connection[Any], plan: RebuildPlan, live: str, anew: str) -> None:
    """Run the plan's seeds. Safe to repeat. The connection must be of a role that sees all shops."""
    await _run(conn, (*plan.seeds, *plan.refreshed), live, anew)


async def refresh(conn: asyncpg.Connection[Any], plan: RebuildPlan, live: str, anew: str) -> None:
    """Take over what live has learnt since, as `seed`."""
    await _run(conn, plan.refreshed, live, anew)


async def _run(conn: asyncpg.Connection[Any], statements: Sequence[str], live: str, anew: str) -> None:
    async with conn.transaction():
        for statement in statements:
            await conn.execute(statement.replace("{live}", f'"{live}"').replace("{anew}", f'"{anew}"'))
