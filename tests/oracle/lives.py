"""Single customers by the thousand: settings, events in order of arrival, and the changes of stage that stand at last.

    for life in lives(seed=1, count=1000):
        feed(events_of(life, shop="demo", customer="1k9d0v3mq7c2e"))    # or walk life.steps
        assert changes that were not retracted == expected(life)

A life ends with a clock at `life.end`: whoever keeps the rules has by then published all that `expected` holds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from random import Random
from typing import Any, Literal, NamedTuple

from mandegar.recount.stages import Change, ShopGaps, StageRules, changes_of
from shared.contracts.envelope import Envelope
from shared.contracts.interactions import Interaction, InteractionRecorded
from shared.contracts.orders import (
    Clock,
    ClockAdvanced,
    Order,
    OrderCancelled,
    OrderCompleted,
    OrderRefunded,
    Refund,
)

START = date(2024, 1, 1).toordinal()
"""No event of a life lies before; the shop lies in UTC."""
Kind = Literal["completed", "cancelled", "refunded", "visit", "clock"]
_DAY_S = 86_400
_EPOCH_DAY = date(1970, 1, 1).toordinal()


class Step(NamedTuple):
    """One thing that arrives. A refund is whole; a clock stands at the start of its day."""

    kind: Kind
    day: int
    second: int
    """Of the day."""
    number: int
    """Tells steps of a life apart; a repeated arrival has the same."""
    order: str = ""

    @property
    def moment(self) -> datetime:
        """The instant at which it occurred."""
        return datetime.fromtimestamp((self.day - _EPOCH_DAY) * _DAY_S + self.second, UTC)


@dataclass(frozen=True)
class Life:
    """All of one customer."""

    rules: StageRules
    frozen: dict[int, ShopGaps]
    """The shop's figures, given from outside: in force from their day on."""
    steps: list[Step]
    """In order of arrival."""
    end: int
    """The day at whose start the last clock stands."""

    @property
    def in_order(self) -> bool:
        """Whether nothing ever has to be taken back for lateness, though it may for cancellations."""
        times = [(step.day, step.second) for step in self.steps]
        return times == sorted(times)


def lives(seed: int, count: int, *, late: bool = True) -> Iterator[Life]:
    """So many lives, always the same; without `late` each arrives in the order in which it was lived, once."""
    for number in range(count):
        yield life(Random(f"{seed}/{number}"), late=late)


def rules(rng: Random) -> StageRules:
    """What a shop may have chosen."""
    return StageRules(
        lost_days=rng.choice((1, 5, 20, 30, 45, 60)),
        onboarding_days=rng.choice((1, 5, 10, 20, 30)),
        personal=rng.random() < 0.6,
        lapsing_days=rng.choice((1, 5, 10, 20, 30, 40)),
        floor=rng.choice((1, 3, 7, 10)),
        quantile=rng.choice((1, 50, 80, 99)),
        activity=rng.choice(("orders", "orders", "visits", "either")),
    )


def life(rng: Random, own: StageRules | None = None, *, late: bool = True) -> Life:
    """One life of up to some two hundred days, with orders on the very days on which something falls due.

    `own`: the rules, if they are to be these.
    """
    chosen = own or rules(rng)
    days = list(_days(rng, chosen))
    steps: list[Step] = []
    for number, day in enumerate(days):
        steps += _order(rng, f"o{number}", day, len(steps))
    for _ in range(rng.choice((0, 0, 2, 5, 12)) if chosen.activity != "orders" else rng.choice((0, 2))):
        day = rng.choice(days) + rng.choice((0, 1, chosen.lapsing_days, rng.randint(-10, 60)))
        steps.append(Step("visit", max(START, day), rng.randrange(_DAY_S), len(steps)))
    end = max(step.day for step in steps) + rng.choice((0 if late else 1, 1, chosen.lapsing_days, chosen.lost_days, 70))
    arriving = sorted((_arrival(rng, step, late=late), step) for step in steps)
    if late:
        arriving += [(at + rng.uniform(0, 30 * _DAY_S), step) for at, step in arriving if rng.random() < 0.05]
    arriving += [(float(day * _DAY_S), Step("clock", day, 0, -day)) for day in _clock_days(rng, steps, end)]
    arriving.sort(key=lambda one: (one[0], one[1].kind != "clock"))
    told = [step for _, step in arriving if step.kind != "clock" or step.day <= end]
    return Life(chosen, _figures(rng, end), [*told, Step("clock", end, 0, -end)], end)


def expected(of: Life) -> list[Change]:
    """The changes that must stand at last: published, and not retracted."""
    visits = {step.day for step in of.steps if step.kind == "visit"}
    return changes_of(counted_days(of.steps), visits, of.rules, of.frozen, of.end)


