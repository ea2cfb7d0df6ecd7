"""Stages in a rebuild: equal to live on both clocks, mended where damaged, told once when tables change places."""

from __future__ import annotations

import json
import signal

import pytest

from shared.kernel import CustomerId, customer_id_text
from tests.chaos.world import Servers
from tests.rebuild.ground import Town, a_town
from tests.rebuild.test_rebuild import SEED, Ended, rebuild, rows_of, told

pytestmark = [pytest.mark.stack, pytest.mark.slow]
_COUNTS = "SELECT s.settings->>'clock', count(*) FROM {} t JOIN shop s ON s.number = t.shop GROUP BY 1"
# In live the test hurries them.
_PUT_OFF = """
SELECT count(*) FROM metrics_rebuild.customer_state c JOIN metrics_rebuild.shop s ON s.number = c.shop
WHERE c.put_off AND s.slug = 'beirut-bakery'
"""
_ONE = """(shop, generation, customer, n) = (
    SELECT t.shop, t.generation, t.customer, t.n FROM transition t JOIN shop s ON s.number = t.shop
    WHERE t.retracted_by IS NULL AND s.settings->>'clock' = '{clock}' AND t.stage = {stage}
      AND s.slug NOT IN ('kuwait-coffee', 'berlin-bikes')
    ORDER BY t.customer, t.n LIMIT 1)"""
_DAMAGES = (
    f"DELETE FROM transition WHERE {_ONE.replace('{stage}', '2')}",
    f"UPDATE transition SET day = day + 3 WHERE {_ONE.replace('{stage}', '3')}",
)


async def test_stages_come_out_alike_on_both_clocks_while_all_flows(servers: Servers) -> None:
    async with a_town(servers, seed=SEED, customers=150) as town:
        for _ in range(2):
            town.world.keep("metrics", MANDEGAR_BATCH_EVENTS_MAX="700")
        await town.feed(len(town.entries) * 2 // 3)
        await town.underway()
        async with town.fed():
            with pytest.raises(Ended) as ended:
                await rebuild(town.world, crash_at="timer_after_claim")
            assert ended.value.args[0] == -signal.SIGKILL, ended.value.args[:2]
            checked = told(await rebuild(town.world), "check")
            assert checked["equal"], checked
            print("set apart", checked["set_apart"])
            assert town.sent < len(town.entries), "events were still flowing"
        await town.settled()
        checked = told(await rebuild(town.world), "check")
        assert checked["equal"], checked
        waiting = await rows_of(town.world, _PUT_OFF)
        assert checked["set_apart"] == waiting, "nobody but those whose minute after an import the rebuild waits for"
        rows = {table["table"]: table["rebuilt_rows"] for table in checked["tables"]}
        assert min(rows[name] for name in ("transition", "transition (told)", "gap_count", "shop_clock", "visit")) > 20
        assert rows["nps_answer"] > 100
        async with town.rows() as conn:
            by_clock = dict(await conn.fetch(_COUNTS.format("transition")))
            assert min(by_clock["wall"], by_clock["stream"]) > 50, by_clock
        print("stand", await town.judge_told(), "of", by_clock)


async def test_switched_under_load_every_change_of_stage_is_told_once(servers: Servers) -> None:
    async with a_town(servers, seed=SEED + 1, customers=120) as town:
        for _ in range(2):
            town.world.keep("metrics", MANDEGAR_BATCH_EVENTS_MAX="300")
        await town.feed(len(town.entries) // 2)
        await town.underway()
        async with town.fed():
            with pytest.raises(Ended) as ended:
                await rebuild(town.world, "--switch", crash_at="rebuild_before_commit")
            assert ended.value.args[0] == -signal.SIGKILL, ended.value.args
            switched = told(await rebuild(town.world, "--switch"), "switch")
            print("switched", switched)
            assert switched["seconds"] < 5
            assert town.sent < len(town.entries), "events were still flowing"
            assert told(await rebuild(town.world, "--drop-old"), "dropped")["dropped"]
        await town.settled()
        print("stand", await town.judge_told())
        checked = told(await rebuild(town.world), "check")
        assert checked["equal"], checked


async def test_damaged_changes_of_stages_are_found_and_mended_and_what_was_told_wrongly_is_corrected(
    servers: Servers,
) -> None:
    async with a_town(servers, seed=SEED + 2, customers=100, moving=0) as town:
        town.world.keep("metrics")
        await town.feed(len(town.entries) * 3 // 4)
        await town.settled()
        wronged = await _lose_a_fact(town)
        await town.feed(len(town.entries))
        await town.settled()
        async with town.rows() as conn:
            before = await conn.fetchval("SELECT count(*) FROM transition")
            for clock in ("stream", "wall"):
                for damage in _DAMAGES:
                    assert (await conn.execute(damage.replace("{clock}", clock)))[-1] == "1"
        with pytest.raises(Ended) as ended:
            await rebuild(town.world, "--switch")
        (check,) = [line for line in ended.value.args[2] if line["kind"] == "check"]
        states = {table["table"]: table["state"] for table in check["tables"]}
        assert {states[name] for name in ("transition", "order_fact", "counter")} == {"different"}, states
        assert states["transition (told)"] == "otherwise"
        switched = told(await rebuild(town.world, "--switch", "--even-if-different"), "switch")
        print("switched", switched)
        async with town.rows() as conn:
            assert await conn.fetchval("SELECT count(*) FROM transition") == before, "lost rows are back"
        await town.settled()
        async with town.rows() as conn:
            late = await conn.fetchval("SELECT count(*) FROM transition WHERE customer = $1 AND late", wronged)
            gone = await conn.fetchval(
                "SELECT count(*) FROM transition WHERE customer = $1 AND retracted_by IS NOT NULL", wronged
            )
        assert late, "what was not told is told late"
        assert gone, "what was not true is taken back"
        print("stand", await town.judge_told())
        assert told(await rebuild(town.world), "check")["equal"]


async def _lose_a_fact(town: Town) -> int:
    """Of a customer on wall time who will order once more: the stages after that will be wrong."""
    async with town.rows() as conn:
        known = {
            customer_id_text(CustomerId(row[0])): row[0]
            for row in await conn.fetch(
                "SELECT o.customer FROM order_fact o JOIN shop s ON s.number = o.shop "
                "WHERE o.counted AND o.customer <> 0 AND s.slug = 'kuwait-coffee' "
                "GROUP BY o.customer HAVING count(*) > 1 ORDER BY o.customer"
            )
        }
        for entry in town.entries[town.sent :]:
            event = json.loads(entry.value)
            customer = event["data"].get("customer")
            if event["type"] == "order.completed" and customer in known:
                await conn.execute(
                    "DELETE FROM order_fact WHERE customer = $1 AND day = (SELECT max(day) FROM order_fact "
                    "WHERE customer = $1 AND counted)",
                    known[customer],
                )
                return int(known[customer])
    raise AssertionError("nobody will order once more")
