"""Stages in the demo: lapsing, lost and reactivated by month, as the topic tells them and as they are counted anew."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from mandegar.demo import tables
from mandegar.demo.comparing import Comparison
from mandegar.demo.customers import READ_LIMIT_S
from mandegar.demo.scene import Scene
from mandegar.listening import Heard, Listener, Newest, Standing, as_json, as_text, of_shop, standing
from mandegar.recount import Recount
from mandegar.recount.arriving import figures_met
from mandegar.recount.crowds import InForce, changes_of_crowd
from mandegar.recount.shops import order_days
from mandegar.recount.stages import Change, StageRules, month_counts
from shared.contracts import topics
from shared.contracts.lifecycle import StageChange
from shared.contracts.shops import Lifecycle, Shop

UNTIL = date(1999, 1, 1)
"""Time goes on to the start of this day: nobody orders after June 1998, and customers are lost all the same."""
LAST_DAY = date(1998, 12, 31)
SHOWN = ("lapsing", "lost", "reactivated")
TAIL = 8

Months = Mapping[str, Mapping[str, int]]
"""Month (YYYY-MM) to stage to how many changes led there."""


class Told(NamedTuple):
    """What the topics say."""

    standing: Standing
    newest: list[bytes]
    met: InForce
    """Which figure of their partition each customer met on each order day."""


async def listen(bootstrap_servers: str, shop: Shop) -> Told:
    """Read all that was published of the shop's customers. Raises ListenError."""
    async with Listener(bootstrap_servers, topics.ORDERS) as orders:
        came = [(heard.partition, heard.value) async for heard in orders.history(limit_s=READ_LIMIT_S)]
    met = figures_met(came, shop.slug, shop.zone, shop.lifecycle.lapsing_quantile)
    async with Listener(bootstrap_servers, topics.METRICS_LIFECYCLE) as lifecycle:
        values: list[Heard] = [heard async for heard in lifecycle.history(limit_s=READ_LIMIT_S)]
    newest = Newest(TAIL, lambda value: of_shop(value, shop.slug))
    for heard in values:
        newest.hear(heard)
    return Told(standing((heard.value for heard in values), shop.slug), newest.values(), met)


def counted(recount: Recount, shop: Shop, surrogates: Mapping[str, str], met: InForce) -> dict[str, list[Change]]:
    """Every customer's changes by brute force, by surrogate.

    On the clock of the stream each partition has a figure of its own for personal thresholds, frozen when word of a
    day came: which one an order met hangs on the surrogate, and on how the events lie (`met`). Days are the file's.
    """
    orders = {surrogates[own]: days for own, days in order_days(recount, shop.slug).items()}
    return changes_of_crowd(orders, rules_of(shop.lifecycle), {}, UNTIL.toordinal(), in_force=met)


def rules_of(lifecycle: Lifecycle) -> StageRules:
    """A shop's settings as the recount takes them."""
    return StageRules(
        lost_days=lifecycle.lost_days,
        onboarding_days=lifecycle.onboarding_days,
        personal=lifecycle.lapsing == "personal",
        lapsing_days=lifecycle.lapsing_days,
        floor=lifecycle.lapsing_floor,
        quantile=lifecycle.lapsing_quantile,
        activity=lifecycle.activity,
    )


def said_by_month(told: Standing) -> Months:
    """Changes that stand, by month and stage."""
    months: dict[str, dict[str, int]] = {}
    for own in told.changes.values():
        for change in own:
            if change.day <= LAST_DAY:
                month = months.setdefault(f"{change.day:%Y-%m}", {})
                month[change.stage] = month.get(change.stage, 0) + 1
    return months


def compare(told: Standing, truth: Mapping[str, list[Change]], comparison: Comparison) -> list[tables.Answer]:
    """An answer for each month; beside it every customer's own history is compared, unseen."""
    said, right = said_by_month(told), month_counts(truth.values(), LAST_DAY)
    answers: list[tables.Answer] = []
    for month in sorted({*said, *right}):
        told_then: Mapping[str, int] = said.get(month, {})
        right_then: Mapping[str, int] = right.get(month) or {}
        of_month = {stage: told_then.get(stage, 0) for stage in (*SHOWN, "new", "active")}
        wanted = {stage: right_then.get(stage, 0) for stage in of_month}
        answers.append(
            (of_month, {"month": month, **wanted}, comparison.compare_all(f"stages {month}", of_month, wanted))
        )
    histories = {
        customer: [(c.day.toordinal(), c.previous, c.stage, c.reason, _days(c)) for c in told.changes.get(customer, ())]
        for customer in truth
    }
    for customer, changes in truth.items():
        wanted_history = [(c.day, c.previous, c.stage, c.reason, c.days) for c in changes]
        comparison.compare(f"history of customer {customer}", histories[customer], wanted_history)
    comparison.compare("customers with a stage", len(told.changes), sum(bool(changes) for changes in truth.values()))
    return answers


async def show(scene: Scene, *, json: bool = False) -> None:
    """Listen, count, print the months side by side, and then the newest events as a marketing tool hears them."""
    console = scene.console
    told = await listen(scene.bootstrap_servers, scene.shop)
    truth = await asyncio.to_thread(counted, scene.recount, scene.shop, scene.surrogates, told.met)
    console.print(tables.months(compare(told.standing, truth, scene.comparison)))
    heard = f"{told.standing.events:,} changes of stage on {topics.METRICS_LIFECYCLE}"
    console.print(
        f"\n{heard}, {told.standing.retractions:,} taken back; each customer's history is compared. The newest:"
    )
    for value in told.newest:
        console.print((as_json if json else as_text)(value), markup=False, soft_wrap=True)
    console.print()


def _days(change: StageChange) -> int | None:
    """The threshold that was passed, for `lapsing` only."""
    return change.threshold.days if change.stage == "lapsing" and change.threshold else None