def counted_days(steps: list[Step]) -> list[int]:
    """Days of orders that count after all of these steps, with repeats."""
    by_order: dict[str, list[Step]] = defaultdict(list)
    for step in steps:
        if step.order:
            by_order[step.order].append(step)
    days = []
    for told in by_order.values():
        completed = [step for step in told if step.kind == "completed"]
        marks = [step for step in told if step.kind in ("completed", "cancelled")]
        refunded = any(step.kind == "refunded" for step in told)
        if completed and not refunded and max(marks, key=_rank).kind == "completed":
            days.append(min(step.day for step in completed))
    return sorted(days)


def events_of(of: Life, shop: str, customer: str) -> list[tuple[str, Envelope]]:
    """(topic, event) in order of arrival. The clocks are for one partition; send them to where the customer is."""
    return [_event(step, shop, customer) for step in of.steps]


def _rank(step: Step) -> tuple[datetime, bool]:
    return step.moment, step.kind == "completed"


def _days(rng: Random, rules: StageRules) -> Iterator[int]:
    day = START + rng.randint(0, 20)
    gaps = (rules.lost_days, rules.lapsing_days, rules.onboarding_days, rules.floor)
    for _ in range(rng.choice((1, 1, 2, 3, 5, 8, 26))):
        yield day
        chance = rng.random()
        if chance < 0.15:
            continue
        if chance < 0.55:
            day += max(0, rng.choice(gaps) + rng.choice((-1, 0, 0, 1)))
        else:
            day += rng.randint(1, 25)


def _order(rng: Random, order: str, day: int, number: int) -> Iterator[Step]:
    """What happens to one order, at instants that differ."""
    second = rng.randrange(_DAY_S // 2)
    kinds: list[Kind] = ["completed"]
    chance = rng.random()
    if chance < 0.12:
        kinds += ["cancelled", "completed", "cancelled", "completed"][: rng.randint(1, 4)]  # type: ignore[arg-type] # literals
    elif chance < 0.18:
        kinds.append("refunded")
    elif chance < 0.24:
        kinds.append("completed")
    for at, kind in enumerate(kinds):
        if at:
            day += rng.choice((0, 0, 1, rng.randint(0, 40)))
            second = rng.randrange(second + 1, _DAY_S) if second < _DAY_S - 9 else second
        yield Step(kind, day, min(second + at, _DAY_S - 1), number + at, order)


def _arrival(rng: Random, step: Step, *, late: bool) -> float:
    occurred = float(step.day * _DAY_S + step.second)
    chance = rng.random()
    if not late or chance < 0.8:
        return occurred
    return occurred + (rng.uniform(0, 3) if chance < 0.9 else rng.uniform(0, 120)) * _DAY_S


def _clock_days(rng: Random, steps: list[Step], end: int) -> list[int]:
    """Every day, now and then, or only at the end: the changes that are true at last are the same."""
    every = rng.choice((1, 1, 7, 1000))
    return list(range(min(step.day for step in steps) + every, end, every))


def _figures(rng: Random, end: int) -> dict[int, ShopGaps]:
    frozen = {}
    day, gaps = START - rng.randint(-30, 30), rng.choice((0, 15, 19, 20, 40))
    while day < end:
        first = min(gaps, rng.choice((gaps, 19, 20)))
        figure = rng.randint(1, 40) if gaps else None
        frozen[day] = ShopGaps(gaps, figure, first, rng.randint(1, 40) if first else None)
        day += rng.choice((1, 5, 30))
        gaps += rng.choice((0, 1, 7))
    return frozen


def _event(step: Step, shop: str, customer: str) -> tuple[str, Envelope]:
    attributes: dict[str, Any] = {"source": "lives", "time": step.moment, "shop": shop}
    name = f"{customer}-{step.number}"
    if step.kind == "clock":
        told = ClockAdvanced(
            id=f"{customer}-clock{step.number}", subject=shop, data=Clock(until=step.moment), **attributes
        )
        return "orders.v1", told
    if step.kind == "visit":
        viewed = Interaction(name="product viewed", customer=customer)
        return "interactions.v1", InteractionRecorded(id=name, subject=customer, data=viewed, **attributes)
    order_id = f"{customer}-{step.order}"
    if step.kind == "refunded":
        refund = Refund(order_id=order_id, customer=customer, refund_id="full", full=True)
        return "orders.v1", OrderRefunded(id=name, subject=order_id, data=refund, **attributes)
    order = Order(order_id=order_id, customer=customer, currency="USD", revenue=1000)
    form = OrderCompleted if step.kind == "completed" else OrderCancelled
    return "orders.v1", form(id=name, subject=order_id, data=order, **attributes)
