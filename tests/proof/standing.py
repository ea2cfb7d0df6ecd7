"""What metrics keeps and has published of stages, against the truth: every transition, every event, every count."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence

import msgspec

from mandegar.listening import standing
from mandegar.recount.stages import Change
from services.metrics.counters import Measure
from services.metrics.lifecycle.domain.stages import Reason, Stage
from shared.contracts.lifecycle import StageChange
from shared.contracts.topics import METRICS_LIFECYCLE
from shared.kernel import CustomerId, customer_id_text
from shared.testing import Harness
from tests.proof.asking import Found
from tests.proof.truth import Truth

Told = tuple[int, str, str, str, int | None]
"""Day, previous stage, stage, reason, and the threshold that was passed (for `lapsing`)."""
_STANDING = """
SELECT customer, day, previous, stage, reason, threshold FROM transition
WHERE shop = $1 AND retracted_by IS NULL ORDER BY customer, day, n
"""
_COUNTS = """
SELECT measure, param, day, sum(value)::bigint AS value FROM counter
WHERE shop = $1 AND basis = 0 AND measure = ANY($2::int[]) GROUP BY measure, param, day HAVING sum(value) <> 0
"""
_STATES = "SELECT customer, stage FROM customer_state WHERE shop = $1 AND stage <> 0"


async def compare_standing(
    harness: Harness, truth: Truth, found: Found, published: list[bytes], *, name: str = ""
) -> None:
    """All customers of a shop; `published`: the values of `metrics.lifecycle.v1`. `name`: to be found again by."""
    number, slug = truth.shop.number, truth.shop.slug
    wanted = {customer: [_true(change) for change in changes] for customer, changes in truth.changes.items()}
    kept: dict[str, list[Told]] = defaultdict(list)
    for customer, day, previous, stage, reason, days in await harness.pool.fetch(_STANDING, number):
        passed = days if stage == Stage.LAPSING else None
        kept[_name(customer)].append((day, _stage(previous), _stage(stage), Reason(reason).name.lower(), passed))
    heard = {
        customer: [_heard(change) for change in changes]
        for customer, changes in standing(published, slug).changes.items()
    }
    for customer in wanted.keys() | kept.keys() | heard.keys():
        true = sorted(wanted.get(customer, []))
        found.passed += sum(days is not None for *_, days in true)
        for said, of in ((kept, "transitions"), (heard, "published")):
            visited = truth.visited.get(customer, frozenset())
            told = [_as_told(one, true, visited, found) for one in sorted(said.get(customer, []))]
            found.compare(f"{name} {slug} {customer} {of}", told, true)
    states = {_name(customer): _stage(stage) for customer, stage in await harness.pool.fetch(_STATES, number)}
    found.compare(f"{name} {slug} states", states, {who: own[-1].stage for who, own in truth.changes.items()})
    await _compare_counts(harness, truth, found)


def _as_told(one: Told, true: Sequence[Told], visited: Collection[int], found: Found) -> Told:
    """A change that is true is told once, and keeps its evidence when facts change that leave it true.

    Who was told of a visit before word of an order of the same day came was told the truth.
    """
    day, previous, stage, reason, days = one
    if reason == "visit" and day in visited and (day, previous, stage, "order", days) in true:
        return (day, previous, stage, "order", days)
    same = [*one[:-1]]
    for other in true:
        if list(other[:-1]) == same and other[-1] != days:
            found.other_evidence += 1
            return other
    return one


async def _compare_counts(harness: Harness, truth: Truth, found: Found) -> None:
    """Counters of stages and of flows, day by day."""
    measures = [int(Measure.STAGE), int(Measure.STAGE_FLOW)]
    said = {tuple(row)[:3]: row["value"] for row in await harness.pool.fetch(_COUNTS, truth.shop.number, measures)}
    true: Counter[tuple[int, int, int]] = Counter()
    for changes in truth.changes.values():
        for change in changes:
            before, after = Stage[change.previous.upper()], Stage[change.stage.upper()]
            true[measures[0], after, change.day] += 1
            if before is not Stage.PROSPECT:
                true[measures[0], before, change.day] -= 1
            true[measures[1], before * 8 + after, change.day] += 1
    found.compare(f"{truth.shop.slug} counters", said, {key: count for key, count in true.items() if count})


async def published(harness: Harness) -> list[bytes]:
    """The values of `metrics.lifecycle.v1`, in order."""
    rows = await harness.pool.fetch("SELECT value FROM outbox WHERE topic = $1 ORDER BY id", METRICS_LIFECYCLE)
    return [row["value"] for row in rows]


def late_without_reason(values: list[bytes], slugs: Collection[str]) -> list[str]:
    """Events of shops that say they are late, or take back for a late order, where nothing ever was."""
    found = []
    for value in values:
        event = msgspec.json.decode(value)
        caused = event["data"].get("late") and event["data"]["reason"] in ("threshold", "window", "onboarded")
        if event["shop"] in slugs and (caused or event["data"]["reason"] == "late_order"):
            found.append(f"{event['type']} {event['data']}")
    return found


def _true(change: Change) -> Told:
    return change.day, change.previous, change.stage, change.reason, change.days


def _heard(change: StageChange) -> Told:
    passed = change.threshold.days if change.stage == "lapsing" and change.threshold else None
    return change.day.toordinal(), change.previous, change.stage, change.reason, passed


def _stage(number: int) -> str:
    return Stage(number).name.lower()


def _name(customer: int) -> str:
    return customer_id_text(CustomerId(customer))
