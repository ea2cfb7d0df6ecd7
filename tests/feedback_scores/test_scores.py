"""Scores equal a recount of all answers; intervals equal published figures and what the formula says."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from math import sqrt
from random import Random
from statistics import NormalDist, mean, stdev
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.scores.domain import ends, figure
from services.feedback.surveys import SCALES
from shared.contracts.customers import CustomerMerged
from shared.contracts.topics import CUSTOMERS, METRICS_LIFECYCLE
from shared.kernel import Z_95, Zone
from shared.testing import Databases
from tests.feedback.ground import CSAT, NOW, NPS, SHOP, Ground, a_ground, name, survey
from tests.feedback_surveys.test_surveys import stage, told

MEASURES = ("nps", "csat", "ces")
scores = st.sampled_from(MEASURES).flatmap(
    lambda kind: st.tuples(st.just(kind), st.lists(st.integers(*SCALES[kind]), min_size=1, max_size=200))  # type: ignore[index]  # of these
)


@given(scores)
def test_a_score_is_what_its_definition_says(given_: tuple[Any, list[int]]) -> None:
    kind, said = given_
    found, n = figure(kind, Counter(said)), len(said)
    assert (found.answers, sum(found.counts.values())) == (n, n)
    assert found.mean == pytest.approx(mean(said), abs=1e-4)
    assert found.score is not None
    if kind == "nps":
        signs = [1 if score >= 9 else -1 if score <= 6 else 0 for score in said]
        assert found.score == pytest.approx(100 * mean(signs), abs=1e-3)
        spread = sqrt(sum((sign - mean(signs)) ** 2 for sign in signs) / n)
        low, high = found.score - 100 * Z_95 * spread / sqrt(n), found.score + 100 * Z_95 * spread / sqrt(n)
        assert (found.low, found.high) == pytest.approx((max(-100, low), min(100, high)), abs=1e-3)
    elif kind == "csat":
        assert found.score == pytest.approx(100 * sum(score >= 4 for score in said) / n, abs=1e-3)
        share = found.score / 100
        for end in (found.low, found.high):  # Wilson: the shares from which the one seen is z deviations away
            assert end is not None
            at = end / 100
            assert abs(share - at) == pytest.approx(Z_95 * sqrt(at * (1 - at) / n), abs=1e-4)
    elif n > 1:
        half = Z_95 * stdev(said) / sqrt(n)
        assert (found.low, found.high) == pytest.approx(
            (max(1, mean(said) - half), min(7, mean(said) + half)), abs=1e-3
        )
    if found.low is not None and found.high is not None:
        assert found.low <= found.score + 1e-6 and found.score - 1e-6 <= found.high


def test_intervals_equal_published_figures() -> None:
    assert pytest.approx(NormalDist().inv_cdf(0.975), abs=1e-12) == Z_95
    # Newcombe 1998, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17, table I.
    for satisfied, n, low, high in (
        (81, 263, 25.53, 36.62),
        (15, 148, 6.24, 16.05),
        (0, 20, 0.0, 16.11),
        (1, 29, 0.61, 17.18),
    ):
        found = figure("csat", {5: satisfied, 1: n - satisfied})
        assert (found.low, found.high) == pytest.approx((low, high), abs=0.005)


def test_nobody_has_no_score_and_another_scale_is_refused() -> None:
    assert figure("nps", {})[:5] == (0, None, None, None, None)
    assert figure("ces", {4: 1})[1:4] == (4.0, None, None)
    for kind, score in (("csat", 0), ("csat", 6), ("ces", 8), ("nps", 11)):
        with pytest.raises(ValueError, match="another scale"):
            figure(kind, {score: 1})  # type: ignore[arg-type]  # of these


@pytest.mark.parametrize(("step", "last"), [("day", 1), ("week", 7), ("month", 31)])
def test_steps_follow_one_another_to_the_last_day(step: Any, last: int) -> None:
    days = ends(date(2026, 1, 1), date(2026, 3, 1), step)
    assert days[0] == date(2026, 1, last) and days[-1] == date(2026, 3, 1) and days == sorted(set(days))
    assert ends(date(2026, 3, 2), date(2026, 3, 1), step) == []


async def handed_in(ground: Ground, kind: str, number: int, customer: int, score: int) -> None:
    key = await ground.key("cases:write", "feedback:read")
    body = {"customer": name(customer), "survey": kind, "ref": f"r-{number}", "answers": {"score": score}}
    answer = await ground.http.post("/v1/answers", json=body, headers=key)
    assert answer.status_code == 200, answer.text


Said = tuple[str, int, int, Any, int]
"""Survey, customer, score, when, version."""


def recount(said: list[Said], kinds: dict[str, str], measure: str, day: date, window: int, **only: Any) -> Any:
    """Of all that was said: of each person the last of the window. Customer 4 is customer 1."""
    zone = Zone(SHOP.zone)
    last: dict[int, Said] = {}
    for one in said:
        on = date.fromordinal(zone.day_of(one[3]))
        narrowed = all(one[{"survey": 0, "version": 4}[field]] == value for field, value in only.items())
        if narrowed and kinds[one[0]] == measure and day - timedelta(days=window) < on <= day:
            last[1 if one[1] == 4 else one[1]] = one
    return {str(score): count for score, count in Counter(one[2] for one in last.values()).items()}


@pytest.mark.stack
@pytest.mark.parametrize("seed", range(2))
async def test_scores_equal_a_recount_of_all_answers(databases: Databases, seed: int) -> None:
    rng, said = Random(seed), list[Said]()
    kinds = {"delivery": "nps", "pulse": "nps", "help": "csat"}
    async with a_ground(databases) as ground:
        await ground.publish("delivery", survey(NPS))
        await ground.publish("pulse", survey(NPS))
        await ground.publish("help", survey(CSAT))
        await ground.worker.feed(CUSTOMERS, [told(n, n) for n in range(1, 9)])
        await ground.worker.feed(CUSTOMERS, [told(4, 50, CustomerMerged, canonical=1)])
        versions = dict.fromkeys(kinds, 1)
        for number in range(60):
            ground.clock.advance(timedelta(hours=rng.randint(1, 30)))
            if number == 30:
                await ground.publish("delivery", survey(NPS))
                versions["delivery"] = 2
            kind, who = rng.choice(list(kinds)), rng.randint(1, 8)
            low, high = SCALES[kinds[kind]]  # type: ignore[index]  # of these
            score = rng.randint(low, high)
            await handed_in(ground, kind, number, who, score)
            said.append((kind, who, score, ground.clock.now(), versions[kind]))
        key = await ground.key("feedback:read")
        today = NOW.date() + timedelta(days=20)
        queries: tuple[dict[str, Any], ...] = (
            {"measure": "nps", "window_days": 10},
            {"measure": "nps", "window_days": 3, "survey": "delivery"},
            {"measure": "nps", "window_days": 400, "survey": "delivery", "version": 1},
            {"measure": "csat", "window_days": 7},
        )
        for query in queries:
            asked = {**query, "as_of": today.isoformat()}
            answer = await ground.http.get("/v1/scores", params=asked, headers=key)
            assert answer.status_code == 200, answer.text
            (whole,) = answer.json()["items"]
            only = {field: query[field] for field in ("survey", "version") if field in query}
            wanted = recount(said, kinds, query["measure"], today, int(query["window_days"]), **only)
            assert {score: count for score, count in whole["counts"].items() if count} == wanted
        weekly = {"measure": "nps", "since": NOW.date().isoformat(), "until": today.isoformat(), "step": "week"}
        series = (await ground.http.get("/v1/scores/series", params={**weekly, "window_days": "5"}, headers=key)).json()
        for point in series["points"]:
            wanted = recount(said, kinds, "nps", date.fromisoformat(point["as_of"]), 5)
            assert {score: count for score, count in point["counts"].items() if count} == wanted
        assert len(series["points"]) == 3


@pytest.mark.stack
async def test_parts_are_what_somebody_was_when_they_answered_and_add_up(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        await ground.publish("delivery", survey(NPS))
        await ground.worker.feed(CUSTOMERS, [told(n, n) for n in (1, 2, 3)])
        await ground.worker.feed(METRICS_LIFECYCLE, [stage(1, 1, "active"), stage(2, 1, "lapsing")])
        for number, (who, score) in enumerate(((1, 10), (2, 3), (3, 8))):
            await handed_in(ground, "delivery", number, who, score)
        await ground.worker.feed(METRICS_LIFECYCLE, [stage(1, 2, "lost")])
        key = await ground.key("feedback:read")
        query = {"measure": "nps", "by": "stage"}
        items = (await ground.http.get("/v1/scores", params=query, headers=key)).json()["items"]
        assert [(one["part"], one["answers"], one["score"]) for one in items] == [
            (None, 3, 0.0),
            ("none", 1, 0.0),
            ("active", 1, 100.0),
            ("lapsing", 1, -100.0),
        ]
        far = {"measure": "nps", "since": "1990-01-01", "step": "day"}
        assert (await ground.http.get("/v1/scores/series", params=far, headers=key)).status_code == 422
        assert (await ground.http.get("/v1/scores", params={"measure": "stars"}, headers=key)).status_code == 422
