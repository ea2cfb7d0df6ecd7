"""NPS at any day and window equals a recount of all answers, whatever came in which order, how often, of whom."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from services.metrics.main import SERVICE
from services.metrics.nps import scored, tallies_at
from services.metrics.nps.domain import Run, tallies
from services.metrics.privacy import showing
from services.metrics.retention.api.routes import router
from services.metrics.retention.jobs import SNAPSHOT_TIMER
from shared.contracts.customers import Customer, CustomerEvent, CustomerMerged, CustomerUnmerged
from shared.contracts.feedback import SurveyAnswered
from shared.contracts.shops import Shop
from shared.contracts.topics import CUSTOMERS, FEEDBACK_SURVEYS, METRICS_RETENTION, ORDERS
from shared.db import create_pool
from shared.kernel import CustomerId, FixedClock, ShopId, Zone, api_key_sha256, api_key_text, promoters_of
from shared.testing import Databases, api_url
from shared.testing.harness import Harness, running
from shared.testing.http import client
from shared.web import create_app
from tests.metrics.streams import NOW, SHOPS
from tests.metrics_nps.ground import Said, events_of, name, recount, sayings
from tests.metrics_read.ground import settings_for

TODAY = NOW.date().toordinal()
TEHRAN = SHOPS[1]
PEOPLE = 14


@given(st.lists(st.integers(0, 10), min_size=1, max_size=60))
def test_a_score_is_promoters_less_detractors_of_a_hundred(answers: list[int]) -> None:
    found = scored(Counter(answers))
    promoters, detractors = sum(one >= 9 for one in answers), sum(one <= 6 for one in answers)
    assert (found.promoters, found.detractors) == (promoters, detractors)
    assert found.answers == found.promoters + found.passives + found.detractors == len(answers)
    assert found.score == pytest.approx(100 * (promoters - detractors) / len(answers), abs=1e-3)
    assert found.low is not None and found.high is not None and found.score is not None
    assert -100 <= found.low <= found.score <= found.high <= 100


def test_nobody_has_no_score_and_another_scale_is_refused() -> None:
    assert scored({})[:4] == (None, None, None, 0)
    with pytest.raises(ValueError, match="another scale"):
        promoters_of({11: 1})


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 10)), max_size=40))
def test_runs_are_counted_on_each_of_their_days(drawn: list[tuple[int, int, int]]) -> None:
    runs = [Run(min(a, b), max(a, b), score, 1) for a, b, score in drawn]
    for day, tally in enumerate(tallies(runs, 9)):
        assert tally == Counter(run.score for run in runs if run.since <= day < run.until)


@asynccontextmanager
async def a_worker(databases: Databases) -> AsyncIterator[tuple[Harness, str]]:
    url = await databases.create("metrics")
    async with running(SERVICE, url, clock=FixedClock(NOW)) as harness:
        await harness.configure(*SHOPS)
        yield harness, url


def pointer(rng: Random, sequence: int, into: dict[str, str]) -> Any:
    """Somebody turns out to be somebody else, or not to be; `into` says what stands. Chains are not made."""
    who, whom = (name(one) for one in rng.sample(range(1, PEOPLE + 1), 2))
    kind: type[CustomerEvent]
    if who in into:
        kind, canonical = CustomerUnmerged, who
        del into[who]
    elif whom in into or who in into.values():
        return None
    else:
        kind, canonical = CustomerMerged, whom
        into[who] = whom
    return kind(
        id=f"{sequence:08x}-0000-8000-8000-{sequence:012x}",
        source="mandegar/gateway",
        subject=who,
        time=NOW - timedelta(days=1),
        shop=TEHRAN.slug,
        sequence=sequence,
        data=Customer(customer=who, canonical=canonical),
    )


async def assert_recounted(
    harness: Harness, said: Sequence[Said], shop: Shop, rng: Random, canonical: dict[str, str]
) -> None:
    days = sorted(rng.sample(range(TODAY - 230, TODAY + 1), 25))
    for window in (1, 7, 30, 365):
        found = await tallies_at(harness.pool, shop.number, Zone(shop.zone), days, window)
        for day, tally in zip(days, found, strict=True):
            assert tally == recount(said, day, window, shop.zone, canonical), (date.fromordinal(day), window)


@pytest.mark.stack
@pytest.mark.parametrize(("seed", "batch"), [(0, 500), (1, 7), (2, 1)])
async def test_doubled_shuffled_and_merged_answers_equal_a_recount(databases: Databases, seed: int, batch: int) -> None:
    rng, canonical = Random(seed), dict[str, str]()
    since = NOW - timedelta(days=220)
    said = sayings(rng, TEHRAN.slug, 60 if batch == 1 else 160, people=PEOPLE, since=since, days=218)
    others = sayings(rng, SHOPS[0].slug, 30, people=PEOPLE, since=since, days=218)
    events = events_of([*said, *others])
    rng.shuffle(events)
    moves = [one for n in range(40) if (one := pointer(rng, n + 1, canonical)) is not None]
    async with a_worker(databases) as (harness, _):
        for part in range(4):
            await harness.feed(CUSTOMERS, moves[part::4], batch=batch, placed="random", rng=rng)
            told = [event for event in events[part::4] for _ in range(2)]
            await harness.feed(FEEDBACK_SURVEYS, told, batch=batch, shuffled=60, placed="random", rng=rng)
        assert await harness.dead_letters() == []
        await assert_recounted(harness, said, TEHRAN, rng, canonical)
        await assert_recounted(harness, others, SHOPS[0], rng, {})


@pytest.mark.stack
async def test_snapshots_and_answers_over_http_carry_the_score_of_their_window(databases: Databases) -> None:
    rng = Random(5)
    said = sayings(rng, TEHRAN.slug, 90, people=PEOPLE, since=NOW - timedelta(days=60), days=59)
    key = api_key_text("ab" * 9, b"k" * 32)
    async with a_worker(databases) as (harness, url):
        await harness.feed(FEEDBACK_SURVEYS, events_of(said))
        await harness.pool.execute("UPDATE timer SET due = $1 WHERE kind = $2", NOW, SNAPSHOT_TIMER)
        assert await harness.fire(ORDERS, range(12)) == 1, "an answer alone changes the shop's figures"
        (snapshot,) = await harness.published(METRICS_RETENTION)
        wanted = scored(recount(said, TODAY, 365, TEHRAN.zone))._asdict()
        assert snapshot.event["data"]["nps"] == wanted
        await harness.pool.execute(
            "INSERT INTO api_key (key_id, shop, sha256, scopes) VALUES ($1, $2, $3, $4)",
            *("ab" * 9, TEHRAN.number, api_key_sha256(key), ["metrics:read"]),
        )
        pool = await create_pool(api_url(url, "metrics"), "metrics", max_size=2)
        settings = settings_for("postgresql://nobody@127.0.0.1:1/none")
        registry = CollectorRegistry()
        app = create_app("metrics", settings, [router], clock=FixedClock(NOW), pool=pool, registry=registry)
        async with client(app, key=key) as http:
            for basis in ("restated", "booked"):
                query = {"window_days": "30", "from": date.fromordinal(TODAY - 59).isoformat(), "basis": basis}
                series = (await http.get("/v1/retention/series", params={**query, "step": "week"})).json()
                for point in series["points"]:
                    day = date.fromisoformat(point["as_of"]).toordinal()
                    assert point["nps"] == scored(recount(said, day, 30, TEHRAN.zone))._asdict()
                assert len(series["points"]) > 7
        await pool.close()


@pytest.mark.stack
async def test_a_merge_alone_has_a_snapshot_published_and_an_answer_told_anew_counts_once(databases: Databases) -> None:
    said = [Said(TEHRAN.slug, n, name(n), "nps", (10, 0)[n - 1], NOW - timedelta(days=3 - n)) for n in (1, 2)]
    again = [replace(event, id=event.id[:-1] + "0") for event in events_of(said) if isinstance(event, SurveyAnswered)]
    merged = pointer(Random(1), 1, {})
    merged = replace(merged, subject=name(1), data=Customer(customer=name(1), canonical=name(2)))
    async with a_worker(databases) as (harness, _):
        await harness.feed(FEEDBACK_SURVEYS, [*events_of(said), *again])
        assert await harness.pool.fetchval("SELECT count(*) FROM nps_answer") == 2
        assert await harness.dead_letters() == []
        await harness.pool.execute("DELETE FROM timer")
        await harness.feed(FEEDBACK_SURVEYS, again)
        assert await harness.pool.fetchval("SELECT count(*) FROM timer WHERE kind = $1", SNAPSHOT_TIMER) == 0
        await harness.feed(CUSTOMERS, [merged])
        assert await harness.pool.fetchval("SELECT count(*) FROM timer WHERE kind = $1", SNAPSHOT_TIMER) == 1
        (tally,) = await tallies_at(harness.pool, TEHRAN.number, Zone(TEHRAN.zone), [TODAY], 30)
        assert tally == {0: 1}, "of one person the last answer"


@pytest.mark.stack
async def test_another_zone_cuts_the_same_answers_into_other_days(databases: Databases) -> None:
    rng = Random(6)
    said = sayings(rng, TEHRAN.slug, 90, people=PEOPLE, since=NOW - timedelta(days=60), days=59)
    async with a_worker(databases) as (harness, _):
        await harness.feed(FEEDBACK_SURVEYS, events_of(said))
        for zone in ("Asia/Tehran", "Pacific/Auckland", "America/Havana"):
            await assert_recounted(harness, said, replace(TEHRAN, zone=zone), rng, {})


@pytest.mark.stack
async def test_scores_off_the_scale_and_of_the_future_are_set_aside_and_harm_nobody(databases: Databases) -> None:
    said = [Said(TEHRAN.slug, number, name(1 + number), "nps", 9, NOW - timedelta(days=1)) for number in range(4)]
    good, high, nobody, late = [event for event in events_of(said) if isinstance(event, SurveyAnswered)]
    bad = (
        replace(high, data=replace(high.data, score=11)),
        replace(nobody, data=replace(nobody.data, customer="77")),
        replace(late, time=NOW + timedelta(hours=1), receivedat=NOW),
    )
    async with a_worker(databases) as (harness, _):
        await harness.feed(FEEDBACK_SURVEYS, [bad[0], good, *bad[1:]])
        assert sorted(letter.reason for letter in await harness.dead_letters()) == ["answer", "answer", "future"]
        (tally,) = await tallies_at(harness.pool, TEHRAN.number, Zone(TEHRAN.zone), [TODAY], 30)
        assert tally == {9: 1}
        shown = await showing.export(harness.pool, ShopId(TEHRAN.number), CustomerId(1))
        assert [one["score"] for one in shown["nps_answers"]] == [9]


@pytest.mark.stack
async def test_two_workers_of_one_person_s_identities_wait_for_nobody_and_agree(databases: Databases) -> None:
    rng, canonical = Random(8), {name(2): name(1)}
    said = sayings(rng, TEHRAN.slug, 80, people=2, since=NOW - timedelta(days=30), days=29)
    merged = CustomerMerged(
        id="00000001-0000-8000-8000-000000000001", source="mandegar/gateway", subject=name(2),
        time=NOW - timedelta(days=1), shop=TEHRAN.slug, sequence=1, data=Customer(customer=name(2), canonical=name(1)),
    )  # fmt: skip
    async with a_worker(databases) as (harness, _):
        halves = [events_of(one for one in said if one.customer == name(who)) for who in (1, 2)]
        await asyncio.gather(
            *(
                harness.feed_placed(FEEDBACK_SURVEYS, [(who, event) for event in half], batch=3)
                for who, half in enumerate(halves)
            ),
            harness.feed(CUSTOMERS, [merged]),
        )
        await assert_recounted(harness, said, TEHRAN, rng, canonical)
