"""A rebuild takes the place of shops that have changed their settings: what is owed is told, what is old goes.

The builds are stopped where nobody but an operator goes on, by the command `mandegar generations`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from services.metrics.counters import hold
from shared.contracts.shops import Shop
from tests.chaos.keeping import ROOT
from tests.chaos.world import Servers
from tests.rebuild.ground import Town, a_town, tell_settings
from tests.rebuild.test_rebuild import SEED, Ended, rebuild, told

pytestmark = [pytest.mark.stack, pytest.mark.slow]
SWITCHED, BUILT = ("beirut-bakery", "tehran-books"), "cairo-crafts"
"""One on wall time and one on its own clock that go live by hand; one whose build is under way when tables change."""
_PHASES = "SELECT s.slug, b.phase FROM generation_build b JOIN shop s ON s.number = b.shop"
_OWED = """
SELECT s.slug, count(*) FROM transition t
JOIN generation g ON g.shop = t.shop AND g.number = t.generation AND g.live JOIN shop s ON s.number = t.shop
WHERE t.owed <> 0 GROUP BY s.slug
"""
_LEFT = """
SELECT (SELECT count(*) FROM timer WHERE kind LIKE 'generation_%')
     + (SELECT count(*) FROM generation_build)
     + (SELECT count(*) FROM touched_customer) + (SELECT count(*) FROM touched_order)
"""
_OF_NOBODY = """
SELECT count(*) FROM transition t
WHERE NOT EXISTS (SELECT FROM generation g WHERE g.shop = t.shop AND g.number = t.generation AND g.live)
"""
# As after the switch of a shop with tens of thousands of orders, while these are given their days.
_SETTLING = """
UPDATE generation g SET building = true FROM shop s
WHERE s.number = g.shop AND s.slug = 'kuwait-coffee' AND g.live
"""
_READY = 3


def _chosen(town: Town) -> dict[str, Shop]:
    """Other settings: far more customers lapse."""
    found = {}
    for slug in (*SWITCHED, BUILT):
        shop = town.shops[slug]
        changes = {"lapsing_quantile": 50} if slug == BUILT else {"lapsing_days": 11}
        lifecycle = msgspec.structs.replace(shop.lifecycle, onboarding_days=5, **changes)
        found[slug] = msgspec.structs.replace(shop, lifecycle=lifecycle)
    return found


async def generations(town: Town, *arguments: str) -> str:
    """What `mandegar generations` prints. Raises Ended."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mandegar", "generations", *arguments),
        cwd=ROOT,
        env={**os.environ, **town.world.environ},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), 60)
    except TimeoutError:
        process.kill()
        raise
    if process.returncode:
        raise Ended(process.returncode, err.decode()[-3000:])
    return out.decode()


async def listed(town: Town) -> dict[str, dict[str, Any]]:
    """`mandegar generations list`, by shop."""
    return {row["shop"]: row for row in json.loads(await generations(town, "list", "--json"))}


@asynccontextmanager
async def held_when_built(town: Town, shops: Mapping[str, Shop]) -> AsyncIterator[None]:
    """Builds of these shops begin, and come as far as the switch, for which they need the shop alone."""
    async with town.rows() as conn, conn.transaction(), asyncio.timeout(60):
        await tell_settings(town.world, shops.values(), 2)
        held: set[str] = set()
        while held < shops.keys():
            begun = {row[0] for row in await conn.fetch(_PHASES)} - held
            await hold(conn, [shops[slug].number for slug in begun])
            held |= begun
            await asyncio.sleep(0.005)
        while {row[1] for row in await conn.fetch(_PHASES)} != {_READY}:  # noqa: ASYNC110 - a table tells no one
            await asyncio.sleep(0.1)
        yield


async def until_marked(town: Town) -> None:
    """Events go on, until a timer or a visit has left its mark at what is built."""
    asked = "SELECT EXISTS (SELECT FROM touched_customer t JOIN shop s ON s.number = t.shop WHERE s.slug = $1)"
    async with town.rows() as conn, asyncio.timeout(120):
        while not await conn.fetchval(asked, BUILT):
            assert town.sent < len(town.entries), "all of it went without a mark"
            feeding = asyncio.create_task(town.feed(len(town.entries) // 24))
            for _ in range(200):
                if await conn.fetchval(asked, BUILT):
                    break
                await asyncio.sleep(0.01)
            await feeding


async def until_nothing_is_built(town: Town) -> None:
    async with town.rows() as conn, asyncio.timeout(90):
        while left := await conn.fetchval(_LEFT) + sum((await _owed(conn)).values()):
            assert left > 0
            await asyncio.sleep(0.25)


async def _owed(conn: Any) -> dict[str, int]:
    return dict(await conn.fetch(_OWED))


async def test_shops_amid_a_change_of_settings_are_rebuilt_and_what_they_owe_is_told_once(servers: Servers) -> None:
    async with a_town(servers, seed=SEED + 3, customers=70, days=150, moving=0.5) as town:
        metrics = town.world.keep("metrics")
        await town.feed(len(town.entries) // 2)
        await town.settled()
        shops = _chosen(town)
        async with held_when_built(town, shops):
            rows = await listed(town)
            assert {rows[slug]["phase"] for slug in shops} == {"ready"}, rows
            assert {(rows[slug]["live"], rows[slug]["building"]) for slug in shops} == {(1, 2)}
            assert rows["kuwait-coffee"]["building"] is None
            with pytest.raises(Ended, match="did not stand still"):
                await generations(town, "switch", BUILT)
            await until_marked(town)
            metrics.kill()
            await asyncio.sleep(1)
        with pytest.raises(Ended, match="no shop 'nowhere'"):
            await generations(town, "switch", "nowhere")
        for slug in SWITCHED:
            assert "switched" in await generations(town, "switch", slug)
        rows = await listed(town)
        assert [rows[slug]["live"] for slug in shops] == [2, 2, 1]
        async with town.rows() as conn:
            owed = await _owed(conn)
            assert min(owed[slug] for slug in SWITCHED) > 5, owed
            assert await conn.fetchval("SELECT count(*) FROM touched_customer") > 0
            assert await conn.fetchval(_OF_NOBODY) > 50, "of the generations before"
            await conn.execute(_SETTLING)
        checked = told(await rebuild(town.world), "check")
        assert checked["equal"], checked
        print("owed", owed, "switched", told(await rebuild(town.world, "--switch"), "switch"))
        town.world.keep("metrics")
        await until_nothing_is_built(town)
        await town.feed(len(town.entries))
        await town.settled()
        await until_nothing_is_built(town)
        rows = await listed(town)
        assert [rows[slug]["live"] > 1 for slug in shops] == [True] * 3, rows
        async with town.rows() as conn:
            assert await conn.fetchval(_OF_NOBODY) == 0, "nothing is left of generations that are over"
            assert not await conn.fetchval("SELECT count(*) FROM generation WHERE building"), "nobody waits for days"
        print("stand", await town.judge_told())
        checked = told(await rebuild(town.world), "check")
        assert checked["equal"], checked
