"""Before a rebuild reads anything: what no topic tells is taken over from the live tables."""

from __future__ import annotations

from typing import Any

import asyncpg

from shared.messaging.rebuilding.plan import RebuildPlan


async def seed(conn: asyncpg.Connection[Any], plan: RebuildPlan, live: str, anew: str) -> None:
    """Run the plan's seeds. Safe to repeat. The connection must be of a role that sees all shops."""
    async with conn.transaction():
        for statement in plan.seeds:
            await conn.execute(statement.replace("{live}", f'"{live}"').replace("{anew}", f'"{anew}"'))
